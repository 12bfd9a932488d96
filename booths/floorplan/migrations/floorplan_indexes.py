"""Unique indexes of the floor plan: among them the one that refuses a second live holder of a cell."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.kernel.database import fetch

ID = "2026-11-21T00:01:05"
VERSION = "1.38.0"
DESCRIPTION = "Unique indexes of the floor plan"

STATEMENTS = (
    "CREATE UNIQUE INDEX booth_code_once ON booth (hall, code)",
    "CREATE UNIQUE INDEX cell_place_once ON cell (hall, x, y)",
    "CREATE UNIQUE INDEX cell_one_live_holder ON cell_hold (cell) WHERE live IS TRUE",
)


async def forwards() -> MigrationManager:
    """Create the indexes."""
    manager = MigrationManager(migration_id=ID, app_name="floorplan", description=DESCRIPTION)

    async def run() -> None:
        for statement in STATEMENTS:
            await fetch(statement)

    manager.add_raw(run)
    return manager

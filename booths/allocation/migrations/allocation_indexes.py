"""Unique indexes of allocation."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.kernel.database import fetch

ID = "2026-11-21T00:01:06"
VERSION = "1.38.0"
DESCRIPTION = "Unique indexes of allocation"

STATEMENTS = (
    "CREATE UNIQUE INDEX application_once ON application (edition, organisation)",
    "CREATE UNIQUE INDEX allocation_application_once ON allocation (run, application)",
    "CREATE UNIQUE INDEX allocation_booth_once ON allocation (run, booth)",
    "CREATE UNIQUE INDEX allocation_one_running ON allocation_run (edition) WHERE state = 'running'",
)


async def forwards() -> MigrationManager:
    """Create the indexes."""
    manager = MigrationManager(migration_id=ID, app_name="allocation", description=DESCRIPTION)

    async def run() -> None:
        for statement in STATEMENTS:
            await fetch(statement)

    manager.add_raw(run)
    return manager

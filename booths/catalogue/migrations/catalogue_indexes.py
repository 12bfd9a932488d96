"""Indexes of the catalogue."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.kernel.database import fetch

ID = "2026-11-21T00:01:07"
VERSION = "1.38.0"
DESCRIPTION = "Indexes of the catalogue"

STATEMENTS = (
    "CREATE UNIQUE INDEX product_code_once ON product (organisation, code) WHERE code <> ''",
    "CREATE INDEX product_of_organisation ON product (organisation, active, category, position)",
    "CREATE INDEX product_photo_order ON product_photo (product, position, id)",
    "CREATE UNIQUE INDEX code_scan_once ON code_scan (edition, kind, target_id, day, visitor)",
    "CREATE INDEX lead_of_exhibitor ON lead (organisation, edition, id)",
)


async def forwards() -> MigrationManager:
    """Create the indexes."""
    manager = MigrationManager(migration_id=ID, app_name="catalogue", description=DESCRIPTION)

    async def run() -> None:
        for statement in STATEMENTS:
            await fetch(statement)

    manager.add_raw(run)
    return manager

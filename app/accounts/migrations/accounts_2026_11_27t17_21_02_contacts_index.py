"""Index of new contacts."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.kernel.database import fetch

ID = "2026-11-27T17:21:02"
VERSION = "1.38.0"
DESCRIPTION = "One new contact of each kind waits for a person"

STATEMENTS = ("CREATE UNIQUE INDEX contact_change_once ON contact_change (person, kind)",)


async def forwards() -> MigrationManager:
    """Create the index."""
    manager = MigrationManager(migration_id=ID, app_name="accounts", description=DESCRIPTION)

    async def run() -> None:
        for statement in STATEMENTS:
            await fetch(statement)

    manager.add_raw(run)
    return manager

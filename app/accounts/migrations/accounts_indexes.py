"""Unique indexes of accounts."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.kernel.database import fetch

ID = "2026-11-21T00:01:02"
VERSION = "1.38.0"
DESCRIPTION = "A role is held once"

STATEMENTS = (
    "CREATE UNIQUE INDEX role_grant_once ON role_grant "
    "(person, role, COALESCE(edition_id, 0), COALESCE(organisation, 0)) WHERE revoked_at IS NULL",
)


async def forwards() -> MigrationManager:
    """Create the indexes."""
    manager = MigrationManager(migration_id=ID, app_name="accounts", description=DESCRIPTION)

    async def run() -> None:
        for statement in STATEMENTS:
            await fetch(statement)

    manager.add_raw(run)
    return manager

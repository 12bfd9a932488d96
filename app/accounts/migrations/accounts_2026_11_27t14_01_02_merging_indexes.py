"""Indexes of merged records."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.kernel.database import fetch

ID = "2026-11-27T14:01:02"
VERSION = "1.38.0"
DESCRIPTION = "A record is merged into one other at a time"

STATEMENTS = (
    "CREATE UNIQUE INDEX record_merge_once ON record_merge (kind, merged) WHERE undone_at IS NULL",
    "CREATE UNIQUE INDEX not_the_same_once ON not_the_same (kind, first, second)",
)


async def forwards() -> MigrationManager:
    """Create the indexes."""
    manager = MigrationManager(migration_id=ID, app_name="accounts", description=DESCRIPTION)

    async def run() -> None:
        for statement in STATEMENTS:
            await fetch(statement)

    manager.add_raw(run)
    return manager

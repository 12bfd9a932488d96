from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.kernel.database import fetch

ID = "2026-11-30T00:40:02"
VERSION = "1.38.0"
DESCRIPTION = "Why the passes of earlier versions were withdrawn, and how many serials never became one"

STATEMENTS = (
    "UPDATE \"pass\" SET state_reason = CASE revoked_reason WHEN 'order cancelled' THEN 'cancelled' "
    "WHEN 'edition cancelled' THEN 'cancelled' WHEN 'its payment was for something else' THEN 'unpaid' "
    "ELSE 'withdrawn' END WHERE state = 'revoked'",
    'UPDATE pass_counter SET unused = issued - (SELECT COUNT(*) FROM "pass" p WHERE p.edition = pass_counter.edition)',
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="events", description=DESCRIPTION)

    async def run() -> None:
        for statement in STATEMENTS:
            await fetch(statement)

    async def back() -> None:
        """The columns go with the migration before."""

    manager.add_raw(run)
    manager.add_raw_backwards(back)
    return manager

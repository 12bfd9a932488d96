"""For whom something was filled in is never rewritten, either."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.kernel.database import dialect, fetch

ID = "2026-11-27T19:31:01"
VERSION = "1.38.0"
DESCRIPTION = "The log keeps for whom something was filled in"

SENTENCE = "the audit log is append-only"
UPDATING = 'CREATE TRIGGER "audit_entry_behalf_stays" BEFORE UPDATE ON "audit_entry" FOR EACH ROW WHEN'


async def forwards() -> MigrationManager:
    """Make the trigger, beside the one of the other columns."""
    manager = MigrationManager(migration_id=ID, app_name="kernel", description=DESCRIPTION)

    async def make() -> None:
        if dialect() == "sqlite":
            await fetch(
                f'{UPDATING} NEW."on_behalf_of" IS NOT OLD."on_behalf_of" '
                f"BEGIN SELECT RAISE(ABORT, '{SENTENCE}'); END"
            )
        else:
            await fetch(
                f'{UPDATING} (NEW."on_behalf_of" IS DISTINCT FROM OLD."on_behalf_of") '
                "EXECUTE FUNCTION audit_entry_refuse()"
            )

    async def drop() -> None:
        on = "" if dialect() == "sqlite" else ' ON "audit_entry"'
        await fetch(f'DROP TRIGGER "audit_entry_behalf_stays"{on}')

    manager.add_raw(make)
    manager.add_raw_backwards(drop)
    return manager

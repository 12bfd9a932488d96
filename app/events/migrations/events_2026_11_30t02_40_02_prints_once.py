from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.kernel.database import fetch

ID = "2026-11-30T02:40:02"
VERSION = "1.38.0"
DESCRIPTION = "A pass stands in a file of badges once"


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="events", description=DESCRIPTION)

    async def run() -> None:
        await fetch('CREATE UNIQUE INDEX "printed_pass_is_one" ON "printed_pass" ("run", "event_pass")')

    async def back() -> None:
        await fetch('DROP INDEX "printed_pass_is_one"')

    manager.add_raw(run)
    manager.add_raw_backwards(back)
    return manager

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.kernel.database import fetch

ID = "2026-11-29T02:30:01"
VERSION = "1.38.0"
DESCRIPTION = "The next event that waits is found without reading those that were handled"


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="payments", description=DESCRIPTION)

    async def run() -> None:
        await fetch('CREATE INDEX "payment_event_waits" ON "payment_event" ("id") WHERE handled_at IS NULL')

    async def back() -> None:
        await fetch('DROP INDEX "payment_event_waits"')

    manager.add_raw(run)
    manager.add_raw_backwards(back)
    return manager

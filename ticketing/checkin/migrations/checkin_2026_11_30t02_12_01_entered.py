"""An index for how many a list has let in since its day began."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.kernel.database import fetch

ID = "2026-11-30T02:12:01"
VERSION = "1.38.0"
DESCRIPTION = "Who came in to a list, by time"

INDEX = 'CREATE INDEX "admission_entered" ON "admission" ("list_id", "admitted_at")'


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="checkin", description=DESCRIPTION)

    async def run() -> None:
        await fetch(INDEX)

    async def back() -> None:
        await fetch('DROP INDEX "admission_entered"')

    manager.add_raw(run)
    manager.add_raw_backwards(back)
    return manager

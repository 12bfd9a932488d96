"""An index for what changed since a write, and on SQLite for the number of the last one."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.kernel.database import fetch

ID = "2026-11-30T03:11:01"
VERSION = "1.38.0"
DESCRIPTION = "Admissions by the write that changed them"


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="checkin", description=DESCRIPTION)

    async def run() -> None:
        await fetch('CREATE INDEX "admission_changed" ON "admission" ("changed_in")')

    async def back() -> None:
        await fetch('DROP INDEX "admission_changed"')

    manager.add_raw(run)
    manager.add_raw_backwards(back)
    return manager

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.kernel.database import fetch

ID = "2026-11-29T02:20:02"
VERSION = "1.38.0"
DESCRIPTION = "A day is closed once"

STATEMENTS = ('CREATE UNIQUE INDEX "payment_day_is_one" ON "payment_day" ("edition", "day")',)
UNDO = ('DROP INDEX "payment_day_is_one"',)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="payments", description=DESCRIPTION)

    async def run() -> None:
        for statement in STATEMENTS:
            await fetch(statement)

    async def back() -> None:
        for statement in UNDO:
            await fetch(statement)

    manager.add_raw(run)
    manager.add_raw_backwards(back)
    return manager

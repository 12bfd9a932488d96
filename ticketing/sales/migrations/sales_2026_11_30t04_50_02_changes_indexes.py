from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.kernel.database import fetch

ID = "2026-11-30T04:50:02"
VERSION = "1.38.0"
DESCRIPTION = "One ticket is changed for one dearer at a time; those whose time is over are found at once"

STATEMENTS = (
    'CREATE UNIQUE INDEX "ticket_change_one_held" ON "ticket_change" ("order_item") WHERE "state" = \'held\'',
    'CREATE INDEX "ticket_change_held" ON "ticket_change" ("expires_at") WHERE "state" = \'held\'',
)
UNDO = ('DROP INDEX "ticket_change_held"', 'DROP INDEX "ticket_change_one_held"')


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="sales", description=DESCRIPTION)

    async def run() -> None:
        for statement in STATEMENTS:
            await fetch(statement)

    async def back() -> None:
        for statement in UNDO:
            await fetch(statement)

    manager.add_raw(run)
    manager.add_raw_backwards(back)
    return manager

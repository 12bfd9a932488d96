from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.kernel.database import fetch

ID = "2026-11-30T02:50:02"
VERSION = "1.38.0"
DESCRIPTION = "A ticket is given to one at a time"

STATEMENTS = (
    'CREATE UNIQUE INDEX "ticket_handover_one_offered" ON "ticket_handover" ("order_item") WHERE "state" = \'offered\'',
)
UNDO = ('DROP INDEX "ticket_handover_one_offered"',)


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

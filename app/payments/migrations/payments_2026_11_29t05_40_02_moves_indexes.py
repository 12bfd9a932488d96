from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.kernel.database import fetch

ID = "2026-11-29T05:40:02"
VERSION = "1.38.0"
DESCRIPTION = "A form moves cash once, and a move is taken back once"

STATEMENTS = (
    'CREATE UNIQUE INDEX "cash_move_of_form" ON "cash_move" ("client_id")',
    'CREATE UNIQUE INDEX "cash_move_taken_back" ON "cash_move" ("takes_back")',
)
UNDO = ('DROP INDEX "cash_move_of_form"', 'DROP INDEX "cash_move_taken_back"')


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

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.kernel.database import fetch

ID = "2026-11-30T03:51:01"
VERSION = "1.38.0"
DESCRIPTION = "A ticket has one answer to a question, and a question stands with a type once"

STATEMENTS = (
    'CREATE UNIQUE INDEX "ticket_answer_one" ON "ticket_answer" ("order_item", "question")',
    'CREATE UNIQUE INDEX "ticket_question_type_one" ON "ticket_question_type" ("question", "ticket_type")',
)
UNDO = ('DROP INDEX "ticket_answer_one"', 'DROP INDEX "ticket_question_type_one"')


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

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.kernel.database import fetch

ID = "2026-11-21T00:01:04"
VERSION = "1.38.0"
DESCRIPTION = "What the database itself refuses or finds fast in payments"

STATEMENTS = (
    'CREATE UNIQUE INDEX "payment_document_number_is_one" ON "payment_document" ("edition", "number")',
    'CREATE UNIQUE INDEX "payment_document_open_is_one" ON "payment_document" ("purpose", "subject_id") '
    "WHERE state = 'open'",
    'CREATE UNIQUE INDEX "payment_event_is_one" ON "payment_event" ("provider", "event_id")',
    'CREATE INDEX "payment_of_document" ON "payment" ("document")',
)
UNDO = (
    'DROP INDEX "payment_of_document"',
    'DROP INDEX "payment_event_is_one"',
    'DROP INDEX "payment_document_open_is_one"',
    'DROP INDEX "payment_document_number_is_one"',
)


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


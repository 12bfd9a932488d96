from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.kernel.database import fetch

ID = "2026-11-29T04:20:03"
VERSION = "1.38.0"
DESCRIPTION = "One transfer may pay what a payer owes of a document and what others bear of it"

STATEMENTS = (
    'DROP INDEX IF EXISTS "bank_match_is_one"',  # a payment's own name says that it is recorded once
    'CREATE INDEX "bank_match_of_entry" ON "bank_match" ("entry")',
)
UNDO = (
    'DROP INDEX "bank_match_of_entry"',
    'CREATE UNIQUE INDEX "bank_match_is_one" ON "bank_match" ("entry", "document")',
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

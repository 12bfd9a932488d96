from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.kernel.database import fetch

ID = "2026-11-29T01:20:02"
VERSION = "1.38.0"
DESCRIPTION = "What the database itself refuses or finds fast among transfers"

STATEMENTS = (
    'CREATE UNIQUE INDEX "bank_match_is_one" ON "bank_match" ("entry", "document")',
    'CREATE INDEX "bank_entry_to_do" ON "bank_entry" ("state", "id") WHERE state <> \'matched\'',
    'CREATE INDEX "bank_entry_of_account" ON "bank_entry" ("account", "booked_at")',
)
UNDO = (
    'DROP INDEX "bank_entry_of_account"',
    'DROP INDEX "bank_entry_to_do"',
    'DROP INDEX "bank_match_is_one"',
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

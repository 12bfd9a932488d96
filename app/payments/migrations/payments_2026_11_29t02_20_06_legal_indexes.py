from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.kernel.database import fetch

ID = "2026-11-29T02:20:06"
VERSION = "1.38.0"
DESCRIPTION = "An e-invoice has one file of a kind"

STATEMENTS = ('CREATE UNIQUE INDEX "payment_legal_file_is_one" ON "payment_legal_file" ("document", "kind")',)
UNDO = ('DROP INDEX "payment_legal_file_is_one"',)


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

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.kernel.database import fetch

ID = "2026-11-21T00:01:09"
VERSION = "1.38.0"
DESCRIPTION = "What the database itself refuses or finds fast at check-in"

STATEMENTS = (
    'CREATE UNIQUE INDEX "admission_one_open" ON "admission" ("list_id", "event_pass") WHERE left_at IS NULL',
    'CREATE INDEX "admission_at" ON "admission" ("admitted_at")',
    'CREATE UNIQUE INDEX "check_in_list_name_is_one" ON "check_in_list" ("edition", "name")',
    'CREATE UNIQUE INDEX "gate_name_is_one" ON "gate" ("edition", "name")',
    'CREATE INDEX "scan_open_conflict" ON "scan" ("gate_id") '
    "WHERE verdict = 'late_conflict' AND settlement IS NULL",
)
UNDO = (
    'DROP INDEX "scan_open_conflict"',
    'DROP INDEX "gate_name_is_one"',
    'DROP INDEX "check_in_list_name_is_one"',
    'DROP INDEX "admission_at"',
    'DROP INDEX "admission_one_open"',
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="checkin", description=DESCRIPTION)

    async def run() -> None:
        for statement in STATEMENTS:
            await fetch(statement)

    async def back() -> None:
        for statement in UNDO:
            await fetch(statement)

    manager.add_raw(run)
    manager.add_raw_backwards(back)
    return manager

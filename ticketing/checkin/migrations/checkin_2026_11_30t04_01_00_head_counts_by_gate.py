from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.kernel.database import fetch

ID = "2026-11-30T04:01:00"
VERSION = "1.38.0"
DESCRIPTION = "Counted visitors by gate and time, and what was undone"

STATEMENTS = (
    'CREATE INDEX "head_count_by_gate" ON "head_count" ("gate_id", "counted_at")',
    'CREATE INDEX "head_count_undone" ON "head_count" ("undoes") WHERE undoes IS NOT NULL',
)
UNDO = ('DROP INDEX "head_count_undone"', 'DROP INDEX "head_count_by_gate"')


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

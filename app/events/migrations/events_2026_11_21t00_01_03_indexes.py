from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.kernel.database import fetch

ID = "2026-11-21T00:01:03"
VERSION = "1.38.0"
DESCRIPTION = "What the database itself refuses or finds fast in events"

STATEMENTS = (
    'CREATE UNIQUE INDEX "pass_serial_is_one" ON "pass" ("edition", "serial")',
    'CREATE UNIQUE INDEX "short_code_target_is_one" ON "short_code" ("kind", "target_id")',
    'CREATE UNIQUE INDEX "track_name_is_one" ON "track" ("edition", "name_key")',
    'CREATE UNIQUE INDEX "hall_name_is_one" ON "hall" ("edition", "name")',
)
UNDO = (
    'DROP INDEX "hall_name_is_one"',
    'DROP INDEX "track_name_is_one"',
    'DROP INDEX "short_code_target_is_one"',
    'DROP INDEX "pass_serial_is_one"',
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="events", description=DESCRIPTION)

    async def run() -> None:
        for statement in STATEMENTS:
            await fetch(statement)

    async def back() -> None:
        for statement in UNDO:
            await fetch(statement)

    manager.add_raw(run)
    manager.add_raw_backwards(back)
    return manager


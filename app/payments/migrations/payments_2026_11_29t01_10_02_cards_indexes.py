from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.kernel.database import fetch

ID = "2026-11-29T01:10:02"
VERSION = "1.38.0"
DESCRIPTION = "A document has one checkout that goes on"

FORWARDS = (
    'CREATE UNIQUE INDEX "card_attempt_going_on_is_one" ON "card_attempt" ("document") '
    "WHERE state IN ('started', 'open')"
)
BACKWARDS = 'DROP INDEX "card_attempt_going_on_is_one"'


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="payments", description=DESCRIPTION)

    async def run() -> None:
        await fetch(FORWARDS)

    async def back() -> None:
        await fetch(BACKWARDS)

    manager.add_raw(run)
    manager.add_raw_backwards(back)
    return manager

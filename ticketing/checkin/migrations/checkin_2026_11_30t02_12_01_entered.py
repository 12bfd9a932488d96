"""An index for how many a list has let in since its day began, and when everybody had left in earlier versions.

Those kept that in the audit alone; scans that are handed in late are held against it.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.kernel.database import fetch

ID = "2026-11-30T02:12:01"
VERSION = "1.38.0"
DESCRIPTION = "Who came in to a list, by time"

INDEX = 'CREATE INDEX "admission_entered" ON "admission" ("list_id", "admitted_at")'
EMPTYINGS = (
    "INSERT INTO emptying (edition, at) SELECT e.edition_id, e.at FROM audit_entry e "
    "WHERE e.action = 'admission.close_all' AND e.edition_id IN (SELECT id FROM edition) "
    "AND NOT EXISTS (SELECT 1 FROM emptying o WHERE o.edition = e.edition_id AND o.at = e.at)"
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="checkin", description=DESCRIPTION)

    async def run() -> None:
        await fetch(INDEX)
        await fetch(EMPTYINGS)

    async def back() -> None:
        await fetch('DROP INDEX "admission_entered"')

    manager.add_raw(run)
    manager.add_raw_backwards(back)
    return manager

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.column_types import Integer
from piccolo.columns.indexes import IndexMethod

from app.kernel.database import fetch

ID = "2026-11-30T00:45:01"
VERSION = "1.38.0"
DESCRIPTION = "Passes know the ticket type they are of, and a laid sheet the serials it took"

NUMBER = {
    "default": 0,
    "null": False,
    "primary_key": False,
    "unique": False,
    "index": False,
    "index_method": IndexMethod.btree,
    "choices": None,
    "db_column_name": None,
    "secret": False,
}


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="sales", description=DESCRIPTION)
    for column in ("first_serial", "serials"):
        manager.add_column(
            table_class_name="LaidSheet",
            tablename="laid_sheet",
            column_name=column,
            db_column_name=column,
            column_class_name="Integer",
            column_class=Integer,
            params=NUMBER,
            schema=None,
        )

    async def run() -> None:
        await fetch(
            'UPDATE "pass" SET type_no = i.ticket_type FROM order_item i '
            'WHERE i.event_pass = "pass".id AND "pass".type_no IS NULL'
        )

    async def back() -> None:
        """The column goes with the migration of events."""

    manager.add_raw(run)
    manager.add_raw_backwards(back)
    return manager

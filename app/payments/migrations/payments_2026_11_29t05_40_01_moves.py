from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.base import OnDelete, OnUpdate
from piccolo.columns.column_types import ForeignKey, Varchar
from piccolo.columns.indexes import IndexMethod

ID = "2026-11-29T05:40:01"
VERSION = "1.38.0"
DESCRIPTION = "A move of cash carries the id of its form, and one that is taken back the row that does so"

PLAIN = {
    "null": True,
    "primary_key": False,
    "unique": False,  # an index of the next migration is: no column is added with one
    "index": False,
    "index_method": IndexMethod.btree,
    "choices": None,
    "db_column_name": None,
    "secret": False,
}


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="payments", description=DESCRIPTION)
    manager.add_column(
        table_class_name="CashMove",
        tablename="cash_move",
        column_name="client_id",
        db_column_name="client_id",
        column_class_name="Varchar",
        column_class=Varchar,
        params={"length": 64, "default": None, **PLAIN},
        schema=None,
    )
    manager.add_column(
        table_class_name="CashMove",
        tablename="cash_move",
        column_name="takes_back",
        db_column_name="takes_back",
        column_class_name="ForeignKey",
        column_class=ForeignKey,
        params={
            "references": "self",
            "on_delete": OnDelete.restrict,
            "on_update": OnUpdate.cascade,
            "target_column": None,
            **PLAIN,
        },
        schema=None,
    )
    return manager

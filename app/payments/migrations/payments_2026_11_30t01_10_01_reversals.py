from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.column_types import Timestamptz, Varchar
from piccolo.columns.indexes import IndexMethod

ID = "2026-11-30T01:10:01"
VERSION = "1.38.0"
DESCRIPTION = "When the money of a transfer went out again, and what the bank says of it"

PLAIN = {
    "default": None,
    "null": True,
    "primary_key": False,
    "unique": False,
    "index": False,
    "index_method": IndexMethod.btree,
    "choices": None,
    "db_column_name": None,
    "secret": False,
}
COLUMNS = (
    ("reversed_at", Timestamptz, {}),
    ("reversal_purpose", Varchar, {"length": 500}),
    ("reversal_number", Varchar, {"length": 80}),
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="payments", description=DESCRIPTION)
    for name, kind, values in COLUMNS:
        manager.add_column(
            table_class_name="BankEntry",
            tablename="bank_entry",
            column_name=name,
            db_column_name=name,
            column_class_name=kind.__name__,
            column_class=kind,
            params=values | PLAIN,
            schema=None,
        )
    return manager

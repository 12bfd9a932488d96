from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.base import OnDelete, OnUpdate
from piccolo.columns.column_types import ForeignKey, Serial, Timestamptz, Varchar
from piccolo.columns.indexes import IndexMethod
from piccolo.table import Table


class Person(Table, tablename="person", schema=None):
    id = Serial(
        null=False,
        primary_key=True,
        unique=False,
        index=False,
        index_method=IndexMethod.btree,
        choices=None,
        db_column_name="id",
        secret=False,
    )


ID = "2026-11-30T00:10:01"
VERSION = "1.38.0"
DESCRIPTION = "Who took a payout back, when and why"

PLAIN = {
    "primary_key": False,
    "unique": False,
    "index": False,
    "index_method": IndexMethod.btree,
    "choices": None,
    "db_column_name": None,
    "secret": False,
}
POINTS = {"on_delete": OnDelete.set_null, "on_update": OnUpdate.cascade, "target_column": None}
COLUMNS = (
    ("taken_back_at", Timestamptz, {"default": None, "null": True}),
    ("taken_back_by", ForeignKey, {"references": Person, **POINTS, "null": True}),
    ("taken_back_for", Varchar, {"length": 200, "default": "", "null": False}),
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="payments", description=DESCRIPTION)
    for name, kind, values in COLUMNS:
        manager.add_column(
            table_class_name="Payout",
            tablename="payment_payout",
            column_name=name,
            db_column_name=name,
            column_class_name=kind.__name__,
            column_class=kind,
            params={**values, **PLAIN},
            schema=None,
        )
    return manager

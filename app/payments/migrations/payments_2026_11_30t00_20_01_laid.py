from enum import Enum

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.base import OnDelete, OnUpdate
from piccolo.columns.column_types import ForeignKey, Integer, Serial, Timestamptz, Varchar
from piccolo.columns.indexes import IndexMethod
from piccolo.table import Table


class Edition(Table, tablename="edition", schema=None):
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


ID = "2026-11-30T00:20:01"
VERSION = "1.38.0"
DESCRIPTION = "A statement whose transfers lie ready and are not shown yet"

PLAIN = {
    "primary_key": False,
    "unique": False,
    "index": False,
    "index_method": IndexMethod.btree,
    "db_column_name": None,
    "secret": False,
}
COLUMNS = (
    (
        "edition",
        ForeignKey,
        {
            "references": Edition,
            "on_delete": OnDelete.cascade,
            "on_update": OnUpdate.cascade,
            "target_column": None,
            "null": True,
            "choices": None,
        },
    ),
    (
        "state",
        Varchar,
        {
            "length": 10,
            "default": "laying",
            "null": False,
            "choices": Enum("LaidState", {"LAYING": "laying", "TAKEN_OVER": "taken_over", "DROPPED": "dropped"}),
        },
    ),
    ("newest_entry", Integer, {"default": 0, "null": False, "choices": None}),
    ("seen_at", Timestamptz, {"default": None, "null": False, "choices": None}),
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="payments", description=DESCRIPTION)
    manager.add_table(class_name="LaidStatement", tablename="laid_statement", schema=None, columns=None)
    for name, kind, params in COLUMNS:
        manager.add_column(
            table_class_name="LaidStatement",
            tablename="laid_statement",
            column_name=name,
            db_column_name=name,
            column_class_name=kind.__name__,
            column_class=kind,
            params={**params, **PLAIN},
            schema=None,
        )
    return manager

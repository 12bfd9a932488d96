from enum import Enum

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.column_types import Integer, Varchar
from piccolo.columns.indexes import IndexMethod

ID = "2026-11-30T00:40:01"
VERSION = "1.38.0"
DESCRIPTION = "Which ticket type a pass is of, why it does not count, and serials that never became a pass"

PLAIN = {
    "primary_key": False,
    "unique": False,
    "index": False,
    "index_method": IndexMethod.btree,
    "choices": None,
    "db_column_name": None,
    "secret": False,
}
NUMBER = {"default": None, "null": True, **PLAIN}
STATES = {"LAID": "laid", "ISSUED": "issued", "REVOKED": "revoked"}
REASONS = {
    "NONE": "",
    "WITHDRAWN": "withdrawn",
    "UNPAID": "unpaid",
    "CANCELLED": "cancelled",
    "REPLACED": "replaced",
    "LEAKED": "leaked",
}


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="events", description=DESCRIPTION)
    for table, tablename, column, kind, params in (
        ("Pass", "pass", "type_no", Integer, NUMBER),
        (
            "Pass",
            "pass",
            "state_reason",
            Varchar,
            {"length": 12, "default": "", "null": False, **PLAIN, "choices": Enum("PassReason", REASONS)},
        ),
        ("Pass", "pass", "replaces", Integer, NUMBER),
        ("Pass", "pass", "note", Varchar, {"length": 80, "default": "", "null": False, **PLAIN}),
        ("PassCounter", "pass_counter", "unused", Integer, {"default": 0, "null": False, **PLAIN}),
    ):
        manager.add_column(
            table_class_name=table,
            tablename=tablename,
            column_name=column,
            db_column_name=column,
            column_class_name=kind.__name__,
            column_class=kind,
            params=params,
            schema=None,
        )
    manager.alter_column(
        table_class_name="Pass",
        tablename="pass",
        column_name="state",
        db_column_name="state",
        params={"choices": Enum("PassState", {**STATES, "STOCK": "stock", "BLOCKED": "blocked"})},
        old_params={"choices": Enum("PassState", STATES)},
        column_class=Varchar,
        old_column_class=Varchar,
        schema=None,
    )
    return manager

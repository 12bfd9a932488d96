from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from enum import Enum
from piccolo.columns.column_types import Boolean
from piccolo.columns.column_types import Varchar
from piccolo.columns.indexes import IndexMethod

ID = "2026-11-22T00:50:09"
VERSION = "1.38.0"
DESCRIPTION = "Lists on which people are scanned out, too"


async def forwards():
    manager = MigrationManager(
        migration_id=ID, app_name="checkin", description=DESCRIPTION
    )

    manager.add_column(
        table_class_name="CheckInList",
        tablename="check_in_list",
        column_name="exits",
        db_column_name="exits",
        column_class_name="Boolean",
        column_class=Boolean,
        params={
            "default": False,
            "null": False,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.alter_column(
        table_class_name="Scan",
        tablename="scan",
        column_name="verdict",
        db_column_name="verdict",
        params={
            "choices": Enum(
                "Verdict",
                {
                    "ADMITTED": "admitted",
                    "ALREADY_ADMITTED": "already_admitted",
                    "NOT_VALID_YET": "not_valid_yet",
                    "EXPIRED": "expired",
                    "REVOKED": "revoked",
                    "WRONG_LIST": "wrong_list",
                    "UNKNOWN": "unknown",
                    "LATE_CONFLICT": "late_conflict",
                    "LEFT": "left",
                    "NOT_INSIDE": "not_inside",
                },
            )
        },
        old_params={
            "choices": Enum(
                "Verdict",
                {
                    "ADMITTED": "admitted",
                    "ALREADY_ADMITTED": "already_admitted",
                    "NOT_VALID_YET": "not_valid_yet",
                    "EXPIRED": "expired",
                    "REVOKED": "revoked",
                    "WRONG_LIST": "wrong_list",
                    "UNKNOWN": "unknown",
                    "LATE_CONFLICT": "late_conflict",
                },
            )
        },
        column_class=Varchar,
        old_column_class=Varchar,
        schema=None,
    )

    return manager

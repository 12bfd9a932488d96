from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from enum import Enum
from piccolo.columns.column_types import JSON
from piccolo.columns.column_types import Varchar
from piccolo.columns.indexes import IndexMethod

ID = "2026-11-30T03:52:01"
VERSION = "1.38.0"
DESCRIPTION = "Questions that a list asks at its gates, and a verdict of its own"


async def forwards():
    manager = MigrationManager(
        migration_id=ID, app_name="checkin", description=DESCRIPTION
    )

    manager.add_column(
        table_class_name="CheckInList",
        tablename="check_in_list",
        column_name="questions",
        db_column_name="questions",
        column_class_name="JSON",
        column_class=JSON,
        params={
            "default": "[]",
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
                    "BLOCKED": "blocked",
                    "WRONG_LIST": "wrong_list",
                    "UNKNOWN": "unknown",
                    "LATE_CONFLICT": "late_conflict",
                    "LEFT": "left",
                    "NOT_INSIDE": "not_inside",
                    "UNPAID": "unpaid",
                    "CANCELLED": "cancelled",
                    "WRONG_TYPE": "wrong_type",
                    "FULL": "full",
                    "BAD_SIGNATURE": "bad_signature",
                    "WRONG_EDITION": "wrong_edition",
                    "QUESTION_REQUIRED": "question_required",
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
                    "BLOCKED": "blocked",
                    "WRONG_LIST": "wrong_list",
                    "UNKNOWN": "unknown",
                    "LATE_CONFLICT": "late_conflict",
                    "LEFT": "left",
                    "NOT_INSIDE": "not_inside",
                    "UNPAID": "unpaid",
                    "CANCELLED": "cancelled",
                    "WRONG_TYPE": "wrong_type",
                    "FULL": "full",
                    "BAD_SIGNATURE": "bad_signature",
                    "WRONG_EDITION": "wrong_edition",
                },
            )
        },
        column_class=Varchar,
        old_column_class=Varchar,
        schema=None,
    )

    return manager

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from enum import Enum
from piccolo.columns.column_types import Varchar

ID = "2026-11-27T11:46:06"
VERSION = "1.38.0"
DESCRIPTION = "Applications that end with their festival"


async def forwards():
    manager = MigrationManager(
        migration_id=ID, app_name="allocation", description=DESCRIPTION
    )

    manager.alter_column(
        table_class_name="Application",
        tablename="application",
        column_name="state",
        db_column_name="state",
        params={
            "choices": Enum(
                "ApplicationState",
                {
                    "DRAFT": "draft",
                    "SUBMITTED": "submitted",
                    "ALLOCATED": "allocated",
                    "WAITING": "waiting",
                    "WITHDRAWN": "withdrawn",
                    "CANCELLED": "cancelled",
                },
            )
        },
        old_params={
            "choices": Enum(
                "ApplicationState",
                {
                    "DRAFT": "draft",
                    "SUBMITTED": "submitted",
                    "ALLOCATED": "allocated",
                    "WAITING": "waiting",
                    "WITHDRAWN": "withdrawn",
                },
            )
        },
        column_class=Varchar,
        old_column_class=Varchar,
        schema=None,
    )

    return manager

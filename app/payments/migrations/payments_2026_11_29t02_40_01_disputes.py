from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.column_types import BigInt, Varchar

ID = "2026-11-29T02:40:01"
VERSION = "1.38.0"
DESCRIPTION = "What of a dispute stands in the ledger"


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="payments", description=DESCRIPTION)
    for name in ("lost_minor", "fee_minor"):
        manager.add_column(
            table_class_name="CardDispute",
            tablename="card_dispute",
            column_name=name,
            column_class_name="BigInt",
            column_class=BigInt,
            params={"default": 0, "null": False},
        )
    manager.add_column(
        table_class_name="CardDispute",
        tablename="card_dispute",
        column_name="fee_currency",
        column_class_name="Varchar",
        column_class=Varchar,
        params={"length": 3, "default": "", "null": False},
    )
    return manager

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.column_types import Boolean, Varchar
from piccolo.columns.indexes import IndexMethod

ID = "2026-11-29T02:50:01"
VERSION = "1.38.0"
DESCRIPTION = "Who sold stands on the document; whether cash goes through drawers alone"

PLAIN = {
    "null": False,
    "primary_key": False,
    "unique": False,
    "index": False,
    "index_method": IndexMethod.btree,
    "choices": None,
    "db_column_name": None,
    "secret": False,
}
SELLER = {"seller_name": 200, "seller_address": 300, "seller_tax_code": 20}


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="payments", description=DESCRIPTION)
    for name, length in SELLER.items():
        manager.add_column(
            table_class_name="PaymentDocument",
            tablename="payment_document",
            column_name=name,
            db_column_name=name,
            column_class_name="Varchar",
            column_class=Varchar,
            params={"length": length, "default": "", **PLAIN},
            schema=None,
        )
    manager.add_column(
        table_class_name="PaymentTerms",
        tablename="payment_terms",
        column_name="use_drawers",
        db_column_name="use_drawers",
        column_class_name="Boolean",
        column_class=Boolean,
        params={"default": False, **PLAIN},
        schema=None,
    )
    return manager

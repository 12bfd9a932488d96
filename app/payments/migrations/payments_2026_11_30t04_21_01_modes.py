from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.column_types import Boolean
from piccolo.columns.indexes import IndexMethod

ID = "2026-11-30T04:21:01"
VERSION = "1.38.0"
DESCRIPTION = "Whether cards are charged, by edition and by what was asked of Stripe"

PLAIN = {
    "primary_key": False,
    "unique": False,
    "index": False,
    "index_method": IndexMethod.btree,
    "choices": None,
    "db_column_name": None,
    "secret": False,
}
COLUMNS = (
    ("PaymentTerms", "payment_terms", {"default": None, "null": True}),
    ("CardAttempt", "card_attempt", {"default": False, "null": False}),
    ("CardRefund", "card_refund", {"default": False, "null": False}),
    ("Payout", "payment_payout", {"default": False, "null": False}),
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="payments", description=DESCRIPTION)
    for table, name, values in COLUMNS:
        manager.add_column(
            table_class_name=table,
            tablename=name,
            column_name="live",
            db_column_name="live",
            column_class_name="Boolean",
            column_class=Boolean,
            params={**values, **PLAIN},
            schema=None,
        )
    return manager

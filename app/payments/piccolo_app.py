from pathlib import Path

from piccolo.conf.apps import AppConfig

from app.payments.tables import TABLES
from app.payments.tables_bank import BANK_TABLES
from app.payments.tables_books import BOOKS_TABLES
from app.payments.tables_card import CARD_TABLES
from app.payments.tables_legal import LEGAL_TABLES
from app.payments.tables_payouts import PAYOUT_TABLES
from app.payments.tables_proof import PROOF_TABLES
from app.payments.tables_service import SERVICE_TABLES

APP_CONFIG = AppConfig(
    app_name="payments",
    migrations_folder_path=str(Path(__file__).parent / "migrations"),
    table_classes=[
        *TABLES,
        *CARD_TABLES,
        *BANK_TABLES,
        *BOOKS_TABLES,
        *PAYOUT_TABLES,
        *LEGAL_TABLES,
        *PROOF_TABLES,
        *SERVICE_TABLES,
    ],
    migration_dependencies=["app.events.piccolo_app"],
)

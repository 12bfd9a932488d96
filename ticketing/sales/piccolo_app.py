from pathlib import Path

from piccolo.conf.apps import AppConfig

from ticketing.sales.tables import TABLES
from ticketing.sales.tables_own import OWN_TABLES
from ticketing.sales.tables_questions import QUESTION_TABLES
from ticketing.sales.tables_registering import Registering
from ticketing.sales.tables_vouchers import VOUCHER_TABLES

APP_CONFIG = AppConfig(
    app_name="sales",
    migrations_folder_path=str(Path(__file__).parent / "migrations"),
    table_classes=[*TABLES, *OWN_TABLES, *QUESTION_TABLES, Registering, *VOUCHER_TABLES],
    migration_dependencies=["app.payments.piccolo_app"],
)

from pathlib import Path

from piccolo.conf.apps import AppConfig

from ticketing.sales.tables import TABLES

APP_CONFIG = AppConfig(
    app_name="sales",
    migrations_folder_path=str(Path(__file__).parent / "migrations"),
    table_classes=TABLES,
    migration_dependencies=["app.payments.piccolo_app"],
)

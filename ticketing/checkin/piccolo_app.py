from pathlib import Path

from piccolo.conf.apps import AppConfig

from ticketing.checkin.tables import TABLES

APP_CONFIG = AppConfig(
    app_name="checkin",
    migrations_folder_path=str(Path(__file__).parent / "migrations"),
    table_classes=TABLES,
    migration_dependencies=["ticketing.sales.piccolo_app"],
)

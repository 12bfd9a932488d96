from pathlib import Path

from piccolo.conf.apps import AppConfig

from app.accounts.tables import TABLES

APP_CONFIG = AppConfig(
    app_name="accounts",
    migrations_folder_path=str(Path(__file__).parent / "migrations"),
    table_classes=TABLES,
    migration_dependencies=["app.kernel.piccolo_app"],
)

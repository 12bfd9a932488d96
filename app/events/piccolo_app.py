from pathlib import Path

from piccolo.conf.apps import AppConfig

from app.events.tables import TABLES

APP_CONFIG = AppConfig(
    app_name="events",
    migrations_folder_path=str(Path(__file__).parent / "migrations"),
    table_classes=TABLES,
    migration_dependencies=["app.accounts.piccolo_app"],
)

from pathlib import Path

from piccolo.conf.apps import AppConfig

from booths.catalogue.tables import TABLES

APP_CONFIG = AppConfig(
    app_name="catalogue",
    migrations_folder_path=str(Path(__file__).parent / "migrations"),
    table_classes=TABLES,
    migration_dependencies=["booths.allocation.piccolo_app"],
)

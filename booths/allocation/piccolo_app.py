from pathlib import Path

from piccolo.conf.apps import AppConfig

from booths.allocation.tables import TABLES

APP_CONFIG = AppConfig(
    app_name="allocation",
    migrations_folder_path=str(Path(__file__).parent / "migrations"),
    table_classes=TABLES,
    migration_dependencies=["booths.floorplan.piccolo_app", "app.payments.piccolo_app"],
)

"""Prices of booths as wide as all other money."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.column_types import BigInt, Integer

from app.kernel.database import dialect

ID = "2026-11-22T02:20:05"
VERSION = "1.38.0"
DESCRIPTION = "The price of a booth has eight bytes"


async def forwards() -> MigrationManager:
    """Widen the column; on SQLite an integer has eight bytes as it is, and no column can be altered."""
    manager = MigrationManager(migration_id=ID, app_name="floorplan", description=DESCRIPTION)
    manager.alter_column(
        table_class_name="Booth",
        tablename="booth",
        column_name="price_minor",
        column_class=BigInt,
        old_column_class=Integer,
    )

    async def nothing(backwards: bool = False) -> None:
        """In the place of what PostgreSQL runs; what Piccolo compares the tables with hears of the change all the same."""

    if dialect() == "sqlite":
        manager._run_alter_columns = nothing
    return manager

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-27T00:00:02"
VERSION = "1.38.0"
DESCRIPTION = "Tries of a code are counted by the rate limit alone"


async def forwards():
    manager = MigrationManager(
        migration_id=ID, app_name="accounts", description=DESCRIPTION
    )

    manager.drop_column(
        table_class_name="SignInToken",
        tablename="sign_in_token",
        column_name="tries",
        db_column_name="tries",
        schema=None,
    )

    return manager

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-30T02:32:00"
VERSION = "1.38.0"
DESCRIPTION = "How many tickets of a type there are stands in its quotas alone"


async def forwards():
    manager = MigrationManager(
        migration_id=ID, app_name="sales", description=DESCRIPTION
    )

    manager.drop_column(
        table_class_name="TicketType",
        tablename="ticket_type",
        column_name="quota",
        db_column_name="quota",
        schema=None,
    )

    return manager

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.kernel.database import dialect, fetch

ID = "2026-11-21T00:01:08"
VERSION = "1.38.0"
DESCRIPTION = "What the database itself refuses or finds fast in sales"

FITS = "{row}sold >= 0 AND {row}held >= 0 AND {row}sold + {row}held <= {row}quota"
INDEXES = (
    'CREATE UNIQUE INDEX "ticket_type_code_is_one" ON "ticket_type" ("edition", "code")',
    'CREATE INDEX "ticket_order_held" ON "ticket_order" ("expires_at") WHERE state = \'held\'',
)
# SQLite adds no constraint to a table that is there: a trigger says the same.
QUOTA = {
    "postgres": (f'ALTER TABLE "ticket_type" ADD CONSTRAINT "ticket_type_quota" CHECK ({FITS.format(row="")})',),
    "sqlite": tuple(
        f'CREATE TRIGGER "ticket_type_quota_{event}" BEFORE {event} ON "ticket_type" '
        f"WHEN NOT ({FITS.format(row='NEW.')}) BEGIN SELECT RAISE(ABORT, 'ticket_type_quota'); END"
        for event in ("insert", "update")
    ),
}
UNDO = {
    "postgres": ('ALTER TABLE "ticket_type" DROP CONSTRAINT "ticket_type_quota"',),
    "sqlite": ('DROP TRIGGER "ticket_type_quota_insert"', 'DROP TRIGGER "ticket_type_quota_update"'),
}
UNDO_INDEXES = ('DROP INDEX "ticket_order_held"', 'DROP INDEX "ticket_type_code_is_one"')


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="sales", description=DESCRIPTION)

    async def run() -> None:
        for statement in (*INDEXES, *QUOTA[dialect()]):
            await fetch(statement)

    async def back() -> None:
        for statement in (*UNDO[dialect()], *UNDO_INDEXES):
            await fetch(statement)

    manager.add_raw(run)
    manager.add_raw_backwards(back)
    return manager

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.kernel.database import dialect, fetch

ID = "2026-11-30T03:40:02"
VERSION = "1.38.0"
DESCRIPTION = "A code is one voucher, which the database itself never lets be used too often"

RULE = "{row}used >= 0 AND {row}used <= {row}max_uses"
INDEXES = (
    'CREATE UNIQUE INDEX "voucher_edition_code" ON "voucher" ("edition", "code")',
    'CREATE UNIQUE INDEX "voucher_type_is_one" ON "voucher_type" ("voucher", "ticket_type")',
    'CREATE UNIQUE INDEX "voucher_use_is_one" ON "voucher_use" ("ticket_order", "ticket_type")',
)
NAMES = ("voucher_edition_code", "voucher_type_is_one", "voucher_use_is_one")
GUARDS = {
    "postgres": (f'ALTER TABLE "voucher" ADD CONSTRAINT "voucher_holds" CHECK ({RULE.format(row="")})',),
    "sqlite": tuple(
        f'CREATE TRIGGER "voucher_holds_{event}" BEFORE {event} ON "voucher" '
        f"WHEN NOT ({RULE.format(row='NEW.')}) BEGIN SELECT RAISE(ABORT, 'voucher_holds'); END"
        for event in ("insert", "update")
    ),
}
UNGUARDED = {
    "postgres": ('ALTER TABLE "voucher" DROP CONSTRAINT "voucher_holds"',),
    "sqlite": ('DROP TRIGGER "voucher_holds_insert"', 'DROP TRIGGER "voucher_holds_update"'),
}


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="sales", description=DESCRIPTION)

    async def run() -> None:
        for statement in (*INDEXES, *GUARDS[dialect()]):
            await fetch(statement)

    async def back() -> None:
        for statement in (*UNGUARDED[dialect()], *(f'DROP INDEX "{name}"' for name in NAMES)):
            await fetch(statement)

    manager.add_raw(run)
    manager.add_raw_backwards(back)
    return manager

import secrets
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.kernel.database import dialect, fetch

ID = "2026-11-29T01:01:04"
VERSION = "1.38.0"
DESCRIPTION = "Books for what was billed and paid before, and what the database itself refuses in payments"

INDEXES = (
    'CREATE UNIQUE INDEX "payment_series_is_one" ON "payment_series" ("series", "year")',
    'CREATE UNIQUE INDEX "cash_drawer_open_is_one" ON "cash_drawer" ("edition", "cashier") '
    "WHERE closed_at IS NULL",
    'CREATE UNIQUE INDEX "payment_line_is_one" ON "payment_line" ("document", "position")',
    'CREATE UNIQUE INDEX "payment_instalment_is_one" ON "payment_instalment" ("document", "position")',
    'CREATE INDEX "ledger_entry_by_account" ON "ledger_entry" ("edition", "account", "day")',
)
POSTGRES = (
    "CREATE FUNCTION ledger_entry_is_kept() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'entries of the ledger are kept as they are'; END $$",
    'CREATE TRIGGER "ledger_entry_is_kept" BEFORE UPDATE OR DELETE ON "ledger_entry" FOR EACH ROW '
    "EXECUTE FUNCTION ledger_entry_is_kept()",
    'CREATE TRIGGER "ledger_entry_is_not_emptied" BEFORE TRUNCATE ON "ledger_entry" FOR EACH STATEMENT '
    "EXECUTE FUNCTION ledger_entry_is_kept()",
)
SQLITE = tuple(
    f'CREATE TRIGGER "ledger_entry_{name}" BEFORE {event} ON "ledger_entry" '
    "BEGIN SELECT RAISE(ABORT, 'entries of the ledger are kept as they are'); END"
    for name, event in (("stays", "UPDATE"), ("is_kept", "DELETE"))
)
NAMES = ("payment_series_is_one", "cash_drawer_open_is_one", "payment_line_is_one", "payment_instalment_is_one")
ACCOUNTS = {"cash": "cash", "transfer": "bank", "card": "card"}
CHUNK = 500
KEPT = ("kept", "replaced")


async def build_payment_anew():
    """Let one payment go back in parts: SQLite cannot drop a column's UNIQUE, so the table is copied."""
    (made,) = await fetch("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = 'payment'")
    indexes = await fetch("SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'payment' AND sql IS NOT NULL")
    lines = made["sql"].split('"returns"', 1)
    column, rest = lines[1].split(",", 1)
    assert " UNIQUE" in column
    columns = ", ".join(f'"{row["name"]}"' for row in await fetch("SELECT name FROM pragma_table_info('payment')"))
    whole = f'{lines[0]}"returns"{column.replace(" UNIQUE", "")},{rest}'
    await fetch('CREATE TEMP TABLE went_back AS SELECT id, "returns" FROM payment WHERE "returns" IS NOT NULL')
    await fetch('UPDATE payment SET "returns" = NULL WHERE "returns" IS NOT NULL')
    await fetch(whole.replace('CREATE TABLE "payment"', 'CREATE TABLE "payment_anew"', 1).replace(
        "CREATE TABLE payment ", 'CREATE TABLE "payment_anew" ', 1
    ))
    await fetch(f'INSERT INTO "payment_anew" ({columns}) SELECT {columns} FROM payment')
    await fetch("DROP TABLE payment")
    await fetch('ALTER TABLE "payment_anew" RENAME TO "payment"')
    for index in indexes:
        await fetch(index["sql"])
    await fetch('CREATE INDEX "payment_returns" ON "payment" ("returns")')
    await fetch(
        'UPDATE payment SET "returns" = (SELECT w."returns" FROM went_back w WHERE w.id = payment.id) '
        "WHERE id IN (SELECT id FROM went_back)"
    )
    await fetch("DROP TABLE went_back")


async def keep_books():
    """Give what was billed before its line, and enter it and its payments into the ledger."""
    zones = {row["id"]: ZoneInfo(row["timezone"]) for row in await fetch("SELECT id, timezone FROM edition")}
    await fetch(
        "INSERT INTO payment_line (document, position, description, quantity, unit_minor, net_minor, tax_minor, "
        "exempt_reason, funded_by) SELECT id, 1, description, 1, amount_minor, amount_minor, 0, '', '' "
        "FROM payment_document"
    )
    await fetch(
        "UPDATE payment_document SET paid_minor = amount_minor WHERE id IN "
        "(SELECT document FROM payment WHERE amount_minor > 0 AND outcome IN ('kept', 'replaced'))"
    )
    await fetch("UPDATE payment SET owed_minor = amount_minor WHERE outcome = 'refund'")
    await fetch(
        "UPDATE payment SET returned_minor = amount_minor WHERE id IN "
        '(SELECT "returns" FROM payment WHERE "returns" IS NOT NULL)'
    )
    await fetch(
        "UPDATE payment_document SET owed_minor = COALESCE((SELECT SUM(p.owed_minor - p.returned_minor) FROM payment p "
        "WHERE p.document = payment_document.id), 0)"
    )
    after = 0
    while documents := await fetch(
        "SELECT id, edition, amount_minor, currency, state, created_at, settled_at FROM payment_document "
        "WHERE id > {} ORDER BY id LIMIT {}",
        after,
        CHUNK,
    ):
        after = documents[-1]["id"]
        for one in documents:
            zone, amount, at = zones[one["edition"]], one["amount_minor"], one["created_at"]
            await post("invoice", one, None, zone, at, {"receivable": amount, "revenue": -amount})
            payments = await fetch("SELECT * FROM payment WHERE document = {} ORDER BY id", one["id"])
            if one["state"] in ("cancelled", "refund_due", "refunded"):
                at = one["settled_at"] or at
                await post("cancel", one, None, zone, at, {"receivable": -amount, "revenue": amount})
            for payment in payments:
                came, account = payment["amount_minor"], ACCOUNTS[payment["method"]]
                kind = "payment" if came > 0 else "refund"
                other = "receivable" if payment["outcome"] in KEPT else "payable"
                await post(kind, one, payment["id"], zone, payment["received_at"], {account: came, other: -came})


async def post(kind, document, payment, zone, at, sides):
    at = datetime.fromisoformat(at) if isinstance(at, str) else at
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    posting = secrets.token_hex(16)
    for account, amount in sides.items():
        await fetch(
            "INSERT INTO ledger_entry (posting, kind, edition, account, detail, amount_minor, currency, document, "
            "payment, day, booked_at) VALUES ({}, {}, {}, {}, '', {}, {}, {}, {}, {}, {})",
            *(posting, kind, document["edition"], account, amount, document["currency"], document["id"], payment),
            at.astimezone(zone).date(),
            at,
        )


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="payments", description=DESCRIPTION)

    async def run() -> None:
        if dialect() == "sqlite":
            await build_payment_anew()
        await keep_books()
        for statement in (*INDEXES, *(SQLITE if dialect() == "sqlite" else POSTGRES)):
            await fetch(statement)

    async def back() -> None:
        on = ' ON "ledger_entry"' if dialect() == "postgres" else ""
        for name in ("is_kept", "is_not_emptied" if on else "stays"):
            await fetch(f'DROP TRIGGER "ledger_entry_{name}"{on}')
        if on:
            await fetch("DROP FUNCTION ledger_entry_is_kept()")
        for name in (*NAMES, "ledger_entry_by_account"):
            await fetch(f'DROP INDEX "{name}"')

    manager.add_raw(run)
    manager.add_raw_backwards(back)
    return manager

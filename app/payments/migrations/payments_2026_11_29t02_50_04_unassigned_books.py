import secrets
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.kernel.database import fetch

ID = "2026-11-29T02:50:04"
VERSION = "1.38.0"
DESCRIPTION = "Transfers of before that are not assigned enter the ledger, at the time they were told of"


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="payments", description=DESCRIPTION)

    async def run() -> None:
        rows = await fetch(
            "SELECT b.id, b.edition, b.amount_minor, b.currency, b.told_at, e.timezone FROM bank_entry b "
            "JOIN edition e ON e.id = b.edition WHERE b.state IN ('left', 'ignored') AND b.books IS NULL ORDER BY b.id"
        )
        for row in rows:
            at = row["told_at"]
            at = datetime.fromisoformat(at) if isinstance(at, str) else at
            at = at if at.tzinfo else at.replace(tzinfo=UTC)
            posting = secrets.token_hex(16)
            for account, sign in (("bank", 1), ("unassigned", -1)):
                await fetch(
                    "INSERT INTO ledger_entry (posting, kind, edition, account, detail, amount_minor, currency, day, "
                    "booked_at) VALUES ({}, 'keep', {}, {}, '', {}, {}, {}, {})",
                    *(posting, row["edition"], account, sign * row["amount_minor"], row["currency"]),
                    at.astimezone(ZoneInfo(row["timezone"])).date(),
                    at,
                )
            await fetch("UPDATE bank_entry SET books = edition WHERE id = {}", row["id"])

    async def back() -> None:
        pass  # what stands in the ledger stays

    manager.add_raw(run)
    manager.add_raw_backwards(back)
    return manager

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.kernel.database import fetch

ID = "2026-11-30T00:10:02"
VERSION = "1.38.0"
DESCRIPTION = "A transfer that is a payout has a state of its own"

OF_PAYOUTS = "id IN (SELECT bank_entry FROM payment_payout WHERE bank_entry IS NOT NULL)"


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="payments", description=DESCRIPTION)

    async def run() -> None:
        await fetch(f"UPDATE bank_entry SET state = 'payout' WHERE state = 'matched' AND {OF_PAYOUTS}")

    async def back() -> None:
        await fetch("UPDATE bank_entry SET state = 'matched' WHERE state = 'payout'")

    manager.add_raw(run)
    manager.add_raw_backwards(back)
    return manager

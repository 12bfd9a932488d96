from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.kernel.database import fetch

ID = "2026-11-30T04:21:02"
VERSION = "1.38.0"
DESCRIPTION = "In which mode what stands was asked of Stripe, as the names say that it gave"

#: An installation had one mode, so that payouts and the reading of events were of that of its checkouts.
ANY_LIVE = "EXISTS (SELECT 1 FROM card_attempt WHERE live IS TRUE)"
STEPS = (
    "UPDATE card_attempt SET live = TRUE WHERE session_id LIKE 'cs_live_%'",
    "UPDATE card_refund SET live = TRUE WHERE payment IN (SELECT p.id FROM payment p "
    "JOIN card_attempt a ON a.payment_intent = SUBSTR(p.provider_reference, 8, LENGTH(a.payment_intent)) "
    "WHERE a.live IS TRUE)",
    f"UPDATE payment_payout SET live = TRUE WHERE reference LIKE 'stripe:%' AND {ANY_LIVE}",
    "UPDATE payment_terms SET live = TRUE WHERE live IS NULL AND edition IN (SELECT d.edition FROM payment_document d "
    "JOIN card_attempt a ON a.document = d.id WHERE a.live IS TRUE)",
    f"UPDATE card_event_reading SET provider = CASE WHEN {ANY_LIVE} THEN 'stripe_live' ELSE 'stripe_test' END "
    "WHERE provider = 'stripe'",
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="payments", description=DESCRIPTION)

    async def run() -> None:
        for step in STEPS:
            await fetch(step)

    async def back() -> None:
        await fetch("UPDATE card_event_reading SET provider = 'stripe' WHERE provider LIKE 'stripe_%'")

    manager.add_raw(run)
    manager.add_raw_backwards(back)
    return manager

"""Background work of sales."""

from typing import Any

from app.accounts.actor import SYSTEM
from app.kernel.clock import now
from app.kernel.jobs import JobContext
from app.payments.services.card_refunds import refund_all_to_cards
from ticketing.sales.services.dearer import expire_changes
from ticketing.sales.services.giving_back import forget_accounts
from ticketing.sales.services.laid import look_after_laid
from ticketing.sales.services.outcomes import expire_orders

EXPIRE = "sales.expire_orders"
LAID = "sales.look_after_laid"


async def run_expire_orders(job: JobContext) -> dict[str, Any]:
    """Let held orders and changes go whose time is over; forget accounts on which nothing waits to go back any more."""
    return {
        "expired": await expire_orders(now=now()),
        "changes": await expire_changes(now=now()),
        "accounts": await forget_accounts(),
    }


async def run_look_after_laid(job: JobContext) -> dict[str, Any]:
    """Go on with sheets whose process was killed."""
    return {"sheets": await look_after_laid(now=now())}


async def run_refund_to_cards(job: JobContext) -> dict[str, Any]:
    """Send what has to go back of cancelled tickets to the cards that paid them."""
    return {"sent": await refund_all_to_cards(document_id=int(job.payload["document"]), actor=SYSTEM, now=now())}

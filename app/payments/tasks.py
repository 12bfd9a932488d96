"""Background work of payments."""

from typing import Any

from app.kernel.clock import now
from app.kernel.jobs import JobContext
from app.payments.services.assigning import match_new
from app.payments.services.card_watching import look_after_cards
from app.payments.services.inbox import apply_event, apply_next, requeue_waiting
from app.payments.services.laid_statements import look_after_laid
from app.payments.services.legal_issuing import issue_due
from app.payments.services.reminding import remind_payers

OTHERS_AT_ONCE = 50


async def apply_event_job(job: JobContext) -> dict[str, Any] | None:
    """Apply one stored event, and then others that wait for their own jobs."""
    effect = await apply_event(int(job.payload["event"]), now())
    others = 0
    while others < OTHERS_AT_ONCE and not job.cancelled() and await apply_next(now()):
        others += 1
    return {"effect": effect, "others": others}


async def requeue_events_job(job: JobContext) -> dict[str, Any] | None:
    """Queue events again whose job was lost or gave up."""
    return {"queued": await requeue_waiting(now())}


async def match_transfers_job(job: JobContext) -> dict[str, Any] | None:
    """Assign the transfers that nobody has looked at."""
    return await match_new(now())


async def look_after_laid_job(job: JobContext) -> dict[str, Any] | None:
    """Go on with statements whose process was killed."""
    return {"statements": await look_after_laid(now=now())}


async def look_after_cards_job(job: JobContext) -> dict[str, Any] | None:
    """Ask Stripe about what is overdue."""
    return dict(await look_after_cards(now()))


async def issue_legal_job(job: JobContext) -> dict[str, Any] | None:
    """Ask the provider for the e-invoices of what was paid."""
    return dict(await issue_due(now()))


async def remind_payers_job(job: JobContext) -> dict[str, Any] | None:
    """Remind payers of what is to be paid soon, or was."""
    return {"reminded": await remind_payers(now())}

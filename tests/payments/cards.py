"""Steps that tests of card payments have in common."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from app.events.queries import EditionInfo
from app.kernel import clock
from app.payments.queries import DocumentInfo
from app.payments.queries_card import newest_attempt
from app.payments.services.card_checkout import start_checkout
from app.payments.services.inbox import apply_event
from app.payments.services.stripe_events import keep_event, read_webhook
from app.payments.tables import PaymentEvent
from tests.events.factories import make_edition
from tests.payments.factories import make_document
from tests.support.card_payments import StripeServer

COMPLETED = "checkout.session.completed"


async def a_document(edition: EditionInfo | None = None, **values: Any) -> DocumentInfo:
    """Return an open document over 50.000 ₫."""
    return await make_document(edition or await make_edition(), **values)


async def begun(document: DocumentInfo, now: datetime | None = None) -> dict[str, Any]:
    """Begin a checkout; gives the attempt."""
    await start_checkout(document_id=document.id, locale="vi", now=now or clock.now())
    return await attempt_of(document)


async def attempt_of(document: DocumentInfo) -> dict[str, Any]:
    """Return the newest attempt of a document."""
    found = await newest_attempt(document.id)
    assert found is not None
    return found


async def paid(stripe: StripeServer, document: DocumentInfo) -> str:
    """Let a document be paid by card and told; gives the id that Stripe has for the payment."""
    attempt = await begun(document)
    intent = stripe.pay(attempt["session_id"])
    await tell(stripe, COMPLETED)
    return intent


async def keep(stripe: StripeServer, *kinds: str) -> list[int]:
    """Let Stripe send what it holds, all or some kinds; gives the rows in the inbox."""
    rows = []
    for body, header in stripe.events(*kinds):
        event = read_webhook(body, header)
        await keep_event(event, clock.now())
        rows.append((await PaymentEvent.select(PaymentEvent.id).where(PaymentEvent.event_id == event["id"]))[0]["id"])
    return rows


async def tell(stripe: StripeServer, *kinds: str) -> list[str | None]:
    """Let Stripe send what it holds, all or some kinds, and apply it; gives what each did."""
    return [await apply_event(row, clock.now()) for row in await keep(stripe, *kinds)]


async def stored() -> list[dict[str, Any]]:
    """Return the payloads in the inbox."""
    return [json.loads(row["payload"]) for row in await PaymentEvent.select().order_by(PaymentEvent.id)]


def later(**time: float) -> datetime:
    """Return an instant so much after now."""
    return clock.now() + timedelta(**time)

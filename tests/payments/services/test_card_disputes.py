"""Claims of cardholders: kept as they stand, in whatever order Stripe tells."""

from __future__ import annotations

import pytest

from app.kernel import clock
from app.payments.errors_card import PaymentNotKnownYet
from app.payments.queries_card import disputes_of
from app.payments.services.inbox import apply_event
from tests.payments.cards import COMPLETED, a_document, begun, keep, paid, tell
from tests.support.card_payments import StripeServer

pytestmark = [pytest.mark.engines, pytest.mark.usefixtures("database", "seller")]
DISPUTES = ("charge.dispute.created", "charge.dispute.updated", "charge.dispute.closed")


@pytest.mark.parametrize("turned", [False, True], ids=["in order", "turned round"])
@pytest.mark.parametrize("end", ["won", "lost"])
async def test_a_claim_stands_as_it_was_told_last(stripe: StripeServer, turned: bool, end: str) -> None:
    document = await a_document()
    intent = await paid(stripe, document)
    for status in ("needs_response", end):
        stripe.control("dispute", payment_intent=intent, status=status)
    rows = await keep(stripe, *DISPUTES)
    for row in reversed(rows) if turned else rows:
        await apply_event(row, clock.now())
    (found,) = await disputes_of(document.edition_id)
    assert (found["state"], found["document"], found["money"]) == (end, document.id, document.amount)
    assert found["reason"] == "fraudulent"
    assert await disputes_of(document.edition_id, document.id + 1) == []


async def test_a_claim_that_is_told_before_its_payment_waits(stripe: StripeServer) -> None:
    document = await a_document()
    attempt = await begun(document)
    stripe.control("dispute", payment_intent=stripe.pay(attempt["session_id"]), status="needs_response")
    completed, dispute = await keep(stripe, COMPLETED, *DISPUTES)
    with pytest.raises(PaymentNotKnownYet):
        await apply_event(dispute, clock.now())
    await apply_event(completed, clock.now())
    assert await apply_event(dispute, clock.now()) == "needs_answer"


async def test_a_strangers_claim_is_ignored(stripe: StripeServer) -> None:
    stripe.control("dispute", payment_intent=stripe.control("stranger"), status="needs_response")
    assert await tell(stripe, *DISPUTES) == ["ignored"]

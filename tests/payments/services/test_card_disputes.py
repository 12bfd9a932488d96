"""Claims of cardholders: kept as they stand, in whatever order Stripe tells."""

from __future__ import annotations

import pytest

from app.kernel import clock
from app.kernel.database import write_transaction
from app.kernel.money import Money
from app.payments.enums import DocumentState, PaymentMethod
from app.payments.errors_card import PaymentNotKnownYet
from app.payments.queries import DocumentInfo, balances, document_by_id
from app.payments.queries_books import MethodTotal, totals_of_day
from app.payments.queries_card import disputes_of
from app.payments.services.card_disputes import apply_dispute
from app.payments.services.inbox import apply_event
from app.payments.services.ledger import day_of
from tests.payments.cards import COMPLETED, a_document, begun, keep, paid, tell
from tests.support.card_payments import StripeServer
from tests.support.race import race, winners

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


@pytest.mark.parametrize("turned", [False, True], ids=["in order", "turned round"])
async def test_of_two_changes_in_one_second_the_later_stays(stripe: StripeServer, turned: bool) -> None:
    document = await a_document()
    intent = await paid(stripe, document)
    now = clock.now()
    told = [
        stripe.control("dispute", payment_intent=intent, status=status) for status in ("needs_response", "under_review")
    ]
    for dispute in reversed(told) if turned else told:
        await apply_dispute(dispute, now, now)
    (found,) = await disputes_of(document.edition_id)
    assert found["state"] == "under_review"


async def entered(document: DocumentInfo) -> dict[str, int]:
    """What the ledger's accounts that claims concern come to."""
    rows = {row["account"]: row["amount_minor"] for row in await balances(document.edition_id)}
    return {name: rows.get(name, 0) for name in ("card", "disputes", "fees")}


@pytest.mark.parametrize("turned", [False, True], ids=["in order", "turned round"])
async def test_what_the_bank_took_and_its_fee_are_entered_once(stripe: StripeServer, turned: bool) -> None:
    document = await a_document()
    intent = await paid(stripe, document)
    stripe.control("dispute", payment_intent=intent, status="needs_response")
    stripe.control("dispute", payment_intent=intent, status="needs_response", fee=30_000, kind="funds_withdrawn")
    rows = await keep(stripe, *DISPUTES, "charge.dispute.funds_withdrawn")
    for row in rows:
        await apply_event(row, clock.now())
    assert await entered(document) == {"card": 20_000, "disputes": 0, "fees": 30_000}
    stripe.control("dispute", payment_intent=intent, status="under_review")
    stripe.control("dispute", payment_intent=intent, status="lost")
    rows = await keep(stripe, *DISPUTES)
    for row in [*reversed(rows), *rows] if turned else [*rows, *rows]:
        await apply_event(row, clock.now())
    assert await entered(document) == {"card": -30_000, "disputes": 50_000, "fees": 30_000}
    assert (await document_by_id(document.id)).state == DocumentState.PAID  # she has what she paid for


async def test_what_is_won_after_all_comes_off_again(stripe: StripeServer) -> None:
    document = await a_document()
    intent = await paid(stripe, document)
    stripe.control("dispute", payment_intent=intent, status="lost", fee=30_000)
    await tell(stripe, *DISPUTES)
    assert await entered(document) == {"card": -30_000, "disputes": 50_000, "fees": 30_000}
    stripe.control("dispute", payment_intent=intent, status="won", fee=-30_000, kind="funds_reinstated")
    assert await tell(stripe, "charge.dispute.funds_reinstated") == ["won"]
    assert await entered(document) == {"card": 50_000, "disputes": 0, "fees": 0}


async def test_a_claim_is_not_money_that_went_back_by_card(stripe: StripeServer) -> None:
    document = await a_document()
    intent = await paid(stripe, document)
    stripe.control("dispute", payment_intent=intent, status="lost", fee=30_000)
    await tell(stripe, *DISPUTES)
    assert (await entered(document))["disputes"] == 50_000
    totals = await totals_of_day(document.edition_id, await day_of(document.edition_id, clock.now()))
    assert totals.methods == (MethodTotal(method=PaymentMethod.CARD, came=document.amount, went=Money(0, "VND")),)


@pytest.mark.race
async def test_a_loss_that_is_told_many_times_at_once_is_entered_once(stripe: StripeServer) -> None:
    document = await a_document()
    intent = await paid(stripe, document)
    dispute = stripe.control("dispute", payment_intent=intent, status="lost", fee=30_000)
    now = clock.now()

    async def hear(_number: int) -> str:
        async with write_transaction():
            return await apply_dispute(dispute, now, now)

    assert winners(await race(6, hear)) == ["lost"] * 6
    assert await entered(document) == {"card": -30_000, "disputes": 50_000, "fees": 30_000}


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

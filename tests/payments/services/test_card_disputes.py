"""Claims of cardholders: kept as they stand, in whatever order Stripe tells."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.kernel import clock
from app.kernel.database import write_transaction
from app.kernel.money import Money
from app.payments.enums import DocumentState, PaymentMethod
from app.payments.errors_card import PaymentNotKnownYet, RefundTooHigh
from app.payments.queries import DocumentInfo, balances, document_by_id, payments_of
from app.payments.queries_books import MethodTotal, totals_of_day
from app.payments.queries_card import disputes_of
from app.payments.services import claims_back, corrections, documents
from app.payments.services.card_disputes import apply_dispute
from app.payments.services.card_refunds import left_to_refund, refund_to_card
from app.payments.services.corrections import credit_document
from app.payments.services.inbox import apply_event
from app.payments.services.ledger import day_of
from app.payments.services.recording import record_payment
from tests.events.factories import make_edition
from tests.payments.books import check_books
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


async def _lost(stripe: StripeServer, intent: str) -> None:
    stripe.control("dispute", payment_intent=intent, status="lost")
    await tell(stripe, *DISPUTES)


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """What the payer was told, by the function that tells it."""
    said: list[tuple[str, int]] = []

    def hear(name: str) -> Callable[..., Awaitable[None]]:
        async def tell_payer(document: DocumentInfo, *told: Any) -> None:
            said.append((name, next(one.amount_minor for one in reversed(told) if isinstance(one, Money))))

        return tell_payer

    monkeypatch.setattr(claims_back, "tell_by_claim", hear("claim"))
    monkeypatch.setattr(claims_back, "tell_claim_won", hear("won"))
    monkeypatch.setattr(documents, "tell_taken_back", hear("taken back"))
    monkeypatch.setattr(corrections, "tell_credited", hear("credited"))
    return said


@pytest.mark.parametrize("first", ["lost", "credited"])
async def test_what_the_bank_took_counts_as_gone_back(
    stripe: StripeServer, heard: list[tuple[str, int]], first: str
) -> None:
    edition = await make_edition()
    document = await a_document(edition)
    intent = await paid(stripe, document)
    if first == "lost":
        await _lost(stripe, intent)
    await credit_document(
        document_id=document.id, amount=document.amount, reason="claimed", actor=SYSTEM, now=clock.now()
    )
    if first == "credited":
        assert (await document_by_id(document.id)).state == DocumentState.REFUND_DUE
        await _lost(stripe, intent)
    assert ("claim", 50_000) in heard
    found = await document_by_id(document.id)
    assert (found.state, found.owed.amount_minor) == (DocumentState.REFUNDED, 0)
    came, back = await payments_of(document.id)
    assert (back.amount.amount_minor, back.by_claim, back.returns_id) == (-50_000, True, came.id)
    with pytest.raises(RefundTooHigh):
        await refund_to_card(payment_id=came.id, amount=document.amount, actor=SYSTEM, now=clock.now())
    assert await entered(document) == {"card": 0, "disputes": 0, "fees": 0}
    await check_books(edition)


async def test_a_claim_that_is_won_after_all_owes_the_money_again(
    stripe: StripeServer, heard: list[tuple[str, int]]
) -> None:
    edition = await make_edition()
    document = await a_document(edition)
    intent = await paid(stripe, document)
    await _lost(stripe, intent)
    await credit_document(
        document_id=document.id, amount=document.amount, reason="claimed", actor=SYSTEM, now=clock.now()
    )
    assert heard == [("claim", 50_000)]
    stripe.control("dispute", payment_intent=intent, status="won")
    await tell(stripe, *DISPUTES)
    assert heard[1:] == [("won", 50_000)]
    found = await document_by_id(document.id)
    assert (found.state, found.owed.amount_minor) == (DocumentState.REFUND_DUE, 50_000)
    assert await left_to_refund((await payments_of(document.id))[0]) == document.amount
    assert await entered(document) == {"card": 50_000, "disputes": 0, "fees": 0}
    await check_books(edition)
    await _lost(stripe, intent)  # and once more, told later
    assert (await document_by_id(document.id)).state == DocumentState.REFUNDED
    await check_books(edition)


async def test_of_a_part_that_is_taken_back_only_that_counts(
    stripe: StripeServer, heard: list[tuple[str, int]]
) -> None:
    edition = await make_edition()
    document = await a_document(edition)
    await _lost(stripe, await paid(stripe, document))
    for amount, state in ((20_000, DocumentState.PAID), (30_000, DocumentState.REFUNDED)):
        await credit_document(
            document_id=document.id, amount=Money(amount, "VND"), reason="claimed", actor=SYSTEM, now=clock.now()
        )
        found = await document_by_id(document.id)
        assert (found.state, found.owed.amount_minor) == (state, 0)
        assert (await entered(document))["disputes"] == (30_000 if amount == 20_000 else 0)
        await check_books(edition)
    assert heard == [("claim", 20_000), ("claim", 30_000)]


async def test_what_a_claim_did_not_take_still_has_to_go_back(
    stripe: StripeServer, heard: list[tuple[str, int]]
) -> None:
    edition = await make_edition()
    document = await a_document(edition)
    await record_payment(
        document_id=document.id,
        method=PaymentMethod.TRANSFER,
        amount=Money(20_000, "VND"),
        actor=SYSTEM,
        now=clock.now(),
    )
    await _lost(stripe, await paid(stripe, document))
    await credit_document(
        document_id=document.id, amount=document.amount, reason="claimed", actor=SYSTEM, now=clock.now()
    )
    found = await document_by_id(document.id)
    assert (found.state, found.owed.amount_minor) == (DocumentState.REFUND_DUE, 20_000)
    assert heard == [("claim", 30_000)]  # of the rest its seller tells
    await check_books(edition)

"""Money back to a card of which its document took a part alone, or whose document others paid as well."""

from __future__ import annotations

import pytest

from app.accounts.actor import SYSTEM
from app.kernel import clock
from app.kernel.money import Money
from app.payments.enums import DocumentState, PaymentMethod, Settlement
from app.payments.enums_card import RefundState
from app.payments.errors_card import RefundNotOwed, RefundTooHigh
from app.payments.queries import DocumentInfo, PaymentInfo, balances, document_by_id, payments_of, waiting_events
from app.payments.services.card_refunds import left_to_refund, refund_to_card
from app.payments.services.corrections import credit_document
from app.payments.services.inbox import apply_event
from app.payments.services.recording import record_payment
from tests.payments.cards import COMPLETED, a_document, begun, keep, tell
from tests.payments.factories import Seller
from tests.support.card_payments import StripeServer

pytestmark = [pytest.mark.engines, pytest.mark.usefixtures("database", "seller")]
REFUNDED = ("refund.created", "charge.refunded")


async def transfer(document: DocumentInfo, amount: int) -> None:
    """Let a transfer come."""
    await record_payment(
        document_id=document.id,
        method=PaymentMethod.TRANSFER,
        amount=Money(amount, "VND"),
        actor=None,
        provider_reference=f"bank:{amount}",
        now=clock.now(),
    )


async def credit(document: DocumentInfo, amount: int) -> None:
    """Issue a credit note."""
    part = Money(amount, "VND")
    await credit_document(document_id=document.id, amount=part, reason="x", actor=SYSTEM, now=clock.now())


async def overpaid(stripe: StripeServer) -> tuple[DocumentInfo, str]:
    """A document over 50.000 ₫ for which 30.000 came by transfer, and 50.000 by a card that was begun before."""
    document = await a_document()
    attempt = await begun(document)
    await transfer(document, 30_000)
    intent = stripe.pay(attempt["session_id"])
    await tell(stripe, COMPLETED)
    return document, intent


async def by_card(document: DocumentInfo) -> list[PaymentInfo]:
    """What came by card, in the order in which it was recorded."""
    found = await payments_of(document.id)
    return [one for one in found if one.method == PaymentMethod.CARD and one.amount.amount_minor > 0]


async def money_of(document: DocumentInfo) -> tuple[DocumentState, int, int, int]:
    """State, paid, credited, owed."""
    found = await document_by_id(document.id)
    return found.state, found.paid.amount_minor, found.credited.amount_minor, found.owed.amount_minor


async def account(document: DocumentInfo, name: str) -> int:
    """What an account of the ledger comes to."""
    return sum(row["amount_minor"] for row in await balances(document.edition_id) if row["account"] == name)


async def test_what_was_too_much_goes_back_to_the_card(stripe: StripeServer) -> None:
    document, intent = await overpaid(stripe)
    assert await money_of(document) == (DocumentState.PAID, 50_000, 0, 30_000)
    kept, over = await by_card(document)
    assert [one.amount.amount_minor for one in (kept, over)] == [20_000, 30_000]
    assert await left_to_refund(over) == over.amount
    values = {"actor": SYSTEM, "now": clock.now()}
    with pytest.raises(RefundTooHigh):
        await refund_to_card(payment_id=over.id, amount=Money(30_001, "VND"), **values)
    for amount in (10_000, 20_000):
        assert await refund_to_card(payment_id=over.id, amount=Money(amount, "VND"), **values) == RefundState.DONE
    assert await money_of(document) == (DocumentState.PAID, 50_000, 0, 0)
    assert set(await tell(stripe, *REFUNDED)) == {"done", "known"}
    assert await waiting_events() == []
    assert (await account(document, "payable"), await account(document, "card")) == (0, 20_000)
    assert stripe.control("charge", payment_intent=intent)["amount_refunded"] == 30_000


async def test_what_was_too_much_may_be_given_back_at_stripe_itself(stripe: StripeServer) -> None:
    document, intent = await overpaid(stripe)
    stripe.control("refund", payment_intent=intent, amount=30_000)
    assert await tell(stripe, *REFUNDED) == ["done", "known"]
    assert await money_of(document) == (DocumentState.PAID, 50_000, 0, 0)
    kept, over = await by_card(document)
    assert (kept.returned.amount_minor, over.returned.amount_minor) == (0, 30_000)


async def test_a_whole_refund_at_stripe_takes_what_was_too_much_and_waits_for_the_rest(stripe: StripeServer) -> None:
    document, intent = await overpaid(stripe)
    stripe.control("refund", payment_intent=intent)
    refund, charge = await keep(stripe, *REFUNDED)
    with pytest.raises(RefundNotOwed, match=r"20\.000"):
        await apply_event(refund, clock.now())
    await credit(document, 20_000)
    assert [await apply_event(one, clock.now()) for one in (refund, charge)] == ["done", "known"]
    assert await money_of(document) == (DocumentState.PAID, 30_000, 20_000, 0)
    assert [one.returned.amount_minor for one in await by_card(document)] == [20_000, 30_000]
    assert (await account(document, "payable"), await account(document, "card")) == (0, 0)
    assert await account(document, "bank") == 30_000


async def test_a_whole_refund_at_stripe_of_all_that_came_takes_the_document_back(stripe: StripeServer) -> None:
    document = await a_document()
    attempt = await begun(document)
    await credit(document, 30_000)
    intent = stripe.pay(attempt["session_id"])
    await tell(stripe, COMPLETED)
    assert await money_of(document) == (DocumentState.PAID, 20_000, 30_000, 30_000)
    stripe.control("refund", payment_intent=intent)
    assert await tell(stripe, *REFUNDED) == ["done", "known"]
    assert await money_of(document) == (DocumentState.REFUNDED, 0, 50_000, 0)
    assert sum(one.amount.amount_minor for one in await payments_of(document.id)) == 0


async def test_a_refund_of_both_that_fails_after_all_is_taken_back_of_both(stripe: StripeServer) -> None:
    document, intent = await overpaid(stripe)
    await credit(document, 20_000)
    made = stripe.control("refund", payment_intent=intent)
    assert await tell(stripe, "refund.created") == ["done"]
    assert await money_of(document) == (DocumentState.PAID, 30_000, 20_000, 0)
    stripe.control("end_refund", refund=made["id"], status="failed")
    assert await tell(stripe, "refund.failed") == ["failed"]
    assert await money_of(document) == (DocumentState.PAID, 30_000, 20_000, 50_000)
    kept, over, *again = await by_card(document)
    assert [one.due_back.amount_minor for one in (kept, over)] == [20_000, 30_000]
    assert sorted(one.amount.amount_minor for one in again) == [20_000, 30_000]
    assert (await account(document, "payable"), await account(document, "card")) == (-50_000, 50_000)


async def came_by_card(document: DocumentInfo, intent: str) -> None:
    """Let 50.000 ₫ come by a payment that Stripe knows."""
    await record_payment(
        document_id=document.id,
        method=PaymentMethod.CARD,
        amount=Money(50_000, "VND"),
        actor=None,
        provider_reference=f"stripe:{intent}",
        now=clock.now(),
    )


@pytest.fixture(params=["the card first", "the transfer first"])
async def halves(request: pytest.FixtureRequest, stripe: StripeServer) -> tuple[DocumentInfo, str]:
    """A document over 100.000 ₫ of which a half came by card and a half by transfer, and Stripe's name of the first."""
    document = await a_document(amount=100_000)
    intent = str(stripe.control("stranger"))
    if request.param == "the transfer first":
        await transfer(document, 50_000)
    await came_by_card(document, intent)
    if request.param == "the card first":
        await transfer(document, 50_000)
    return document, intent


async def test_one_of_two_parts_that_is_given_back_at_stripe_leaves_the_other(
    stripe: StripeServer, halves: tuple[DocumentInfo, str]
) -> None:
    document, intent = halves
    stripe.control("refund", payment_intent=intent)
    refund, charge = await keep(stripe, *REFUNDED)
    with pytest.raises(RefundNotOwed, match=r"50\.000"):
        await apply_event(refund, clock.now())
    assert await money_of(document) == (DocumentState.PAID, 100_000, 0, 0)
    await credit(document, 50_000)
    assert [await apply_event(one, clock.now()) for one in (refund, charge)] == ["done", "known"]
    assert await money_of(document) == (DocumentState.PAID, 50_000, 50_000, 0)
    card, bank = sorted(
        [one for one in await payments_of(document.id) if one.amount.amount_minor > 0], key=lambda one: one.method
    )
    assert (card.owed.amount_minor, card.returned.amount_minor, card.outcome) == (50_000, 50_000, Settlement.REFUND)
    assert (bank.owed.amount_minor, bank.returned.amount_minor, bank.outcome) == (0, 0, Settlement.KEPT)
    assert (await account(document, "payable"), await account(document, "card")) == (0, 0)
    assert await account(document, "bank") == 50_000


@pytest.mark.parametrize("card_first", [True, False])
async def test_a_part_of_what_is_not_paid_yet_has_simply_not_come(
    stripe: StripeServer, seller: Seller, card_first: bool
) -> None:
    document = await a_document(amount=150_000)
    intent = str(stripe.control("stranger"))
    for by_card_now in (card_first, not card_first):
        if by_card_now:
            await came_by_card(document, intent)
        else:
            await transfer(document, 50_000)
    stripe.control("refund", payment_intent=intent)
    assert await tell(stripe, *REFUNDED) == ["done", "known"]
    assert await money_of(document) == (DocumentState.OPEN, 50_000, 0, 0)
    assert (await document_by_id(document.id)).due == Money(100_000, "VND")
    assert [one.returned.amount_minor for one in await by_card(document)] == [50_000]
    names = ("receivable", "payable", "card", "bank")
    assert [await account(document, name) for name in names] == [100_000, 0, 0, 50_000]
    await transfer(document, 100_000)
    assert (await money_of(document), len(seller.settled)) == ((DocumentState.PAID, 150_000, 0, 0), 1)


async def test_what_is_left_of_two_parts_waits_for_its_own_credit_note(
    stripe: StripeServer, halves: tuple[DocumentInfo, str]
) -> None:
    document, intent = halves
    await credit(document, 20_000)
    stripe.control("refund", payment_intent=intent)
    (refund,) = await keep(stripe, "refund.created")
    with pytest.raises(RefundNotOwed, match=r"30\.000"):
        await apply_event(refund, clock.now())
    assert await money_of(document) == (DocumentState.PAID, 80_000, 20_000, 20_000)
    await credit(document, 30_000)
    assert await apply_event(refund, clock.now()) == "done"
    assert await money_of(document) == (DocumentState.PAID, 50_000, 50_000, 0)

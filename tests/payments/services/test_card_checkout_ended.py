"""Checkouts whose amount or place is not due any more: ended at Stripe, or their money goes back once."""

from __future__ import annotations

from typing import Any

import pytest

from app.kernel import clock
from app.kernel.money import Money
from app.payments.enums import DocumentState, PaymentMethod
from app.payments.errors import AlreadyPaid
from app.payments.queries import DocumentInfo, document_by_id
from app.payments.queries_card import attempts_of
from app.payments.services import card_checkout
from app.payments.services.card_checkout import start_checkout
from app.payments.services.card_watching import look_after_cards
from app.payments.services.inbox import apply_event
from app.payments.services.recording import record_payment
from tests.payments.cards import COMPLETED, a_document, attempt_of, begun, keep, later, tell
from tests.support.card_payments import StripeServer

pytestmark = [pytest.mark.slow, pytest.mark.engines, pytest.mark.usefixtures("database", "seller")]


async def a_transfer(document: DocumentInfo, amount: int = 30_000) -> None:
    """Let some of a document's money come another way."""
    await record_payment(
        document_id=document.id,
        method=PaymentMethod.TRANSFER,
        amount=Money(amount, "VND"),
        actor=None,
        provider_reference="bank:1",
        now=clock.now(),
    )


async def test_one_whose_amount_is_not_due_any_more_is_ended_at_stripe(stripe: StripeServer) -> None:
    document = await a_document()
    first = await begun(document)
    await a_transfer(document)
    second = await begun(document)
    assert second["amount_minor"] == 20_000
    assert stripe.control("session", session=first["session_id"])["status"] == "expired"
    assert [one["state"] for one in await attempts_of(document.id)] == ["open", "expired"]
    stripe.pay(second["session_id"])
    assert await tell(stripe, COMPLETED) == ["kept"]
    assert (await document_by_id(document.id)).owed == Money(0, "VND")


@pytest.mark.parametrize("answers", [True, False])
async def test_one_whose_place_was_taken_while_stripe_was_asked_is_ended_and_nobody_is_led_to_it(
    stripe: StripeServer, monkeypatch: pytest.MonkeyPatch, answers: bool
) -> None:
    document = await a_document()
    ask = card_checkout.create_session
    others: list[str] = []

    async def slowly(*given: Any, **named: Any) -> Any:
        session = await ask(*given, **named)
        if not others:
            others.append("asks")
            await a_transfer(document)
            others.append(await start_checkout(document_id=document.id, locale="vi", now=clock.now()))
            stripe.control("set", faulty="" if answers else "/expire")
        return session

    monkeypatch.setattr(card_checkout, "create_session", slowly)
    url = await start_checkout(document_id=document.id, locale="vi", now=clock.now())
    assert url == others[1]
    assert [one["amount_minor"] for one in await attempts_of(document.id)] == [20_000, 50_000]
    if not answers:
        assert stripe.control("sessions") == {"open": 2}
        stripe.control("set", faulty="")
        assert (await look_after_cards(clock.now()))["checkouts"] == 1
    assert [one["state"] for one in await attempts_of(document.id)] == ["open", "expired"]
    assert stripe.control("sessions") == {"expired": 1, "open": 1}


async def test_one_that_was_paid_before_it_could_be_ended_is_seen_at_once(stripe: StripeServer) -> None:
    document = await a_document()
    first = await begun(document)
    await a_transfer(document)
    stripe.pay(first["session_id"])
    with pytest.raises(AlreadyPaid):
        await begun(document)
    assert stripe.control("sessions") == {"complete": 1}
    assert (await document_by_id(document.id)).owed == Money(30_000, "VND")


async def test_one_that_stripe_does_not_end_is_ended_later_and_its_money_goes_back_once(stripe: StripeServer) -> None:
    document = await a_document()
    first = await begun(document)
    await a_transfer(document)
    stripe.control("set", faulty="/expire")
    second = await begun(document)
    assert [one["state"] for one in await attempts_of(document.id)] == ["open", "closing"]
    await look_after_cards(clock.now())
    assert stripe.control("sessions") == {"open": 2}
    for attempt in (second, first):
        stripe.pay(attempt["session_id"])
    rows = await keep(stripe, COMPLETED)
    assert [await apply_event(row, clock.now()) for row in rows] == ["kept", "refund"]
    stripe.control("set", faulty="")
    await look_after_cards(later(minutes=6))
    assert [one["state"] for one in await attempts_of(document.id)] == ["paid", "paid"]
    found = await document_by_id(document.id)
    assert (found.state, found.paid, found.owed) == (DocumentState.PAID, document.amount, document.amount)


async def test_one_that_stripe_did_not_end_is_ended_by_the_job(stripe: StripeServer) -> None:
    document = await a_document()
    await begun(document)
    await a_transfer(document)
    stripe.control("set", faulty="/expire")
    await begun(document)
    stripe.control("set", faulty="")
    assert (await look_after_cards(clock.now()))["checkouts"] == 1
    assert stripe.control("sessions") == {"expired": 1, "open": 1}
    assert [one["state"] for one in await attempts_of(document.id)] == ["open", "expired"]


async def test_one_that_nobody_paid_is_ended_by_the_job(stripe: StripeServer) -> None:
    document = await a_document()
    await begun(document)
    await a_transfer(document)
    assert (await look_after_cards(clock.now()))["checkouts"] == 1
    assert stripe.control("sessions") == {"expired": 1}
    assert (await attempt_of(document))["state"] == "expired"

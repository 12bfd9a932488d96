"""Money back to cards: once, whole or in parts, never more than came, and told to the payer."""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import datetime
from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.kernel import clock
from app.kernel.money import Money
from app.payments.enums import DocumentState, PaymentMethod, Settlement
from app.payments.enums_card import RefundState
from app.payments.errors import DocumentNotOpen
from app.payments.errors_card import (
    CardsNotSetUp,
    GoesBackToCard,
    NotByCard,
    PaymentNotKnownYet,
    RefundNotOwed,
    RefundTooHigh,
    StripeRefused,
)
from app.payments.errors_sent import StandsElsewhere
from app.payments.queries import DocumentInfo, balances, document_by_id, payments_of, waiting_events
from app.payments.queries_card import refunds_of
from app.payments.queries_sent import card_refund_stand
from app.payments.services import card_refunds
from app.payments.services.card_refunds import carry_on, left_to_refund, refund_to_card
from app.payments.services.card_watching import look_after_cards
from app.payments.services.corrections import credit_document
from app.payments.services.inbox import apply_event
from app.payments.services.recording import record_payment
from app.payments.services.refunding import record_refund
from app.payments.tables_card import CardRefund
from tests.events.factories import make_edition
from tests.payments.cards import COMPLETED, a_document, begun, keep, later, paid, tell
from tests.payments.factories import Seller, make_document
from tests.support.card_payments import StripeServer
from tests.support.race import losers, meet_after, race, unguarded, winners
from tests.support.service import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.engines, pytest.mark.usefixtures("database")]
REFUNDS = "POST /v1/refunds"


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Money]:
    """What payers were told went back."""
    amounts: list[Money] = []

    async def tell_payer(document: DocumentInfo, refund_id: int, amount: Money, now: datetime) -> None:
        amounts.append(amount)

    monkeypatch.setattr(card_refunds, "tell_back_on_card", tell_payer)
    return amounts


@pytest.fixture
async def owed(stripe: StripeServer, seller: Seller) -> DocumentInfo:
    """A document that was paid by card and whose money has to go back."""
    seller.answer = Settlement.REFUND
    document = await a_document()
    await paid(stripe, document)
    return document


async def give_back(document: DocumentInfo, amount: int = 50_000, **values: Any) -> RefundState:
    """Send some of a document's first payment back."""
    payment = (await payments_of(document.id))[0]
    amount_of = Money(amount, values.pop("currency", "VND"))
    return await refund_to_card(payment_id=payment.id, amount=amount_of, actor=SYSTEM, now=clock.now(), **values)


async def state_of(document: DocumentInfo) -> DocumentState:
    """Where a document stands."""
    return (await document_by_id(document.id)).state


async def test_the_whole_goes_back_once_and_is_told(
    stripe: StripeServer, owed: DocumentInfo, told: list[Money]
) -> None:
    assert await give_back(owed, note="hết chỗ") == RefundState.DONE
    assert await state_of(owed) == DocumentState.REFUNDED
    back = (await payments_of(owed.id))[1]
    assert (back.amount, back.method, back.note) == (Money(-50_000, "VND"), PaymentMethod.CARD, "hết chỗ")
    with pytest.raises(RefundTooHigh):
        await give_back(owed)
    assert set(await tell(stripe, "refund.created", "charge.refunded")) == {"done", "known"}
    assert len(await payments_of(owed.id)) == 2
    assert told == [Money(50_000, "VND")]
    assert len(stripe.asked(REFUNDS)) == 1


async def test_it_goes_back_in_parts_and_never_past_what_came(owed: DocumentInfo, told: list[Money]) -> None:
    assert await give_back(owed, 20_000) == RefundState.DONE
    assert await state_of(owed) == DocumentState.REFUND_DUE
    for amount in (30_001, 0, -1, 2**53):
        with pytest.raises(RefundTooHigh):
            await give_back(owed, amount)
    with pytest.raises(RefundTooHigh):
        await give_back(owed, 300, currency="USD")
    assert await left_to_refund((await payments_of(owed.id))[0]) == Money(30_000, "VND")
    assert await give_back(owed, 30_000) == RefundState.DONE
    assert await state_of(owed) == DocumentState.REFUNDED
    assert sum(payment.amount.amount_minor for payment in await payments_of(owed.id)) == 0
    assert told == [Money(20_000, "VND"), Money(30_000, "VND")]


@pytest.mark.race
async def test_many_who_send_it_back_at_once_send_it_once(stripe: StripeServer, owed: DocumentInfo) -> None:
    results = await race(8, lambda _number: give_back(owed))
    assert winners(results) == [RefundState.DONE]
    losers(results, RefundTooHigh)
    assert len(stripe.asked(REFUNDS)) == 1


@pytest.mark.race
async def test_a_part_sent_twice_goes_back_once(
    stripe: StripeServer, owed: DocumentInfo, told: list[Money], monkeypatch: pytest.MonkeyPatch
) -> None:
    stood = await card_refund_stand((await payments_of(owed.id))[0].id)
    states = winners(await race(6, lambda _number: give_back(owed, 10_000, note="một phần", stood=stood)))
    assert (len(states), set(states) <= {RefundState.STARTED, RefundState.DONE}) == (6, True)
    assert await give_back(owed, 10_000, note=" một  phần", stood=stood) == RefundState.DONE
    with pytest.raises(StandsElsewhere):
        await give_back(owed, 20_000, note="một phần", stood=stood)
    with pytest.raises(StandsElsewhere):
        await give_back(owed, 10_000, stood="x")
    assert (told, len(stripe.asked(REFUNDS))) == ([Money(10_000, "VND")], 1)

    async def nothing(*_given: Any, **_named: Any) -> None:
        return None

    monkeypatch.setattr(card_refunds, "card_refund_sent_before", nothing)
    assert await give_back(owed, 10_000, note="một phần", stood=stood) == RefundState.DONE
    assert len(stripe.asked(REFUNDS)) == 2  # without the comparison it goes back once more


async def test_one_that_was_refused_is_sent_again_from_the_same_page(stripe: StripeServer, owed: DocumentInfo) -> None:
    stood = await card_refund_stand((await payments_of(owed.id))[0].id)
    await give_back(owed, 20_000, stood=stood)
    await CardRefund.update({CardRefund.state: RefundState.FAILED.value}).where(CardRefund.amount_minor == 20_000)
    assert await give_back(owed, 30_000, stood=stood) == RefundState.DONE


@pytest.mark.race
async def test_parts_that_go_through_at_once_are_booked_as_a_whole(stripe: StripeServer, owed: DocumentInfo) -> None:
    stripe.control("set", refunds_end="pending")
    for amount in (20_000, 30_000):
        await give_back(owed, amount)
    for row in await refunds_of(owed.id):
        stripe.control("end_refund", refund=row["refund_id"], status="succeeded")
    events = await keep(stripe, "refund.updated")
    results = await race(2, lambda number: apply_event(events[number], clock.now()))
    assert winners(results) == ["done", "done"]
    assert await state_of(owed) == DocumentState.REFUNDED


@pytest.mark.race
async def test_without_its_transaction_two_send_it_back(
    owed: DocumentInfo, stripe: StripeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: Stripe itself refuses the second, and nothing here did."""
    unguarded(monkeypatch, card_refunds)
    meet_after(monkeypatch, card_refunds, "left_to_refund", parties=2)
    results = await race(2, lambda _number: give_back(owed))
    losers(results, StripeRefused)
    assert len(set(stripe.asked(REFUNDS))) == 2


async def test_an_answer_that_is_lost_is_asked_for_again_under_the_same_key(
    stripe: StripeServer, owed: DocumentInfo, told: list[Money]
) -> None:
    stripe.control("set", drops=3)
    assert await give_back(owed) == RefundState.STARTED
    assert await state_of(owed) == DocumentState.REFUND_DUE
    (row,) = await CardRefund.select()
    assert await carry_on(row, clock.now()) == RefundState.DONE
    assert len(set(stripe.asked(REFUNDS))) == 1
    assert await state_of(owed) == DocumentState.REFUNDED
    assert told == [Money(50_000, "VND")]


FALL = """
import asyncio, os, signal, sys
from app.accounts.actor import SYSTEM
from app.kernel import clock
from app.kernel.database import open_database
from app.kernel.money import Money
from app.payments.services import card_refunds

async def fall(*_args):
    os.kill(os.getpid(), signal.SIGKILL)

async def run():
    await open_database()
    card_refunds.apply_refund = fall
    values = {"amount": Money(50_000, "VND"), "actor": SYSTEM, "now": clock.now()}
    await card_refunds.refund_to_card(payment_id=int(sys.argv[1]), **values)

asyncio.run(run())
"""


@pytest.mark.parametrize("told_first", [False, True], ids=["the job", "its webhook"])
async def test_who_is_killed_between_the_answer_and_its_commit_gives_back_once(
    stripe: StripeServer, owed: DocumentInfo, told: list[Money], database: str, told_first: bool
) -> None:
    payment = (await payments_of(owed.id))[0]
    environment = os.environ | {"DATABASE_URL": database, "PYTHONPATH": str(ROOT), "PICCOLO_CONF": "app.piccolo_conf"}
    fallen = await asyncio.create_subprocess_exec(sys.executable, "-c", FALL, str(payment.id), env=environment)
    assert await fallen.wait() == -9
    (row,) = await refunds_of(owed.id)
    assert (row["state"], row["refund_id"], await state_of(owed)) == ("started", None, DocumentState.REFUND_DUE)
    with pytest.raises(RefundTooHigh):
        await give_back(owed)  # nobody sends it a second time meanwhile
    if told_first:
        assert await tell(stripe, "refund.created") == ["done"]
    await look_after_cards(later(minutes=6))
    (row,) = await refunds_of(owed.id)
    assert (row["state"], await state_of(owed)) == ("done", DocumentState.REFUNDED)
    assert len(set(stripe.asked(REFUNDS))) == 1  # under one key
    intent = str(payment.provider_reference).removeprefix("stripe:")
    assert stripe.control("charge", payment_intent=intent)["amount_refunded"] == 50_000
    assert [one.amount.amount_minor for one in await payments_of(owed.id)] == [50_000, -50_000]
    assert told == [Money(50_000, "VND")]


async def test_one_whose_key_stripe_has_forgotten_is_sought_before_it_is_asked_for(
    stripe: StripeServer, owed: DocumentInfo
) -> None:
    stripe.control("set", drops=3)
    await give_back(owed, 20_000)
    stripe.control("set", answers={})
    (row,) = await CardRefund.select()
    assert await carry_on(row, later(days=2)) == RefundState.DONE
    assert await left_to_refund((await payments_of(owed.id))[0]) == Money(30_000, "VND")
    assert len(stripe.asked(REFUNDS)) == 3  # the one that was dropped, as often as the SDK asked
    stripe.control("set", faults=3)
    await give_back(owed, 30_000)
    row = (await refunds_of(owed.id))[0]
    assert await carry_on(row, later(days=2)) == RefundState.DONE  # Stripe has none of it: it is made now
    assert await state_of(owed) == DocumentState.REFUNDED


async def test_an_event_that_overtakes_the_answer_books_it_once(
    stripe: StripeServer, owed: DocumentInfo, told: list[Money]
) -> None:
    stripe.control("set", drops=3)
    await give_back(owed)
    assert await tell(stripe, "refund.created") == ["done"]
    assert await state_of(owed) == DocumentState.REFUNDED
    (row,) = await refunds_of(owed.id)
    assert await carry_on(row, clock.now()) == RefundState.DONE
    assert told == [Money(50_000, "VND")]


async def test_one_that_takes_days_is_booked_when_it_goes_through(stripe: StripeServer, owed: DocumentInfo) -> None:
    stripe.control("set", refunds_end="pending")
    assert await give_back(owed) == RefundState.PENDING
    with pytest.raises(RefundTooHigh):
        await give_back(owed)
    (row,) = await refunds_of(owed.id)
    stripe.control("end_refund", refund=row["refund_id"], status="succeeded")
    assert await tell(stripe, "refund.updated", "refund.created") == ["pending", "done"]
    assert await state_of(owed) == DocumentState.REFUNDED


async def test_one_that_fails_may_be_sent_again(stripe: StripeServer, owed: DocumentInfo, told: list[Money]) -> None:
    stripe.control("set", refunds_end="pending")
    await give_back(owed)
    (row,) = await refunds_of(owed.id)
    stripe.control("end_refund", refund=row["refund_id"], status="failed")
    created, failed = await keep(stripe, "refund.created", "refund.failed")
    for event in (failed, created):  # the later is told first
        await apply_event(event, clock.now())
    (row,) = await refunds_of(owed.id)
    assert (row["state"], row["error"]) == ("failed", "expired_or_canceled_card")
    stripe.control("set", refunds_end="succeeded")
    assert await give_back(owed) == RefundState.DONE
    assert told == [Money(50_000, "VND")]


async def failed_after_all(stripe: StripeServer, document: DocumentInfo) -> list[int]:
    """Let a document's money go back, be told so, and then fail; gives the rows in the inbox that tell of that."""
    await give_back(document)
    (row,) = await refunds_of(document.id)
    assert await tell(stripe, "refund.created") == ["done"]
    stripe.control("end_refund", refund=row["refund_id"], status="failed")
    return await keep(stripe, "refund.failed")


async def test_one_that_fails_after_it_went_through_is_taken_back_and_sent_again(
    stripe: StripeServer, owed: DocumentInfo
) -> None:
    await give_back(owed)
    (row,) = await refunds_of(owed.id)
    created, charge = await keep(stripe, "refund.created", "charge.refunded")
    assert await state_of(owed) == DocumentState.REFUNDED
    stripe.control("end_refund", refund=row["refund_id"], status="failed")
    (failed,) = await keep(stripe, "refund.failed")
    assert [await apply_event(one, clock.now()) for one in (failed, created, charge)] == ["failed", "done", "known"]
    document = await document_by_id(owed.id)
    assert (document.state, document.owed) == (DocumentState.REFUND_DUE, owed.amount)
    came, back, again = await payments_of(owed.id)
    assert (came.returned, came.due_back, await left_to_refund(came)) == (Money(0, "VND"), owed.amount, owed.amount)
    assert (back.amount, again.amount, again.returns_id) == (Money(-50_000, "VND"), owed.amount, back.id)
    assert again.note == "expired_or_canceled_card"
    accounts = {one["account"]: one["amount_minor"] for one in await balances(owed.edition_id)}
    assert (accounts["payable"], accounts["card"]) == (-50_000, 50_000)
    assert await give_back(owed) == RefundState.DONE
    assert await state_of(owed) == DocumentState.REFUNDED
    assert sum(payment.amount.amount_minor for payment in await payments_of(owed.id)) == 0
    assert len(set(stripe.asked(REFUNDS))) == 2


@pytest.mark.race
async def test_one_that_fails_after_all_is_taken_back_once(stripe: StripeServer, owed: DocumentInfo) -> None:
    (failed,) = await failed_after_all(stripe, owed)
    (row,) = await refunds_of(owed.id)

    async def hear(number: int) -> object:
        return await (carry_on(row, clock.now()) if number % 2 else apply_event(failed, clock.now()))

    assert len(winners(await race(6, hear))) == 6
    assert [one.amount.amount_minor for one in await payments_of(owed.id)] == [50_000, -50_000, 50_000]
    assert (await document_by_id(owed.id)).owed == owed.amount


async def test_what_stripe_refuses_is_said(stripe: StripeServer, owed: DocumentInfo) -> None:
    stripe.control("refund", payment_intent=(await payments_of(owed.id))[0].provider_reference.split(":")[1])
    with pytest.raises(StripeRefused, match="already been refunded"):
        await give_back(owed)
    (row,) = await refunds_of(owed.id)
    assert (row["state"], row["error"]) == ("failed", "Charge has already been refunded.")


async def test_what_is_given_back_at_stripe_itself_is_written_down(
    stripe: StripeServer, seller: Seller, told: list[Money]
) -> None:
    document = await a_document()
    intent = await paid(stripe, document)
    stripe.control("refund", payment_intent=intent)
    assert await tell(stripe, "refund.created") == ["done"]
    assert await state_of(document) == DocumentState.REFUNDED
    assert [row["money"].amount_minor for row in await refunds_of(document.id)] == [50_000]
    assert told == [Money(50_000, "VND")]


async def test_a_part_that_is_given_back_at_stripe_itself_waits_for_its_credit_note(
    stripe: StripeServer, seller: Seller, told: list[Money]
) -> None:
    document = await a_document()
    intent = await paid(stripe, document)
    stripe.control("refund", payment_intent=intent, amount=20_000)
    refund, charge = await keep(stripe, "refund.created", "charge.refunded")
    with pytest.raises(RefundNotOwed):
        await apply_event(refund, clock.now())
    with pytest.raises(PaymentNotKnownYet):
        await apply_event(charge, clock.now())
    assert await refunds_of(document.id) == []
    part = Money(20_000, "VND")
    await credit_document(document_id=document.id, amount=part, reason="x", actor=SYSTEM, now=clock.now())
    assert await apply_event(refund, clock.now()) == "done"
    assert await apply_event(charge, clock.now()) == "known"
    assert await waiting_events() == []
    assert sum(payment.amount.amount_minor for payment in await payments_of(document.id)) == 30_000
    assert told == [part]


async def test_a_refund_that_is_told_before_its_payment_waits_and_a_strangers_is_ignored(
    stripe: StripeServer, seller: Seller
) -> None:
    document = await a_document()
    attempt = await begun(document)
    stripe.control("refund", payment_intent=stripe.pay(attempt["session_id"]))
    completed, refund = await keep(stripe, COMPLETED, "refund.created")
    with pytest.raises(PaymentNotKnownYet):
        await apply_event(refund, clock.now())
    assert await apply_event(completed, clock.now()) == "kept"
    assert await apply_event(refund, clock.now()) == "done"
    stripe.control("refund", payment_intent=stripe.control("stranger"))
    assert await tell(stripe, "refund.created", "charge.refunded") == ["ignored", "ignored"]


async def test_only_what_came_through_stripe_and_has_to_go_back_is_sent(
    stripe: StripeServer, seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.kernel.settings import settings

    document = await a_document()
    await paid(stripe, document)
    with pytest.raises(DocumentNotOpen):
        await give_back(document)  # it is kept
    seller.answer = Settlement.REFUND
    cash = await make_document(await make_edition("another"), subject_id=2)
    await record_payment(
        document_id=cash.id, method=PaymentMethod.CASH, amount=cash.amount, actor=SYSTEM, now=clock.now()
    )
    with pytest.raises(NotByCard):
        await give_back(cash)
    monkeypatch.delenv("STRIPE_TEST_SECRET_KEY")
    settings.cache_clear()
    with pytest.raises(CardsNotSetUp):
        await give_back(cash)


async def test_what_went_back_in_another_way_does_not_go_back_to_the_card(owed: DocumentInfo) -> None:
    payment = (await payments_of(owed.id))[0]
    await record_refund(payment_id=payment.id, method=PaymentMethod.CASH, actor=SYSTEM, now=clock.now())
    with pytest.raises(RefundTooHigh):
        await give_back(owed)


async def test_nothing_is_given_back_by_hand_while_some_is_on_its_way_to_the_card(
    owed: DocumentInfo, stripe: StripeServer
) -> None:
    stripe.control("set", refunds_end="pending")
    await give_back(owed, 20_000)
    payment = (await payments_of(owed.id))[0]
    for amount in (None, Money(30_000, "VND")):
        with pytest.raises(GoesBackToCard):
            await record_refund(
                payment_id=payment.id, method=PaymentMethod.CASH, amount=amount, actor=SYSTEM, now=clock.now()
            )
    assert len(await payments_of(owed.id)) == 1

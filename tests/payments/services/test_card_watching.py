"""What is overdue is looked up at Stripe: a lost webhook, a fall of ours, a checkout that nobody needs any more."""

from __future__ import annotations

import pytest

from app.accounts.actor import SYSTEM
from app.kernel import clock
from app.kernel.money import Money
from app.payments.enums import DocumentState, Settlement
from app.payments.errors_card import StripeNotReached
from app.payments.queries import balances, document_by_id, payments_of, waiting_events
from app.payments.queries_card import is_any_attempt_unsettled, refunds_of
from app.payments.services.card_refunds import refund_to_card
from app.payments.services.card_watching import look_after_cards
from app.payments.services.documents import cancel_document
from app.payments.services.inbox import apply_event
from tests.events.factories import make_edition
from tests.payments.cards import COMPLETED, a_document, attempt_of, begun, keep, later, paid
from tests.payments.factories import Seller, make_document
from tests.support.card_payments import StripeServer

pytestmark = [pytest.mark.slow, pytest.mark.engines, pytest.mark.usefixtures("database")]
NOTHING = {"checkouts": 0, "refunds": 0, "events": 0, "fees": 0, "payouts": 0}


async def test_a_lost_webhook_heals_once_it_is_overdue(stripe: StripeServer, seller: Seller) -> None:
    document = await a_document()
    attempt = await begun(document)
    stripe.control("set", mode="lost", events=[])
    stripe.pay(attempt["session_id"])
    stripe.control("set", events=[])
    assert (await look_after_cards(clock.now()))["checkouts"] == 0
    assert (await look_after_cards(later(minutes=6)))["checkouts"] == 1
    assert (await document_by_id(document.id)).state == DocumentState.PAID
    assert (await look_after_cards(later(minutes=12)))["checkouts"] == 0
    assert len(await payments_of(document.id)) == 1


async def test_events_that_were_lost_are_fetched_once(stripe: StripeServer, seller: Seller) -> None:
    document = await a_document()
    intent = await paid(stripe, document)
    stripe.control("set", mode="lost")
    stripe.control("refund", payment_intent=intent)
    first = await look_after_cards(clock.now())
    assert first["events"] == 4  # of the payment two that nobody sent, and those of the refund
    for event in await waiting_events():
        await apply_event(event["id"], clock.now())
    assert [row["state"] for row in await refunds_of(document.id)] == ["done"]
    stripe.control("dispute", payment_intent=intent, status="needs_response")
    assert (await look_after_cards(later(minutes=5)))["events"] == 0  # not asked yet
    assert len(stripe.asked("GET /v1/events")) == 1
    assert (await look_after_cards(later(minutes=11)))["events"] == 1


async def test_an_event_that_is_listed_late_is_fetched_all_the_same(stripe: StripeServer, seller: Seller) -> None:
    intent = await paid(stripe, await a_document())
    stripe.control("set", mode="lost", events=[])
    assert (await look_after_cards(later(minutes=5)))["events"] == 0
    stripe.control("dispute", payment_intent=intent, status="needs_response")  # five minutes before that reading ended
    assert (await look_after_cards(later(minutes=16)))["events"] == 1
    assert (await look_after_cards(later(minutes=27)))["events"] == 0


async def test_what_a_fall_left_behind_is_carried_on(stripe: StripeServer, seller: Seller) -> None:
    document = await a_document()
    stripe.control("set", drops=3)
    with pytest.raises(StripeNotReached):
        await begun(document)
    assert (await look_after_cards(later(minutes=6)))["checkouts"] == 1
    assert (await attempt_of(document))["state"] == "open"
    assert len(set(stripe.asked("POST /v1/checkout/sessions"))) == 1


async def test_a_checkout_that_nobody_was_led_to_ends_by_itself(stripe: StripeServer, seller: Seller) -> None:
    document = await a_document()
    stripe.control("set", faults=3)
    with pytest.raises(StripeNotReached):
        await begun(document)
    await look_after_cards(later(minutes=61))
    assert (await attempt_of(document))["state"] == "expired"


async def test_nobody_can_pay_any_more_what_was_cancelled(stripe: StripeServer, seller: Seller) -> None:
    document = await a_document()
    await begun(document)
    await cancel_document(document_id=document.id, actor=None, now=clock.now())
    assert (await look_after_cards(clock.now()))["checkouts"] == 1
    assert (await attempt_of(document))["state"] == "expired"
    assert stripe.control("sessions") == {"expired": 1}


@pytest.mark.parametrize("wanted", [True, False])
async def test_a_checkout_of_the_other_mode_is_given_up_a_day_after_its_end(
    stripe: StripeServer, seller: Seller, wanted: bool
) -> None:
    document = await a_document()
    attempt = await begun(document)
    stripe.pay(attempt["session_id"])
    (event,) = await keep(stripe, COMPLETED)
    if not wanted:
        await cancel_document(document_id=document.id, actor=None, now=clock.now())
    stripe.control("set", things={})
    assert (await look_after_cards(later(hours=24)))["checkouts"] == 0
    assert (await attempt_of(document))["state"] == "open"
    assert await is_any_attempt_unsettled(clock.now())
    assert (await look_after_cards(later(hours=26)))["checkouts"] == 1
    assert (await attempt_of(document))["state"] == "expired"
    assert not await is_any_attempt_unsettled(clock.now())
    assert (await look_after_cards(later(hours=27)))["checkouts"] == 0
    assert await apply_event(event, clock.now()) == "kept"  # it was paid all the same
    assert (await attempt_of(document))["state"] == "paid"


async def test_who_paid_while_it_was_cancelled_is_seen(stripe: StripeServer, seller: Seller) -> None:
    seller.answer = Settlement.REFUND
    document = await a_document()
    attempt = await begun(document)
    await cancel_document(document_id=document.id, actor=None, now=clock.now())
    stripe.pay(attempt["session_id"])
    await look_after_cards(clock.now())
    assert (await document_by_id(document.id)).state == DocumentState.REFUND_DUE


async def test_refunds_are_carried_on_and_fees_learned(stripe: StripeServer, seller: Seller) -> None:
    seller.answer = Settlement.REFUND
    document = await a_document()
    await paid(stripe, document)
    (payment,) = await payments_of(document.id)
    stripe.control("set", drops=3)
    await refund_to_card(payment_id=payment.id, amount=Money(50_000, "VND"), actor=SYSTEM, now=clock.now())
    done = await look_after_cards(later(minutes=6))
    assert (done["refunds"], done["fees"]) == (1, 1)
    assert (await document_by_id(document.id)).state == DocumentState.REFUNDED
    attempt = await attempt_of(document)
    assert (attempt["fee_minor"], attempt["fee_currency"]) == (2_000, "VND")
    assert (await look_after_cards(later(minutes=7)))["fees"] == 0
    entered = {row["account"]: row["amount_minor"] for row in await balances(document.edition_id)}
    assert (entered["fees"], entered["card"]) == (2_000, -2_000)  # the payment itself went back to its card


async def test_the_fee_of_a_payment_of_the_other_mode_is_given_up_a_day_after_its_end(
    stripe: StripeServer, seller: Seller
) -> None:
    document = await a_document()
    await paid(stripe, document)
    stripe.control("set", things={})
    asked = f"GET /v1/payment_intents/{(await attempt_of(document))['payment_intent']}"
    for hours, asks in ((24, 1), (26, 1), (27, 0)):
        before = len(stripe.asked(asked))
        await look_after_cards(later(hours=hours))
        assert len(stripe.asked(asked)) - before == asks
    assert "fees" not in {row["account"] for row in await balances(document.edition_id)}
    assert (await attempt_of(document))["error"].startswith('["stripe_refused", ')


async def test_one_that_cannot_be_settled_keeps_nobody_else_waiting(stripe: StripeServer, seller: Seller) -> None:
    first, second = await a_document(), await make_document(await make_edition("another"), subject_id=2)
    wrong, right = await begun(first), await begun(second)
    stripe.control("set", mode="lost")
    stripe.pay(wrong["session_id"], amount=40_000)
    stripe.pay(right["session_id"])
    stripe.control("set", events=[])
    assert (await look_after_cards(later(minutes=6)))["checkouts"] == 1
    assert (await document_by_id(second.id)).state == DocumentState.PAID
    assert "amount_differs" in (await attempt_of(first))["error"]


async def test_a_seller_who_fails_keeps_nobody_else_waiting(stripe: StripeServer, seller: Seller) -> None:
    seller.fails = True
    documents = [await a_document(), await make_document(await make_edition("another"), subject_id=2)]
    for document in documents:
        stripe.pay((await begun(document))["session_id"])
    await look_after_cards(later(minutes=6))
    assert [(await attempt_of(document))["error"] for document in documents] == ["RuntimeError: sold out"] * 2
    seller.fails = False
    assert (await look_after_cards(later(minutes=12)))["checkouts"] == 2


async def test_it_stops_while_stripe_is_silent_and_does_nothing_without_keys(
    stripe: StripeServer, seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.kernel.settings import settings

    await begun(await a_document())
    stripe.control("set", drops=3)
    assert await look_after_cards(later(minutes=6)) == NOTHING
    monkeypatch.delenv("STRIPE_TEST_SECRET_KEY")
    settings.cache_clear()
    asked = stripe.asked()
    assert await look_after_cards(later(minutes=6)) == NOTHING
    assert stripe.asked() == asked

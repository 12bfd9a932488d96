"""Paying by card: begun once, carried on after any fall, settled once in whatever order Stripe tells."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import re
import sys
from typing import Any

import pytest

from app.kernel import clock
from app.kernel.database import write_transaction
from app.kernel.money import Money
from app.kernel.settings import settings
from app.payments.enums import DocumentState, PaymentMethod, Settlement
from app.payments.errors import AlreadyPaid, AmountDiffers, DocumentNotFound, DocumentNotOpen
from app.payments.errors_card import (
    AmountNotByCard,
    CardPaymentRefused,
    CardsNotSetUp,
    PaymentNotKnownYet,
    StripeNotReached,
)
from app.payments.queries import document_by_id, payments_of, waiting_events
from app.payments.services import stripe_client
from app.payments.services.card_checkout import apply_session, close_checkout, look_up, start_checkout
from app.payments.services.card_refunds import apply_refund
from app.payments.services.documents import cancel_document
from app.payments.services.inbox import IGNORED, apply_event
from app.payments.services.issuing import Part
from app.payments.services.stripe_events import keep_event
from app.payments.tables_card import CardAttempt
from tests.events.factories import make_edition
from tests.payments.cards import COMPLETED, a_document, attempt_of, begun, keep, later, paid, stored, tell
from tests.payments.factories import Seller, make_document
from tests.support.card_payments import StripeServer
from tests.support.race import drop_index, race, winners
from tests.support.service import ROOT
from tests.support.stripe_things import PAYER

pytestmark = [pytest.mark.slow, pytest.mark.engines, pytest.mark.usefixtures("database", "seller")]
CREATE = "POST /v1/checkout/sessions"


async def state_of(document_id: int) -> DocumentState:
    """Where a document stands."""
    return (await document_by_id(document_id)).state


async def test_what_is_due_in_parts_is_paid_part_by_part(stripe: StripeServer, seller: Seller) -> None:
    today = clock.now().date()
    parts = [Part(due_on=today, amount_minor=30_000), Part(due_on=today, amount_minor=20_000)]
    document = await make_document(await make_edition(), parts=parts)
    await paid(stripe, document)
    first = await document_by_id(document.id)
    assert (first.state, first.paid.amount_minor, seller.settled) == (DocumentState.OPEN, 30_000, [])
    assert (await begun(document))["amount_minor"] == 20_000
    await paid(stripe, document)
    assert await state_of(document.id) == DocumentState.PAID
    assert [one.amount.amount_minor for one in await payments_of(document.id)] == [30_000, 20_000]
    assert len(seller.settled) == 1


async def test_it_is_begun_once_and_paid_once(stripe: StripeServer, seller: Seller) -> None:
    document = await a_document()
    now = clock.now()
    url = await start_checkout(document_id=document.id, locale="vi", now=now)
    assert await start_checkout(document_id=document.id, locale="en", now=now) == url
    assert len(stripe.asked(CREATE)) == 1
    attempt = await attempt_of(document)
    assert (attempt["state"], attempt["amount_minor"], attempt["currency"]) == ("open", 50_000, "VND")
    intent = stripe.pay(attempt["session_id"])
    assert await state_of(document.id) == DocumentState.OPEN
    (row,) = await keep(stripe, COMPLETED)
    assert [await apply_event(row, now), await apply_event(row, now)] == ["kept", None]
    (payment,) = await payments_of(document.id)
    assert (payment.method, payment.provider_reference) == (PaymentMethod.CARD, f"stripe:{intent}")
    attempt = await attempt_of(document)
    assert (attempt["state"], attempt["payment_intent"], attempt["url"]) == ("paid", intent, "")
    assert len(seller.settled) == 1
    with pytest.raises(AlreadyPaid):
        await start_checkout(document_id=document.id, locale="vi", now=now)


async def test_no_secret_and_nothing_of_the_payer_is_given_or_kept(stripe: StripeServer) -> None:
    await paid(stripe, await a_document())
    (event,) = await stored()
    session = event["data"]["object"]
    assert not {"url", "success_url", "cancel_url", "customer_details"} & session.keys()
    assert session["metadata"].keys() == {"document_id", "attempt_id", "site"}


async def test_nothing_that_names_the_payer_or_her_card_is_kept_of_any_event(stripe: StripeServer) -> None:
    intent = stripe.pay((await begun(await a_document()))["session_id"])
    stripe.control("refund", payment_intent=intent, amount=20_000)
    stripe.control("dispute", payment_intent=intent, status="needs_response")
    events = [json.loads(body) for body, _header in stripe.events()]
    for event in events:
        await keep_event(event, clock.now())
    sent = json.dumps(events, ensure_ascii=False)
    kept = json.dumps(await stored(), ensure_ascii=False)
    for named in (*PAYER.values(), "Hàng Gai", "last4", "visa", "receipts/"):
        assert named in sent
        assert named not in kept


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
async def test_events_may_come_in_any_order_and_twice(stripe: StripeServer, seller: Seller, order: Any) -> None:
    document = await a_document()
    attempt = await begun(document)
    intent = stripe.pay(attempt["session_id"])
    stripe.control("dispute", payment_intent=intent, status="needs_response")
    kinds = (COMPLETED, "charge.dispute.created", "payment_intent.succeeded")
    rows = dict(zip(("payment_intent.succeeded", COMPLETED, kinds[1]), await keep(stripe, *kinds), strict=True))
    for position in (*order, *order):
        with contextlib.suppress(PaymentNotKnownYet):
            await apply_event(rows[kinds[position]], clock.now())
    assert await waiting_events() == []
    assert await state_of(document.id) == DocumentState.PAID
    assert len(seller.settled) == 1


@pytest.mark.race
async def test_many_who_begin_at_once_get_one_page(stripe: StripeServer) -> None:
    document = await a_document()
    results = await race(10, lambda _n: start_checkout(document_id=document.id, locale="vi", now=clock.now()))
    assert len(set(winners(results))) == 1
    assert len(winners(results)) == 10
    assert await CardAttempt.count() == 1


@pytest.mark.race
async def test_its_webhook_and_those_who_ask_settle_it_once(stripe: StripeServer, seller: Seller) -> None:
    document = await a_document()
    attempt = await begun(document)
    stripe.pay(attempt["session_id"])
    (row,) = await keep(stripe, COMPLETED)

    async def settle(number: int) -> str | None:
        return await (look_up(attempt, clock.now()) if number % 2 else apply_event(row, clock.now()))

    results = await race(8, settle)
    assert len(winners(results)) == 8
    assert len(await payments_of(document.id)) == len(seller.settled) == 1


@pytest.mark.race
async def test_without_its_index_a_document_has_two_checkouts(stripe: StripeServer) -> None:
    """The negative control."""
    document = await a_document()
    await drop_index("card_attempt_going_on_is_one")
    values = {"document": document.id, "amount_minor": 50_000, "currency": "VND", "locale": "vi"}
    for number in range(2):
        row = CardAttempt(**values, idempotency_key=str(number), created_at=clock.now(), expires_at=later(hours=1))
        await row.save()
    assert await CardAttempt.count() == 2


FALL = """
import asyncio, os, signal, sys
from app.kernel import clock
from app.kernel.database import write_transaction
from app.kernel.database import open_database
from app.payments.services import card_checkout

async def fall(*_args):
    os.kill(os.getpid(), signal.SIGKILL)

async def run():
    await open_database()
    card_checkout._keep_session = fall
    await card_checkout.start_checkout(document_id=int(sys.argv[1]), locale="vi", now=clock.now())

asyncio.run(run())
"""


async def test_who_is_killed_between_the_answer_and_its_commit_goes_on_with_the_same_session(
    stripe: StripeServer, database: str
) -> None:
    document = await a_document()
    environment = os.environ | {"DATABASE_URL": database, "PYTHONPATH": str(ROOT), "PICCOLO_CONF": "app.piccolo_conf"}
    fallen = await asyncio.create_subprocess_exec(sys.executable, "-c", FALL, str(document.id), env=environment)
    assert await fallen.wait() == -9
    assert (await attempt_of(document))["state"] == "started"
    await begun(document)
    first, second = stripe.asked(CREATE)
    assert first == second  # the same key: Stripe made one session
    assert stripe.control("sessions")["open"] == 1


async def test_an_answer_that_is_lost_is_asked_for_again_under_the_same_key(stripe: StripeServer) -> None:
    document = await a_document()
    stripe.control("set", drops=3)
    with pytest.raises(StripeNotReached):
        await begun(document)
    assert (await attempt_of(document))["state"] == "started"
    attempt = await begun(document)
    assert attempt["state"] == "open"
    assert len(set(stripe.asked(CREATE))) == 1
    assert await CardAttempt.count() == 1


async def test_what_stripe_refuses_finance_reads_and_it_is_begun_anew_next_time(
    stripe: StripeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stripe_client, "is_charged", lambda _amount: True)  # as where half a dollar came to be more
    document = await a_document(amount=1_000)
    for number in (1, 2):
        with pytest.raises(CardPaymentRefused) as refused:
            await begun(document)
        assert "cents" not in refused.value.sentence()
        assert await CardAttempt.count() == number
    attempt = await attempt_of(document)
    assert (attempt["state"], "at least 50 cents" in attempt["error"]) == ("failed", True)


@pytest.mark.parametrize(
    ("currency", "least", "most"),
    [
        ("VND", 15_000, 99_999_999),
        ("IDR", 10_000, 9_999_999_999),
        ("USD", 50, 99_999_999),
        ("EUR", 50, 99_999_999),
    ],
)
async def test_what_stripe_never_takes_is_not_asked_of_it(
    stripe: StripeServer, currency: str, least: int, most: int
) -> None:
    edition = await make_edition(
        currency=currency, timezone="Asia/Ho_Chi_Minh" if currency == "VND" else "Asia/Jakarta"
    )
    for number, amount in enumerate((least - 1, most + 1, least, most), 1):
        document = await a_document(edition, subject_id=number, amount=amount)
        if amount in (least, most):
            assert (await begun(document))["state"] == "open"  # so that Stripe takes what we say that it takes
        else:
            with pytest.raises(AmountNotByCard, match=re.escape(f"{Money(amount, currency)}")):
                await begun(document)
    assert (len(stripe.asked(CREATE)), await CardAttempt.count()) == (2, 2)


@pytest.mark.parametrize("named", [str(2**63), str(2**31), "9" * 5_000, "x", "", "²", "-1"])
async def test_what_names_no_document_of_ours_waits_with_a_sentence(stripe: StripeServer, named: str) -> None:
    money = {"amount": 50_000, "amount_total": 50_000, "currency": "vnd", "created": 0, "status": "succeeded"}
    told = {"id": "told_of_another", "payment_intent": "pi_of_another", "payment_status": "paid", **money}
    site = settings().base_url
    async with write_transaction():
        with pytest.raises(DocumentNotFound):
            await apply_session(
                told | {"metadata": {"document_id": named, "attempt_id": named, "site": site}}, clock.now()
            )
        assert await apply_refund(told | {"metadata": {"refund_id": named, "site": site}}, clock.now()) == IGNORED


async def test_what_was_begun_too_long_ago_is_begun_anew(stripe: StripeServer) -> None:
    document = await a_document()
    stripe.control("set", faults=3)
    with pytest.raises(StripeNotReached):
        await begun(document, later(minutes=-45))  # within the hour of the attempt, too short for Stripe
    assert (await begun(document))["state"] == "open"
    assert await CardAttempt.count() == 2


async def test_a_checkout_that_is_over_makes_room_for_another_and_still_counts_when_it_was_paid(
    stripe: StripeServer, seller: Seller
) -> None:
    document = await a_document()
    first = await begun(document)
    stripe.control("set", faulty="/expire")
    second = await begun(document, later(minutes=59))
    assert first["session_id"] != second["session_id"]
    for attempt in (first, second):
        stripe.pay(attempt["session_id"])
    assert await tell(stripe, COMPLETED) == ["kept", "refund"]
    kept, twice = await payments_of(document.id)
    assert (kept.outcome, twice.outcome) == (Settlement.KEPT, Settlement.REFUND)
    assert len(seller.settled) == 1


async def test_what_is_told_of_an_end_never_undoes_a_payment(stripe: StripeServer) -> None:
    document = await a_document()
    attempt = await begun(document)
    await close_checkout(attempt, clock.now())
    assert await tell(stripe, "checkout.session.expired") == ["closed"]
    assert (await attempt_of(document))["state"] == "expired"
    again = await begun(document)
    stripe.pay(again["session_id"])
    assert await close_checkout(again, clock.now()) == "kept"
    assert (await attempt_of(document))["state"] == "paid"
    assert await tell(stripe, COMPLETED) == ["kept"]
    assert len(await payments_of(document.id)) == 1


@pytest.mark.parametrize("given", [{"amount": 40_000}, {"currency": "usd"}, {"amount": 60_000}])
async def test_another_amount_or_currency_waits_for_somebody(stripe: StripeServer, given: dict[str, Any]) -> None:
    document = await a_document()
    attempt = await begun(document)
    stripe.pay(attempt["session_id"], **given)
    (row,) = await keep(stripe, COMPLETED)
    with pytest.raises(AmountDiffers):
        await apply_event(row, clock.now())
    (waiting,) = await waiting_events()
    assert waiting["error"].startswith('["amount_differs", ')
    assert await state_of(document.id) == DocumentState.OPEN
    assert await payments_of(document.id) == []


async def test_a_session_of_another_installation_is_ignored(stripe: StripeServer, monkeypatch: Any) -> None:
    from app.kernel.settings import settings

    document = await a_document()
    attempt = await begun(document)
    stripe.pay(attempt["session_id"])
    await CardAttempt.delete(force=True)
    monkeypatch.setenv("BASE_URL", "https://another.example")
    settings.cache_clear()
    assert await tell(stripe, COMPLETED) == ["ignored"]
    assert await payments_of(document.id) == []


async def test_an_event_that_overtakes_our_own_commit_finds_its_attempt(stripe: StripeServer) -> None:
    document = await a_document()
    attempt = await begun(document)
    await CardAttempt.update({CardAttempt.session_id: None, CardAttempt.state: "started"}, force=True)
    stripe.pay(attempt["session_id"])
    assert await tell(stripe, COMPLETED) == ["kept"]
    found = await attempt_of(document)
    assert (found["state"], found["session_id"]) == ("paid", attempt["session_id"])


async def test_who_asks_herself_needs_no_webhook(stripe: StripeServer) -> None:
    document = await a_document()
    attempt = await begun(document)
    assert await look_up(attempt, clock.now()) == "waits"
    stripe.pay(attempt["session_id"])
    assert await look_up(attempt, clock.now()) == "kept"
    assert await state_of(document.id) == DocumentState.PAID


async def test_money_that_comes_later_is_waited_for(stripe: StripeServer) -> None:
    document = await a_document()
    attempt = await begun(document)
    stripe.control("later", session=attempt["session_id"])
    assert await tell(stripe, COMPLETED) == ["waits"]
    stripe.control("later", session=attempt["session_id"], comes=False)
    assert await tell(stripe, "checkout.session.async_payment_failed") == ["closed"]
    assert (await attempt_of(document))["state"] == "failed"
    stripe.control("later", session=attempt["session_id"], comes=True)
    assert await tell(stripe, "checkout.session.async_payment_succeeded") == ["kept"]
    assert (await attempt_of(document))["state"] == "paid"


async def test_it_is_begun_only_for_what_is_open_where_keys_are_set(
    stripe: StripeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.kernel.settings import settings

    document = await a_document()
    await cancel_document(document_id=document.id, actor=None, now=clock.now())
    with pytest.raises(DocumentNotOpen):
        await begun(document)
    monkeypatch.setenv("STRIPE_TEST_SECRET_KEY", "sk_test_revoked")
    settings.cache_clear()
    other = await make_document(await make_edition("another"), subject_id=2)
    with pytest.raises(CardsNotSetUp):
        await begun(other)
    monkeypatch.delenv("STRIPE_TEST_SECRET_KEY")
    settings.cache_clear()
    with pytest.raises(CardsNotSetUp):
        await begun(other)

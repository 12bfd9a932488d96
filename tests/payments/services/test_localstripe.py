"""Refunds, events and signatures at a server of Stripe's API that others wrote."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator

import pytest

from app.accounts.actor import SYSTEM
from app.kernel import clock
from app.kernel.money import Money
from app.kernel.settings import settings
from app.payments.currencies import to_stripe
from app.payments.enums import DocumentState, PaymentMethod, Settlement
from app.payments.enums_card import RefundState
from app.payments.errors import WebhookNotGenuine
from app.payments.errors_card import StripeRefused
from app.payments.queries import DocumentInfo, PaymentInfo, document_by_id, payments_of
from app.payments.services import inbox
from app.payments.services.card_refunds import refund_to_card
from app.payments.services.inbox import IGNORED, apply_event
from app.payments.services.recording import record_payment
from app.payments.services.stripe_client import events_since, refunds_of_intent, retrieve_refund
from app.payments.services.stripe_events import EFFECTS, keep_event, read_webhook
from app.payments.tables import PaymentEvent
from tests.events.factories import make_edition
from tests.payments.cards import later
from tests.payments.factories import Seller, make_document, put_on_sale
from tests.support.localstripe_server import Localstripe, running_localstripe

pytestmark = [pytest.mark.slow, pytest.mark.engines, pytest.mark.usefixtures("database")]


@pytest.fixture(scope="module")
def localstripe_process() -> Iterator[Localstripe]:
    """The running server."""
    with running_localstripe() as made:
        yield made


@pytest.fixture
def localstripe(localstripe_process: Localstripe, monkeypatch: pytest.MonkeyPatch) -> Iterator[Localstripe]:
    """The service led to it."""
    for name, value in localstripe_process.settings().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(inbox, "_effects", {("stripe", kind): effect for kind, effect in EFFECTS.items()})
    put_on_sale(monkeypatch, Seller(Settlement.REFUND))
    settings.cache_clear()
    yield localstripe_process
    monkeypatch.undo()
    settings.cache_clear()


async def paid(localstripe: Localstripe, currency: str) -> tuple[DocumentInfo, PaymentInfo, str]:
    """A document whose money came by a card there and has to go back, its payment, and the id of the PaymentIntent."""
    document = await make_document(
        await make_edition(currency=currency, timezone="Asia/Ho_Chi_Minh" if currency == "VND" else "Asia/Jakarta")
    )
    intent = await asyncio.to_thread(localstripe.pay, to_stripe(document.amount), currency.lower())
    await record_payment(
        document_id=document.id,
        method=PaymentMethod.CARD,
        amount=document.amount,
        actor=SYSTEM,
        now=clock.now(),
        provider_reference=f"stripe:{intent}",
    )
    (payment,) = await payments_of(document.id)
    return document, payment, intent


@pytest.mark.parametrize("currency", ["VND", "IDR", "USD", "EUR"])
async def test_money_goes_back_in_two_parts_in_its_own_units(localstripe: Localstripe, currency: str) -> None:
    document, payment, intent = await paid(localstripe, currency)
    for amount in (20_000, 30_000):
        state = await refund_to_card(
            payment_id=payment.id, amount=Money(amount, currency), actor=SYSTEM, now=clock.now()
        )
        assert state == RefundState.DONE
    assert (await document_by_id(document.id)).state == DocumentState.REFUNDED
    there = await refunds_of_intent(intent, False)
    assert sorted(refund["amount"] for refund in there) == [
        to_stripe(Money(part, currency)) for part in (20_000, 30_000)
    ]
    assert {refund["currency"] for refund in there} == {currency.lower()}
    assert (await retrieve_refund(there[0]["id"], False))["amount"] == there[0]["amount"]


async def test_a_payment_that_it_does_not_know_sends_nothing_back(localstripe: Localstripe) -> None:
    document = await make_document(await make_edition())
    await record_payment(
        document_id=document.id,
        method=PaymentMethod.CARD,
        amount=document.amount,
        actor=SYSTEM,
        now=clock.now(),
        provider_reference="stripe:pi_of_somebody_else",
    )
    (payment,) = await payments_of(document.id)
    with pytest.raises(StripeRefused):
        await refund_to_card(payment_id=payment.id, amount=document.amount, actor=SYSTEM, now=clock.now())
    assert (await document_by_id(document.id)).state == DocumentState.REFUND_DUE


async def test_its_webhooks_are_genuine_and_kept_once(localstripe: Localstripe) -> None:
    intent = await asyncio.to_thread(localstripe.pay, 50_000, "vnd")
    while True:
        body, headers = await asyncio.to_thread(localstripe.webhooks.get, timeout=20)
        event = json.loads(body)
        if event["data"]["object"]["id"] == intent:
            break
    assert event["type"] == "payment_intent.succeeded"
    with pytest.raises(WebhookNotGenuine):
        read_webhook(body.replace(b"50000", b"50001"), headers["stripe-signature"])
    genuine = read_webhook(body, headers["stripe-signature"])
    assert await keep_event(genuine, clock.now())
    assert not await keep_event(genuine, clock.now())
    (row,) = await PaymentEvent.select(PaymentEvent.id)
    assert await apply_event(row["id"], clock.now()) == IGNORED  # what is settled is settled by its session
    assert event["id"] in {one["id"] for one in await events_since(later(hours=-1), False)}

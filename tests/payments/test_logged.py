"""No key stands in what is logged, whatever becomes of a request of Stripe's or SePay's."""

from __future__ import annotations

import logging
import time

import pytest

from app.kernel import clock
from app.kernel.logs import JsonLines
from app.kernel.settings import settings
from app.payments.errors_card import CardsNotSetUp, StripeNotReached, StripeRefused
from app.payments.services.stripe_client import events_since, retrieve_session
from tests.events.factories import make_edition
from tests.payments.cards import a_document, begun, paid
from tests.payments.factories import Seller
from tests.support.card_payments import SECRET, StripeServer
from tests.support.client import Browser
from tests.support.stripe_things import signature

pytestmark = pytest.mark.engines

SEPAY = "a-key-of-sepay-only-the-tests-know"
WRONG = "sk_test_another_that_is_not_the_account's"
STRIPE_ADDRESS, SEPAY_ADDRESS = "/payments/stripe/webhook", "/payments/bank/sepay/webhook"


async def everything_that_goes_wrong(client: Browser, stripe: StripeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pay by card, be refused, reach nobody, bring a key that Stripe does not take, and notices that are forged."""
    edition = await make_edition()
    await paid(stripe, await a_document(edition))
    with pytest.raises(StripeRefused):
        await retrieve_session("cs_that_is_none")
    stripe.control("set", drops=9)
    with pytest.raises(StripeNotReached):
        await events_since(clock.now())
    stripe.control("set", drops=0)
    body = b'{"id": "evt_1"}'
    for header in (signature(SECRET, body, 1), signature(WRONG, body, int(time.time())), SECRET):
        assert (await client.post(STRIPE_ADDRESS, content=body, headers=headers({"stripe-signature": header}))).is_error
    for given in (f"Apikey {WRONG}", f"Bearer {SEPAY}", SEPAY):
        assert (await client.post(SEPAY_ADDRESS, content=body, headers=headers({"authorization": given}))).is_error
    monkeypatch.setenv("STRIPE_SECRET_KEY", WRONG)
    settings.cache_clear()
    with pytest.raises(CardsNotSetUp):
        await begun(await a_document(edition, subject_id=2))


def headers(given: dict[str, str]) -> dict[str, str]:
    """Headers of a notice."""
    return {"content-type": "application/json", "x-csrftoken": "", **given}


async def test_what_is_logged_names_no_key(
    client: Browser,
    stripe: StripeServer,
    seller: Seller,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("SEPAY_API_KEY", SEPAY)
    settings.cache_clear()
    with caplog.at_level(logging.DEBUG):
        await everything_that_goes_wrong(client, stripe, monkeypatch)
    said = "\n".join(JsonLines().format(record) for record in caplog.records)
    known = settings()
    for secret in (stripe.settings()["STRIPE_SECRET_KEY"], known.stripe_webhook_secret, SEPAY, WRONG):
        assert secret not in said + caplog.text
    assert {"stripe", "urllib3.connectionpool", "fairground.stripe"} <= {record.name for record in caplog.records}

"""Keys of Stripe and SePay stand in no log, however much is logged and whatever goes wrong."""

from __future__ import annotations

import json
import logging
import socket
import time
from collections.abc import Iterator

import pytest

from app.kernel import clock
from app.kernel.settings import settings
from app.payments.errors_card import CardsNotSetUp, StripeNotReached
from app.payments.services import stripe_client
from app.payments.services.card_checkout import start_checkout
from app.payments.services.card_watching import look_after_cards
from tests.events.factories import make_edition
from tests.payments.cards import COMPLETED, a_document, begun
from tests.payments.factories import Seller
from tests.support.card_payments import KEY, SECRET, StripeServer
from tests.support.client import Browser
from tests.support.stripe_things import signature

pytestmark = [pytest.mark.slow, pytest.mark.engines]
SEPAY = "sepay-key-only-the-tests-know"
REVOKED = "sk_test_revoked_but_still_a_secret"
STRIPE_HOOK, SEPAY_HOOK = "/payments/stripe/webhook", "/payments/bank/sepay/webhook"


@pytest.fixture
def said(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, stripe: StripeServer
) -> Iterator[pytest.LogCaptureFixture]:
    """All that the service's process logs, its libraries' words among it, at the finest grain."""
    import stripe as sdk

    monkeypatch.setenv("SEPAY_API_KEY", SEPAY)
    settings.cache_clear()
    caplog.set_level(logging.DEBUG)
    for name in ("stripe", "urllib3", "fairground", "litestar", "app"):
        caplog.set_level(logging.DEBUG, logger=name)
    monkeypatch.setattr(sdk, "log", "debug")
    yield caplog
    stripe_client._client.cache_clear()


def all_of(said: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> str:
    """Every record as it was written, with what was handed to it besides, and both streams."""
    streams = capfd.readouterr()
    records = [f"{record.getMessage()} {record.__dict__}" for record in said.records]
    return "\n".join([said.text, *records, streams.out, streams.err])


async def test_no_key_is_logged_of_calls_that_succeed_fail_or_are_not_genuine(
    client: Browser,
    stripe: StripeServer,
    seller: Seller,
    said: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    document = await a_document()
    attempt = await begun(document)
    stripe.pay(attempt["session_id"])
    ((body, header),) = stripe.events(COMPLETED)
    given = {"content-type": "application/json"}
    sent = await client.post(STRIPE_HOOK, content=body, headers={**given, "stripe-signature": header})
    assert sent.status_code == 200  # paid
    forged = signature("whsec_another", body, int(time.time()))
    for wrong in (forged, "", f"t=1,v1={SECRET}"):
        answer = await client.post(STRIPE_HOOK, content=body, headers={**given, "stripe-signature": wrong})
        assert answer.status_code == 400  # wrong signatures
    notice = json.dumps({"id": 1}).encode()
    for wrong in ("Apikey another", f"Bearer {SEPAY}", f"Apikey {SEPAY}x"):
        answer = await client.post(SEPAY_HOOK, content=notice, headers={**given, "authorization": wrong})
        assert answer.status_code in (401, 403)  # wrong keys of SePay

    stripe.control("set", faults=9)
    await look_after_cards(clock.now())  # Stripe fails
    stripe.control("set", faults=0)
    other = await a_document(await make_edition(slug="other"), subject_id=2)
    settings().__dict__["stripe_test_secret_key"] = REVOKED
    with pytest.raises(CardsNotSetUp):
        await start_checkout(document_id=other.id, locale="vi", now=clock.now())  # refused
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setattr(stripe_client, "SECONDS", 0.2)
        base = f"http://127.0.0.1:{silent.getsockname()[1]}"
        settings().__dict__.update(stripe_test_secret_key=KEY, stripe_api_base=base)
        with pytest.raises(StripeNotReached):
            await start_checkout(document_id=other.id, locale="vi", now=clock.now())  # a timeout

    text = all_of(said, capfd)
    assert "/v1/checkout/sessions" in text  # the SDK did tell of its calls
    assert [secret for secret in (KEY, REVOKED, SECRET, SEPAY) if secret in text] == []


async def test_the_search_finds_a_key_that_is_logged(
    stripe: StripeServer, said: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    logging.getLogger("fairground.stripe").debug("asked with %s", KEY)
    logging.getLogger("urllib3").debug("sent", extra={"headers": {"authorization": SEPAY}})
    text = all_of(said, capfd)
    assert (KEY in text, SEPAY in text) == (True, True)

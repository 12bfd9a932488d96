"""Stripe's webhook, from the signed body to the settled document."""

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from app.kernel.settings import settings
from app.payments.enums import DocumentState, PaymentMethod
from app.payments.queries import document_by_id, payments_of
from app.payments.services.inbox import apply_event
from app.payments.tables import PaymentEvent
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.payments.factories import Seller, make_document, put_on_sale
from tests.support.client import Browser

SECRET = "whsec_only_for_tests"
ADDRESS = "/payments/stripe/webhook"


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A signing secret."""
    monkeypatch.setenv("STRIPE_WEBHOOK_SECRET", SECRET)
    settings.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()


def signed(body: bytes, at: float | None = None) -> dict[str, str]:
    """The header that Stripe would send."""
    stamp = int(at or time.time())
    mac = hmac.new(SECRET.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return {"stripe-signature": f"t={stamp},v1={mac}", "content-type": "application/json", "x-csrftoken": ""}


def event(kind: str = "checkout.session.completed", **changes: Any) -> bytes:
    """An event's body."""
    session = {
        "id": "cs_1",
        "payment_intent": "pi_1",
        "payment_status": "paid",
        "amount_total": 50_000,
        "currency": "vnd",
        "metadata": {"document_id": "1"},
        **changes,
    }
    return json.dumps({"id": "evt_1", "object": "event", "type": kind, "data": {"object": session}}).encode()


async def only_event() -> dict[str, Any]:
    """The one stored event."""
    (row,) = await PaymentEvent.select()
    return row


async def test_a_genuine_event_is_kept_once_and_settles_its_document(
    client: Browser, configured: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    seller = Seller()
    put_on_sale(monkeypatch, seller)
    document = await make_document(await make_edition())
    body = event(metadata={"document_id": str(document.id)})
    assert (await client.post(ADDRESS, content=body, headers=signed(body))).json() == {"received": True, "new": True}
    assert (await client.post(ADDRESS, content=body, headers=signed(body))).json() == {"received": True, "new": False}
    assert (await document_by_id(document.id)).state == DocumentState.OPEN
    assert await apply_event((await only_event())["id"], NOW) == "kept"
    assert (await document_by_id(document.id)).state == DocumentState.PAID
    (payment,) = await payments_of(document.id)
    assert (payment.method, payment.provider_reference, payment.recorded_by_id) == (
        PaymentMethod.CARD,
        "stripe:pi_1",
        None,
    )


@pytest.mark.parametrize(
    "body",
    [event("customer.created"), event(metadata=None), event(payment_status="unpaid")],
    ids=["another kind", "not ours", "not paid yet"],
)
async def test_what_does_not_concern_us_is_kept_without_effect(client: Browser, configured: None, body: bytes) -> None:
    assert (await client.post(ADDRESS, content=body, headers=signed(body))).status_code == 200
    assert await apply_event((await only_event())["id"], NOW) == "ignored"


async def test_what_is_not_genuine_is_refused(client: Browser, configured: None) -> None:
    body = event()
    for headers in ({}, signed(b"other"), signed(body, time.time() - 3600), {"stripe-signature": "t=x,v1=y"}):
        answer = await client.post(ADDRESS, content=body, headers={**headers, "accept": "application/json"})
        assert (answer.status_code, answer.json()["code"]) == (400, "webhook_not_genuine")
    no_event = b"[]"
    assert (await client.post(ADDRESS, content=no_event, headers=signed(no_event))).status_code == 400
    assert await PaymentEvent.count() == 0


async def test_each_of_several_secrets_opens_while_it_is_changed(
    client: Browser, configured: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = event()
    for secrets, status in ((f"whsec_new, {SECRET}", 200), (f"{SECRET},whsec_new,", 200), ("whsec_new", 400)):
        monkeypatch.setenv("STRIPE_WEBHOOK_SECRET", secrets)
        settings.cache_clear()
        assert (await client.post(ADDRESS, content=body, headers=signed(body))).status_code == status


async def test_events_of_another_account_are_refused(
    client: Browser, configured: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRIPE_ACCOUNT", "acct_1")
    settings.cache_clear()
    for account, status in (("acct_2", 400), ("acct_1", 200)):
        body = json.dumps({**json.loads(event()), "account": account}).encode()
        assert (await client.post(ADDRESS, content=body, headers=signed(body))).status_code == status
    assert await PaymentEvent.count() == 1


@pytest.mark.parametrize("mode", ["sandbox", "live"])
@pytest.mark.parametrize("real", [True, False, None], ids=["real money", "a test", "not said"])
async def test_events_of_the_other_mode_are_refused(
    client: Browser, configured: None, monkeypatch: pytest.MonkeyPatch, mode: str, real: bool | None
) -> None:
    name = "STRIPE_SECRET_KEY" if mode == "live" else "STRIPE_TEST_SECRET_KEY"
    monkeypatch.setenv(name, f"sk_{'live' if mode == 'live' else 'test'}_1")
    settings.cache_clear()
    said = {} if real is None else {"livemode": real}
    body = json.dumps({**json.loads(event()), **said}).encode()
    takes = bool(real) == (mode == "live")
    answer = await client.post(ADDRESS, content=body, headers=signed(body))
    assert (answer.status_code, await PaymentEvent.count()) == ((200, 1) if takes else (400, 0))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"{",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"id": "evt_1", "type": "x"}',
        b'{"id": "evt_1", "type": "x", "data": {"object": []}}',
        b'{"id": 1, "type": "x", "data": {"object": {}}}',
    ],
    ids=["empty", "null", "cut", "no text", "deep", "no data", "a list", "a number"],
)
async def test_what_is_no_event_is_refused_though_it_is_signed(client: Browser, configured: None, body: bytes) -> None:
    assert (await client.post(ADDRESS, content=body, headers=signed(body))).status_code == 400
    assert await PaymentEvent.count() == 0


async def test_a_huge_body_is_refused(client: Browser, configured: None) -> None:
    body = event(padding="x" * 600_000)
    assert (await client.post(ADDRESS, content=body, headers=signed(body))).status_code == 413


async def test_without_a_secret_there_is_no_webhook(client: Browser) -> None:
    body = event()
    assert (await client.post(ADDRESS, content=body, headers=signed(body))).status_code == 503

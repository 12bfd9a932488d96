"""The server that stands for Stripe, asked by the real SDK over HTTP."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
import stripe
from stripe.params.checkout import SessionCreateParams

from tests.support.card_payments import KEY, SECRET, StripeServer, running_stripe


@pytest.fixture(scope="module")
def server() -> Iterator[StripeServer]:
    """The running server; it holds its events."""
    with running_stripe() as made:
        yield made


@pytest.fixture
def sdk(server: StripeServer) -> stripe.StripeClient:
    """The SDK, led to the server."""
    server.control("set", refunds_end="succeeded", drops=0, faults=0)
    return client_of(server)


def client_of(server: StripeServer, key: str = KEY) -> stripe.StripeClient:
    """Return the SDK with a key."""
    return stripe.StripeClient(
        key, base_addresses={"api": server.url}, http_client=stripe.RequestsClient(timeout=10), max_network_retries=0
    )


def asked(amount: int = 50_000, minutes: int = 31) -> SessionCreateParams:
    """Return what a session is made with."""
    return {
        "mode": "payment",
        "success_url": "http://127.0.0.1/done",
        "cancel_url": "http://127.0.0.1/back",
        "expires_at": int(time.time()) + minutes * 60,
        "metadata": {"document_id": "7"},
        "line_items": [
            {"quantity": 1, "price_data": {"currency": "vnd", "unit_amount": amount, "product_data": {"name": "Vé"}}}
        ],
    }


def test_a_session_is_made_paid_and_told(server: StripeServer, sdk: stripe.StripeClient) -> None:
    session = sdk.v1.checkout.sessions.create(asked())
    assert (session.status, session.amount_total, session.currency) == ("open", 50_000, "vnd")
    intent_id = server.pay(session.id)
    found = sdk.v1.checkout.sessions.retrieve(session.id)
    assert (found.payment_status, found.payment_intent) == ("paid", intent_id)
    assert found.metadata is not None
    assert found.metadata["document_id"] == "7"
    intent = sdk.v1.payment_intents.retrieve(intent_id, {"expand": ["latest_charge.balance_transaction"]})
    charge = intent.latest_charge
    assert isinstance(charge, stripe.Charge)
    assert isinstance(charge.balance_transaction, stripe.BalanceTransaction)
    assert charge.balance_transaction.fee == 2_000
    ((body, header),) = server.events("checkout.session.completed")
    event = stripe.Webhook.construct_event(body, header, SECRET)
    assert event.data.object["id"] == session.id
    newest = sdk.v1.events.list({"limit": 1}).data[0]
    assert newest.id == event.id
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body + b" ", header, SECRET)


def test_the_same_key_gives_the_same_answer_and_takes_no_other_parameters(sdk: stripe.StripeClient) -> None:
    given = asked()
    first = sdk.v1.checkout.sessions.create(given, {"idempotency_key": "one"})
    assert sdk.v1.checkout.sessions.create(given, {"idempotency_key": "one"}).id == first.id
    assert sdk.v1.checkout.sessions.create(given, {"idempotency_key": "two"}).id != first.id
    with pytest.raises(stripe.IdempotencyError):
        sdk.v1.checkout.sessions.create(asked(60_000), {"idempotency_key": "one"})


def test_it_refuses_as_stripe_does(server: StripeServer, sdk: stripe.StripeClient) -> None:
    with pytest.raises(stripe.AuthenticationError):
        client_of(server, "sk_test_other").v1.checkout.sessions.create(asked())
    for given in (asked(100), asked(minutes=10), asked(minutes=1500), {**asked(), "colour": "red"}):
        with pytest.raises(stripe.InvalidRequestError):
            sdk.v1.checkout.sessions.create(given)  # type: ignore[arg-type]
    with pytest.raises(stripe.InvalidRequestError, match="No such"):
        sdk.v1.checkout.sessions.retrieve("cs_none")
    session = sdk.v1.checkout.sessions.create(asked())
    assert sdk.v1.checkout.sessions.expire(session.id).status == "expired"
    with pytest.raises(stripe.InvalidRequestError):
        sdk.v1.checkout.sessions.expire(session.id)
    server.control("set", faults=1)
    with pytest.raises(stripe.APIError):
        sdk.v1.checkout.sessions.create(asked())
    server.control("set", drops=1)
    with pytest.raises(stripe.APIConnectionError):
        sdk.v1.checkout.sessions.create(asked())


def test_money_goes_back_up_to_what_came(server: StripeServer, sdk: stripe.StripeClient) -> None:
    intent = server.pay(sdk.v1.checkout.sessions.create(asked()).id)
    part = sdk.v1.refunds.create({"payment_intent": intent, "amount": 20_000}, {"idempotency_key": "r1"})
    assert sdk.v1.refunds.create({"payment_intent": intent, "amount": 20_000}, {"idempotency_key": "r1"}).id == part.id
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded"):
        sdk.v1.refunds.create({"payment_intent": intent, "amount": 30_001})
    assert sdk.v1.refunds.create({"payment_intent": intent}).amount == 30_000
    with pytest.raises(stripe.InvalidRequestError) as refused:
        sdk.v1.refunds.create({"payment_intent": intent})
    assert refused.value.code == "charge_already_refunded"
    server.control("end_refund", refund=part.id, status="failed")
    assert sdk.v1.refunds.retrieve(part.id).status == "failed"


def test_lists_are_paged_and_disputes_are_told(server: StripeServer, sdk: stripe.StripeClient) -> None:
    server.control("take")
    intent = server.pay(sdk.v1.checkout.sessions.create(asked()).id)
    for status in ("needs_response", "lost"):
        server.control("dispute", payment_intent=intent, status=status)
    kinds = [event.type for event in sdk.v1.events.list({"limit": 2}).auto_paging_iter()]
    assert kinds[:2] == ["charge.dispute.closed", "charge.dispute.created"]
    assert len(kinds) > 4
    assert len(server.events("charge.dispute.created", "charge.dispute.closed")) == 2

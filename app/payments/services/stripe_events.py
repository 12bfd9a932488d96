"""What Stripe's events do here.

The SDK is imported on first use: it is large, and most fairs take cash and transfers.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.kernel.money import Money
from app.kernel.settings import settings
from app.payments.enums import PaymentMethod
from app.payments.errors import WebhookNotConfigured, WebhookNotGenuine
from app.payments.services.inbox import IGNORED
from app.payments.services.recording import record_payment

PROVIDER = "stripe"
COMPLETED = "checkout.session.completed"


def read_webhook(body: bytes, signature: str) -> dict[str, Any]:
    """The event in a webhook's raw body. Raises WebhookNotConfigured, WebhookNotGenuine."""
    secret = settings().stripe_webhook_secret
    if not secret:
        raise WebhookNotConfigured
    import json

    import stripe

    try:
        stripe.WebhookSignature.verify_header(body.decode(), signature, secret, stripe.Webhook.DEFAULT_TOLERANCE)
        event: dict[str, Any] = json.loads(body)
    except (stripe.SignatureVerificationError, ValueError) as error:
        raise WebhookNotGenuine from error
    if not isinstance(event, dict) or not isinstance(event.get("id"), str) or not isinstance(event.get("type"), str):
        raise WebhookNotGenuine
    return event


async def checkout_completed(event: Mapping[str, Any], now: datetime) -> str:
    """Record the card payment of a checkout that carries our document's id among its metadata."""
    session = event["data"]["object"]
    document = (session.get("metadata") or {}).get("document_id")
    if document is None or session.get("payment_status") != "paid":
        return IGNORED
    recorded = await record_payment(
        document_id=int(document),
        method=PaymentMethod.CARD,
        amount=Money(int(session["amount_total"]), str(session["currency"]).upper()),
        actor=None,
        provider_reference=f"{PROVIDER}:{session['payment_intent'] or session['id']}",
        now=now,
    )
    return recorded.outcome.value

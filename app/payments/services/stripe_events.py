"""What Stripe's events do here, in whatever order and however often they come.

The SDK is imported on first use: it is large, and most fairs take cash and transfers.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.kernel.settings import settings
from app.payments.errors import WebhookNotConfigured, WebhookNotGenuine
from app.payments.queries_card import PROVIDER
from app.payments.services.card_checkout import apply_session
from app.payments.services.card_disputes import apply_dispute
from app.payments.services.card_refunds import apply_refund, check_charge
from app.payments.services.inbox import Effect, store_event
from app.payments.services.payouts import payout_failed, payout_paid
from app.payments.services.stripe_client import cards_on, from_stripe_time

#: Of the payer and her card: nothing that is done here needs it, so that it is not kept.
NOT_KEPT = frozenset(
    (
        *("billing_details", "collected_information", "customer_details", "customer_email", "payment_method_details"),
        *("receipt_email", "receipt_url", "shipping", "shipping_details", "evidence", "client_secret"),
        *("url", "success_url", "cancel_url"),
    )
)


def read_webhook(body: bytes, signature: str) -> dict[str, Any]:
    """The event in a webhook's raw body, signed with one of our secrets within the last five minutes.

    Raises WebhookNotConfigured; WebhookNotGenuine, also for the event of another account or of a mode without a key,
    and for what is no event.
    """
    secrets = [secret for secret in (part.strip() for part in settings().stripe_webhook_secret.split(",")) if secret]
    if not secrets:
        raise WebhookNotConfigured
    if not any(_signed(body, signature, secret) for secret in secrets):
        raise WebhookNotGenuine
    try:
        event = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise WebhookNotGenuine from error
    if not _is_event(event) or not _is_ours(event):
        raise WebhookNotGenuine
    return dict(event)


async def keep_event(event: Mapping[str, Any], now: datetime) -> bool:
    """Put an event into the inbox, without what is not needed of the payer; False when it was there already."""
    return await store_event(
        provider=PROVIDER, event_id=event["id"], kind=event["type"], payload=_without(event), now=now
    )


async def checkout_told(event: Mapping[str, Any], now: datetime) -> str:
    """A checkout was paid, was paid for later, or came to its end. Raises as :func:`apply_session`."""
    return await apply_session(_object(event), now)


async def checkout_failed(event: Mapping[str, Any], now: datetime) -> str:
    """Money that a checkout was waiting for does not come. Raises as :func:`apply_session`."""
    return await apply_session(_object(event), now, failed=True)


async def refund_told(event: Mapping[str, Any], now: datetime) -> str:
    """A refund was made, went through or failed. Raises as :func:`apply_refund`."""
    return await apply_refund(_object(event), now)


async def charge_refunded(event: Mapping[str, Any], now: datetime) -> str:
    """Of a payment some went back: every refund should be known. Raises as :func:`check_charge`."""
    return await check_charge(_object(event))


async def dispute_told(event: Mapping[str, Any], now: datetime) -> str:
    """A cardholder's bank claims money back, or closed that. Raises as :func:`apply_dispute`."""
    return await apply_dispute(_object(event), from_stripe_time(int(event.get("created") or 0)), now)


async def payout_told(event: Mapping[str, Any], now: datetime) -> str:
    """Stripe pays out. Raises as :func:`payout_paid`."""
    return await payout_paid(_object(event), now)


async def payout_came_back(event: Mapping[str, Any], now: datetime) -> str:
    """The bank did not take what Stripe paid out, or somebody called it off. Raises as :func:`payout_failed`."""
    return await payout_failed(_object(event), now)


EFFECTS: dict[str, Effect] = {
    "checkout.session.completed": checkout_told,
    "checkout.session.async_payment_succeeded": checkout_told,
    "checkout.session.async_payment_failed": checkout_failed,
    "checkout.session.expired": checkout_told,
    "charge.refunded": charge_refunded,
    "payout.paid": payout_told,
    **dict.fromkeys(("payout.failed", "payout.canceled"), payout_came_back),
    **dict.fromkeys(("refund.created", "refund.updated", "refund.failed"), refund_told),
    **dict.fromkeys(
        tuple(
            f"charge.dispute.{what}" for what in ("created", "updated", "closed", "funds_withdrawn", "funds_reinstated")
        ),
        dispute_told,
    ),
}


def _signed(body: bytes, signature: str, secret: str) -> bool:
    import stripe

    try:
        stripe.WebhookSignature.verify_header(body.decode(), signature, secret, stripe.Webhook.DEFAULT_TOLERANCE)
    except (stripe.SignatureVerificationError, ValueError):
        return False
    return True


def _is_event(event: object) -> bool:
    """Whether this has an event's shape, as far as it is relied on."""
    if not isinstance(event, dict) or not all(isinstance(event.get(name), str) for name in ("id", "type")):
        return False
    data = event.get("data")
    return isinstance(data, dict) and isinstance(data.get("object"), dict)


def _is_ours(event: Mapping[str, Any]) -> bool:
    """Whether an event is of our account, and of a mode that has a key; while there is no key, of the sandbox."""
    account = event.get("account")
    if account is not None and account != settings().stripe_account:
        return False
    live = bool(event.get("livemode"))
    return cards_on(live) or not (live or cards_on(True))


def _object(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """What an event is about, with the event's mode: not all that Stripe tells of says its own."""
    return {**event["data"]["object"], "livemode": bool(event.get("livemode"))}


def _without(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _without(one) for name, one in value.items() if name not in NOT_KEPT}
    return [_without(one) for one in value] if isinstance(value, list) else value

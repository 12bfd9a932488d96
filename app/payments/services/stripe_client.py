"""Stripe, asked through its official SDK in a thread: sessions, refunds, events.

Every call stands outside of any transaction, and goes to one of Stripe's modes: ``live``, or the sandbox. What may be
asked twice carries an idempotency key, under which Stripe does it once and gives the first answer again. The SDK is
imported on first use: it is large, and most fairs take cash and transfers. What comes back are plain dictionaries in
the shape of https://docs.stripe.com/api.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from app.kernel.clock import outside
from app.kernel.database import in_transaction
from app.kernel.money import Money
from app.kernel.settings import settings
from app.payments.currencies import is_charged
from app.payments.errors_card import CardsNotSetUp, StripeNotReached, StripeRefused

if TYPE_CHECKING:
    from stripe import StripeClient
    from stripe.params import RefundCreateParams
    from stripe.params.checkout import SessionCreateParams

SECONDS = 20
RETRIES = 2
ONE_PAGE = 100

Answer = TypeVar("Answer")
log = logging.getLogger("fairground.stripe")


def cards_on(live: bool) -> bool:
    """Whether people pay by card in a mode: its key of Stripe is set."""
    return bool(_key(live))


def usual_mode() -> bool:
    """Whether cards are live where nobody chose: where the live key alone is set."""
    return cards_on(True) and not cards_on(False)


def cards_take(amount: Money, live: bool) -> bool:
    """Whether people pay an amount by card in a mode: cards are on, and Stripe charges so much at once."""
    return cards_on(live) and is_charged(amount)


def dashboard_address(live: bool) -> str:
    """Where the organiser sees at Stripe what stands here in a mode."""
    return "https://dashboard.stripe.com" + ("" if live else "/test")


def at_stripe(at: datetime) -> int:
    """An instant of our clock as Stripe counts it: seconds since 1970 of the real time."""
    return int(outside(at).timestamp())


def from_stripe_time(seconds: int) -> datetime:
    """An instant that Stripe told, by our clock."""
    at = datetime.fromtimestamp(seconds, UTC)
    return at + (at - outside(at))


async def create_session(params: "SessionCreateParams", *, key: str, live: bool) -> dict[str, Any]:
    """A Checkout Session, made once for a key. Raises CardsNotSetUp, StripeNotReached, StripeRefused."""
    return await _ask(
        lambda client: client.v1.checkout.sessions.create(params, {"idempotency_key": key}).to_dict(), live
    )


async def retrieve_session(session_id: str, live: bool) -> dict[str, Any]:
    """A Checkout Session as it is now. Raises CardsNotSetUp, StripeNotReached, StripeRefused."""
    return await _ask(lambda client: client.v1.checkout.sessions.retrieve(session_id).to_dict(), live)


async def expire_session(session_id: str, live: bool) -> dict[str, Any]:
    """End an open Checkout Session. Raises StripeRefused when it is over already, CardsNotSetUp, StripeNotReached."""
    return await _ask(lambda client: client.v1.checkout.sessions.expire(session_id).to_dict(), live)


async def create_refund(params: "RefundCreateParams", *, key: str, live: bool) -> dict[str, Any]:
    """Money sent back, once for a key. Raises CardsNotSetUp, StripeNotReached, StripeRefused."""
    return await _ask(lambda client: client.v1.refunds.create(params, {"idempotency_key": key}).to_dict(), live)


async def retrieve_refund(refund_id: str, live: bool) -> dict[str, Any]:
    """A refund as it is now. Raises CardsNotSetUp, StripeNotReached, StripeRefused."""
    return await _ask(lambda client: client.v1.refunds.retrieve(refund_id).to_dict(), live)


async def refunds_of_intent(payment_intent: str, live: bool) -> list[dict[str, Any]]:
    """All refunds of a payment. Raises CardsNotSetUp, StripeNotReached, StripeRefused."""

    def ask(client: "StripeClient") -> list[dict[str, Any]]:
        found = client.v1.refunds.list({"payment_intent": payment_intent, "limit": ONE_PAGE})
        return [refund.to_dict() for refund in found.auto_paging_iter()]

    return await _ask(ask, live)


async def fee_of(payment_intent: str, live: bool) -> tuple[int, str] | None:
    """What Stripe kept of a payment, in its units and the currency of the account; None while it is not known."""
    expand = ["latest_charge.balance_transaction"]
    found = await _ask(
        lambda client: client.v1.payment_intents.retrieve(payment_intent, {"expand": expand}).to_dict(), live
    )
    charge = found.get("latest_charge")
    balance = charge.get("balance_transaction") if isinstance(charge, Mapping) else None
    return (int(balance["fee"]), str(balance["currency"])) if isinstance(balance, Mapping) else None


async def transactions_of_payout(payout_id: str, live: bool) -> list[dict[str, Any]]:
    """What a payout is made of, each with its ``source`` expanded. Raises CardsNotSetUp, StripeNotReached,
    StripeRefused, as for a payout that somebody made by hand at Stripe.
    """

    def ask(client: "StripeClient") -> list[dict[str, Any]]:
        found = client.v1.balance_transactions.list({"payout": payout_id, "limit": ONE_PAGE, "expand": ["data.source"]})
        return [transaction.to_dict() for transaction in found.auto_paging_iter()]

    return await _ask(ask, live)


async def events_since(since: datetime, live: bool) -> list[dict[str, Any]]:
    """All events that Stripe made since an instant, the oldest first; it keeps them for 30 days."""
    from_second = at_stripe(since)

    def ask(client: "StripeClient") -> list[dict[str, Any]]:
        found = client.v1.events.list({"created": {"gte": from_second}, "limit": ONE_PAGE})
        return [event.to_dict() for event in found.auto_paging_iter()][::-1]

    return await _ask(ask, live)


async def _ask(call: Callable[["StripeClient"], Answer], live: bool) -> Answer:
    if in_transaction():
        raise RuntimeError("Stripe is asked before or after a transaction, not inside it")
    if not cards_on(live):
        raise CardsNotSetUp
    return await asyncio.to_thread(_call, call, _key(live), settings().stripe_api_base)


def _key(live: bool) -> str:
    return settings().stripe_secret_key if live else settings().stripe_test_secret_key


def _call(call: Callable[["StripeClient"], Answer], key: str, base: str) -> Answer:
    import stripe

    try:
        return call(_client(key, base))
    except (stripe.AuthenticationError, stripe.PermissionError) as error:
        log.error("Stripe does not take the key: %s", error.code or type(error).__name__)
        raise CardsNotSetUp from error
    except (stripe.InvalidRequestError, stripe.CardError, stripe.IdempotencyError) as error:
        reason = error.user_message or error.code or type(error).__name__
        raise StripeRefused(reason=reason, unknown=error.code == "resource_missing") from error
    except stripe.StripeError as error:
        raise StripeNotReached from error


@lru_cache(maxsize=2)
def _client(key: str, base: str) -> "StripeClient":
    import stripe

    stripe.enable_telemetry = False  # it tells how long our earlier requests took
    http = stripe.RequestsClient(timeout=SECONDS)
    if base:
        return stripe.StripeClient(key, http_client=http, max_network_retries=RETRIES, base_addresses={"api": base})
    return stripe.StripeClient(key, http_client=http, max_network_retries=RETRIES)

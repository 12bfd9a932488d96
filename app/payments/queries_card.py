"""Reads of card payments."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from app.kernel.database import fetch
from app.kernel.money import Money
from app.payments.enums_card import AttemptState, RefundState
from app.payments.queries import OVER, PaymentInfo, payment_info, waiting_event, waiting_events
from app.payments.tables import Payment, PaymentDocument
from app.payments.tables_card import CardAttempt, CardRefund

GOING_ON = [AttemptState.STARTED.value, AttemptState.OPEN.value]
#: Those that may still turn out to have been paid.
NOT_OVER = [*GOING_ON, AttemptState.CLOSING.value]
UNDER_WAY = [RefundState.STARTED.value, RefundState.PENDING.value]
#: Payments that came through Stripe are known by this and the id that Stripe has for them.
PROVIDER = "stripe"
#: So many events that wait are looked through at most, to find those of one edition.
MOST_WAITING = 1_000


async def attempt_going_on(document_id: int) -> dict[str, Any] | None:
    """The checkout of a document that is begun or open, if there is one."""
    chosen = (CardAttempt.document == document_id) & CardAttempt.state.is_in(GOING_ON)
    return await CardAttempt.select().where(chosen).first()


async def attempts_closing(document_id: int) -> list[dict[str, Any]]:
    """Checkouts of a document that Stripe is yet to end."""
    chosen = (CardAttempt.document == document_id) & (CardAttempt.state == AttemptState.CLOSING.value)
    return await CardAttempt.select().where(chosen).order_by(CardAttempt.id)


async def newest_attempt(document_id: int) -> dict[str, Any] | None:
    """The newest checkout of a document, if there was one."""
    return (
        await CardAttempt.select()
        .where(CardAttempt.document == document_id)
        .order_by(CardAttempt.id, ascending=False)
        .first()
    )


async def attempts_of(document_id: int) -> list[dict[str, Any]]:
    """All checkouts of a document, the newest first."""
    return (
        await CardAttempt.select().where(CardAttempt.document == document_id).order_by(CardAttempt.id, ascending=False)
    )


async def refunds_of(document_id: int) -> list[dict[str, Any]]:
    """Refunds to cards of a document's payments, the newest first, each with its ``money``."""
    rows = (
        await CardRefund.select()
        .where(CardRefund.payment.document == document_id)
        .order_by(CardRefund.id, ascending=False)
    )
    return [_with_money(row) for row in rows]


async def disputes_of(edition_id: int, document_id: int | None = None) -> list[dict[str, Any]]:
    """Claims of cardholders in an edition, or of one document, the newest first: with ``money``, ``document`` and its
    ``number``, and whether they were ``live``.
    """
    rows = await fetch(
        "SELECT c.id, c.dispute_id, a.live, c.amount_minor, c.currency, c.reason, c.state, c.answer_by, c.opened_at, "
        "d.id AS document, d.number, d.payer_name FROM card_dispute c JOIN payment p ON p.id = c.payment "
        "LEFT JOIN card_attempt a ON a.payment_intent = SUBSTR(p.provider_reference, 8) "
        "JOIN payment_document d ON d.id = p.document WHERE d.edition = {} AND (d.id = {} OR {} = 0) "
        "ORDER BY c.id DESC",
        edition_id,
        document_id or 0,
        document_id or 0,
    )
    return [_with_money(row) for row in rows]


async def payment_of_intent(payment_intent: str) -> dict[str, Any] | None:
    """The payment that Stripe knows under an id; None while it is not known."""
    chosen = Payment.provider_reference == f"{PROVIDER}:{payment_intent}"
    return await Payment.select().where(chosen & (Payment.amount_minor > 0)).first()


async def payments_of_intent(payment_intent: str) -> list[PaymentInfo]:
    """What came by one payment at Stripe: what its document took, and behind that what was too much."""
    names = [f"{PROVIDER}:{payment_intent}", f"{PROVIDER}:{payment_intent}{OVER}"]
    rows = await Payment.select().where(Payment.provider_reference.is_in(names)).order_by(Payment.id)
    return [payment_info(row) for row in rows]


async def mode_of_intent(payment_intent: str) -> bool | None:
    """Whether the checkout that was paid under an id of Stripe's was live; None where it stands in none here."""
    row = await CardAttempt.select(CardAttempt.live).where(CardAttempt.payment_intent == payment_intent).first()
    return None if row is None else bool(row["live"])


async def is_any_attempt_unsettled(begun_before: datetime) -> bool:
    """Whether a checkout that was begun before an instant may still turn out to have been paid.

    Stripe counts whole seconds by a clock of its own, hence the minute.
    """
    return await CardAttempt.exists().where(
        CardAttempt.state.is_in(NOT_OVER) & (CardAttempt.created_at <= begun_before + timedelta(minutes=1))
    )


async def told_back(payment_intent: str) -> int:
    """What of a payment at Stripe goes back to its card or went there, in minor units.

    What failed there counts as well: it was told, and may have gone back for a while. What Stripe refused does not.
    """
    rows = await fetch(
        "SELECT COALESCE(SUM(r.amount_minor), 0) AS total FROM card_refund r JOIN payment p ON p.id = r.payment "
        "WHERE p.provider_reference IN ({}, {}) AND (r.state <> {} OR r.refund_id IS NOT NULL)",
        f"{PROVIDER}:{payment_intent}",
        f"{PROVIDER}:{payment_intent}{OVER}",
        RefundState.FAILED.value,
    )
    return int(rows[0]["total"])


async def under_way(payment_id: int) -> int:
    """What of a payment is on its way back to its card, in minor units."""
    rows = await fetch(
        "SELECT COALESCE(SUM(amount_minor), 0) AS total FROM card_refund "
        "WHERE payment = {} AND state IN ('started', 'pending')",
        payment_id,
    )
    return int(rows[0]["total"])


async def attempts_to_look_up(
    now: datetime, before: datetime, limit: int, *, live: bool, usual: bool
) -> list[dict[str, Any]]:
    """Checkouts of a mode that are not over and were neither begun nor looked up since ``before``, whose time is over,
    or that nobody is to pay any more: their document is not open, less is due than they are over, another took their
    place, or their edition went over to the other mode (``usual`` is that of one where nobody chose).

    Each with its document's state, and whether it is ``unwanted`` and ``elsewhere``, in a mode that its edition is not
    in any more. The longest unseen first.
    """
    return await fetch(
        "SELECT * FROM (SELECT a.*, d.state AS document_state, COALESCE(t.live, {}) <> a.live AS elsewhere, "
        "a.state = 'closing' OR (a.state = 'open' AND (d.state <> 'open' OR COALESCE(t.live, {}) <> a.live "
        "OR a.amount_minor > d.amount_minor - d.credited_minor - d.paid_minor)) AS unwanted "
        "FROM card_attempt a JOIN payment_document d ON d.id = a.document "
        "LEFT JOIN payment_terms t ON t.edition = d.edition "
        "WHERE a.state IN ('started', 'open', 'closing') AND a.live = {}) AS one "
        "WHERE COALESCE(checked_at, created_at) < {} OR unwanted OR expires_at < {} "
        "ORDER BY COALESCE(checked_at, created_at) LIMIT {}",
        usual,
        usual,
        live,
        before,
        now,
        limit,
    )


async def refunds_to_look_up(before: datetime, limit: int, live: bool) -> list[dict[str, Any]]:
    """Refunds under way in a mode that were neither asked for nor looked up since ``before``."""
    seen = CardRefund.checked_at.is_null() & (CardRefund.created_at < before) | (CardRefund.checked_at < before)
    chosen = CardRefund.state.is_in(UNDER_WAY) & (CardRefund.live == live) & seen
    return await CardRefund.select().where(chosen).order_by(CardRefund.id).limit(limit)


async def attempts_without_fee(limit: int, live: bool) -> list[dict[str, Any]]:
    """Paid checkouts of a mode of which it is not known what Stripe kept, the newest first."""
    chosen = (CardAttempt.state == AttemptState.PAID.value) & CardAttempt.fee_minor.is_null()
    chosen = chosen & CardAttempt.payment_intent.is_not_null() & (CardAttempt.live == live)
    return await CardAttempt.select().where(chosen).order_by(CardAttempt.id, ascending=False).limit(limit)


async def inbox_of(edition_id: int) -> list[dict[str, Any]]:
    """Events that wait and are of an edition's documents, or of none that is known; those tried least often first.

    Each with ``document_id``, or None. Of more than ``MOST_WAITING`` the rest comes up as others are applied.
    """
    return await _of_edition(await waiting_events(MOST_WAITING), edition_id)


async def is_in_inbox(event_id: int, edition_id: int) -> bool:
    """Whether an event waits, and is of one of an edition's documents, or of none that is known."""
    event = await waiting_event(event_id)
    return event is not None and bool(await _of_edition([event], edition_id))


async def _of_edition(events: Sequence[dict[str, Any]], edition_id: int) -> list[dict[str, Any]]:
    told = [_told(json.loads(event["payload"])) for event in events]
    carried = [_carried(one) for one in told]
    references = [f"{PROVIDER}:{one.get('payment_intent')}" for one in told]
    payments = await Payment.select(Payment.provider_reference, Payment.document).where(
        Payment.provider_reference.is_in(references or [""])
    )
    paid = {row["provider_reference"]: int(row["document"]) for row in payments}
    meant = [number or paid.get(name) for number, name in zip(carried, references, strict=True)]
    rows = await PaymentDocument.select(PaymentDocument.id, PaymentDocument.edition).where(
        PaymentDocument.id.is_in([number for number in meant if number] or [0])
    )
    editions = {row["id"]: row["edition"] for row in rows}
    return [
        {**event, "document_id": number if number in editions else None}
        for event, number in zip(events, meant, strict=True)
        if editions.get(number or 0, edition_id) == edition_id
    ]


def _told(payload: Any) -> Mapping[str, Any]:
    """What a provider's event is about; empty for what has no such thing."""
    data = payload.get("data") if isinstance(payload, dict) else None
    told = data.get("object") if isinstance(data, dict) else None
    return told if isinstance(told, dict) else {}


def _carried(told: Mapping[str, Any]) -> int | None:
    """The document that is named with what an event is about."""
    metadata = told.get("metadata")
    return own_id(metadata.get("document_id")) if isinstance(metadata, dict) else None


def own_id(carried: object) -> int | None:
    """The id of ours that came back with what Stripe tells; None for what can be none."""
    text = str(carried)
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


def _with_money(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "money": Money(row["amount_minor"], row["currency"])}


async def editions_that_sell(*, live: bool, usual: bool) -> list[str]:
    """Short names of the festivals that are open and have an invoice over something, in the order of their days.

    Those whose cards are ``live``, or those that try them out; ``usual`` is what counts where nobody chose.
    """
    rows = await fetch(
        "SELECT e.slug FROM edition e LEFT JOIN payment_terms t ON t.edition = e.id "
        "WHERE COALESCE(t.live, {}) = {} AND e.state = 'open' AND EXISTS (SELECT 1 FROM payment_document d "
        "WHERE d.edition = e.id AND d.kind = 'invoice' AND d.amount_minor > 0) ORDER BY e.starts_on, e.id",
        usual,
        live,
    )
    return [row["slug"] for row in rows]

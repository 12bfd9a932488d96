"""Paying by card on Stripe's page: begun once, carried on after any fall, settled from what Stripe tells.

The attempt is committed with its idempotency key before Stripe is asked; what came back is stored in a second
transaction. Whoever falls between the two asks again with the same key, and Stripe gives the same session. Nothing in
the session leads to the payer's own page: Stripe and its logs never learn the secret of an order.
"""

import logging
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from app.events.queries import edition_by_id, hold_edition
from app.kernel.database import hold_row, is_unique_violation, write_transaction
from app.kernel.errors import AppError
from app.kernel.i18n import _, use_locale
from app.kernel.money import Money
from app.kernel.security import new_token
from app.kernel.settings import settings
from app.payments.currencies import from_stripe, to_stripe
from app.payments.enums import DocumentState, PaymentMethod
from app.payments.enums_card import AttemptState
from app.payments.errors import AlreadyPaid, AmountDiffers, DocumentNotFound, DocumentNotOpen
from app.payments.errors_card import (
    AmountNotByCard,
    CardPaymentRefused,
    CardsNotSetUp,
    ModeDiffers,
    StripeNotReached,
    StripeRefused,
)
from app.payments.queries import DocumentInfo, document_by_id, next_due
from app.payments.queries_card import NOT_OVER, PROVIDER, attempt_going_on, attempts_closing, own_id
from app.payments.services.inbox import IGNORED
from app.payments.services.modes import mode_of, stay_live
from app.payments.services.recording import record_payment
from app.payments.services.stripe_client import (
    at_stripe,
    cards_on,
    cards_take,
    create_session,
    expire_session,
    retrieve_session,
)
from app.payments.tables_card import CardAttempt
from app.payments.why import NOT_COME, kept

if TYPE_CHECKING:
    from stripe.params.checkout import SessionCreateParams

#: Stripe takes 30 minutes at least, counted from when it is asked; for so long a fall can be made good.
LASTS = timedelta(minutes=60)
#: A checkout that ends within this time is not handed out any more.
TOO_SHORT = timedelta(minutes=2)
RETURN_PATH, CANCEL_PATH = "/pay/card/done", "/pay/card/back"

log = logging.getLogger("fairground.stripe")


async def start_checkout(*, document_id: int, locale: str, now: datetime) -> str:
    """The address of the page at Stripe where a document is paid; asked again while it is open, the same one.

    One that is due in parts is paid part by part. ``locale`` is the language of that page. Raises CardsNotSetUp,
    DocumentNotFound, AlreadyPaid, DocumentNotOpen, AmountNotByCard, CardPaymentRefused, StripeNotReached (ask again:
    nothing is lost).
    """
    if not cards_on(await mode_of((await document_by_id(document_id)).edition_id)):
        raise CardsNotSetUp
    try:
        url = await _address(document_id, locale, now)
    except StripeRefused as error:
        raise CardPaymentRefused from error
    if url is None:
        raise StripeNotReached
    return url


async def ask_for_session(attempt: Mapping[str, Any], now: datetime) -> str | None:
    """Ask Stripe for the session of an attempt, under its key, and keep it; gives its address.

    None when the attempt was ended meanwhile: its session is ended, too, and nobody is to be led to it. Raises
    StripeRefused, which ends the attempt; StripeNotReached and CardsNotSetUp, after which it can be asked again.
    """
    params = await _params(attempt, await document_by_id(attempt["document"]))
    try:
        session = await create_session(params, key=attempt["idempotency_key"], live=bool(attempt["live"]))
    except StripeRefused as error:
        await end_checkout(attempt["id"], AttemptState.FAILED, kept(error, 300), now)
        raise
    if not await _keep_session(attempt["id"], session, now):
        return None
    return str(session["url"] or f"{settings().base_url}{RETURN_PATH}")  # none any more: it was paid meanwhile


async def look_up(attempt: Mapping[str, Any], now: datetime) -> str:
    """Ask Stripe how an open checkout stands, and do what its webhook would have done; names what that was.

    Raises StripeNotReached, StripeRefused, CardsNotSetUp, and what :func:`apply_session` raises.
    """
    session = await retrieve_session(attempt["session_id"], bool(attempt["live"]))
    async with write_transaction():
        done = await apply_session(session, now)
        await CardAttempt.update({CardAttempt.checked_at: now}).where(CardAttempt.id == attempt["id"])
    return done


async def close_checkout(attempt: Mapping[str, Any], now: datetime) -> str:
    """End an open checkout at Stripe, whose document is not to be paid any more; if it was paid, that counts.

    Raises as :func:`look_up`.
    """
    with suppress(StripeRefused):  # it is over already, one way or the other
        await expire_session(attempt["session_id"], bool(attempt["live"]))
    return await look_up(attempt, now)


async def apply_session(session: Mapping[str, Any], now: datetime, *, failed: bool = False) -> str:
    """Do what a session's state calls for, in the caller's transaction, in whatever order it is told; names what.

    ``failed``: Stripe told that money which was to come later does not come. A session of another installation, or of
    nothing of ours, is ignored. Raises DocumentNotFound, ModeDiffers, AmountDiffers, AmountNotWhole, and what
    record_payment raises.
    """
    attempt = await _attempt_of(session)
    told = session.get("metadata") or {}
    if attempt is None and ("document_id" not in told or told.get("site", settings().base_url) != settings().base_url):
        return IGNORED
    if attempt is not None:  # before the document: who comes second finds the payment of the first
        await hold_edition((await document_by_id(attempt["document"])).edition_id)
        await hold_row("card_attempt", attempt["id"], alone=True)
    if session.get("payment_status") == "paid":
        named = attempt["document"] if attempt else own_id(told["document_id"])
        if named is None:
            raise DocumentNotFound
        document = await document_by_id(named)
        live = bool(attempt["live"]) if attempt else await mode_of(document.edition_id)
        if bool(session.get("livemode")) != live:
            raise ModeDiffers(number=document.number)
        return await _paid(session, attempt, document, now)
    if attempt is None:
        return IGNORED
    if failed:
        await end_checkout(attempt["id"], AttemptState.FAILED, NOT_COME, now)
    elif session.get("status") == "expired":
        await end_checkout(attempt["id"], AttemptState.EXPIRED, "", now)
    else:
        return "waits"
    return "closed"


async def _address(document_id: int, locale: str, now: datetime) -> str | None:
    attempt, is_new = await _begin(document_id, locale, now)
    if await _close_former(document_id, now):
        attempt, _known = await _begin(document_id, locale, now)  # it may turn out that the former one was paid
    if attempt["state"] == AttemptState.OPEN.value:
        return str(attempt["url"])
    url = None
    try:
        url = await ask_for_session(attempt, now)
    except StripeRefused:
        if is_new:
            raise
    if url is None:  # what was begun earlier could not be carried on, or another took its place while Stripe was asked
        await _close_former(document_id, now)
        attempt, is_new = await _begin(document_id, locale, now)
        url = str(attempt["url"]) or await ask_for_session(attempt, now)
    return url


async def _begin(document_id: int, locale: str, now: datetime) -> tuple[dict[str, Any], bool]:
    """The attempt that goes on, or a new one, and whether it is new."""
    try:
        async with write_transaction():
            document = await document_by_id(document_id)
            if document.state == DocumentState.PAID:
                raise AlreadyPaid(number=document.number)
            if document.state != DocumentState.OPEN:
                raise DocumentNotOpen(number=document.number)
            known = await attempt_going_on(document_id)
            asked = await next_due(document)
            live = await mode_of(document.edition_id)
            if not cards_take(asked, live):
                raise AmountNotByCard(amount=asked)
            due = (asked.amount_minor, asked.currency, live)
            lasts = known is not None and known["expires_at"] > now + TOO_SHORT
            if known and lasts and (known["amount_minor"], known["currency"], bool(known["live"])) == due:
                return known, False
            if known:
                over = AttemptState.CLOSING if known["session_id"] else AttemptState.EXPIRED  # nobody was led to it
                await end_checkout(known["id"], over, "", now)
            row = CardAttempt(
                document=document_id,
                amount_minor=asked.amount_minor,
                currency=asked.currency,
                locale=locale,
                live=live,
                idempotency_key=f"checkout-{new_token()}",
                state=AttemptState.STARTED.value,
                created_at=now,
                expires_at=now + LASTS,
            )
            await row.save()
            if live:
                await stay_live(document.edition_id)
            return row.to_dict(), True
    except Exception as error:
        known = await attempt_going_on(document_id) if is_unique_violation(error) else None
        if known is None:
            raise
        return known, False  # somebody else began at the same moment


async def _close_former(document_id: int, now: datetime) -> bool:
    """End at Stripe what a document's new checkout took the place of; whether there was any.

    What hinders keeps nobody from paying: the job that looks after checkouts tries it again.
    """
    former = await attempts_closing(document_id)
    for attempt in former:
        try:
            await close_checkout(attempt, now)
        except AppError as error:
            log.warning("a former checkout could not be ended: %s", error.code)
    return bool(former)


async def _params(attempt: Mapping[str, Any], document: DocumentInfo) -> "SessionCreateParams":
    """What Stripe is asked with: made from what was committed alone, so that the same key comes with the same again."""
    edition = await edition_by_id(document.edition_id)
    base = settings().base_url
    metadata = {"document_id": str(document.id), "attempt_id": str(attempt["id"]), "site": base}
    with use_locale(attempt["locale"]):
        name = _("{edition}: invoice {number}").format(edition=edition.title, number=document.number)
    return {
        "mode": "payment",
        "allowed_payment_method_types": ["card"],
        "adaptive_pricing": {"enabled": False},  # what comes shall be what was asked for, in its currency
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": attempt["currency"].lower(),
                    "unit_amount": to_stripe(Money(attempt["amount_minor"], attempt["currency"])),
                    "product_data": {"name": name},
                },
            }
        ],
        "metadata": metadata,
        "payment_intent_data": {"metadata": metadata, "description": document.number},
        "client_reference_id": document.number,
        "locale": attempt["locale"],
        "expires_at": at_stripe(attempt["expires_at"]),
        "success_url": f"{base}{RETURN_PATH}",
        "cancel_url": f"{base}{CANCEL_PATH}",
    }


async def _keep_session(attempt_id: int, session: Mapping[str, Any], now: datetime) -> bool:
    """Keep what Stripe answered; whether it may be paid. An event may have told the rest meanwhile: that stays.

    Whoever ended the attempt meanwhile knew of no session: it is kept as one that Stripe is yet to end.
    """
    values: dict[Any, Any] = {
        CardAttempt.session_id: session["id"],
        CardAttempt.url: session["url"] or "",
        CardAttempt.state: AttemptState.OPEN.value,
        CardAttempt.checked_at: now,
    }
    async with write_transaction():
        await CardAttempt.update(values).where(
            (CardAttempt.id == attempt_id) & (CardAttempt.state == AttemptState.STARTED.value)
        )
        to_end: dict[Any, Any] = {
            CardAttempt.session_id: session["id"],
            CardAttempt.state: AttemptState.CLOSING.value,
            CardAttempt.checked_at: now,
        }
        await CardAttempt.update(to_end).where(
            (CardAttempt.id == attempt_id)
            & CardAttempt.session_id.is_null()
            & CardAttempt.state.is_in([AttemptState.EXPIRED.value, AttemptState.FAILED.value])
        )
        stands = [AttemptState.OPEN.value, AttemptState.PAID.value]
        return await CardAttempt.exists().where((CardAttempt.id == attempt_id) & CardAttempt.state.is_in(stands))


async def _attempt_of(session: Mapping[str, Any]) -> dict[str, Any] | None:
    """The attempt that a session is of: by its id, or by what it carries while the id is not known here."""
    found = await CardAttempt.select().where(CardAttempt.session_id == session["id"]).first()
    told = session.get("metadata") or {}
    mine = own_id(told.get("attempt_id"))
    if found is None and told.get("site") == settings().base_url and mine is not None:
        chosen = (CardAttempt.id == mine) & CardAttempt.session_id.is_null()
        found = await CardAttempt.select().where(chosen).first()
    return found


async def _paid(
    session: Mapping[str, Any], attempt: Mapping[str, Any] | None, document: DocumentInfo, now: datetime
) -> str:
    amount = from_stripe(session["amount_total"], str(session["currency"]))
    due = Money(attempt["amount_minor"], attempt["currency"]) if attempt else document.due
    if amount != due:
        raise AmountDiffers(number=document.number, due=due, given=amount)
    intent = session.get("payment_intent")
    recorded = await record_payment(
        document_id=document.id,
        method=PaymentMethod.CARD,
        amount=amount,
        actor=None,
        provider_reference=f"{PROVIDER}:{intent or session['id']}",
        now=now,
    )
    if attempt:
        values: dict[Any, Any] = {
            CardAttempt.state: AttemptState.PAID.value,
            CardAttempt.session_id: session["id"],
            CardAttempt.payment_intent: intent,
            CardAttempt.url: "",
            CardAttempt.error: "",
        }
        await CardAttempt.update(values).where(CardAttempt.id == attempt["id"])
    return recorded.outcome.value


async def end_checkout(attempt_id: int, state: AttemptState, error: str, now: datetime) -> None:
    """End an attempt that is not over; one that was paid stays so."""
    values: dict[Any, Any] = {
        CardAttempt.state: state.value,
        CardAttempt.error: error[:300],
        CardAttempt.url: "",
        CardAttempt.checked_at: now,
    }
    async with write_transaction():
        await CardAttempt.update(values).where((CardAttempt.id == attempt_id) & CardAttempt.state.is_in(NOT_OVER))

"""What Stripe is asked about now and then, so that a webhook that was lost, or a fall of ours, heals by itself."""

import logging
from collections.abc import Awaitable, Mapping
from datetime import datetime, timedelta
from typing import Any

from app.kernel.database import fetch, write_transaction
from app.payments.currencies import fee_from_stripe
from app.payments.enums import DocumentState
from app.payments.enums_card import AttemptState
from app.payments.errors_card import CardsNotSetUp, StripeNotReached, StripeRefused
from app.payments.queries_card import PROVIDER, attempts_to_look_up, attempts_without_fee, refunds_to_look_up
from app.payments.services.card_checkout import ask_for_session, close_checkout, end_checkout, look_up
from app.payments.services.card_fees import give_up_fee, note_fee
from app.payments.services.card_refunds import carry_on
from app.payments.services.payouts import book_told_payouts
from app.payments.services.stripe_client import cards_on, events_since, fee_of, usual_mode
from app.payments.services.stripe_events import keep_event
from app.payments.tables_card import CardAttempt, EventReading
from app.payments.why import kept

#: A checkout whose webhook has had this long is looked up, then as often again.
OVERDUE = timedelta(minutes=5)
#: So long after its end a checkout that Stripe does not know is given up: it was begun in another account.
GIVEN_UP = timedelta(days=1)
#: Events are read this far back behind the last reading: Stripe lists them some seconds after they happened.
OVERLAP = timedelta(minutes=10)
#: How far back the first reading goes.
FIRST = timedelta(days=1)
AT_ONCE = 50
EVENTS_EVERY = timedelta(minutes=10)
ADOPTED = timedelta(days=7)

log = logging.getLogger("fairground.stripe")


async def look_after_cards(now: datetime) -> dict[str, int]:
    """Look up what is overdue at Stripe, fetch lost events, learn fees, enter payouts; gives how many of each.

    One that fails is written down beside itself and keeps nobody else waiting. Each mode that has a key is asked, and
    left for the next run when Stripe does not answer in it; nothing is done where nobody pays by card.
    """
    done = {"checkouts": 0, "refunds": 0, "events": 0, "fees": 0, "payouts": 0}
    modes = [live for live in (True, False) if cards_on(live)]
    if True in modes:
        await _adopt_live_checkouts(now)
    for live in modes:
        try:
            await _look_after_mode(live, done, now)
        except (StripeNotReached, CardsNotSetUp) as error:
            log.warning("Stripe is asked again later: %s", error.code)
    if len(modes) == 1:
        await _give_up_mode(not modes[0], now)
    return done


async def _adopt_live_checkouts(now: datetime) -> None:
    """What an earlier version began while the database was brought up to date is live, as its session says."""
    async with write_transaction():
        await fetch(
            "UPDATE card_attempt SET live = TRUE WHERE live IS FALSE AND session_id LIKE 'cs_live_%' "
            "AND created_at > {} RETURNING id",
            now - ADOPTED,
        )


async def _look_after_mode(live: bool, done: dict[str, int], now: datetime) -> None:
    for attempt in await attempts_to_look_up(now, now - OVERDUE, AT_ONCE, live=live, usual=usual_mode()):
        done["checkouts"] += await _tried(_see_to(attempt, now), attempt["id"], now)
    for refund in await refunds_to_look_up(now - OVERDUE, AT_ONCE, live):
        done["refunds"] += await _tried(carry_on(refund, now), None, now)
    done["events"] += await _fetch_events(now, live)
    for attempt in await attempts_without_fee(AT_ONCE, live):
        done["fees"] += await _tried(_learn_fee(attempt, now), attempt["id"], now)
    done["payouts"] += await book_told_payouts(now, live)


async def _give_up_mode(live: bool, now: datetime) -> None:
    """End the checkouts of a mode whose key was taken away, once nobody can have paid them for a day."""
    for attempt in await attempts_to_look_up(now, now - OVERDUE, AT_ONCE, live=live, usual=usual_mode()):
        if attempt["expires_at"] + GIVEN_UP <= now:
            await end_checkout(attempt["id"], AttemptState.EXPIRED, "", now)


async def _see_to(attempt: Mapping[str, Any], now: datetime) -> None:
    """Carry on, look up or close one checkout; one that Stripe has not known for a day after its end is over.

    Should it turn out to have been paid after all, an event of it still counts.
    """
    try:
        await _look_after(attempt, now)
    except StripeRefused as error:
        if not error.params.get("unknown") or attempt["expires_at"] + GIVEN_UP > now:
            raise
        await end_checkout(attempt["id"], AttemptState.EXPIRED, kept(error, 300), now)


async def _look_after(attempt: Mapping[str, Any], now: datetime) -> None:
    if attempt["state"] == AttemptState.STARTED.value:
        is_wanted = attempt["document_state"] == DocumentState.OPEN.value and not attempt["elsewhere"]
        if attempt["expires_at"] > now and is_wanted:
            await ask_for_session(attempt, now)
        else:  # nobody was ever given its address, so that nobody can have paid
            await end_checkout(attempt["id"], AttemptState.EXPIRED, "", now)
    elif attempt["unwanted"] or attempt["expires_at"] <= now:
        await close_checkout(attempt, now)
    else:
        await look_up(attempt, now)


async def _fetch_events(now: datetime, live: bool) -> int:
    """Put a mode's events into the inbox whose webhook was lost; gives how many.

    The reading counts once all of it is kept.
    """
    name = f"{PROVIDER}_{'live' if live else 'test'}"
    row = await EventReading.select().where(EventReading.provider == name).first()
    if row is not None and row["read_until"] > now - EVENTS_EVERY:
        return 0
    since = row["read_until"] - OVERLAP if row else now - FIRST
    lost = 0
    for event in await events_since(since, live):
        lost += await keep_event(event, now)
    async with write_transaction():
        reading = EventReading(provider=name, read_until=now)
        await EventReading.insert(reading).on_conflict(
            target=EventReading.provider, action="DO UPDATE", values=[EventReading.read_until]
        )
    return lost


async def _learn_fee(attempt: Mapping[str, Any], now: datetime) -> None:
    """Note what Stripe kept of a payment, once it is known; given up for what it has not known for a day."""
    try:
        found = await fee_of(attempt["payment_intent"], bool(attempt["live"]))
    except StripeRefused as error:
        if not error.params.get("unknown") or attempt["expires_at"] + GIVEN_UP > now:
            raise
        await give_up_fee(attempt)
        return
    if found is not None:
        await note_fee(attempt, fee_from_stripe(*found), now)


async def _tried(work: Awaitable[object], attempt_id: int | None, now: datetime) -> bool:
    """Whether it succeeded; what hinders is written down, and it is tried again later. Stripe's silence is raised."""
    try:
        await work
    except (StripeNotReached, CardsNotSetUp):
        raise
    except Exception as error:  # whatever a seller raises: others shall not wait for her
        log.warning("a card payment needs somebody: %s", type(error).__name__)
        if attempt_id is not None:
            values: dict[Any, Any] = {CardAttempt.error: kept(error, 300), CardAttempt.checked_at: now}
            await CardAttempt.update(values).where(CardAttempt.id == attempt_id)
        return False
    return True

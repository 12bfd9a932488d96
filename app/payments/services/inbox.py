"""The inbox of payment events: stored once and answered, applied once later.

A provider calls us as often as it likes. The first transaction keeps the event under its unique key and queues a job;
the second claims it, applies its effect and stamps it, all together. When the effect fails, nothing of it is kept and
the event goes on waiting, with the reason beside it. A job that is done with its own event goes on with others that
wait for theirs, since a job is dearer than what most events do.
"""

import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from app.kernel import jobs
from app.kernel.database import dialect, fetch, write_transaction
from app.payments.queries import waiting_events
from app.payments.tables import PaymentEvent
from app.payments.why import kept

IGNORED = "ignored"
JOB = "payments.apply_event"
log = logging.getLogger("fairground.payments")
#: Tries are counted so far: what fails every five minutes gets there in a month, and the column holds two bytes.
MOST_TRIES = 30_000
#: So long an event has waited that is queued again.
STALE = timedelta(minutes=5)
Effect = Callable[[Mapping[str, Any], datetime], Awaitable[str]]
_effects: dict[tuple[str, str], Effect] = {}


def register_effect(provider: str, kind: str, effect: Effect) -> None:
    """Say what events of a kind do.

    ``effect(payload, now)`` runs inside the transaction that stamps the event, and names what it did. Kinds without
    an effect are kept and stamped as ignored. Raises ValueError when the kind has another effect.
    """
    if _effects.setdefault((provider, kind), effect) != effect:
        raise ValueError(f"{provider} events of kind {kind} have another effect already")


async def store_event(*, provider: str, event_id: str, kind: str, payload: Mapping[str, Any], now: datetime) -> bool:
    """Keep an event and queue its application; False when it was known already."""
    async with write_transaction():
        made = (
            await PaymentEvent.insert(
                PaymentEvent(
                    provider=provider,
                    event_id=event_id[:120],
                    kind=kind[:80],
                    payload=json.dumps(payload, ensure_ascii=False),
                    received_at=now,
                )
            )
            .on_conflict(action="DO NOTHING")
            .returning(PaymentEvent.id)
        )
        if not made:
            return False
        await queue_event(made[0]["id"], now)
    return True


async def queue_event(row_id: int, now: datetime) -> None:
    """Let a job apply a stored event; one that waits for its turn is not queued twice."""
    await jobs.enqueue(JOB, {"event": row_id}, unique_key=_key_of(row_id), now=now)


async def apply_event(row_id: int, now: datetime) -> str | None:
    """Apply a stored event and stamp it; None when it was applied before. What its effect raises is kept and raised."""
    try:
        async with write_transaction():
            claimed = await _claim(row_id, now)
            return None if claimed is None else await _apply(claimed, now)
    except Exception as error:
        await _note_failure(row_id, error)
        raise


async def apply_next(now: datetime) -> bool:
    """Apply the oldest event that nobody has tried, in the place of its own job; false when there is none.

    What its effect raises is kept: its own job tries it again.
    """
    claimed: dict[str, Any] | None = None
    try:
        async with write_transaction():
            claimed = await _claim_next(now)
            if claimed is None:
                return False
            await jobs.end_early(_key_of(claimed["id"]), now=now)
            await _apply(claimed, now)
    except Exception as error:
        if claimed is None:
            raise
        log.info("event %s waits: %s", claimed["id"], type(error).__name__)
        await _note_failure(claimed["id"], error)
    return True


def _key_of(row_id: int) -> str:
    """The unique key of an event's job."""
    return f"payment-event-{row_id}"


async def _apply(claimed: Mapping[str, Any], now: datetime) -> str:
    """The effect of a claimed event, in the transaction that claimed it."""
    effect = _effects.get((claimed["provider"], claimed["kind"]))
    done = IGNORED if effect is None else await effect(json.loads(claimed["payload"]), now)
    await PaymentEvent.update({PaymentEvent.effect: done[:40], PaymentEvent.error: ""}).where(
        PaymentEvent.id == claimed["id"]
    )
    return done


async def _note_failure(row_id: int, error: Exception) -> None:
    await fetch(
        "UPDATE payment_event SET tries = CASE WHEN tries < {} THEN tries + 1 ELSE tries END, error = {} WHERE id = {}",
        MOST_TRIES,
        kept(error, 400),
        row_id,
    )


async def _claim(row_id: int, now: datetime) -> dict[str, Any] | None:
    """Stamp an event that nobody has stamped and give it; the stamp goes again when the transaction fails."""
    rows = (
        await PaymentEvent.update({PaymentEvent.handled_at: now})
        .where((PaymentEvent.id == row_id) & PaymentEvent.handled_at.is_null())
        .returning(PaymentEvent.id, PaymentEvent.provider, PaymentEvent.kind, PaymentEvent.payload)
    )
    return rows[0] if rows else None


async def _claim_next(now: datetime) -> dict[str, Any] | None:
    """As :func:`_claim`, the oldest that was not tried and that nobody else is about to stamp."""
    skip = " FOR UPDATE SKIP LOCKED" if dialect() == "postgres" else ""
    rows = await fetch(
        "UPDATE payment_event SET handled_at = {} WHERE id = (SELECT id FROM payment_event WHERE handled_at IS NULL "
        f"AND tries = 0 ORDER BY id LIMIT 1{skip}) AND handled_at IS NULL RETURNING id, provider, kind, payload",
        now,
    )
    return rows[0] if rows else None


async def requeue_waiting(now: datetime) -> int:
    """Queue events again that have been waiting for a while, some at once; gives how many.

    Those that were tried least often come first: however many fail, what could be applied has its turn.
    """
    late = await waiting_events(received_until=now - STALE)
    for event in late:
        await queue_event(event["id"], now)
    return len(late)

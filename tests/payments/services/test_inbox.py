"""Events are kept once, applied once, and wait while their effect fails."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.kernel.tables import Job
from app.payments.queries import waiting_events
from app.payments.services import inbox
from app.payments.services.inbox import apply_event, register_effect, requeue_waiting, store_event
from app.payments.tables import PaymentEvent
from tests.conftest import NOW
from tests.support.race import meet_after, race, unguarded, winners


class Effect:
    """An effect that counts, and fails when told to."""

    def __init__(self) -> None:
        self.seen: list[Mapping[str, Any]] = []
        self.fails = False

    async def apply(self, payload: Mapping[str, Any], now: datetime) -> str:
        """Count."""
        if self.fails:
            raise RuntimeError("not now")
        self.seen.append(payload)
        return "done"


@pytest.fixture
def effect(monkeypatch: pytest.MonkeyPatch) -> Effect:
    """The effect of ``test`` events of kind ``paid``."""
    made = Effect()
    monkeypatch.setattr(inbox, "_effects", {("test", "paid"): made.apply})
    return made


async def store(event_id: str = "evt_1", kind: str = "paid") -> bool:
    """Keep an event."""
    return await store_event(provider="test", event_id=event_id, kind=kind, payload={"sum": 5, "tên": "Hoa"}, now=NOW)


async def only_event() -> dict[str, Any]:
    """The one event there is."""
    (row,) = await PaymentEvent.select()
    return row


@pytest.mark.engines
async def test_an_event_is_kept_once_and_applied_once(database: str, effect: Effect) -> None:
    assert await store()
    assert not await store()
    row = await only_event()
    (job,) = await Job.select().where(Job.kind == inbox.JOB)
    assert json.loads(job["payload"]) == {"event": row["id"]}
    assert await apply_event(row["id"], NOW) == "done"
    assert await apply_event(row["id"], NOW) is None
    assert effect.seen == [{"sum": 5, "tên": "Hoa"}]
    row = await only_event()
    assert (row["handled_at"], row["effect"], row["error"]) == (NOW, "done", "")


@pytest.mark.engines
async def test_a_failing_effect_leaves_the_event_waiting_with_its_reason(database: str, effect: Effect) -> None:
    await store()
    row = await only_event()
    effect.fails = True
    with pytest.raises(RuntimeError):
        await apply_event(row["id"], NOW)
    (waiting,) = await waiting_events()
    assert (waiting["handled_at"], waiting["tries"], waiting["error"]) == (None, 1, "RuntimeError: not now")
    effect.fails = False
    assert await apply_event(row["id"], NOW) == "done"
    assert await waiting_events() == []


async def test_an_unknown_kind_is_kept_without_effect(database: str, effect: Effect) -> None:
    await store(kind="customer.created")
    row = await only_event()
    assert await apply_event(row["id"], NOW) == "ignored"
    assert (await only_event())["effect"] == "ignored"
    assert effect.seen == []


async def test_events_whose_job_was_lost_are_queued_again(database: str, effect: Effect) -> None:
    await store()
    assert await requeue_waiting(NOW) == 0
    assert await requeue_waiting(NOW + timedelta(minutes=6)) == 1


def test_a_kind_has_one_effect(effect: Effect) -> None:
    register_effect("test", "paid", effect.apply)
    with pytest.raises(ValueError, match="another effect"):
        register_effect("test", "paid", Effect().apply)


@pytest.mark.race
async def test_an_event_delivered_many_times_at_once_is_kept_once(database: str, effect: Effect) -> None:
    results = await race(20, lambda _number: store())
    assert sorted(winners(results)) == [False] * 19 + [True]


@pytest.mark.race
async def test_an_event_that_many_workers_take_is_applied_once(database: str, effect: Effect) -> None:
    await store()
    row = await only_event()
    results = await race(20, lambda _number: apply_event(row["id"], NOW))
    assert winners(results).count("done") == 1
    assert len(effect.seen) == 1


@pytest.mark.race
async def test_without_the_claim_it_is_applied_twice(
    database: str, effect: Effect, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store()
    row = await only_event()
    unguarded(monkeypatch, inbox)

    async def look(row_id: int, now: datetime) -> dict[str, Any] | None:
        return (
            await PaymentEvent.select().where((PaymentEvent.id == row_id) & PaymentEvent.handled_at.is_null()).first()
        )

    monkeypatch.setattr(inbox, "_claim", look)
    meet_after(monkeypatch, inbox, "_claim", parties=2)
    await race(2, lambda _number: apply_event(row["id"], NOW))
    assert len(effect.seen) == 2

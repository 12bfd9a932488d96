"""Events are kept once, applied once, and wait while their effect fails."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.kernel.jobs import enqueue
from app.kernel.tables import Job
from app.payments.queries import waiting_events
from app.payments.services import inbox
from app.payments.services.inbox import apply_event, register_effect, requeue_waiting, store_event
from app.payments.tables import PaymentEvent
from tests.conftest import NOW
from tests.support.race import ask_first, drop_index, race, unguarded, winners

WRITTEN = "written-by-the-effect"


class Effect:
    """An effect that counts and writes a row, and fails after that when told to."""

    def __init__(self) -> None:
        self.seen: list[Mapping[str, Any]] = []
        self.fails = False

    async def apply(self, payload: Mapping[str, Any], now: datetime) -> str:
        """Count and write."""
        await enqueue(WRITTEN, now=now)
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


async def fail_after_writing(effect: Effect) -> int:
    """Apply an event whose effect writes a row and then fails; gives how many rows are left of that."""
    await store()
    effect.fails = True
    with pytest.raises(RuntimeError):
        await apply_event((await only_event())["id"], NOW)
    return await Job.count().where(Job.kind == WRITTEN)


@pytest.mark.engines
async def test_a_failing_effect_leaves_nothing_but_the_event_that_waits(database: str, effect: Effect) -> None:
    assert await fail_after_writing(effect) == 0
    (waiting,) = await waiting_events()
    assert (waiting["handled_at"], waiting["tries"], waiting["error"]) == (None, 1, "RuntimeError: not now")
    effect.fails = False
    assert await apply_event(waiting["id"], NOW) == "done"
    assert await Job.count().where(Job.kind == WRITTEN) == 1
    assert await waiting_events() == []


@pytest.mark.engines
async def test_outside_of_the_claiming_transaction_half_an_effect_stays_and_the_event_is_lost(
    database: str, effect: Effect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control."""
    unguarded(monkeypatch, inbox)
    assert await fail_after_writing(effect) == 1
    assert await waiting_events() == []
    effect.fails = False
    assert await apply_event((await only_event())["id"], NOW) is None
    assert effect.seen == []


async def test_an_unknown_kind_is_kept_without_effect(database: str, effect: Effect) -> None:
    await store(kind="customer.created")
    row = await only_event()
    assert await apply_event(row["id"], NOW) == "ignored"
    assert (await only_event())["effect"] == "ignored"
    assert effect.seen == []


@pytest.mark.engines
async def test_one_whose_job_was_lost_has_its_turn_however_many_fail(database: str, effect: Effect) -> None:
    later = NOW + timedelta(minutes=6)
    effect.fails = True
    for number in range(100):
        await store(f"evt_stuck_{number}")
    for event in await waiting_events():
        with pytest.raises(RuntimeError):
            await apply_event(event["id"], NOW)
    await store("evt_lost")
    (lost,) = await PaymentEvent.select(PaymentEvent.id).where(PaymentEvent.event_id == "evt_lost")
    await Job.update({Job.state: "done"}).where(Job.kind == inbox.JOB)
    assert await requeue_waiting(later) == 100
    queued = await Job.select(Job.payload).where((Job.kind == inbox.JOB) & (Job.state == "queued"))
    assert lost["id"] in {json.loads(job["payload"])["event"] for job in queued}
    assert (await waiting_events())[0]["id"] == lost["id"]
    effect.fails = False
    assert await apply_event(lost["id"], later) == "done"


@pytest.mark.engines
async def test_tries_are_counted_as_far_as_their_column_holds_them(database: str, effect: Effect) -> None:
    await store()
    effect.fails = True
    await PaymentEvent.update({PaymentEvent.tries: inbox.MOST_TRIES - 1}, force=True)
    for _try in range(3):
        with pytest.raises(RuntimeError, match="not now"):
            await apply_event((await only_event())["id"], NOW)
    assert (await only_event())["tries"] == inbox.MOST_TRIES


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
    assert await PaymentEvent.count() == 1


@pytest.mark.race
async def test_without_its_index_an_event_is_kept_as_often_as_it_comes(database: str, effect: Effect) -> None:
    """The negative control."""
    await drop_index("payment_event_is_one")
    assert winners(await race(2, lambda _number: store())) == [True, True]
    assert await PaymentEvent.count() == 2


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
    ask_first(monkeypatch, PaymentEvent, parties=2)
    assert winners(await race(2, lambda _number: apply_event(row["id"], NOW))) == ["done", "done"]
    assert len(effect.seen) == 2

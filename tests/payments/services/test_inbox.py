"""Events are kept once, applied once, and wait while their effect fails."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.kernel.jobs import JobContext, claim, enqueue
from app.kernel.tables import Job
from app.payments import tasks
from app.payments.queries import waiting_events
from app.payments.services import inbox
from app.payments.services.inbox import apply_event, apply_next, register_effect, requeue_waiting, store_event
from app.payments.tables import PaymentEvent
from tests.conftest import NOW
from tests.support.race import ask_first, drop_index, meet_after, race, unguarded, winners

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


async def states_of_jobs() -> dict[int, str]:
    """Where the job of each event stands."""
    rows = await Job.select(Job.payload, Job.state).where(Job.kind == inbox.JOB)
    return {json.loads(row["payload"])["event"]: row["state"] for row in rows}


@pytest.mark.engines
async def test_who_is_done_with_an_event_goes_on_with_those_that_wait(database: str, effect: Effect) -> None:
    for number in range(3):
        await store(f"evt_{number}")
    first, second, third = [row["id"] for row in await waiting_events()]
    assert await apply_event(second, NOW) == "done"
    assert await apply_next(NOW)
    assert [row["id"] for row in await waiting_events()] == [third]
    assert await states_of_jobs() == {first: "done", second: "queued", third: "queued"}
    assert await apply_next(NOW)
    assert not await apply_next(NOW)
    assert len(effect.seen) == 3


@pytest.mark.engines
async def test_what_fails_on_the_way_is_left_to_its_own_job(database: str, effect: Effect) -> None:
    await store()
    (waiting,) = await waiting_events()
    effect.fails = True
    assert await apply_next(NOW)
    (waiting,) = await waiting_events()
    assert (waiting["handled_at"], waiting["tries"], waiting["error"]) == (None, 1, "RuntimeError: not now")
    assert await states_of_jobs() == {waiting["id"]: "queued"}
    assert await Job.count().where(Job.kind == WRITTEN) == 0
    effect.fails = False
    assert not await apply_next(NOW)
    assert await apply_event(waiting["id"], NOW) == "done"


async def test_a_job_applies_its_own_event_and_then_others(
    database: str, effect: Effect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "OTHERS_AT_ONCE", 2)
    for number in range(5):
        await store(f"evt_{number}")
    ids = [row["id"] for row in await waiting_events()]
    job = await claim("a worker", datetime.now(UTC) + timedelta(days=3_650))
    assert job is not None
    assert await tasks.apply_event_job(JobContext(job, "a worker")) == {"effect": "done", "others": 2}
    assert [row["id"] for row in await waiting_events()] == ids[3:]


@pytest.mark.race
async def test_many_who_go_on_with_what_waits_apply_each_event_once(database: str, effect: Effect) -> None:
    for number in range(12):
        await store(f"evt_{number}")
    ids = [row["id"] for row in await waiting_events()]

    async def run(number: int) -> int:
        if number < 2:
            await apply_event(ids[number * 5], NOW)
        applied = 0
        while await apply_next(NOW):
            applied += 1
        return applied

    results = winners(await race(5, run))
    assert len(results) == 5
    assert len(effect.seen) == 12
    assert await Job.count().where(Job.kind == WRITTEN) == 12


@pytest.mark.race
async def test_without_the_claim_of_the_next_it_is_applied_twice(
    database: str, effect: Effect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control."""
    await store()

    async def careless(now: datetime) -> dict[str, Any] | None:
        rows = await PaymentEvent.select().where(PaymentEvent.handled_at.is_null())
        return rows[0] if rows else None

    unguarded(monkeypatch, inbox)
    monkeypatch.setattr(inbox, "_claim_next", careless)
    meet_after(monkeypatch, inbox, "_claim_next", parties=2)
    assert winners(await race(2, lambda _number: apply_next(NOW))) == [True, True]
    assert len(effect.seen) == 2

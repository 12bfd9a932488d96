"""Jobs: queued with what causes them, claimed by one, leased, retried, cancelled."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.kernel import jobs
from app.kernel.database import fetch, write_transaction
from app.kernel.enums import JobState
from app.kernel.jobs import LEASE, JobContext, JobNotOpen
from app.kernel.tables import Job
from tests.kernel.test_audit import Actor
from tests.support.race import losers, race, winners

NOW = datetime(2026, 10, 16, 1, 30, tzinfo=UTC)
pytestmark = pytest.mark.engines


async def queue(kind: str = "work", payload: dict[str, Any] | None = None, **given: Any) -> int:
    return await jobs.enqueue(kind, payload, **{"now": NOW, **given})


async def state_of(job_id: int) -> str:
    row = await jobs.get_job(job_id)
    assert row is not None
    return str(row["state"])


async def test_a_job_is_there_when_its_cause_is(database: str) -> None:
    async with write_transaction():
        job_id = await queue(payload={"on": NOW}, edition_id=4, actor=Actor())
    row = await jobs.get_job(job_id)
    assert row is not None
    assert row["payload"] == {"on": "2026-10-16T01:30:00Z"}
    assert (row["state"], row["edition_id"], row["created_by"], row["run_at"]) == ("queued", 4, 7, NOW)
    assert await jobs.get_job(999) is None


async def test_a_job_is_gone_when_its_cause_is(database: str) -> None:
    async def failing() -> None:
        async with write_transaction():
            await queue()
            raise KeyError

    with pytest.raises(KeyError):
        await failing()
    assert await Job.count() == 0


async def test_a_unique_key_is_queued_once_until_it_has_ended(database: str) -> None:
    first = await queue(unique_key="allocate:1")
    assert await queue(unique_key="allocate:1") == first
    assert await queue(unique_key="allocate:2") != first
    row = await jobs.claim("a", NOW)
    assert row is not None
    assert await queue(unique_key="allocate:1") == first
    await jobs.finish(first, "a", 1, state=JobState.DONE, now=NOW)
    assert await queue(unique_key="allocate:1") != first


@pytest.mark.race
async def test_forty_that_queue_one_key_make_one_job(database: str) -> None:
    results = await race(40, lambda _number: queue(unique_key="k"))
    assert len(set(winners(results))) == 1
    assert (len(winners(results)), await Job.count()) == (40, 1)


@pytest.mark.race
async def test_without_the_index_they_make_forty(database: str) -> None:
    await fetch("DROP INDEX job_active_key")
    await race(40, lambda _number: queue(unique_key="k"))
    assert await Job.count() == 40


@pytest.mark.race
async def test_forty_claimers_of_one_job_have_one_winner(database: str) -> None:
    await queue()
    claimed = winners(await race(40, lambda number: jobs.claim(f"w{number}", NOW)))
    assert len(claimed) == 40
    assert len([row for row in claimed if row]) == 1


@pytest.mark.race
async def test_an_expired_lease_is_taken_over_once(database: str) -> None:
    job_id = await queue()
    await jobs.claim("dead", NOW)
    late = NOW + LEASE + timedelta(seconds=1)
    assert await jobs.claim("early", NOW + LEASE) is None
    claimed = [row for row in winners(await race(40, lambda number: jobs.claim(f"w{number}", late))) if row]
    assert [(row["id"], row["attempts"]) for row in claimed] == [(job_id, 2)]


@pytest.mark.race
async def test_without_the_condition_a_job_is_claimed_by_many(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: the product's own statement, which no longer asks whether somebody has the job."""
    careless = jobs._CLAIMABLE.replace("state = 'queued' AND ", "").replace("state = 'running' AND ", "")
    assert "state" not in careless
    monkeypatch.setattr(jobs, "_CLAIMABLE", careless)
    job_id = await queue(max_attempts=50)
    claimed = [row for row in winners(await race(40, lambda number: jobs.claim(f"w{number}", NOW))) if row]
    assert {row["id"] for row in claimed} == {job_id}
    assert len(claimed) > 1


async def test_the_longest_waiting_due_job_comes_first(database: str) -> None:
    later = await queue(run_at=NOW + timedelta(minutes=1))
    second = await queue(run_at=NOW - timedelta(minutes=1))
    first = await queue(run_at=NOW - timedelta(minutes=2))
    claimed = [await jobs.claim("w", NOW) for _ in range(3)]
    assert [row and row["id"] for row in claimed] == [first, second, None]
    assert not await jobs.is_work_due(NOW)
    assert await jobs.is_work_due(NOW + timedelta(minutes=1))
    assert await jobs.oldest_due_seconds(NOW + timedelta(minutes=3)) == 120.0
    assert await state_of(later) == "queued"


async def test_a_job_whose_workers_vanish_fails_at_last(database: str) -> None:
    job_id = await queue(max_attempts=2)
    at = NOW
    for _ in range(2):
        assert await jobs.claim("dead", at) is not None
        at += LEASE * 2
    assert await jobs.is_work_due(at)
    assert await jobs.claim("w", at) is None
    row = await jobs.get_job(job_id)
    assert row is not None
    assert (row["state"], row["error"], row["finished_at"]) == ("failed", "The worker vanished while it ran.", at)
    assert not await jobs.is_work_due(at)


async def test_a_worker_that_lost_its_lease_can_write_nothing(database: str) -> None:
    job_id = await queue()
    await jobs.claim("slow", NOW)
    late = NOW + LEASE * 2
    await jobs.claim("quick", late)
    assert not await jobs.prolong(job_id, "slow", 1, late)
    assert await jobs.is_cancel_requested(job_id, "slow", 1)
    assert not await jobs.finish(job_id, "slow", 1, state=JobState.DONE, now=late)
    assert await jobs.prolong(job_id, "quick", 2, late)
    assert await jobs.finish(job_id, "quick", 2, state=JobState.DONE, result={"a": 1}, now=late)


async def test_cancelling_ends_a_queued_job_and_asks_a_running_one(database: str) -> None:
    queued, running = await queue(run_at=NOW + timedelta(hours=1)), await queue()
    await jobs.claim("w", NOW)
    assert await jobs.request_cancel(queued, now=NOW) == JobState.CANCELLED
    assert await jobs.request_cancel(running, now=NOW) == JobState.RUNNING
    assert await jobs.is_cancel_requested(running, "w", 1)
    for ended in (queued, 999):
        with pytest.raises(JobNotOpen):
            await jobs.request_cancel(ended, now=NOW)


@pytest.mark.race
@pytest.mark.parametrize("round_number", range(5))
async def test_a_queued_job_is_either_cancelled_or_claimed(database: str, round_number: int) -> None:
    job_id = await queue()

    async def party(number: int) -> object:
        return await (jobs.request_cancel(job_id, now=NOW) if number == round_number % 2 else jobs.claim("w", NOW))

    answers = await race(2, party)
    cancelled, claimed = answers[round_number % 2], answers[1 - round_number % 2]
    assert (cancelled, claimed is None) in [(JobState.CANCELLED, True), (JobState.RUNNING, False)]


async def test_failed_and_cancelled_jobs_can_be_queued_again(database: str) -> None:
    job_id = await queue()
    await jobs.request_cancel(job_id, now=NOW)
    await jobs.retry(job_id, now=NOW)
    assert await state_of(job_id) == "queued"
    losers(await race(1, lambda _number: jobs.retry(job_id, now=NOW)), JobNotOpen)


async def test_progress_is_throttled_but_the_last_step_is_always_written(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, dict[str, Any]]] = []

    async def publish(channel: str, event: dict[str, Any]) -> None:
        told.append((channel, event))

    monkeypatch.setattr(jobs, "publish", publish)
    job_id = await queue()
    row = await jobs.claim("w", NOW)
    assert row is not None
    job = JobContext(row, "w")
    for done in range(101):
        await job.progress(done, 100, f"step {done}")
    assert [event["done"] for _channel, event in told] == [0, 100]
    assert {channel for channel, _event in told} == {f"job:{job_id}"}
    stored = await jobs.get_job(job_id)
    assert stored is not None
    assert [stored[f"progress_{name}"] for name in ("done", "total", "note")] == [100, 100, "step 100"]

"""Jobs: queued with what causes them, claimed by one, leased, retried, cancelled."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.kernel import clock, jobs, live, worker
from app.kernel.database import fetch, in_transaction, write_transaction
from app.kernel.enums import JobState
from app.kernel.jobs import LEASE, JobContext, JobNotOpen
from app.kernel.module import Module
from app.kernel.tables import Job, RateLimit
from tests.kernel.test_audit import Actor
from tests.support.race import losers, race, unguarded, winners

NOW = datetime(2026, 10, 16, 1, 30, tzinfo=UTC)
pytestmark = pytest.mark.engines


@pytest.fixture(autouse=True)
def no_handlers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Begin with no kinds, and look after them often."""
    monkeypatch.setattr(jobs, "_handlers", {})
    monkeypatch.setattr(jobs, "_periods", {})
    monkeypatch.setattr(worker, "POLL_SECONDS", 0.05)
    monkeypatch.setattr(worker, "WATCH_SECONDS", 0.02)
    with clock.freeze(NOW):
        yield


async def queue(kind: str = "work", payload: dict[str, Any] | None = None, **given: Any) -> int:
    return await jobs.enqueue(kind, payload, **{"now": NOW, **given})


async def state_of(job_id: int) -> str:
    row = await jobs.get_job(job_id)
    assert row is not None
    return str(row["state"])


async def until(job_id: int, *states: JobState) -> dict[str, Any]:
    """Wait until a job is in one of the states; give its row."""
    async with asyncio.timeout(5):
        while True:
            row = await jobs.get_job(job_id)
            if row and row["state"] in states:
                return row
            await asyncio.sleep(0.01)


class Running:
    """A worker that runs for the length of a block."""

    def __init__(self) -> None:
        self.stop = asyncio.Event()

    async def __aenter__(self) -> "Running":
        self.task = asyncio.ensure_future(worker.run_worker(self.stop))
        await asyncio.sleep(0.05)
        return self

    async def __aexit__(self, *_error: object) -> None:
        self.stop.set()
        async with asyncio.timeout(5):
            await self.task


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
    """The negative control: reading first and writing by id alone."""
    await queue()
    unguarded(monkeypatch, jobs)

    async def claim(name: str) -> bool:
        rows = await fetch("SELECT id FROM job WHERE state = 'queued' ORDER BY run_at LIMIT 1")
        await asyncio.sleep(0)
        for row in rows:
            await fetch("UPDATE job SET state = 'running', worker = {} WHERE id = {}", name, row["id"])
        return bool(rows)

    assert sum(map(bool, winners(await race(40, lambda number: claim(f"w{number}"))))) > 1


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


async def test_jobs_are_listed_newest_first(database: str) -> None:
    ids = [await queue(kind) for kind in ("a", "b", "a")]
    assert [row["id"] for row in await jobs.list_jobs()] == ids[::-1]
    assert [row["id"] for row in await jobs.list_jobs(kind="a", state=JobState.QUEUED, limit=1)] == [ids[2]]
    assert await jobs.list_jobs(edition_id=3) == []


async def test_the_worker_does_a_job_at_once_and_keeps_its_result(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "POLL_SECONDS", 30)
    seen: list[tuple[int, dict[str, Any], int]] = []

    async def handler(job: JobContext) -> dict[str, Any]:
        seen.append((job.id, job.payload, job.attempt))
        assert not in_transaction()
        return {"placed": 3}

    jobs.register("work", handler)
    async with Running():
        async with write_transaction():
            job_id = await queue(payload={"a": 1})
        row = await until(job_id, JobState.DONE)
    assert (row["result"], row["finished_at"], row["lease_until"]) == ({"placed": 3}, NOW, None)
    assert seen == [(job_id, {"a": 1}, 1)]


async def test_a_job_that_fails_is_tried_again_later_then_given_up(database: str) -> None:
    async def handler(_job: JobContext) -> None:
        raise ValueError("no luck")

    jobs.register("work", handler)
    job_id = await queue(max_attempts=2)
    row = await jobs.claim("w", NOW)
    assert row is not None
    await worker.run_job(row, "w")
    after_one = await jobs.get_job(job_id)
    assert after_one is not None
    assert (after_one["state"], after_one["run_at"]) == ("queued", NOW + timedelta(seconds=5))
    assert after_one["error"] == "ValueError: no luck"
    row = await jobs.claim("w", NOW + timedelta(seconds=5))
    assert row is not None
    await worker.run_job(row, "w")
    assert await state_of(job_id) == "failed"


async def test_what_a_person_did_wrong_is_not_tried_again(database: str) -> None:
    async def handler(_job: JobContext) -> None:
        raise JobNotOpen

    jobs.register("work", handler)
    async with Running():
        row = await until(await queue(), JobState.FAILED)
    assert row["error"] == "job_not_open: This work has already ended."


async def test_an_unknown_kind_fails_and_is_said(database: str, caplog: pytest.LogCaptureFixture) -> None:
    async with Running():
        row = await until(await queue("nobody.knows"), JobState.FAILED)
    assert row["error"] == "No handler for this kind of work."
    assert "no handler for nobody.knows" in caplog.text


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


async def test_a_running_handler_sees_within_a_moment_that_it_shall_stop(database: str) -> None:
    begun = asyncio.Event()

    async def handler(job: JobContext) -> dict[str, Any]:
        begun.set()
        for _ in range(500):
            if job.cancelled():
                break
            await asyncio.sleep(0.01)
        return {"half": True}

    jobs.register("work", handler)
    async with Running():
        job_id = await queue()
        await begun.wait()
        await jobs.request_cancel(job_id, now=NOW)
        row = await until(job_id, JobState.CANCELLED)
    assert row["result"] == {"half": True}


async def test_the_lease_is_renewed_while_the_handler_runs(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "HEARTBEAT_SECONDS", 0.02)
    go_on = asyncio.Event()

    async def handler(_job: JobContext) -> None:
        await go_on.wait()

    jobs.register("work", handler)
    async with Running():
        job_id = await queue()
        await until(job_id, JobState.RUNNING)
        with clock.freeze(NOW + timedelta(seconds=50)):
            async with asyncio.timeout(5):
                while True:
                    row = await jobs.get_job(job_id)
                    assert row is not None
                    if row["lease_until"] == NOW + timedelta(seconds=50) + LEASE:
                        break
                    await asyncio.sleep(0.01)
        go_on.set()
        await until(job_id, JobState.DONE)


async def test_a_handler_whose_lease_is_lost_is_stopped(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "HEARTBEAT_SECONDS", 0.02)
    ended: list[str] = []

    async def handler(_job: JobContext) -> None:
        try:
            await asyncio.sleep(30)
        finally:
            ended.append("stopped")

    jobs.register("work", handler)
    job_id = await queue()
    row = await jobs.claim("slow", NOW)
    assert row is not None
    task = asyncio.ensure_future(worker.run_job(row, "slow"))
    await asyncio.sleep(0.01)
    await jobs.claim("quick", NOW + LEASE * 2)
    async with asyncio.timeout(5):
        await task
    assert ended == ["stopped"]
    taken = await jobs.get_job(job_id)
    assert taken is not None
    assert (taken["state"], taken["worker"], taken["attempts"]) == ("running", "quick", 2)


async def test_stopping_waits_for_what_runs_and_takes_nothing_new(database: str) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def handler(_job: JobContext) -> None:
        begun.set()
        await go_on.wait()

    jobs.register("work", handler)
    async with Running() as running:
        first = await queue()
        await begun.wait()
        running.stop.set()
        await asyncio.sleep(0.05)
        second = await queue()
        go_on.set()
        await running.task
    assert (await state_of(first), await state_of(second)) == ("done", "queued")


async def test_what_does_not_end_in_time_goes_back_into_the_queue(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "GRACE_SECONDS", 0.05)
    begun = asyncio.Event()

    async def handler(_job: JobContext) -> None:
        begun.set()
        await asyncio.sleep(30)

    jobs.register("work", handler)
    async with Running():
        job_id = await queue()
        await begun.wait()
    row = await jobs.get_job(job_id)
    assert row is not None
    assert (row["state"], row["attempts"], row["run_at"]) == ("queued", 0, NOW)


async def test_no_more_than_a_few_run_at_once(database: str) -> None:
    at_once: list[int] = []
    running = 0

    async def handler(_job: JobContext) -> None:
        nonlocal running
        running += 1
        at_once.append(running)
        await asyncio.sleep(0.02)
        running -= 1

    jobs.register("work", handler)
    ids = [await queue() for _ in range(10)]
    async with Running():
        for job_id in ids:
            await until(job_id, JobState.DONE)
    assert max(at_once) == worker.AT_ONCE


async def test_periodic_work_has_one_row_that_comes_back_whatever_happened(database: str) -> None:
    runs: list[int] = []

    async def handler(_job: JobContext) -> None:
        runs.append(len(runs))
        if len(runs) == 1:
            raise ValueError("once")

    jobs.register("sweep", handler)
    jobs.every("sweep", 600)
    await asyncio.gather(worker.ensure_periodic(), worker.ensure_periodic())
    for number, at in enumerate((NOW, NOW + timedelta(seconds=600))):
        with clock.freeze(at):
            row = await jobs.claim("w", at)
            assert row is not None
            await worker.run_job(row, "w")
            assert len(runs) == number + 1
            assert not await jobs.is_work_due(at + timedelta(seconds=599))
    assert await Job.count() == 1
    (stored,) = await jobs.list_jobs()
    assert (stored["state"], stored["error"], stored["attempts"]) == ("queued", "", 0)


async def test_a_period_that_became_shorter_is_kept_at_the_next_start(database: str) -> None:
    async def handler(_job: JobContext) -> None: ...

    jobs.register("sweep", handler)
    jobs.every("sweep", 60)
    await queue("sweep", unique_key="every:sweep", run_at=NOW + timedelta(days=1))
    await worker.ensure_periodic()
    (stored,) = await jobs.list_jobs()
    assert stored["run_at"] == NOW + timedelta(seconds=60)


async def test_an_idle_worker_only_reads(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_arguments: object) -> None:
        raise AssertionError("claimed although nothing is due")

    async with Running():
        monkeypatch.setattr(jobs, "claim", never)
        monkeypatch.setattr(worker.outbox, "claim_messages", never)
        await asyncio.sleep(0.2)


async def test_the_worker_goes_on_after_the_database_was_away(
    database: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    asked = 0
    real = jobs.is_work_due

    async def shaky(now: datetime) -> bool:
        nonlocal asked
        asked += 1
        if asked == 1:
            raise ConnectionError("away")
        return await real(now)

    async def handler(_job: JobContext) -> None: ...

    monkeypatch.setattr(jobs, "is_work_due", shaky)
    jobs.register("work", handler)
    async with Running():
        await until(await queue(), JobState.DONE)
    assert "could not be looked after" in caplog.text


async def test_modules_name_their_handlers(database: str) -> None:
    async def handler(_job: JobContext) -> None: ...

    worker.register_jobs([Module(name="x", jobs={"x.do": handler})])
    assert jobs.kinds() == ["kernel.tidy", "x.do"]
    assert jobs.period_of("kernel.tidy") == 3600


async def test_tidying_removes_what_nobody_needs(database: str) -> None:
    old, kept = await queue(), await queue(run_at=NOW + timedelta(days=365))
    await jobs.claim("w", NOW)
    await jobs.finish(old, "w", 1, state=JobState.DONE, now=NOW)
    await RateLimit(key="old", tries=1, expires_at=NOW).save()
    row = await jobs.claim("w", NOW + timedelta(days=400))
    assert row is not None
    assert row["id"] == kept
    with clock.freeze(NOW + timedelta(days=31)):
        await worker.tidy(JobContext(row, "w"))
    assert await jobs.get_job(old) is None
    assert await jobs.get_job(kept) is not None
    assert await RateLimit.count() == 0


async def test_without_an_application_publishing_is_harmless(database: str) -> None:
    await live.publish("job:1", {"state": "done"})

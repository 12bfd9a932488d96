"""The worker: does jobs under its heartbeat, retries, stops, repeats, and costs next to nothing when idle."""

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.kernel import clock, jobs, live, worker
from app.kernel.database import in_transaction, write_transaction
from app.kernel.enums import JobState
from app.kernel.jobs import LEASE, JobContext, JobNotOpen
from app.kernel.module import Module
from app.kernel.tables import Job, RateLimit
from tests.kernel.test_jobs import NOW, queue, state_of

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
    (stored,) = await Job.select()
    assert (stored["state"], stored["error"], stored["attempts"]) == ("queued", "", 0)


async def test_a_period_that_became_shorter_is_kept_at_the_next_start(database: str) -> None:
    async def handler(_job: JobContext) -> None: ...

    jobs.register("sweep", handler)
    jobs.every("sweep", 60)
    await queue("sweep", unique_key="every:sweep", run_at=NOW + timedelta(days=1))
    await worker.ensure_periodic()
    (stored,) = await Job.select()
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

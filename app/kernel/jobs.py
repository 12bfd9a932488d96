"""Durable background jobs: rows that are claimed, leased, watched, retried and cancelled.

A job is written in the transaction of what causes it, and runs after the commit in whichever process gets it first.
Handlers may run more than once (a process can die after the work and before the stamp): they must be repeatable.
"""

import json
import logging
import math
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec

from app.kernel.audit import AuditActor
from app.kernel.database import after_commit, dialect, fetch, write_transaction
from app.kernel.enums import JobState
from app.kernel.errors import AppError
from app.kernel.i18n import N_
from app.kernel.live import publish
from app.kernel.tables import Job

LEASE = timedelta(seconds=60)
PROGRESS_SECONDS = 0.5
ERROR_LENGTH = 2_000
ACTIVE = [JobState.QUEUED, JobState.RUNNING]

log = logging.getLogger("fairground.jobs")

_wakers: set[Callable[[], None]] = set()


class JobContext:
    """What a handler is given: the job, and the means to tell how far it is and to hear that it shall stop."""

    def __init__(self, row: dict[str, Any], worker: str) -> None:
        self.id: int = row["id"]
        self.kind: str = row["kind"]
        self.payload: dict[str, Any] = row["payload"]
        self.edition_id: int | None = row["edition_id"]
        self.created_by: int | None = row["created_by"]
        self.attempt: int = row["attempts"]
        self.worker = worker
        self.stopping = False
        self._written_at = -math.inf

    async def progress(self, done: int, total: int, note: str = "") -> None:
        """Say how far it is; stored and told to ``job:ID`` at most twice a second, the last step always."""
        present = time.monotonic()
        if done < total and present - self._written_at < PROGRESS_SECONDS:
            return
        self._written_at = present
        async with write_transaction():
            await Job.update({Job.progress_done: done, Job.progress_total: total, Job.progress_note: note[:200]}).where(
                _mine(self.id, self.worker, self.attempt)
            )
            await publish(f"job:{self.id}", {"done": done, "total": total, "note": note[:200]})

    def cancelled(self) -> bool:
        """Whether somebody asked to cancel, or another worker has taken over: stop soon and return."""
        return self.stopping


Handler = Callable[[JobContext], Awaitable[dict[str, Any] | None]]

_handlers: dict[str, Handler] = {}
_periods: dict[str, float] = {}


class JobNotOpen(AppError):
    """A job that is finished, or was never there."""

    code = "job_not_open"
    status = 409
    message = N_("This work has already ended.")


def register(kind: str, handler: Handler) -> None:
    """Name the function that does jobs of a kind."""
    _handlers[kind] = handler


def handler_of(kind: str) -> Handler | None:
    """The function that does jobs of a kind, if this process knows one."""
    return _handlers.get(kind)


def kinds() -> list[str]:
    """Every kind this process has a handler for."""
    return sorted(_handlers)


def every(kind: str, seconds: float) -> None:
    """Run a registered kind again and again, ``seconds`` after each end; one row for all processes together."""
    _periods[kind] = seconds


def period_of(kind: str) -> float | None:
    """Seconds between two runs of a periodic kind; None for a kind that is not one."""
    return _periods.get(kind)


def periodic_key(kind: str) -> str:
    """The unique key of a periodic kind's one row."""
    return f"every:{kind}"


async def enqueue(
    kind: str,
    payload: dict[str, Any] | None = None,
    *,
    unique_key: str | None = None,
    run_at: datetime | None = None,
    edition_id: int | None = None,
    actor: AuditActor | None = None,
    max_attempts: int = 3,
    now: datetime,
) -> int:
    """Write a job in the caller's transaction; returns its id.

    While a job with the same ``unique_key`` is queued or running nothing is written and that one's id comes back.
    """
    values = {
        Job.kind: kind,
        Job.payload: msgspec.json.encode(payload or {}, enc_hook=str).decode(),
        Job.state: JobState.QUEUED,
        Job.unique_key: unique_key,
        Job.run_at: run_at or now,
        Job.max_attempts: max_attempts,
        Job.edition_id: edition_id,
        Job.created_by: actor.person_id if actor else None,
        Job.created_at: now,
    }
    async with write_transaction():
        while True:
            made = await Job.insert(Job(values)).on_conflict(action="DO NOTHING").returning(Job.id)
            if made:
                await after_commit(wake)
                return int(made[0]["id"])
            active = await Job.select(Job.id).where(Job.unique_key == unique_key).where(Job.state.is_in(ACTIVE)).first()
            if active:
                return int(active["id"])


async def end_early(unique_key: str, *, now: datetime) -> None:
    """End a queued job whose work was done by somebody else, in that one's transaction; one that runs is left alone."""
    await Job.update({Job.state: JobState.DONE, Job.finished_at: now}).where(
        (Job.unique_key == unique_key) & (Job.state == JobState.QUEUED)
    )


def wake() -> None:
    """Make this process's worker look for work now instead of within a second."""
    for call in list(_wakers):
        call()


def on_wake(call: Callable[[], None]) -> Callable[[], None]:
    """Have something called when a job is queued here; returns what takes it off again."""
    _wakers.add(call)
    return lambda: _wakers.discard(call)


async def request_cancel(job_id: int, *, now: datetime) -> JobState:
    """Cancel a queued job, or ask a running one to stop; returns the state it is in now.

    Raises JobNotOpen when it has ended.
    """
    async with write_transaction():
        ended = (
            await Job.update({Job.state: JobState.CANCELLED, Job.finished_at: now})
            .where((Job.id == job_id) & (Job.state == JobState.QUEUED))
            .returning(Job.id)
        )
        if ended:
            return JobState.CANCELLED
        asked = (
            await Job.update({Job.cancel_requested: True})
            .where((Job.id == job_id) & (Job.state == JobState.RUNNING))
            .returning(Job.id)
        )
        if not asked:
            raise JobNotOpen
    return JobState.RUNNING


async def retry(job_id: int, *, now: datetime) -> None:
    """Queue a failed or cancelled job again, with all its attempts. Raises JobNotOpen when it is neither."""
    async with write_transaction():
        changed = (
            await Job.update(
                {
                    Job.state: JobState.QUEUED,
                    Job.run_at: now,
                    Job.attempts: 0,
                    Job.error: "",
                    Job.cancel_requested: False,
                    Job.finished_at: None,
                }
            )
            .where((Job.id == job_id) & Job.state.is_in([JobState.FAILED, JobState.CANCELLED]))
            .returning(Job.id)
        )
        if not changed:
            raise JobNotOpen
        await after_commit(wake)


async def get_job(job_id: int) -> dict[str, Any] | None:
    """A job's row with ``payload`` and ``result`` decoded, or None."""
    row = await Job.select().where(Job.id == job_id).first()
    return None if row is None else _decoded(row)


def _decoded(row: dict[str, Any]) -> dict[str, Any]:
    row["payload"] = json.loads(row["payload"])
    row["result"] = None if row["result"] is None else json.loads(row["result"])
    return row


async def oldest_due_seconds(now: datetime) -> float:
    """How long the longest overdue job has been waiting, in seconds; 0 when none is."""
    row = await Job.select(Job.run_at).where(Job.state == JobState.QUEUED).order_by(Job.run_at).first()
    return 0.0 if row is None else max(0.0, (now - row["run_at"]).total_seconds())


async def is_work_due(now: datetime) -> bool:
    """Whether any job waits for a worker: one cheap read, no lock."""
    rows = await fetch(
        "SELECT 1 AS due WHERE EXISTS (SELECT 1 FROM job WHERE state = 'queued' AND run_at <= {}) "
        "OR EXISTS (SELECT 1 FROM job WHERE state = 'running' AND lease_until < {})",
        now,
        now,
    )
    return bool(rows)


async def claim(worker: str, now: datetime) -> dict[str, Any] | None:
    """Take the job that has waited longest, under a lease; None when there is none.

    One conditional update, so that of many claimers one wins. A job whose lease has run out is taken over while it
    has attempts left, else it is failed.
    """
    skip = " FOR UPDATE SKIP LOCKED" if dialect() == "postgres" else ""
    async with write_transaction():
        await Job.update(
            {Job.state: JobState.FAILED, Job.error: "The worker vanished while it ran.", Job.finished_at: now}
        ).where((Job.state == JobState.RUNNING) & (Job.lease_until < now) & (Job.attempts >= Job.max_attempts))
        rows = await fetch(
            f"UPDATE job SET state = 'running', worker = {{}}, attempts = attempts + 1, lease_until = {{}}, "
            f"heartbeat_at = {{}} WHERE id = (SELECT id FROM job WHERE {_CLAIMABLE} ORDER BY run_at, id LIMIT 1{skip}) "
            f"AND {_CLAIMABLE} RETURNING id, kind, payload, unique_key, attempts, max_attempts, edition_id, created_by",
            worker,
            now + LEASE,
            now,
            *(now, now, now, now),
        )
    if not rows:
        return None
    return {**rows[0], "payload": json.loads(rows[0]["payload"])}


_CLAIMABLE = "((state = 'queued' AND run_at <= {}) OR (state = 'running' AND lease_until < {}))"


async def prolong(job_id: int, worker: str, attempt: int, now: datetime) -> bool:
    """Renew a lease; False when another worker has the job by now."""
    async with write_transaction():
        rows = (
            await Job.update({Job.lease_until: now + LEASE, Job.heartbeat_at: now})
            .where(_mine(job_id, worker, attempt))
            .returning(Job.id)
        )
    return bool(rows)


async def is_cancel_requested(job_id: int, worker: str, attempt: int) -> bool:
    """Whether somebody asked to cancel, or the job is no longer this worker's."""
    row = await Job.select(Job.cancel_requested).where(_mine(job_id, worker, attempt)).first()
    return row is None or bool(row["cancel_requested"])


def _mine(job_id: int, worker: str, attempt: int) -> Any:
    return (Job.id == job_id) & (Job.worker == worker) & (Job.attempts == attempt) & (Job.state == JobState.RUNNING)


async def finish(
    job_id: int,
    worker: str,
    attempt: int,
    *,
    state: JobState,
    result: dict[str, Any] | None = None,
    error: str = "",
    run_at: datetime | None = None,
    now: datetime,
) -> bool:
    """Write how an attempt ended; False when the job was no longer this worker's, and nothing is written.

    ``state`` queued puts it back until ``run_at``: for another attempt after an error, from the first otherwise.
    """
    values: dict[Any, Any] = {Job.state: state, Job.error: error[:ERROR_LENGTH], Job.lease_until: None}
    if state == JobState.QUEUED:
        values[Job.run_at] = run_at or now
        values[Job.cancel_requested] = False
        if not error:
            values[Job.attempts] = 0
    else:
        values[Job.finished_at] = now
    if result is not None:
        values[Job.result] = msgspec.json.encode(result, enc_hook=str).decode()
    async with write_transaction():
        rows = await Job.update(values).where(_mine(job_id, worker, attempt)).returning(Job.id)
    return bool(rows)

"""The worker: claims jobs and delivers messages until it is told to stop.

It runs inside the web process, or alone as ``fairground worker``; any number may run over one database.
"""

import asyncio
import contextvars
import logging
import os
import socket
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

from app.kernel import jobs, outbox
from app.kernel.child import ChildCancelled
from app.kernel.clock import now
from app.kernel.database import write_transaction
from app.kernel.enums import ChannelKind, JobState
from app.kernel.errors import AppError
from app.kernel.jobs import JobContext
from app.kernel.live import publish
from app.kernel.module import Module
from app.kernel.sheets.batches import discard_before
from app.kernel.tables import Job, RateLimit

AT_ONCE = 3
POLL_SECONDS = 1.0
WATCH_SECONDS = 1.0
HEARTBEAT_SECONDS = 15.0
GRACE_SECONDS = 6.0
KEEP_ENDED = timedelta(days=30)
KEEP_SHOWN_SECRETS = timedelta(days=1)
KEEP_PREVIEWS = timedelta(days=7)

log = logging.getLogger("fairground.worker")


def register_jobs(modules: Iterable[Module]) -> None:
    """Name the handlers of the kernel and of every module; called once per process."""
    jobs.register("kernel.tidy", tidy)
    jobs.every("kernel.tidy", 3600)
    for module in modules:
        for kind, handler in module.jobs.items():
            jobs.register(kind, handler)


async def run_worker(stop: asyncio.Event) -> None:
    """Do jobs and deliver messages until ``stop`` is set.

    Then nothing new is taken, what runs has six seconds to end, and what has not ended goes back into the queue.
    """
    name = f"{socket.gethostname()[:40]}:{os.getpid()}:{uuid4().hex[:8]}"
    while not stop.is_set():
        try:
            await ensure_periodic()
            break
        except Exception:
            log.exception("the worker cannot begin yet")
            await _first_of(stop.wait(), seconds=5 * POLL_SECONDS)
    loops = [_Jobs(name, stop).run()]
    for channel in ChannelKind:  # each by itself: a mail server that hangs holds up no text message
        loops.append(_loop(f"{channel} messages", stop, partial(_deliver, channel), outbox.on_wake))
    tasks = [asyncio.ensure_future(loop) for loop in loops]
    try:
        await stop.wait()
        await asyncio.wait(tasks, timeout=GRACE_SECONDS + 1)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def ensure_periodic() -> None:
    """Write the one row of each periodic kind, and bring one nearer that is queued for later than its period."""
    present = now()
    for kind in jobs.kinds():
        period = jobs.period_of(kind)
        if period is None:
            continue
        key = jobs.periodic_key(kind)
        async with write_transaction():
            await jobs.enqueue(kind, unique_key=key, max_attempts=1_000_000_000, now=present)
            latest = present + timedelta(seconds=period)
            await Job.update({Job.run_at: latest}).where(
                (Job.unique_key == key) & (Job.state == JobState.QUEUED) & (Job.run_at > latest)
            )


async def _deliver(channel: ChannelKind) -> bool:
    return await outbox.deliver_due(now(), channel) > 0


async def _loop(
    name: str,
    stop: asyncio.Event,
    work: Callable[[], Awaitable[bool]],
    on_wake: Callable[[Callable[[], None]], Callable[[], None]],
) -> None:
    """Call ``work`` when woken and once a second; again at once while it says that there was something."""
    woken = asyncio.Event()
    forget = on_wake(woken.set)
    try:
        while not stop.is_set():
            woken.clear()
            try:
                busy = await work()
            except Exception:
                log.exception("the worker's %s could not be looked after", name)
                busy = False
                await _first_of(stop.wait(), seconds=5 * POLL_SECONDS)
            if not busy:
                await _first_of(stop.wait(), woken.wait(), seconds=POLL_SECONDS)
    finally:
        forget()


async def _first_of(*waits: Any, seconds: float) -> None:
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()


class _Jobs:
    """The jobs of one worker: a few at once, each in a task and a context of its own."""

    def __init__(self, name: str, stop: asyncio.Event) -> None:
        self.name = name
        self.stop = stop
        self.running: set[asyncio.Task[None]] = set()
        self.freed: Callable[[], None] = lambda: None

    async def run(self) -> None:
        try:
            await _loop("jobs", self.stop, self.take, self.on_wake)
            if self.running:
                await asyncio.wait(self.running, timeout=GRACE_SECONDS)
        finally:
            for task in self.running:
                task.cancel()
            await asyncio.gather(*self.running, return_exceptions=True)

    def on_wake(self, call: Callable[[], None]) -> Callable[[], None]:
        self.freed = call
        return jobs.on_wake(call)

    async def take(self) -> bool:
        """Start one job if there is room and one is due."""
        if len(self.running) >= AT_ONCE or not await jobs.is_work_due(now()):
            return False
        row = await jobs.claim(self.name, now())
        if row is None:
            return False
        task = asyncio.get_running_loop().create_task(run_job(row, self.name), context=contextvars.copy_context())
        self.running.add(task)
        task.add_done_callback(self.done)
        return True

    def done(self, task: asyncio.Task[None]) -> None:
        self.running.discard(task)
        self.freed()


async def run_job(row: dict[str, Any], worker: str) -> None:
    """Run a claimed job's handler under its heartbeat and write down how it ended."""
    job = JobContext(row, worker)
    extra = {"job": job.id, "kind": job.kind, "attempt": job.attempt}
    handler = jobs.handler_of(job.kind)
    if handler is None:
        await _end(job, row, JobState.FAILED, error="No handler for this kind of work.")
        log.error("job %s: no handler for %s", job.id, job.kind, extra=extra)
        return
    work = asyncio.ensure_future(handler(job))
    keeper = asyncio.ensure_future(_keep(job, work))
    try:
        result = await work
    except asyncio.CancelledError:
        if keeper.done():  # the lease was lost: whoever has the job now writes its end
            log.warning("job %s was taken over", job.id, extra=extra)
            return
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        await _end(job, row, JobState.QUEUED)
        raise
    except AppError as error:
        await _end(job, row, JobState.FAILED, error=str(error))
        log.warning("job %s was refused: %s", job.id, error, extra=extra)
    except ChildCancelled:
        await _end(job, row, JobState.CANCELLED)
    except Exception as error:
        failed = job.attempt >= row["max_attempts"]
        log.exception("job %s failed", job.id, extra=extra)
        await _end(job, row, JobState.FAILED if failed else JobState.QUEUED, error=f"{type(error).__name__}: {error}")
    else:
        await _end(job, row, JobState.CANCELLED if job.stopping else JobState.DONE, result=result)
    finally:
        keeper.cancel()
        await asyncio.gather(keeper, return_exceptions=True)


async def _keep(job: JobContext, work: "asyncio.Future[Any]") -> None:
    """Renew the lease, and see within a second that the job shall stop; ends when the lease is lost."""
    since = 0.0
    while True:
        await asyncio.sleep(WATCH_SECONDS)
        since += WATCH_SECONDS
        with suppress(OSError):  # the database is away for a moment: the lease outlives that
            if since >= HEARTBEAT_SECONDS:
                since = 0.0
                if not await jobs.prolong(job.id, job.worker, job.attempt, now()):
                    break
            if await jobs.is_cancel_requested(job.id, job.worker, job.attempt):
                job.stopping = True
    job.stopping = True
    work.cancel()


def _retry_after(attempt: int) -> timedelta:
    """5 s, 20 s, 80 s … at most an hour."""
    return timedelta(seconds=min(3600, 5 * 4 ** min(attempt - 1, 8)))


async def _end(
    job: JobContext, row: dict[str, Any], state: JobState, *, result: dict[str, Any] | None = None, error: str = ""
) -> None:
    """Write the end of an attempt; a periodic job goes back into the queue whatever happened."""
    present = now()
    run_at = present + _retry_after(job.attempt) if error else present
    period = jobs.period_of(job.kind)
    if period is not None and row["unique_key"] == jobs.periodic_key(job.kind):
        state, run_at = JobState.QUEUED, present + timedelta(seconds=period)
    written = await jobs.finish(
        job.id, job.worker, job.attempt, state=state, result=result, error=error, run_at=run_at, now=present
    )
    if written:
        await publish(f"job:{job.id}", {"state": state.value})


async def tidy(job: JobContext) -> None:
    """Remove what nobody needs: jobs ended a month ago, old counts of tries, secrets once shown, forgotten uploads."""
    present = now()
    async with write_transaction():
        await RateLimit.delete().where(RateLimit.expires_at < present)
        await Job.delete().where(Job.finished_at < present - KEEP_ENDED)
    await outbox.clear_shown_secrets(present - KEEP_SHOWN_SECRETS)
    await discard_before(present - KEEP_PREVIEWS)

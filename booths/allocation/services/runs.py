"""Runs of the optimiser: started, worked out, published or put aside."""

import json
import time
from datetime import datetime, timedelta
from typing import Any

from app.accounts.actor import Actor
from app.events.queries import hold_edition_going_on
from app.kernel import audit
from app.kernel.child import ChildError, run_in_child
from app.kernel.database import is_unique_violation, write_transaction
from app.kernel.jobs import ACTIVE, JobContext, JobNotOpen, enqueue, request_cancel
from app.kernel.tables import Job
from booths.allocation.enums import OPEN_STATES, ApplicationState, RunState
from booths.allocation.errors import AllocationFailed, AllocationRunning, NothingToAllocate, RunNotProposed
from booths.allocation.queries import free_booths, held_booths, open_applications
from booths.allocation.reasons import Market
from booths.allocation.services.applications import move_applications
from booths.allocation.services.by_hand import settle_held
from booths.allocation.services.messages import Given, tell, tell_waiting
from booths.allocation.tables import Allocation, AllocationRun, Application
from booths.floorplan.enums import HolderState
from booths.floorplan.services import hold_booth

SOLVER_SECONDS = 30.0


async def start_allocation(*, edition_id: int, actor: Actor, now: datetime) -> int:
    """Begin to work out who gets which booth; returns the run. Earlier proposals of the edition are discarded.

    Raises AllocationRunning, NothingToAllocate.
    """
    try:
        return await _start(edition_id, actor, now)
    except Exception as error:
        if is_unique_violation(error):
            raise AllocationRunning from error
        raise


async def _start(edition_id: int, actor: Actor, now: datetime) -> int:
    async with write_transaction():
        await _bury(edition_id, now)
        if await AllocationRun.exists().where(
            (AllocationRun.edition == edition_id) & (AllocationRun.state == RunState.RUNNING.value)
        ):
            raise AllocationRunning
        if not await open_applications(edition_id) or not await free_booths(edition_id):
            raise NothingToAllocate
        await AllocationRun.update({AllocationRun.state: RunState.DISCARDED.value}).where(
            (AllocationRun.edition == edition_id) & (AllocationRun.state == RunState.PROPOSED.value)
        )
        run = AllocationRun(edition=edition_id, started_by=actor.person_id, started_at=now)
        await run.save()
        job_id = await enqueue(
            "allocation.solve",
            {"run_id": run.id, "edition_id": edition_id},
            unique_key=f"allocation:{run.id}",
            edition_id=edition_id,
            actor=actor,
            now=now,
        )
        await AllocationRun.update({AllocationRun.job_id: job_id}).where(AllocationRun.id == run.id)
        await audit.record(
            actor=actor,
            action="allocation.start",
            subject_type="allocation_run",
            subject_id=run.id,
            edition_id=edition_id,
            now=now,
        )
    return run.id


async def _bury(edition_id: int, now: datetime) -> None:
    """Mark a run as failed whose job has ended without a word, such as when its process was killed too often."""
    running = await AllocationRun.select(AllocationRun.id, AllocationRun.job_id).where(
        (AllocationRun.edition == edition_id) & (AllocationRun.state == RunState.RUNNING.value)
    )
    for run in running:
        if not await Job.exists().where((Job.id == run["job_id"]) & Job.state.is_in(ACTIVE)):
            await _fail(run["id"], "JobEnded", now)


async def _fail(run_id: int, reason: str, now: datetime) -> None:
    async with write_transaction():
        await AllocationRun.update(
            {
                AllocationRun.state: RunState.FAILED.value,
                AllocationRun.error: reason,
                AllocationRun.finished_at: now,
            }
        ).where((AllocationRun.id == run_id) & (AllocationRun.state == RunState.RUNNING.value))


async def solve_allocation(job: JobContext, *, now: datetime) -> dict[str, Any]:
    """The job: read, let a child compute, write the proposal. Publishing is a person's decision.

    Done again for a run that is no longer at work it does nothing. Raises AllocationFailed.
    """
    run_id, edition_id = job.payload["run_id"], job.payload["edition_id"]
    if not await AllocationRun.exists().where(
        (AllocationRun.id == run_id) & (AllocationRun.state == RunState.RUNNING.value)
    ):
        return {"run_id": run_id, "placed": 0}
    began = time.monotonic()
    applications = await open_applications(edition_id)
    booths = await free_booths(edition_id)

    async def tell_progress(report: dict[str, Any]) -> None:
        await job.progress(int(report.get("seconds", 0)), int(SOLVER_SECONDS), report.get("note", ""))

    await job.progress(0, int(SOLVER_SECONDS), "reading")
    try:
        result = await run_in_child(
            "booths.allocation.optimiser:solve",
            {"applications": applications, "booths": booths, "seconds": SOLVER_SECONDS},
            timeout=SOLVER_SECONDS + 20,
            on_progress=tell_progress,
            should_cancel=job.cancelled,
        )
    except ChildError as error:
        await _fail(run_id, type(error).__name__, now + timedelta(seconds=time.monotonic() - began))
        raise AllocationFailed from error
    seconds = time.monotonic() - began
    await _propose(run_id, applications, booths, result, seconds, now + timedelta(seconds=seconds))
    await job.progress(int(SOLVER_SECONDS), int(SOLVER_SECONDS), "done")
    return {"run_id": run_id, "placed": len(result["placed"]), "gap": result["gap"]}


async def _propose(
    run_id: int,
    applications: list[dict[str, Any]],
    booths: list[dict[str, Any]],
    result: dict[str, Any],
    seconds: float,
    now: datetime,
) -> None:
    market = Market(
        applications={application["id"]: application for application in applications},
        booths={booth["id"]: booth for booth in booths},
        placed={application_id: booth_id for application_id, booth_id, _worth in result["placed"]},
    )
    unmet = {number: market.facts(number) for number in market.applications if number not in market.placed}
    async with write_transaction():
        claimed = (
            await AllocationRun.update(
                {
                    AllocationRun.state: RunState.PROPOSED.value,
                    AllocationRun.objective: result["objective"],
                    AllocationRun.gap: result["gap"],
                    AllocationRun.seconds: seconds,
                    AllocationRun.placed: len(result["placed"]),
                    AllocationRun.unplaced: len(applications) - len(result["placed"]),
                    AllocationRun.unmet: json.dumps(unmet, ensure_ascii=False),
                    AllocationRun.finished_at: now,
                }
            )
            .where((AllocationRun.id == run_id) & (AllocationRun.state == RunState.RUNNING.value))
            .returning(AllocationRun.id)
        )
        if claimed and result["placed"]:
            await Allocation.insert(
                *(
                    Allocation(
                        run=run_id,
                        application=application_id,
                        booth=booth_id,
                        score=worth,
                        reasons=market.facts(application_id),
                    )
                    for application_id, booth_id, worth in result["placed"]
                )
            )


async def publish_run(*, run_id: int, edition_id: int, actor: Actor, now: datetime) -> int:
    """Make a proposal real: every booth is allocated, every exhibitor told; returns how many. All of it or nothing.

    Whoever got none goes on the waiting list and is told so, with the reason. Booths held by hand for open applications
    are settled with it; whoever withdrew meanwhile is left out. Raises RunNotProposed, EditionIsCancelled, and
    BoothTaken when somebody took one of the booths meanwhile.
    """
    async with write_transaction(), audit.gathered():
        await hold_edition_going_on(edition_id, alone=True)
        await _end(run_id, edition_id, {AllocationRun.state: RunState.PUBLISHED.value, AllocationRun.published_at: now})
        given = 0
        open_now = await open_applications(edition_id, held=True)
        for organisation_id, booth in (await held_booths(edition_id)).items():
            if booth["state"] == HolderState.HELD and organisation_id in {row["organisation"] for row in open_now}:
                await settle_held(edition_id=edition_id, booth_id=booth["booth"], actor=actor, now=now)
                given += 1
        placed = await Allocation.select(
            Allocation.application.id.as_alias("application_id"),
            Allocation.application.organisation.as_alias("organisation_id"),
            Allocation.booth.id.as_alias("booth_id"),
            Allocation.booth.code.as_alias("code"),
        ).where(Allocation.run == run_id)
        for row in placed:
            if not await move_applications(
                Application.id == row["application_id"],
                states=OPEN_STATES,
                target=ApplicationState.ALLOCATED,
                action="application.allocate",
                edition_id=edition_id,
                actor=actor,
                now=now,
            ):
                continue
            await hold_booth(
                booth_id=row["booth_id"],
                organisation_id=row["organisation_id"],
                state=HolderState.ALLOCATED,
                actor=actor,
                now=now,
            )
            booth_given = Given(
                edition_id=edition_id,
                application_id=row["application_id"],
                booth_id=row["booth_id"],
                code=row["code"],
                occasion=f"run {run_id}",
            )
            await tell(booth_given, now)
            given += 1
        waiting = await _put_on_waiting_list(run_id, edition_id, actor, now)
        after = {"placed": given, "waiting": waiting}
        await _record("allocation.publish", run_id, edition_id, actor, now, after=after)
    return given


async def _put_on_waiting_list(run_id: int, edition_id: int, actor: Actor, now: datetime) -> int:
    """Move everybody on who was not placed, and tell those who are new to the list; returns how many."""
    moved = await move_applications(
        Application.edition == edition_id,
        states=[ApplicationState.SUBMITTED],
        target=ApplicationState.WAITING,
        action="application.wait",
        edition_id=edition_id,
        actor=actor,
        now=now,
    )
    run = await AllocationRun.select(AllocationRun.unmet).where(AllocationRun.id == run_id).first()
    unmet = json.loads(run["unmet"]) if run else {}
    for application_id in moved:
        await tell_waiting(
            edition_id=edition_id,
            application_id=application_id,
            why=unmet.get(str(application_id), ()),
            occasion=f"run {run_id}",
            now=now,
        )
    return len(moved)


async def discard_run(*, run_id: int, edition_id: int, actor: Actor, now: datetime) -> None:
    """Put a proposal aside. Raises RunNotProposed."""
    async with write_transaction():
        await _end(run_id, edition_id, {AllocationRun.state: RunState.DISCARDED.value})
        await _record("allocation.discard", run_id, edition_id, actor, now)


async def stop_run(*, run_id: int, edition_id: int, actor: Actor, now: datetime) -> None:
    """Stop a run that is at work. Raises RunNotProposed when it is not."""
    async with write_transaction():
        values: dict[Any, Any] = {AllocationRun.state: RunState.DISCARDED.value, AllocationRun.finished_at: now}
        job_id = await _end(run_id, edition_id, values, was=RunState.RUNNING)
        try:
            if job_id is not None:
                await request_cancel(job_id, now=now)
        except JobNotOpen:
            pass
        await _record("allocation.stop", run_id, edition_id, actor, now)


async def _end(
    run_id: int, edition_id: int, values: dict[Any, Any], *, was: RunState = RunState.PROPOSED
) -> int | None:
    """Move a run on from a state; returns its job."""
    rows = (
        await AllocationRun.update(values)
        .where(
            (AllocationRun.id == run_id) & (AllocationRun.edition == edition_id) & (AllocationRun.state == was.value)
        )
        .returning(AllocationRun.job_id)
    )
    if not rows:
        raise RunNotProposed
    job_id: int | None = rows[0]["job_id"]
    return job_id


async def _record(
    action: str, run_id: int, edition_id: int, actor: Actor, now: datetime, after: dict[str, Any] | None = None
) -> None:
    await audit.record(
        actor=actor,
        action=action,
        subject_type="allocation_run",
        subject_id=run_id,
        edition_id=edition_id,
        after=after,
        now=now,
    )

"""Applications, and who gets which booth."""

from collections import defaultdict
from datetime import datetime
from typing import Any

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.accounts.services.people import grant_role
from app.accounts.tables import Organisation, Person
from app.kernel import audit
from app.kernel.child import run_in_child
from app.kernel.database import is_unique_violation, write_transaction
from app.kernel.enums import ChannelKind
from app.kernel.i18n import _, use_locale
from app.kernel.jobs import JobContext, enqueue
from app.kernel.outbox import send_message
from app.kernel.settings import settings
from booths.allocation.enums import ApplicationState, Reason, RunState
from booths.allocation.errors import (
    AllocationRunning,
    AlreadyApplied,
    ApplicationNotFound,
    NothingToAllocate,
    RunNotProposed,
)
from booths.allocation.tables import Allocation, AllocationRun, Application
from booths.floorplan.enums import HolderState
from booths.floorplan.services import hold_booth
from booths.floorplan.tables import Booth, Cell, CellHold

SOLVER_SECONDS = 30.0


async def submit_application(
    *,
    edition_id: int,
    organisation_id: int,
    contact_id: int | None,
    cells_wanted: int,
    zone_wanted: str = "",
    power_watts: int = 0,
    category: str = "",
    note: str = "",
    actor: Actor,
    now: datetime,
) -> tuple[int, bool]:
    """Apply, or change an application that has no booth yet: (application id, whether it is new).

    The contact becomes the exhibitor's owner in this edition. Raises AlreadyApplied when a booth was allocated.
    """
    values: dict[Any, Any] = {
        Application.cells_wanted: cells_wanted,
        Application.zone_wanted: zone_wanted,
        Application.power_watts: power_watts,
        Application.category: category,
        Application.note: note,
        Application.changed_at: now,
    }
    try:
        async with write_transaction():
            found = await Application.objects().get(
                (Application.edition == edition_id) & (Application.organisation == organisation_id)
            )
            created = found is None
            if found is None:
                found = Application(
                    edition=edition_id,
                    organisation=organisation_id,
                    contact=contact_id,
                    state=ApplicationState.SUBMITTED.value,
                    submitted_at=now,
                )
                await found.save()
            elif found.state in (ApplicationState.DRAFT, ApplicationState.WITHDRAWN, ApplicationState.WAITING):
                values |= {Application.state: ApplicationState.SUBMITTED.value, Application.submitted_at: now}
            elif found.state == ApplicationState.ALLOCATED and found.cells_wanted != cells_wanted:
                raise AlreadyApplied
            if contact_id is not None:
                values[Application.contact] = contact_id
                await grant_role(
                    person_id=contact_id,
                    role=Role.EXHIBITOR_OWNER,
                    edition_id=edition_id,
                    organisation_id=organisation_id,
                    actor=actor,
                    now=now,
                )
            await Application.update(values).where(Application.id == found.id)
            await audit.record(
                actor=actor,
                action="application.submit" if created else "application.change",
                subject_type="application",
                subject_id=found.id,
                edition_id=edition_id,
                after={"cells_wanted": cells_wanted, "zone_wanted": zone_wanted, "power_watts": power_watts},
                now=now,
            )
    except Exception as error:
        if is_unique_violation(error):
            raise AlreadyApplied from error
        raise
    return found.id, created


async def withdraw_application(*, application_id: int, actor: Actor, now: datetime) -> None:
    """Take an application back that has no booth. Raises ApplicationNotFound."""
    async with write_transaction():
        rows = (
            await Application.update({Application.state: ApplicationState.WITHDRAWN.value, Application.changed_at: now})
            .where(
                (Application.id == application_id)
                & Application.state.is_in([ApplicationState.SUBMITTED.value, ApplicationState.WAITING.value])
            )
            .returning(Application.edition)
        )
        if not rows:
            raise ApplicationNotFound
        await audit.record(
            actor=actor,
            action="application.withdraw",
            subject_type="application",
            subject_id=application_id,
            edition_id=rows[0]["edition"],
            now=now,
        )


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
        if await AllocationRun.exists().where(
            (AllocationRun.edition == edition_id) & (AllocationRun.state == RunState.RUNNING.value)
        ):
            raise AllocationRunning
        open_applications = await Application.count().where(
            (Application.edition == edition_id) & Application.state.is_in(_OPEN)
        )
        if not open_applications or not await free_booths(edition_id):
            raise NothingToAllocate
        await AllocationRun.update({AllocationRun.state: RunState.DISCARDED.value}).where(
            (AllocationRun.edition == edition_id) & (AllocationRun.state == RunState.PROPOSED.value)
        )
        run = AllocationRun(edition=edition_id, started_by=actor.person_id, started_at=now)
        await run.save()
        job_id = await enqueue(
            "allocation.solve",
            {"run_id": run.id, "edition_id": edition_id},
            unique_key=f"allocation:{edition_id}",
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


_OPEN = [ApplicationState.SUBMITTED.value, ApplicationState.WAITING.value]


async def free_booths(edition_id: int) -> list[dict[str, Any]]:
    """Booths of an edition that nobody holds, with ``neighbours`` (ids of booths whose cells touch)."""
    booths = await Booth.select().where(Booth.edition == edition_id).order_by(Booth.id)
    held = await CellHold.select(CellHold.booth).where(CellHold.live.eq(True) & (CellHold.booth.edition == edition_id))
    taken = {row["booth"] for row in held}
    cells = await Cell.select(Cell.hall, Cell.x, Cell.y, Cell.booth).where(Cell.booth.edition == edition_id)
    at = {(cell["hall"], cell["x"], cell["y"]): cell["booth"] for cell in cells}
    neighbours: dict[int, set[int]] = defaultdict(set)
    for (hall, x, y), booth in at.items():
        for other in (at.get((hall, x + 1, y)), at.get((hall, x, y + 1))):
            if other is not None and other != booth:
                neighbours[booth].add(other)
                neighbours[other].add(booth)
    return [
        {
            "id": booth["id"],
            "cells": booth["cell_count"],
            "zone": booth["zone"],
            "power": booth["power_watts"],
            "neighbours": sorted(neighbours[booth["id"]] - taken),
        }
        for booth in booths
        if booth["id"] not in taken
    ]


async def solve_allocation(job: JobContext, *, now: datetime) -> dict[str, Any]:
    """The job: read, let a child compute, write the proposal. Publishing is a person's decision."""
    run_id, edition_id = job.payload["run_id"], job.payload["edition_id"]
    rows = (
        await Application.select()
        .where((Application.edition == edition_id) & Application.state.is_in(_OPEN))
        .order_by(Application.id)
    )
    applications = [
        {
            "id": row["id"],
            "cells": row["cells_wanted"],
            "zone": row["zone_wanted"],
            "power": row["power_watts"],
            "category": row["category"],
        }
        for row in rows
    ]
    booths = await free_booths(edition_id)
    await job.progress(0, len(applications), "solving")
    try:
        result = await run_in_child(
            "booths.allocation.optimiser:solve",
            {"applications": applications, "booths": booths, "seconds": SOLVER_SECONDS},
            timeout=SOLVER_SECONDS + 20,
            should_cancel=job.cancelled,
        )
    except Exception as error:
        async with write_transaction():
            await AllocationRun.update(
                {
                    AllocationRun.state: RunState.FAILED.value,
                    AllocationRun.error: type(error).__name__,
                    AllocationRun.finished_at: now,
                }
            ).where((AllocationRun.id == run_id) & (AllocationRun.state == RunState.RUNNING.value))
        raise
    by_application = {application["id"]: application for application in applications}
    by_booth = {booth["id"]: booth for booth in booths}
    holder = {booth_id: by_application[application_id] for application_id, booth_id, _worth in result["placed"]}
    async with write_transaction():
        claimed = (
            await AllocationRun.update(
                {
                    AllocationRun.state: RunState.PROPOSED.value,
                    AllocationRun.objective: result["objective"],
                    AllocationRun.gap: result["gap"],
                    AllocationRun.placed: len(result["placed"]),
                    AllocationRun.unplaced: len(applications) - len(result["placed"]),
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
                        reasons=[
                            reason.value
                            for reason in explain(by_application[application_id], by_booth[booth_id], holder)
                        ],
                    )
                    for application_id, booth_id, worth in result["placed"]
                )
            )
    await job.progress(len(applications), len(applications), "done")
    return {"run_id": run_id, "placed": len(result["placed"]), "gap": result["gap"]}


def explain(application: dict[str, Any], booth: dict[str, Any], holder: dict[int, dict[str, Any]]) -> list[Reason]:
    """Why this booth, in the order in which an exhibitor would ask."""
    reasons = [Reason.SIZE if booth["cells"] == application["cells"] else Reason.LARGER]
    if not application["zone"]:
        reasons.append(Reason.NO_WISH)
    else:
        reasons.append(Reason.ZONE if application["zone"] == booth["zone"] else Reason.OTHER_ZONE)
    if application["power"]:
        reasons.append(Reason.POWER)
    beside = (holder[other]["category"] for other in booth["neighbours"] if other in holder)
    if application["category"] and application["category"] in beside:
        reasons.append(Reason.COMPETITOR)
    return reasons


async def publish_run(*, run_id: int, actor: Actor, now: datetime) -> int:
    """Make a proposal real: every booth is allocated, every exhibitor told; returns how many. All of it or nothing.

    Raises RunNotProposed, and BoothTaken when somebody took one of the booths meanwhile.
    """
    async with write_transaction():
        rows = (
            await AllocationRun.update({AllocationRun.state: RunState.PUBLISHED.value, AllocationRun.published_at: now})
            .where((AllocationRun.id == run_id) & (AllocationRun.state == RunState.PROPOSED.value))
            .returning(AllocationRun.edition)
        )
        if not rows:
            raise RunNotProposed
        edition_id = rows[0]["edition"]
        placed = await Allocation.select(
            Allocation.application.id.as_alias("application_id"),
            Allocation.application.organisation.as_alias("organisation_id"),
            Allocation.application.contact.as_alias("contact_id"),
            Allocation.booth.id.as_alias("booth_id"),
            Allocation.booth.code.as_alias("code"),
        ).where(Allocation.run == run_id)
        for row in placed:
            await hold_booth(
                booth_id=row["booth_id"],
                organisation_id=row["organisation_id"],
                state=HolderState.ALLOCATED,
                actor=actor,
                now=now,
            )
            await Application.update(
                {Application.state: ApplicationState.ALLOCATED.value, Application.changed_at: now}
            ).where(Application.id == row["application_id"])
            await _tell(row, run_id, edition_id, now)
        await Application.update(
            {Application.state: ApplicationState.WAITING.value, Application.changed_at: now}
        ).where((Application.edition == edition_id) & (Application.state == ApplicationState.SUBMITTED.value))
        await audit.record(
            actor=actor,
            action="allocation.publish",
            subject_type="allocation_run",
            subject_id=run_id,
            edition_id=edition_id,
            after={"placed": len(placed)},
            now=now,
        )
    return len(placed)


async def _tell(row: dict[str, Any], run_id: int, edition_id: int, now: datetime) -> None:
    if row["contact_id"] is None:
        return
    person = await Person.objects().get(Person.id == row["contact_id"])
    organisation = await Organisation.objects().get(Organisation.id == row["organisation_id"])
    if person is None or organisation is None:
        return
    address = f"{settings().base_url}/exhibitor/{organisation.id}/{edition_id}"
    with use_locale(person.locale):
        body = _("{organisation} has booth {booth}.\nSee why, fill in your page and print your poster: {address}")
        await send_message(
            channel=ChannelKind.MAIL if person.email else ChannelKind.SMS,
            to=person.email or person.phone or "",
            person_id=person.id,
            subject=_("Your booth: {booth}").format(booth=row["code"]),
            body=body.format(organisation=organisation.name, booth=row["code"], address=address),
            locale=person.locale,
            unique_key=f"allocation:{run_id}:{row['application_id']}",
            edition_id=edition_id,
            now=now,
        )


async def discard_run(*, run_id: int, actor: Actor, now: datetime) -> None:
    """Put a proposal aside. Raises RunNotProposed."""
    async with write_transaction():
        rows = (
            await AllocationRun.update({AllocationRun.state: RunState.DISCARDED.value})
            .where((AllocationRun.id == run_id) & (AllocationRun.state == RunState.PROPOSED.value))
            .returning(AllocationRun.edition)
        )
        if not rows:
            raise RunNotProposed
        await audit.record(
            actor=actor,
            action="allocation.discard",
            subject_type="allocation_run",
            subject_id=run_id,
            edition_id=rows[0]["edition"],
            now=now,
        )

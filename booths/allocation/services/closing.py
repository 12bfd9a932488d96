"""The applications of an edition that is cancelled: all of them end, and no proposal is worked out any more."""

from collections.abc import Mapping
from datetime import datetime

from app.accounts.actor import Actor
from app.events.queries import EditionInfo
from app.kernel.jobs import JobNotOpen, request_cancel
from booths.allocation.enums import OPEN_STATES, ApplicationState, RunState
from booths.allocation.services.applications import move_applications
from booths.allocation.tables import AllocationRun, Application


async def close_applications(edition: EditionInfo, actor: Actor, now: datetime) -> Mapping[str, int]:
    """End applications and proposals, in the transaction that cancels the edition; the floor plan frees the booths."""
    unpublished = [RunState.RUNNING.value, RunState.PROPOSED.value]
    runs = (
        await AllocationRun.update({AllocationRun.state: RunState.DISCARDED.value, AllocationRun.finished_at: now})
        .where((AllocationRun.edition == edition.id) & AllocationRun.state.is_in(unpublished))
        .returning(AllocationRun.job_id)
    )
    for run in runs:
        try:
            await request_cancel(run["job_id"] or 0, now=now)
        except JobNotOpen:
            continue
    moved = await move_applications(
        Application.edition == edition.id,
        states=[ApplicationState.DRAFT, *OPEN_STATES, ApplicationState.ALLOCATED],
        target=ApplicationState.CANCELLED,
        action="application.cancel",
        edition_id=edition.id,
        actor=actor,
        now=now,
    )
    return {"applications": len(moved)}

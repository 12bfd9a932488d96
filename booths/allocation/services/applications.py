"""Applications: sent, changed, taken back."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.accounts.services.people import grant_role
from app.events.queries import hold_edition_going_on
from app.kernel import audit
from app.kernel.database import is_unique_violation, write_transaction
from booths.allocation.enums import OPEN_STATES, ApplicationState
from booths.allocation.errors import AlreadyApplied, ApplicationNotFound
from booths.allocation.tables import Application


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
    draft: bool = False,
    actor: Actor,
    now: datetime,
) -> tuple[int, bool]:
    """Apply, or change an application that has no booth yet: (application id, whether it is new).

    The contact becomes the exhibitor's owner in this edition. A ``draft`` waits for :func:`send_draft`. Raises
    AlreadyApplied when a booth was allocated, EditionIsCancelled.
    """
    wish: dict[str, Any] = {
        "cells_wanted": cells_wanted,
        "zone_wanted": zone_wanted,
        "power_watts": power_watts,
        "category": category,
        "note": note,
    }
    values: dict[Any, Any] = {**wish, Application.changed_at: now}
    state = ApplicationState.DRAFT if draft else ApplicationState.SUBMITTED
    try:
        async with write_transaction():
            await hold_edition_going_on(edition_id)
            found = await Application.objects().get(
                (Application.edition == edition_id) & (Application.organisation == organisation_id)
            )
            created = found is None
            before: dict[str, Any] = {}
            told = {**wish, "state": state.value, "contact": contact_id}
            if found is None:
                found = Application(
                    edition=edition_id,
                    organisation=organisation_id,
                    contact=contact_id,
                    state=state.value,
                    submitted_at=None if draft else now,
                )
                await found.save()
            else:
                before = {key: getattr(found, key) for key in told}
                if found.state in (ApplicationState.DRAFT, ApplicationState.WITHDRAWN, ApplicationState.WAITING):
                    values |= {Application.state: state.value, Application.submitted_at: None if draft else now}
                elif found.state == ApplicationState.ALLOCATED and found.cells_wanted != cells_wanted:
                    raise AlreadyApplied
                else:
                    told["state"] = found.state
            if contact_id is None:
                told["contact"] = found.contact
            else:
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
            before, after = audit.changes(before, told)
            if after:
                await audit.record(
                    actor=actor,
                    action="application.submit" if created else "application.change",
                    subject_type="application",
                    subject_id=found.id,
                    edition_id=edition_id,
                    before=before or None,
                    after=after,
                    now=now,
                )
    except Exception as error:
        if is_unique_violation(error):
            raise AlreadyApplied from error
        raise
    return found.id, created


async def send_draft(*, edition_id: int, application_id: int, actor: Actor, now: datetime) -> None:
    """Send an application that was only a draft. Raises ApplicationNotFound, EditionIsCancelled."""
    await _move(edition_id, application_id, [ApplicationState.DRAFT], ApplicationState.SUBMITTED, actor, now)


async def withdraw_application(*, edition_id: int, application_id: int, actor: Actor, now: datetime) -> None:
    """Take an application back that has no booth. Raises ApplicationNotFound."""
    states = [ApplicationState.DRAFT, *OPEN_STATES]
    await _move(edition_id, application_id, states, ApplicationState.WITHDRAWN, actor, now)


async def _move(
    edition_id: int,
    application_id: int,
    states: Sequence[ApplicationState],
    target: ApplicationState,
    actor: Actor,
    now: datetime,
) -> None:
    async with write_transaction():
        if target == ApplicationState.SUBMITTED:
            await hold_edition_going_on(edition_id)
        chosen = (Application.id == application_id) & (Application.edition == edition_id)
        if not await move_applications(
            chosen,
            states=states,
            target=target,
            action="application.send" if target == ApplicationState.SUBMITTED else "application.withdraw",
            edition_id=edition_id,
            actor=actor,
            now=now,
        ):
            raise ApplicationNotFound


async def move_applications(
    chosen: Any,
    *,
    states: Sequence[ApplicationState],
    target: ApplicationState,
    action: str,
    edition_id: int,
    actor: Actor,
    now: datetime,
) -> list[int]:
    """Move the ``chosen`` applications (a condition) from any of these states to another; the ids of those that moved.

    Each has its entry in the log. In the caller's transaction.
    """
    values: dict[Any, Any] = {Application.state: target.value, Application.changed_at: now}
    if target == ApplicationState.SUBMITTED:
        values[Application.submitted_at] = now
    moved: list[int] = []
    for state in states:  # one update for each, so that what was before is certain
        rows = (
            await Application.update(values)
            .where(chosen & (Application.state == state.value))
            .returning(Application.id)
        )
        for row in rows:
            moved.append(row["id"])
            await audit.record(
                actor=actor,
                action=action,
                subject_type="application",
                subject_id=row["id"],
                edition_id=edition_id,
                before={"state": state.value},
                after={"state": target.value},
                now=now,
            )
    return moved

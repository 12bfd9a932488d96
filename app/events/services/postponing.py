"""An edition is put off: every date that hangs on it moves by as many days, and everybody concerned is told."""

from datetime import date, datetime

from app.accounts.actor import Actor
from app.events import slots
from app.events.enums import EditionState
from app.events.errors import EditionIsCancelled, EditionIsClosed
from app.events.moving import Moving, Shift, move_dates, preview_of, shift_to
from app.events.queries import EditionInfo, edition_by_id, hold_edition
from app.events.services.telling import tell_later
from app.events.tables import Edition
from app.kernel import audit
from app.kernel.database import write_transaction
from app.kernel.errors import Conflict
from app.kernel.names import clean_text


async def preview_postponing(*, edition_id: int, starts_on: date, now: datetime) -> list[Moving]:
    """What would move if an edition began on another day.

    Raises EditionNotFound, EditionIsClosed, EditionIsCancelled, NotLater, TooMuchLater.
    """
    shift = _checked(await edition_by_id(edition_id), starts_on, now)
    chosen = [dates for mover in slots.movers() for dates in (*mover.moved, *(one.dates for one in mover.apart))]
    lines = [await preview_of(dates, shift) for dates in chosen]
    return [line for line in lines if line is not None]


async def postpone_edition(
    *, edition_id: int, starts_on: date, seen: date, reason: str, actor: Actor, now: datetime
) -> None:
    """Put an edition off to a new first day, and queue the job that tells everybody.

    All of it moves or nothing does. ``seen`` is the first day that the organiser saw when she decided. Raises
    EditionNotFound, EditionIsClosed, EditionIsCancelled, NotLater, TooMuchLater, and Conflict when the edition has
    other days than ``seen`` by now.
    """
    async with write_transaction():
        edition = await hold_edition(edition_id, alone=True)
        if edition.starts_on != seen:
            raise Conflict
        shift = _checked(edition, starts_on, now)
        movers = slots.movers()
        for mover in movers:
            for dates in mover.moved:
                await move_dates(dates, shift)
        for mover in movers:
            for one in mover.apart:
                await one.move(shift)
        ends_on = shift.of(edition.ends_on)
        why = clean_text(reason)[:500]
        await Edition.update(
            {
                Edition.was_starts_on: edition.starts_on,
                Edition.was_ends_on: edition.ends_on,
                Edition.change_reason: why,
            }
        ).where(Edition.id == edition_id)
        await audit.record(
            actor=actor,
            action="edition.postpone",
            subject_type="edition",
            subject_id=edition_id,
            edition_id=edition_id,
            before={"starts_on": edition.starts_on, "ends_on": edition.ends_on},
            after={"starts_on": starts_on, "ends_on": ends_on, "reason": why},
            now=now,
        )
        await tell_later(edition_id=edition_id, change=str(starts_on), actor=actor, now=now)


def _checked(edition: EditionInfo, starts_on: date, now: datetime) -> Shift:
    if edition.state == EditionState.CLOSED:
        raise EditionIsClosed
    if edition.state == EditionState.CANCELLED:
        raise EditionIsCancelled
    return shift_to(edition, starts_on, now)

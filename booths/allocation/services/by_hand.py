"""Booths that an organiser gives, holds and takes back by hand."""

from datetime import datetime

from app.accounts.actor import Actor
from app.events.queries import hold_edition, hold_edition_going_on
from app.kernel.database import write_transaction
from booths.allocation.enums import OPEN_STATES, OPEN_VALUES, ApplicationState
from booths.allocation.errors import ApplicationNotFound, HasBooth
from booths.allocation.queries import application, held_booths
from booths.allocation.services.applications import move_applications
from booths.allocation.services.fees import take_bill_back
from booths.allocation.services.messages import Given, tell
from booths.allocation.tables import Application
from booths.floorplan.enums import HolderState
from booths.floorplan.queries import booth_in
from booths.floorplan.services import hold_booth, release_booth, settle_hold


async def hold_for_application(
    *, edition_id: int, booth_id: int, application_id: int, tell_now: bool = False, actor: Actor, now: datetime
) -> None:
    """Keep a free booth for an open application; the next allocation leaves both alone, publishing settles it.

    With ``tell_now`` it is allocated at once and the contact is told. Asked again, by somebody whose answer was lost,
    it changes nothing. Raises BoothNotFound, BoothTaken, ApplicationNotFound, HasBooth, EditionIsCancelled.
    """
    async with write_transaction():
        await hold_edition_going_on(edition_id, alone=True)
        await booth_in(edition_id, booth_id)
        rows = (
            await Application.update({Application.changed_at: now})
            .where(
                (Application.id == application_id)
                & (Application.edition == edition_id)
                & Application.state.is_in(OPEN_VALUES)
            )
            .returning(Application.organisation)
        )
        if not rows:
            given = (await application(edition_id, application_id)).booth_id
            if given == booth_id:
                return
            raise HasBooth if given else ApplicationNotFound
        organisation_id = rows[0]["organisation"]
        held = (await held_booths(edition_id)).get(organisation_id)
        if held and held["booth"] != booth_id:
            raise HasBooth
        if not held:
            await hold_booth(
                booth_id=booth_id, organisation_id=organisation_id, state=HolderState.HELD, actor=actor, now=now
            )
        if tell_now:
            await settle_held(edition_id=edition_id, booth_id=booth_id, actor=actor, now=now)


async def allocate_held(*, edition_id: int, booth_id: int, actor: Actor, now: datetime) -> None:
    """Allocate a booth that is held for an open application, and tell its contact. Raises BoothNotFound."""
    async with write_transaction():
        await hold_edition(edition_id, alone=True)
        await settle_held(edition_id=edition_id, booth_id=booth_id, actor=actor, now=now)


async def settle_held(*, edition_id: int, booth_id: int, actor: Actor, now: datetime) -> None:
    """As :func:`allocate_held`, for whoever holds the edition already."""
    async with write_transaction():
        booth = await booth_in(edition_id, booth_id)
        organisation_id = await settle_hold(booth_id=booth_id, actor=actor, now=now)
        moved = await move_applications(
            (Application.edition == edition_id) & (Application.organisation == organisation_id),
            states=OPEN_STATES,
            target=ApplicationState.ALLOCATED,
            action="application.allocate",
            edition_id=edition_id,
            actor=actor,
            now=now,
        )
        if moved:
            given = Given(
                edition_id=edition_id,
                application_id=moved[0],
                booth_id=booth_id,
                code=booth["code"],
                occasion=now.isoformat(timespec="seconds"),
            )
            await tell(given, now)


async def release_by_hand(*, edition_id: int, booth_id: int, actor: Actor, now: datetime) -> None:
    """Free a booth; the application of whoever held it waits again, and its invoice is taken back.

    Raises BoothNotFound.
    """
    async with write_transaction():
        await hold_edition(edition_id, alone=True)
        await booth_in(edition_id, booth_id)
        organisation_id = await release_booth(booth_id=booth_id, actor=actor, now=now)
        if organisation_id is None:
            return
        moved = await move_applications(
            (Application.edition == edition_id) & (Application.organisation == organisation_id),
            states=[ApplicationState.ALLOCATED],
            target=ApplicationState.WAITING,
            action="application.wait",
            edition_id=edition_id,
            actor=actor,
            now=now,
        )
        for application_id in moved:
            await take_bill_back(edition_id=edition_id, application_id=application_id, actor=actor, now=now)

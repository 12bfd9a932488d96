"""Officers fill in for somebody: beginning, ending, allowing; and the moment from which the account is her own."""

from datetime import datetime
from typing import Any

from app.accounts.actor import Actor
from app.accounts.enums import HandOver
from app.accounts.errors import FillingInNotAllowed
from app.accounts.queries import may_fill_in
from app.accounts.tables import Assistance, Person, Session
from app.kernel import audit
from app.kernel.database import hold_row, write_transaction

#: What a hand-over leaves of the ways to it: nothing.
NO_WAYS: dict[Any, Any] = {
    Assistance.card_hash: None,
    Assistance.card_expires_at: None,
    Assistance.contact: None,
    Assistance.code_hash: None,
    Assistance.code_expires_at: None,
}


async def start_filling_in(*, person_id: int, edition_id: int, actor: Actor, now: datetime) -> None:
    """Let the officer's browser stand in somebody's place on her pages, until it stops. Raises FillingInNotAllowed."""
    async with write_transaction():
        await hold_row("person", person_id)
        if actor.session_id is None or not await may_fill_in(actor, person_id, edition_id):
            raise FillingInNotAllowed
        values: dict[Any, Any] = {Session.acting_for: person_id, Session.acting_in: edition_id}
        await Session.update(values).where(Session.id == actor.session_id)
        await audit.note(actor, "help.start", "person", person_id, edition_id, now)


async def stop_filling_in(*, actor: Actor, now: datetime) -> None:
    """Be oneself again. Who fills in for nobody changes nothing."""
    acting = actor.filling_in
    if acting is None:
        return
    async with write_transaction():
        await Session.update({Session.acting_for: None, Session.acting_in: None}).where(Session.id == actor.session_id)
        await audit.note(actor, "help.stop", "person", acting.person_id, acting.edition_id, now)


async def allow_help(*, actor: Actor, now: datetime) -> None:
    """Let officers of the festivals that one exhibits at fill in; pressed twice it is kept once."""
    assert actor.person_id is not None
    async with write_transaction():
        await Assistance.insert(Assistance(person=actor.person_id, handed_over_at=now, taken_over_at=now)).on_conflict(
            target=Assistance.person, action="DO NOTHING"
        )
        rows = (
            await Assistance.update({Assistance.allowed_at: now})
            .where((Assistance.person == actor.person_id) & Assistance.allowed_at.is_null())
            .returning(Assistance.edition_id)
        )
        for row in rows:
            await audit.note(actor, "help.allow", "person", actor.person_id, row["edition_id"], now)


async def forbid_help(*, actor: Actor, now: datetime) -> None:
    """Let nobody fill in any more; who does at this moment is stopped."""
    assert actor.person_id is not None
    async with write_transaction():
        rows = (
            await Assistance.update({Assistance.allowed_at: None})
            .where((Assistance.person == actor.person_id) & Assistance.allowed_at.is_not_null())
            .returning(Assistance.edition_id)
        )
        await end_filling_in(actor.person_id)
        for row in rows:
            await audit.note(actor, "help.forbid", "person", actor.person_id, row["edition_id"], now)


async def end_filling_in(person_id: int) -> None:
    """Stop everybody who fills in for somebody, in the caller's transaction."""
    await Session.update({Session.acting_for: None, Session.acting_in: None}).where(Session.acting_for == person_id)


async def hand_over(
    *, person_id: int, way: HandOver, condition: Any = None, actor: Actor | None = None, now: datetime
) -> bool:
    """Make the account of somebody whom an officer registered her own, in the caller's transaction.

    Officers may fill in no longer, her card and code open nothing more. Returns whether it was done now: it is done
    once, and only where a further ``condition`` on the row holds. ``actor`` None stands for herself.
    """
    chosen: Any = (Assistance.person == person_id) & Assistance.handed_over_at.is_null()
    if condition is not None:
        chosen = chosen & condition
    values: dict[Any, Any] = {**NO_WAYS, Assistance.handed_over_at: now, Assistance.allowed_at: None}
    rows = await Assistance.update(values).where(chosen).returning(Assistance.edition_id)
    if not rows:
        return False
    await end_filling_in(person_id)
    if actor is None:
        person = await Person.select(Person.full_name).where(Person.id == person_id).first()
        actor = Actor(person_id=person_id, full_name=person["full_name"] if person else "")
    await audit.note(actor, "help.hand_over", "person", person_id, rows[0]["edition_id"], now, after={"way": way.value})
    return True


async def take_over(*, actor: Actor, now: datetime) -> None:
    """Say that one has looked at what was filled in and takes the account over; said twice it is kept once."""
    assert actor.person_id is not None
    async with write_transaction():
        rows = (
            await Assistance.update({Assistance.taken_over_at: now})
            .where((Assistance.person == actor.person_id) & Assistance.taken_over_at.is_null())
            .returning(Assistance.edition_id)
        )
        for row in rows:
            await audit.note(actor, "help.take_over", "person", actor.person_id, row["edition_id"], now)


async def forbid_with_consent(person_id: int, given: bool) -> None:
    """What withdrawing the consent to be registered does: nobody fills in any more. Giving it allows nothing."""
    if not given:
        await Assistance.update({Assistance.allowed_at: None}).where(Assistance.person == person_id)
        await end_filling_in(person_id)

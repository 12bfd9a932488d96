"""Everybody whom an edition concerns is told once that it was postponed or cancelled, each in her language."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.accounts.actor import Actor
from app.accounts.tables import Person, RoleGrant
from app.events.enums import EditionState, PassState
from app.events.queries import EditionInfo, edition_by_id
from app.events.slots import people_concerned
from app.events.tables import Edition, Pass
from app.kernel.clock import now as clock_now
from app.kernel.database import write_transaction
from app.kernel.i18n import _, use_locale
from app.kernel.jobs import JobContext, enqueue
from app.kernel.outbox import send_message, way_to
from app.kernel.settings import settings

JOB = "events.tell_change"
CHUNK = 500


async def tell_later(*, edition_id: int, change: str, actor: Actor, now: datetime) -> None:
    """Queue the job that tells everybody, in the caller's transaction. ``change`` is the new first day, or a state."""
    await enqueue(
        JOB,
        {"edition_id": edition_id, "change": change},
        unique_key=f"{JOB}:{edition_id}:{change}",
        edition_id=edition_id,
        actor=actor,
        now=now,
    )


async def holders_concerned(edition_id: int) -> set[int]:
    """Who holds a pass that counts, or did until the edition was cancelled: guests, speakers, staff, visitors."""
    counts: Any = Pass.state.is_in([PassState.ISSUED.value, PassState.BLOCKED.value])
    for edition in await Edition.select(Edition.closed_at).where(Edition.id == edition_id):
        if edition["closed_at"] is not None:
            counts = counts | (Pass.revoked_at == edition["closed_at"])
    mine = (Pass.edition == edition_id) & Pass.holder.is_not_null()
    rows = await Pass.select(Pass.holder).where(mine & counts).distinct()
    return {row["holder"] for row in rows}


async def role_holders(edition_id: int) -> set[int]:
    """Who has a role in the edition: organisers, gate staff, exhibitors, judges, teams."""
    chosen = (RoleGrant.edition_id == edition_id) & RoleGrant.revoked_at.is_null()
    return {row["person"] for row in await RoleGrant.select(RoleGrant.person).where(chosen).distinct()}


async def tell_change(job: JobContext) -> dict[str, Any]:
    """Write to everybody concerned who has an address, some hundred in a transaction; done again, it writes nothing.

    Where the edition was changed once more meanwhile, nothing is said of what does not hold any longer.
    """
    edition = await edition_by_id(job.payload["edition_id"])
    change = job.payload["change"]
    if change not in (str(edition.starts_on), edition.state.value):
        return {"told": 0}
    waiting = sorted(await people_concerned(edition.id))
    told = 0
    for start in range(0, len(waiting), CHUNK):
        if job.cancelled():
            break
        people = await Person.select(Person.id, Person.full_name, Person.email, Person.phone, Person.locale).where(
            Person.id.is_in(waiting[start : start + CHUNK])
            & Person.merged_into.is_null()
            & (Person.email.is_not_null() | Person.phone.is_not_null())
        )
        async with write_transaction():
            for person in people:
                told += await _tell(edition, change, person)
        await job.progress(min(start + CHUNK, len(waiting)), len(waiting))
    return {"told": told}


async def _tell(edition: EditionInfo, change: str, person: Mapping[str, Any]) -> bool:
    channel, address = way_to(email=person["email"], phone=person["phone"])
    with use_locale(person["locale"]):
        subject, body = _words(edition)
        made = await send_message(
            channel=channel,
            to=address,
            person_id=person["id"],
            subject=subject,
            body="\n".join([f"{person['full_name']},", *body, f"{settings().base_url.rstrip('/')}{edition.path}"]),
            locale=person["locale"],
            edition_id=edition.id,
            unique_key=f"edition.change:{edition.id}:{change}:{person['id']}",
            now=clock_now(),
        )
    return made is not None


def _words(edition: EditionInfo) -> tuple[str, list[str]]:
    reason = [_("The reason: {reason}").format(reason=edition.change_reason)] if edition.change_reason else []
    if edition.state == EditionState.CANCELLED:
        return _("Cancelled: {festival}").format(festival=edition.title), [
            _("we are sorry: {festival} ({days}) was cancelled and will not take place.").format(
                festival=edition.title, days=edition.when
            ),
            *reason,
            _("Passes open no gate any more. What was paid goes back: the organisers see to it."),
        ]
    return _("New days: {festival}").format(festival=edition.title), [
        _("{festival} was put off. It will be on {new} instead of {old}.").format(
            festival=edition.title, new=edition.when, old=edition.was_when
        ),
        *reason,
        _(
            "What you have stays yours: passes count on the new days under the same code, booths stay, and the "
            "programme and all deadlines have moved by as many days."
        ),
    ]

"""Erasing a person: asked for by herself, or by an owner for somebody who asks by phone or on paper; done by a job."""

from collections import Counter
from datetime import datetime

from app.accounts.actor import Actor
from app.accounts.enums import Asked, Role
from app.accounts.errors import LastOwner, NotOnlyYours
from app.accounts.personal.records import whoms_of
from app.accounts.personal.registry import erase_all, find_of_records, people_without_ties
from app.accounts.personal.whom import NOBODY
from app.accounts.queries import person_by_contact, records_of_person
from app.accounts.services.fresh import check_fresh
from app.accounts.services.sign_in import contact_of
from app.accounts.tables import Assistance, Person, RoleGrant, Session, SignInToken
from app.kernel import audit
from app.kernel.clock import now as clock_now
from app.kernel.database import dialect, fetch, write_transaction
from app.kernel.errors import NotFound
from app.kernel.jobs import JobContext, enqueue
from app.kernel.tables import AuditEntry, OutboxMessage

JOB = "accounts.erase_person"


async def editions_without_another_owner(person_id: int) -> list[int | None]:
    """Editions (None: all of them) that would have no owner without this person."""
    lock = " FOR UPDATE" if dialect() == "postgres" else ""
    rows = await fetch(
        f"SELECT person, edition_id FROM role_grant WHERE role = {{}} AND revoked_at IS NULL ORDER BY id{lock}",
        Role.OWNER.value,
    )
    hers = await records_of_person(person_id)
    merged = await Person.select(Person.id).where(Person.merged_into.is_not_null())
    nobody = {*hers, *(row["id"] for row in merged)}  # what stayed with a merged record opens nothing
    others = {row["edition_id"] for row in rows if row["person"] not in nobody}
    own = {row["edition_id"] for row in rows if row["person"] in hers}
    return [edition_id for edition_id in own if edition_id not in others and None not in others]


async def ask_for_own_erasure(*, actor: Actor, now: datetime) -> int:
    """Queue the erasure of the one who asks; returns the job's id.

    Raises SignInAgain when she did not sign in a moment ago, LastOwner when an edition would be left without an owner.
    """
    return await _ask(await check_fresh(actor, now), Asked.HERSELF, None, actor, now)


async def ask_for_erasure_of(*, contact: str, asked: Asked, edition_id: int, actor: Actor, now: datetime) -> int:
    """Queue the erasure of somebody who asked an owner of the edition for it; returns the job's id.

    Raises SignInFailed for what is no address, NotFound, LastOwner, and NotOnlyYours for somebody of whom festivals
    that the actor does not own hold something too: she has to ask for it herself.
    """
    person_id = await person_to_erase(contact=contact, edition_id=edition_id, actor=actor)
    return await _ask(person_id, asked, edition_id, actor, now)


async def person_to_erase(*, contact: str, edition_id: int, actor: Actor) -> int:
    """The person behind a phone number or mail address, if this owner may have her erased. Raises as above."""
    phone, email = contact_of(contact)
    found = await person_by_contact(phone=phone, email=email)
    if found is None:
        raise NotFound
    held = await find_of_records(await whoms_of(found["id"]))
    editions = {row["edition_id"] for one in held for row in one.rows if row.get("edition_id") is not None}
    if edition_id not in editions:
        raise NotFound
    hers = await records_of_person(found["id"])
    roles = await RoleGrant.exists().where(RoleGrant.person.is_in(hers) & RoleGrant.edition_id.is_null())
    if roles or any(not actor.has(Role.OWNER, edition_id=other) for other in editions):
        raise NotOnlyYours
    return int(found["id"])


async def _ask(person_id: int, asked: Asked, edition_id: int | None, actor: Actor, now: datetime) -> int:
    async with write_transaction():
        if await editions_without_another_owner(person_id):
            raise LastOwner
        await audit.record(
            actor=actor,
            action="person.erase",
            subject_type="person",
            subject_id=person_id,
            edition_id=edition_id,
            after={"asked": asked.value},
            now=now,
        )
        return await enqueue(
            JOB, {"person": person_id, "edition": edition_id}, unique_key=f"{JOB}:{person_id}", now=now
        )


async def run_erasure(job: JobContext) -> dict[str, int]:
    """The job."""
    return await erase_person(person_id=job.payload["person"], edition_id=job.payload.get("edition"), now=clock_now())


async def erase_person(*, person_id: int, edition_id: int | None = None, now: datetime) -> dict[str, int]:
    """Erase all that is held of a person, in one transaction; returns how many records of each kind changed.

    Records that were merged are one person: all of them go, whichever was meant.

    Doing it again finds nothing. Raises LastOwner when another owner went meanwhile.
    """
    async with write_transaction():
        if await editions_without_another_owner(person_id):
            raise LastOwner
        counts: Counter[str] = Counter()
        for whom in await whoms_of(person_id):
            if not await Person.exists().where((Person.id == whom.person_id) & Person.erased_at.is_null()):
                continue
            erased = await erase_all(whom, now)
            counts.update(erased)
            await audit.record(
                actor=None,
                action="person.erased",
                subject_type="person",
                subject_id=whom.person_id or 0,
                edition_id=edition_id,
                after={"records": sum(erased.values())},
                now=now,
            )
    return dict(counts)


async def erase_people_without_ties(*, created_before: datetime, at_most: int, now: datetime) -> int:
    """Erase people whom nothing needs any more, in a few statements; returns how many."""
    async with write_transaction():
        ids = await people_without_ties(created_before, at_most)
        if not ids:
            return 0
        await Session.delete().where(Session.person.is_in(ids))
        await Session.update({Session.acting_for: None, Session.acting_in: None}).where(Session.acting_for.is_in(ids))
        await Assistance.delete().where(Assistance.person.is_in(ids))
        await SignInToken.delete().where(SignInToken.person.is_in(ids))
        await OutboxMessage.delete().where(OutboxMessage.person_id.is_in(ids))
        about = (AuditEntry.subject_type == "person") & AuditEntry.subject_id.is_in([str(one) for one in ids])
        await AuditEntry.update({AuditEntry.before: None, AuditEntry.after: None}).where(about)
        await AuditEntry.update({AuditEntry.actor_name: ""}).where(AuditEntry.actor_person_id.is_in(ids))
        await Person.update(
            {
                Person.full_name: NOBODY,
                Person.sort_key: "",
                Person.search_text: "",
                Person.phone: None,
                Person.email: None,
                Person.password_hash: None,
                Person.expertise: "",
                Person.erased_at: now,
            }
        ).where(Person.id.is_in(ids))
    return len(ids)

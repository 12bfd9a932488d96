"""People, organisations and roles."""

from datetime import datetime
from typing import Any

from app.accounts.actor import Actor
from app.accounts.enums import OrganisationKind, RecordKind, Role
from app.accounts.errors import ContactMissing, ContactTaken
from app.accounts.places.wards import keep_ward
from app.accounts.queries import person_by_contact, survivor_of
from app.accounts.tables import Organisation, Person, RoleGrant
from app.kernel import audit
from app.kernel.database import engine, hold_row, is_unique_violation, write_transaction
from app.kernel.errors import NotFound
from app.kernel.names import clean_name, search_text, sort_key, text_key
from app.kernel.rows import add


async def create_person(
    *,
    full_name: str,
    phone: str | None = None,
    email: str | None = None,
    locale: str = "vi",
    may_lack_contact: bool = False,
    now: datetime,
) -> Person:
    """Add a person; ``phone`` in E.164 and ``email`` normalised already (``kernel.names``).

    Raises ContactMissing without either, unless she ``may_lack_contact`` because an officer is at her side, and
    ContactTaken when one of them belongs to somebody else.
    """
    if not phone and not email and not may_lack_contact:
        raise ContactMissing
    name = clean_name(full_name)
    person = Person(
        full_name=name,
        sort_key=sort_key(name),
        search_text=search_text(name, phone, email)[:600],
        phone=phone or None,
        email=email or None,
        locale=locale,
        created_at=now,
    )
    try:
        async with write_transaction():
            await add(person)
    except Exception as error:
        if is_unique_violation(error):
            raise ContactTaken from error
        raise
    return person


async def find_or_create_person(
    *, full_name: str, phone: str | None = None, email: str | None = None, locale: str = "vi", now: datetime
) -> Person:
    """The person with this phone number or, failing that, this mail address; added when there is none.

    For organisers' words alone. Nothing is changed of somebody who is there already: whoever could add a mail address
    to her would read her sign-in links. Raises ContactMissing without either.
    """
    if not phone and not email:
        raise ContactMissing
    async with write_transaction():
        found = await person_by_contact(phone=phone, email=email)
        if found is None:
            return await create_person(full_name=full_name, phone=phone, email=email, locale=locale, now=now)
        await hold_row("person", found["id"])  # she may be merged into another record at this moment
        kept = await survivor_of(RecordKind.PERSON, found["id"])
        person = await Person.objects().get(Person.id == kept)
        assert person is not None
        return person


async def find_or_create_by_one_contact(
    *, full_name: str, phone: str | None = None, email: str | None = None, locale: str = "vi", now: datetime
) -> Person:
    """The person whom somebody names who has not shown that the contact is hers: a visitor, a team, an applicant.

    Only one contact counts, the mail address when there is one. With two, a stranger's phone number and a mail address
    of her own would become one person, and whoever reads the mail could sign in as the stranger. What is sent must go
    to that same contact. Raises ContactMissing without either.
    """
    one_phone = None if email else phone
    return await find_or_create_person(full_name=full_name, phone=one_phone, email=email, locale=locale, now=now)


async def update_person(*, person_id: int, full_name: str, locale: str, actor: Actor, now: datetime) -> None:
    """Change a person's own name and language. Contacts change in ``services/contacts.py`` alone."""
    name = clean_name(full_name)
    async with write_transaction():
        await hold_row("person", person_id, alone=True)  # her contacts, which are searched, may change at this moment
        before = await Person.select().where(Person.id == person_id).first()
        if before is None:
            raise NotFound
        await Person.update(
            {
                Person.full_name: name,
                Person.sort_key: sort_key(name),
                Person.search_text: search_text(name, before["phone"], before["email"])[:600],
                Person.locale: locale,
                Person.locale_chosen: True,
            }
        ).where(Person.id == person_id)
        old, new = audit.changes(
            {"full_name": before["full_name"], "locale": before["locale"]}, {"full_name": name, "locale": locale}
        )
        if new:
            await audit.record(
                actor=actor,
                action="person.update",
                subject_type="person",
                subject_id=person_id,
                before=old,
                after=new,
                now=now,
            )


async def choose_language(*, person_id: int, locale: str, actor: Actor, now: datetime) -> None:
    """Keep the language in which somebody wants to read pages: what is sent to her comes in it, too."""
    async with write_transaction():
        await Person.update({Person.locale: locale, Person.locale_chosen: True}).where(Person.id == person_id)
        if locale != actor.locale:
            await audit.record(
                actor=actor,
                action="person.update",
                subject_type="person",
                subject_id=person_id,
                before={"locale": actor.locale},
                after={"locale": locale},
                now=now,
            )


async def grant_role(
    *,
    person_id: int,
    role: Role,
    edition_id: int | None = None,
    organisation_id: int | None = None,
    actor: Actor,
    now: datetime,
) -> bool:
    """Give a role; giving it again changes nothing. Whether she did not have it."""
    try:
        async with write_transaction():
            return await _grant(person_id, role, edition_id, organisation_id, actor, now)
    except Exception as error:
        if not is_unique_violation(error) or engine().current_transaction.get() is not None:
            raise  # inside somebody else's transaction the whole of it must go
        return False


async def _grant(
    person_id: int, role: Role, edition_id: int | None, organisation_id: int | None, actor: Actor, now: datetime
) -> bool:
    if await _held(person_id, role, edition_id, organisation_id):
        return False
    await RoleGrant.insert(
        RoleGrant(
            person=person_id,
            role=role.value,
            edition_id=edition_id,
            organisation=organisation_id,
            granted_by=actor.written_by[0],
            granted_at=now,
        )
    )
    await audit.record(
        actor=actor,
        action="role.grant",
        subject_type="person",
        subject_id=person_id,
        edition_id=edition_id,
        after={"role": role.value, "organisation_id": organisation_id},
        now=now,
    )
    return True


async def _held(person_id: int, role: Role, edition_id: int | None, organisation_id: int | None) -> bool:
    return await RoleGrant.exists().where(
        (RoleGrant.person == person_id)
        & (RoleGrant.role == role.value)
        & (RoleGrant.revoked_at.is_null())
        & (RoleGrant.edition_id.is_null() if edition_id is None else RoleGrant.edition_id == edition_id)
        & (RoleGrant.organisation.is_null() if organisation_id is None else RoleGrant.organisation == organisation_id)
    )


async def revoke_role(*, grant_id: int, edition_id: int, actor: Actor, now: datetime) -> None:
    """Take a role of an edition back; taken back twice, or one of another edition, changes nothing.

    Only an owner takes an owner's role.
    """
    kept = () if actor.has(Role.OWNER, edition_id=edition_id) else (Role.OWNER.value,)
    async with write_transaction():
        rows = (
            await RoleGrant.update({RoleGrant.revoked_at: now})
            .where(
                (RoleGrant.id == grant_id)
                & (RoleGrant.edition_id == edition_id)
                & RoleGrant.revoked_at.is_null()
                & RoleGrant.role.not_in([*kept, ""])
            )
            .returning(RoleGrant.person, RoleGrant.role, RoleGrant.edition_id)
        )
        for row in rows:
            await audit.record(
                actor=actor,
                action="role.revoke",
                subject_type="person",
                subject_id=row["person"],
                edition_id=row["edition_id"],
                before={"role": row["role"]},
                now=now,
            )


#: By what an organisation is found besides its name.
_SEARCHED = ("ward", "ward_before", "phone", "tax_number")
#: What the log tells of a new organisation.
_TOLD = ("name", "kind", "ward", "ward_code", "ward_before", "tax_number", "phone", "email", "member_count")


async def create_organisation(
    *, name: str, kind: OrganisationKind, edition_id: int | None = None, actor: Actor, now: datetime, **values: Any
) -> Organisation:
    """Add an organisation; ``values`` are further columns (``ward``, ``tax_number``, ``parent``, ``contact`` …).

    A ward that is no more is kept as the one of today where that is certain, and as it was written beside it.
    ``edition_id`` is the edition in whose log it is told.
    """
    cleaned = clean_name(name)
    kept = keep_ward(values.pop("ward", ""))
    values |= {
        "ward": kept["ward"],
        "ward_code": values.get("ward_code") or kept["ward_code"],
        "ward_before": kept["ward_before"] or values.get("ward_before", ""),
    }
    organisation = Organisation(
        name=cleaned,
        sort_key=text_key(cleaned)[:400],
        search_text=search_text(*(cleaned, *(values.get(key) for key in _SEARCHED)))[:600],
        kind=kind.value,
        created_at=now,
        **values,
    )
    async with write_transaction():
        await organisation.save()
        await audit.record(
            actor=actor,
            action="organisation.create",
            subject_type="organisation",
            subject_id=organisation.id,
            edition_id=edition_id,
            after={key: getattr(organisation, key) for key in _TOLD if getattr(organisation, key)},
            now=now,
        )
    return organisation

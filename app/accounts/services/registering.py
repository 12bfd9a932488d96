"""An officer registers somebody: with whatever contact there is, for a new or an old organisation, with her consent."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.accounts.actor import Actor
from app.accounts.enums import (
    EXHIBITOR_ROLES,
    ConsentPurpose,
    GivenThrough,
    Likeness,
    OrganisationKind,
    RecordKind,
    Role,
)
from app.accounts.errors import LooksAlike, OrganisationSpokenFor
from app.accounts.merging.likeness import organisations_alike, people_alike
from app.accounts.services.merging import known_in
from app.accounts.services.people import create_organisation, create_person, grant_role
from app.accounts.tables import Assistance, Consent, Organisation, Person, RoleGrant
from app.kernel import audit
from app.kernel.database import hold_row, write_transaction


@dataclass(frozen=True, kw_only=True)
class Newcomer:
    """Whom an officer registers. ``phone`` in E.164; ``shared``, it reaches the organisation and signs nobody in."""

    full_name: str
    phone: str | None = None
    email: str | None = None
    shared: bool = False
    locale: str = "vi"
    organisation: str
    kind: OrganisationKind = OrganisationKind.HOUSEHOLD
    ward: str = ""


@dataclass(frozen=True, kw_only=True)
class Alike:
    """A record that looks like the newcomer's, as this edition may see it, and why.

    An organisation is ``usable`` while nobody speaks for it.
    """

    kind: RecordKind
    id: int
    name: str
    ward: str
    reasons: tuple[Likeness, ...]
    usable: bool = False


async def alike(newcomer: Newcomer, *, edition_id: int) -> list[Alike]:
    """People and organisations that look like the newcomer's: only such as this edition or none at all knows."""
    people = await people_alike(full_name=newcomer.full_name, phone=newcomer.phone, ward=newcomer.ward)
    known = await known_in(RecordKind.PERSON, list(people))
    rows = await Person.select(Person.id, Person.full_name).where(
        Person.id.is_in([one for one in people if not known[one] or edition_id in known[one]] or [0])
    )
    found = [
        Alike(kind=RecordKind.PERSON, id=row["id"], name=row["full_name"], ward="", reasons=people[row["id"]])
        for row in rows
    ]
    places = await organisations_alike(name=newcomer.organisation, phone=newcomer.phone, ward=newcomer.ward)
    known = await known_in(RecordKind.ORGANISATION, list(places))
    rows = await Organisation.select(Organisation.id, Organisation.name, Organisation.ward).where(
        Organisation.id.is_in([one for one in places if not known[one] or edition_id in known[one]] or [0])
    )
    for row in rows:
        usable = await _is_free(row["id"], edition_id)
        found.append(Alike(kind=RecordKind.ORGANISATION, **row, reasons=places[row["id"]], usable=usable))
    return found


async def register_person(
    *,
    newcomer: Newcomer,
    through: GivenThrough,
    wording: str,
    organisation_id: int | None = None,
    sure: bool = False,
    edition_id: int,
    actor: Actor,
    now: datetime,
) -> tuple[int, int]:
    """Add somebody with her consent as she gave it to the officer; (person, organisation).

    She speaks for the organisation in this edition, and the officers of it may fill in for her until the account is
    handed over. ``organisation_id`` is one that is there already. Raises LooksAlike unless the officer is ``sure``,
    ContactTaken, OrganisationSpokenFor.
    """
    if not sure and await alike(newcomer, edition_id=edition_id):
        raise LooksAlike
    phone = None if newcomer.shared else newcomer.phone
    async with write_transaction():
        person = await create_person(
            full_name=newcomer.full_name,
            phone=phone,
            email=newcomer.email,
            locale=newcomer.locale,
            may_lack_contact=True,
            now=now,
        )
        place = await _organisation(newcomer, person.id, organisation_id, edition_id, actor, now)
        await Assistance(
            person=person.id, edition_id=edition_id, registered_by=actor.person_id, registered_at=now, allowed_at=now
        ).save()
        await Consent(
            person=person.id,
            purpose=ConsentPurpose.REGISTRATION,
            edition_id=edition_id,
            given=True,
            wording=wording,
            at=now,
            given_through=through,
            given_to=actor.person_id,
        ).save()
        await audit.record(
            actor=actor,
            action="person.register",
            subject_type="person",
            subject_id=person.id,
            edition_id=edition_id,
            after={"full_name": person.full_name, "phone": phone, "email": newcomer.email, "through": through.value},
            now=now,
        )
        await grant_role(
            person_id=person.id,
            role=Role.EXHIBITOR_OWNER,
            edition_id=edition_id,
            organisation_id=place,
            actor=actor,
            now=now,
        )
    return person.id, place


async def _organisation(
    newcomer: Newcomer, person_id: int, organisation_id: int | None, edition_id: int, actor: Actor, now: datetime
) -> int:
    if organisation_id is None:
        made = await create_organisation(
            name=newcomer.organisation,
            kind=newcomer.kind,
            edition_id=edition_id,
            actor=actor,
            now=now,
            ward=newcomer.ward,
            phone=newcomer.phone,
            email=newcomer.email,
            contact=person_id,
        )
        return made.id
    await hold_row("organisation", organisation_id, alone=True)
    if not await _is_free(organisation_id, edition_id):
        raise OrganisationSpokenFor
    unnamed = (Organisation.id == organisation_id) & Organisation.contact.is_null()
    await Organisation.update({Organisation.contact: person_id}).where(unnamed)
    return organisation_id


async def _is_free(organisation_id: int, edition_id: int) -> bool:
    """Whether a newcomer may speak for it: no association, no other festival's, and nobody speaks for it.

    Otherwise an officer could register somebody she made up and open another's page.
    """
    business: Any = (
        (Organisation.id == organisation_id)
        & Organisation.merged_into.is_null()
        & (Organisation.kind != OrganisationKind.ASSOCIATION.value)
    )
    if not await Organisation.exists().where(business):
        return False
    if (await known_in(RecordKind.ORGANISATION, [organisation_id]))[organisation_id] - {edition_id}:
        return False
    return not await RoleGrant.exists().where(
        (RoleGrant.organisation == organisation_id)
        & RoleGrant.role.is_in([role.value for role in EXHIBITOR_ROLES])
        & RoleGrant.revoked_at.is_null()
    )

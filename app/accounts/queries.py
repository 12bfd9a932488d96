"""Reads of accounts."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from piccolo.columns.combination import WhereRaw

from app.accounts.actor import Actor, FillingIn, Grant
from app.accounts.enums import EXHIBITOR_ROLES, OFFICER_ROLES, ORGANISER_ROLES, RecordKind, Role
from app.accounts.errors import AlreadyHandedOver
from app.accounts.lifetimes import end_of_session
from app.accounts.tables import Assistance, Organisation, Person, RecordMerge, RoleGrant, SignInToken
from app.kernel.database import fetch
from app.kernel.errors import NotFound
from app.kernel.names import search_text, searched

#: Whoever holds one of these sees what others wrote: no contact that was merged into her account opens it.
_SEEING = tuple(sorted({*ORGANISER_ROLES, Role.JUDGE}))
#: A session of somebody whose record was merged into another opens nothing, not even one that began a moment later.
_NOT_MERGED = "AND person.merged_into IS NULL"
_GRANTS = (
    "role_grant.role AS role, role_grant.edition_id AS edition_id, role_grant.organisation AS organisation, "
    "old.id AS old_organisation"
)
#: What an organisation that was merged into hers still holds is hers, too.
_AND_OLD = "LEFT JOIN organisation old ON old.merged_into = role_grant.organisation"


def _grants(rows: list[dict[str, Any]]) -> tuple[Grant, ...]:
    found: dict[Grant, None] = {}
    for row in rows:
        found[Grant(Role(row["role"]), row["edition_id"], row["organisation"])] = None
        if row["old_organisation"] is not None:
            found[Grant(Role(row["role"]), row["edition_id"], row["old_organisation"], row["organisation"])] = None
    return tuple(found)


async def grants_of(person_id: int) -> tuple[Grant, ...]:
    """Roles in force of a person."""
    return _grants(
        await fetch(
            f"SELECT {_GRANTS} FROM role_grant {_AND_OLD} "
            "WHERE role_grant.person = {} AND role_grant.revoked_at IS NULL ORDER BY role_grant.id, old.id",
            person_id,
        )
    )


async def actor_of_person(person_id: int) -> Actor:
    """The actor that a person is, with all roles."""
    person = await Person.objects().get(Person.id == person_id)
    if person is None:
        return Actor()
    return Actor(
        person_id=person_id, full_name=person.full_name, locale=person.locale, grants=await grants_of(person_id)
    )


async def actor_of_session(token_hash: str, now: datetime) -> tuple[Actor, datetime] | None:
    """The actor of a session that is still good, and when it was last seen; None otherwise."""
    rows = await fetch(
        "SELECT session.id AS id, session.last_seen_at AS last_seen_at, session.expires_at AS expires_at, "
        "session.created_at AS created_at, "
        "session.acting_for AS acting_for, session.acting_in AS acting_in, "
        "person.id AS person_id, person.full_name AS full_name, person.locale AS locale, "
        f"{_GRANTS} FROM session JOIN person ON person.id = session.person {_NOT_MERGED} "
        f"LEFT JOIN role_grant ON role_grant.person = person.id AND role_grant.revoked_at IS NULL {_AND_OLD} "
        "WHERE session.token_hash = {}",
        token_hash,
    )
    if not rows:
        return None
    first = rows[0]
    grants = _grants([row for row in rows if row["role"]])
    ends = end_of_session(created_at=first["created_at"], last_seen_at=first["last_seen_at"], grants=grants)
    if min(ends, first["expires_at"]) <= now:
        return None
    actor = Actor(
        person_id=first["person_id"],
        full_name=first["full_name"],
        locale=first["locale"],
        grants=grants,
        session_id=first["id"],
    )
    if first["acting_for"] is not None:
        actor = await _filling_in(actor, first["acting_for"], first["acting_in"])
    return actor, first["last_seen_at"]


async def _filling_in(officer: Actor, person_id: int, edition_id: int) -> Actor:
    """The officer with whom she fills in for, if she still may; asked anew with every request."""
    if not await may_fill_in(officer, person_id, edition_id):
        return officer
    person = await Person.select(Person.full_name).where(Person.id == person_id).first()
    assert person is not None
    assert officer.person_id is not None
    acting = FillingIn(person_id, person["full_name"], edition_id, officer.person_id, officer.full_name)
    return replace(officer, filling_in=acting)


async def may_fill_in(officer: Actor, person_id: int, edition_id: int) -> bool:
    """Whether an officer may fill in for somebody in an edition.

    She holds one of the roles for it there, in her own right; the person was registered there or exhibits there, lets
    it be done, is neither the officer herself nor somebody with a role that shows what others wrote.
    """
    if officer.acts_for_another or officer.person_id == person_id:
        return False
    if not officer.has(*OFFICER_ROLES, edition_id=edition_id):
        return False
    seeing = ", ".join("{}" for _role in _SEEING)
    rows = await fetch(
        "SELECT 1 AS may FROM assistance JOIN person ON person.id = assistance.person "
        f"{_NOT_MERGED} AND person.erased_at IS NULL "
        "WHERE assistance.person = {} AND assistance.allowed_at IS NOT NULL AND (assistance.edition_id = {} "
        f"OR {exhibits('assistance.person', '{}')}) AND NOT EXISTS (SELECT 1 FROM role_grant seeing "
        f"WHERE seeing.person = assistance.person AND seeing.revoked_at IS NULL AND seeing.role IN ({seeing}))",
        person_id,
        edition_id,
        edition_id,
        *(role.value for role in _SEEING),
    )
    return bool(rows)


async def registered_in(person_id: int, edition_id: int) -> dict[str, Any]:
    """Somebody whom an officer of the edition registered and whose account is not her own yet.

    Raises NotFound for anybody else, AlreadyHandedOver.
    """
    row = (
        await Assistance.select(Assistance.handed_over_at)
        .where(
            (Assistance.person == person_id)
            & (Assistance.edition_id == edition_id)
            & Assistance.person.merged_into.is_null()
            & Assistance.person.erased_at.is_null()
        )
        .first()
    )
    if row is None:
        raise NotFound
    seeing = RoleGrant.role.is_in([role.value for role in _SEEING])
    if row["handed_over_at"] is not None or await RoleGrant.exists().where(
        (RoleGrant.person == person_id) & RoleGrant.revoked_at.is_null() & seeing
    ):
        raise AlreadyHandedOver  # an organiser's account opens to herself alone
    person = await Person.select().where(Person.id == person_id).first()
    assert person is not None
    return dict(person)


def exhibits(person: str, edition: str) -> str:
    """The SQL condition that a person holds an exhibitor's role in an edition."""
    roles = ", ".join(f"'{role.value}'" for role in EXHIBITOR_ROLES)
    return (
        f"EXISTS (SELECT 1 FROM role_grant own WHERE own.person = {person} AND own.edition_id = {edition} "
        f"AND own.revoked_at IS NULL AND own.role IN ({roles}))"
    )


async def in_place_of(actor: Actor) -> Actor:
    """The person for whom an officer fills in, with her exhibitor's roles in that edition and nothing else of hers."""
    acting = actor.filling_in
    assert acting is not None
    grants = await grants_of(acting.person_id)
    hers = tuple(one for one in grants if one.role in EXHIBITOR_ROLES and one.edition_id == acting.edition_id)
    return replace(actor, person_id=acting.person_id, full_name=acting.full_name, grants=hers)


async def person_by_contact(*, phone: str | None, email: str | None) -> dict[str, Any] | None:
    """The person with this phone number or mail address; the one that stayed, where her records were merged."""
    found = await _row_by_contact(phone, email)
    if found is None or found["merged_into"] is None:
        return found
    return await Person.select().where(Person.id == found["merged_into"]).first()


async def has_signed_in(*, phone: str | None, email: str | None) -> bool:
    """Whether somebody has shown that this contact is hers, by a link or a code that went there."""
    found = await _row_by_contact(phone, email)
    if found is None:
        return False
    return await SignInToken.exists().where((SignInToken.person == found["id"]) & SignInToken.used_at.is_not_null())


async def person_to_sign_in(*, phone: str | None, email: str | None) -> dict[str, Any] | None:
    """As person_by_contact, for who would sign in by that contact: None where it opens nothing."""
    found = await _row_by_contact(phone, email)
    if found is None or found["merged_into"] is None:
        return found
    if not await leads_into(found["id"], found["merged_into"]):
        return None
    return await Person.select().where(Person.id == found["merged_into"]).first()


async def leads_into(merged_id: int, kept_id: int) -> bool:
    """Whether the contact of a merged record signs in to the account that stayed (or would, before the merge).

    Only one that signed in before, and so was shown to be somebody's who knew of it; and never where either holds a
    role that opens what others wrote. An organiser's word that two are one is not enough for that.
    """
    ids = f"({int(merged_id)}, {int(kept_id)})"
    rows = await fetch(
        "SELECT 1 AS shown WHERE (EXISTS (SELECT 1 FROM sign_in_token WHERE person = {} AND used_at IS NOT NULL) "
        "OR EXISTS (SELECT 1 FROM session WHERE person = {})) AND NOT EXISTS (SELECT 1 FROM role_grant "
        f"JOIN person ON person.id = role_grant.person WHERE (person.id IN {ids} OR person.merged_into = {{}}) "
        f"AND revoked_at IS NULL AND role IN ({', '.join('{}' for _role in _SEEING)}))",
        merged_id,
        merged_id,
        kept_id,
        *(role.value for role in _SEEING),
    )
    return bool(rows)


async def _row_by_contact(phone: str | None, email: str | None) -> dict[str, Any] | None:
    for column, value in (("phone", phone), ("email", email)):
        if value and (rows := await fetch(f"SELECT * FROM person WHERE {column} = {{}}", value)):
            return rows[0]
    return None


async def survivor_of(kind: RecordKind, record_id: int) -> int:
    """The record that stands for this one: itself, or the one that it was merged into."""
    table = Person if kind == RecordKind.PERSON else Organisation
    row = await table.select(table.merged_into).where(table.id == record_id).first()
    return int(row["merged_into"] or record_id) if row else record_id


async def records_of_person(person_id: int) -> list[int]:
    """All records that are one person: those merged into hers by their ids, and hers last."""
    kept = await survivor_of(RecordKind.PERSON, person_id)
    rows = await Person.select(Person.id).where(Person.merged_into == kept).order_by(Person.id)
    return [*(row["id"] for row in rows), kept]


async def organisations_that_stayed(ids: list[int]) -> list[int]:
    """The same organisations in their order, each once: for a merged one the one that it was merged into."""
    rows = await Organisation.select(Organisation.id, Organisation.merged_into).where(Organisation.id.is_in(ids or [0]))
    led = {row["id"]: row["merged_into"] or row["id"] for row in rows}
    return list(dict.fromkeys(led.get(one, one) for one in ids))


async def merges_of(
    edition_id: int, kind: RecordKind, *, search: str = "", offset: int = 0, limit: int = 50
) -> tuple[list[dict[str, Any]], int]:
    """Merges made from an edition's pages that stand, the newest first, with both names; and how many there are.

    ``search`` is looked for in both records.
    """
    condition: Any = (
        (RecordMerge.edition_id == edition_id) & (RecordMerge.kind == kind.value) & RecordMerge.undone_at.is_null()
    )
    if search.strip():
        named = "SELECT id FROM person" if kind == RecordKind.PERSON else "SELECT id FROM organisation"
        like = f"%{search_text(searched(search))}%"
        within = f"IN ({named} WHERE search_text LIKE {{}})"
        condition = condition & WhereRaw(f"(kept {within} OR merged {within})", like, like)
    total = await RecordMerge.count().where(condition)
    rows = (
        await RecordMerge.select(RecordMerge.id, RecordMerge.kept, RecordMerge.merged, RecordMerge.merged_at)
        .where(condition)
        .order_by(RecordMerge.id, ascending=False)
        .limit(limit)
        .offset(offset)
    )
    names = await record_names(kind, [row[key] for row in rows for key in ("kept", "merged")])
    return [
        {**row, "kept_name": names.get(row["kept"], ""), "merged_name": names.get(row["merged"], "")} for row in rows
    ], total


async def record_names(kind: RecordKind, ids: list[int]) -> dict[int, str]:
    """Names by id."""
    if not ids:
        return {}
    if kind == RecordKind.PERSON:
        return {
            row["id"]: row["full_name"]
            for row in await Person.select(Person.id, Person.full_name).where(Person.id.is_in(ids))
        }
    return {
        row["id"]: row["name"]
        for row in await Organisation.select(Organisation.id, Organisation.name).where(Organisation.id.is_in(ids))
    }

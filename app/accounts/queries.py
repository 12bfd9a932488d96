"""Reads of accounts."""

from datetime import datetime
from typing import Any

from app.accounts.actor import Actor, Grant
from app.accounts.enums import Role
from app.accounts.tables import Person, RoleGrant
from app.kernel.database import fetch


async def grants_of(person_id: int) -> tuple[Grant, ...]:
    """Roles in force of a person."""
    rows = await RoleGrant.select(RoleGrant.role, RoleGrant.edition_id, RoleGrant.organisation).where(
        (RoleGrant.person == person_id) & RoleGrant.revoked_at.is_null()
    )
    return tuple(Grant(Role(row["role"]), row["edition_id"], row["organisation"]) for row in rows)


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
        "person.id AS person_id, person.full_name AS full_name, person.locale AS locale, "
        "role_grant.role AS role, role_grant.edition_id AS edition_id, role_grant.organisation AS organisation "
        "FROM session JOIN person ON person.id = session.person "
        "LEFT JOIN role_grant ON role_grant.person = person.id AND role_grant.revoked_at IS NULL "
        "WHERE session.token_hash = {}",
        token_hash,
    )
    if not rows or rows[0]["expires_at"] <= now:
        return None
    first = rows[0]
    grants = tuple(Grant(Role(row["role"]), row["edition_id"], row["organisation"]) for row in rows if row["role"])
    actor = Actor(
        person_id=first["person_id"],
        full_name=first["full_name"],
        locale=first["locale"],
        grants=grants,
        session_id=first["id"],
    )
    return actor, first["last_seen_at"]


async def person_by_contact(*, phone: str | None, email: str | None) -> dict[str, Any] | None:
    """The person with this phone number or mail address."""
    if phone:
        rows = await Person.select().where(Person.phone == phone)
        if rows:
            return dict(rows[0])
    if email:
        rows = await Person.select().where(Person.email == email)
        if rows:
            return dict(rows[0])
    return None

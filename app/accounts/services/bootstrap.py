"""What whoever runs the installation does at the command line: the first organiser, and one who is locked out."""

from typing import Any

from app.accounts.actor import SYSTEM
from app.accounts.enums import Role
from app.accounts.errors import ContactMissing, PersonUnknown
from app.accounts.queries import person_by_contact
from app.accounts.services.people import find_or_create_person, grant_role
from app.accounts.services.sessions import end_all_sessions, end_every_session
from app.accounts.services.sign_in import make_sign_in_link
from app.accounts.services.two_step import reset_two_step
from app.kernel.clock import now
from app.kernel.names import normalise_email, normalise_phone


async def create_admin(*, full_name: str, email: str | None, phone: str | None) -> tuple[str, str]:
    """Make somebody owner of every edition: her name, the one of before if she is known, and a link good for a day.

    Raises ContactMissing when neither address has the form of one.
    """
    clean_email, clean_phone = _contact(email, phone)
    at = now()
    person = await find_or_create_person(full_name=full_name, email=clean_email, phone=clean_phone, now=at)
    await grant_role(person_id=person.id, role=Role.OWNER, actor=SYSTEM, now=at)
    link, _code = await make_sign_in_link(person_id=person.id, next_path="/manage", now=at, minutes=24 * 60)
    return person.full_name, link


async def unlock(*, email: str | None, phone: str | None) -> tuple[str, bool]:
    """Take two-step sign-in off somebody: her name, and whether she had it.

    Raises ContactMissing when neither address has the form of one, PersonUnknown when nobody has it.
    """
    found = await _person(email, phone)
    return found["full_name"], await reset_two_step(person_id=found["id"], actor=SYSTEM, now=now())


async def sign_out(*, email: str | None, phone: str | None) -> tuple[str | None, int]:
    """Sign somebody out everywhere, or everybody where neither address is given: (her name, sessions that ended).

    Raises ContactMissing when the address has not the form of one, PersonUnknown when nobody has it.
    """
    if not email and not phone:
        return None, await end_every_session(actor=SYSTEM, now=now())
    found = await _person(email, phone)
    return found["full_name"], await end_all_sessions(person_id=found["id"], edition_id=None, actor=SYSTEM, now=now())


async def _person(email: str | None, phone: str | None) -> dict[str, Any]:
    clean_email, clean_phone = _contact(email, phone)
    if not clean_email and not clean_phone:
        raise ContactMissing
    found = await person_by_contact(email=clean_email, phone=clean_phone)
    if found is None:
        raise PersonUnknown
    return found


def _contact(email: str | None, phone: str | None) -> tuple[str | None, str | None]:
    try:
        return normalise_email(email) if email else None, normalise_phone(phone) if phone else None
    except ValueError as error:
        raise ContactMissing from error

"""The first organiser of an installation."""

from app.accounts.actor import SYSTEM
from app.accounts.enums import Role
from app.accounts.errors import ContactMissing
from app.accounts.services.people import find_or_create_person, grant_role
from app.accounts.services.sign_in import make_sign_in_link
from app.kernel.clock import now
from app.kernel.names import normalise_email, normalise_phone


async def create_admin(*, full_name: str, email: str | None, phone: str | None) -> str:
    """Make somebody owner of every edition; returns a sign-in link that is good for a day.

    Raises ContactMissing when neither address has the form of one.
    """
    try:
        clean_email = normalise_email(email) if email else None
        clean_phone = normalise_phone(phone) if phone else None
    except ValueError as error:
        raise ContactMissing from error
    at = now()
    person = await find_or_create_person(full_name=full_name, email=clean_email, phone=clean_phone, now=at)
    await grant_role(person_id=person.id, role=Role.OWNER, actor=SYSTEM, now=at)
    link, _code = await make_sign_in_link(person_id=person.id, next_path="/manage", now=at, minutes=24 * 60)
    return link

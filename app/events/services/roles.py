"""Roles in an edition, given by its organisers: who gets one is told, and how to sign in."""

from datetime import datetime

from app.accounts.actor import Actor
from app.accounts.enums import ROLE_NAMES, Role
from app.accounts.services.people import grant_role
from app.accounts.tables import Person
from app.events.queries import EditionInfo
from app.kernel.database import write_transaction
from app.kernel.i18n import N_, _, use_locale
from app.kernel.outbox import send_message, way_to
from app.kernel.settings import settings

SUBJECT = N_("{edition}: your role is “{role}”")
LETTER = N_(
    "Dear {name},\n\nthe organisers of {edition} gave you the role “{role}”. Sign in with this mail address: {link}"
)
SHORT = N_("{edition}: you have the role “{role}” now. Sign in with this phone number: {link}")


async def give_role(*, edition: EditionInfo, person: Person, role: Role, actor: Actor, now: datetime) -> None:
    """Give somebody a role, and tell her unless she gave it to herself; given again it changes and says nothing."""
    async with write_transaction():
        new = await grant_role(person_id=person.id, role=role, edition_id=edition.id, actor=actor, now=now)
        if not new or person.id == actor.person_id or not (person.email or person.phone):
            return
        channel, address = way_to(email=person.email, phone=person.phone)
        with use_locale(person.locale):
            values = {
                "name": person.full_name,
                "edition": edition.title,
                "role": _(ROLE_NAMES[role]),
                "link": f"{settings().base_url}/me",
            }
            await send_message(
                channel=channel,
                to=address,
                person_id=person.id,
                subject=_(SUBJECT).format(**values),
                body=_(LETTER if person.email else SHORT).format(**values),
                locale=person.locale,
                edition_id=edition.id,
                now=now,
            )

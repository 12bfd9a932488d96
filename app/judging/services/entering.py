"""The way in for a team that nobody knows yet."""

from datetime import datetime

from app.accounts.services.people import find_or_create_by_one_contact
from app.accounts.services.sign_in import make_sign_in_link
from app.events.queries import EditionInfo
from app.judging.queries.contests import ContestRow
from app.judging.services.entries import ensure_open
from app.kernel.database import write_transaction
from app.kernel.i18n import _, current_locale, pick
from app.kernel.outbox import send_message, way_to
from app.kernel.security import limit

LINK_HOURS = 72


async def send_way_in(
    *, edition: EditionInfo, contest: ContestRow, full_name: str, phone: str | None, email: str | None, now: datetime
) -> str:
    """Send a link that signs in and opens the first step of a new idea; returns where it went.

    Known people and new ones get the same, so that nobody learns who is known. Raises ContestNotOpen and its kinds,
    and TooManyTries after five an hour for one address.
    """
    ensure_open(contest, now)
    contact = email or phone or ""
    await limit(f"enter-idea:{contact}", times=5, seconds=3600, now=now)
    async with write_transaction():
        person = await find_or_create_by_one_contact(
            full_name=full_name, phone=phone, email=email, locale=current_locale(), now=now
        )
        link, _code = await make_sign_in_link(
            person_id=person.id, next_path=f"/team/{edition.id}/new", minutes=LINK_HOURS * 60, now=now
        )
        body = _(
            "{name}, {event}: open this link and write your idea: {link}\n"
            "It is good once, for {hours} hours. If this was not you, do nothing."
        )
        channel, to = way_to(email=email, phone=phone)
        await send_message(
            channel=channel,
            to=to,
            person_id=person.id,
            subject=_("Your idea for {name}").format(name=pick(contest.name)),
            body=body.format(name=pick(contest.name), event=edition.title, link=link, hours=LINK_HOURS),
            locale=current_locale(),
            edition_id=edition.id,
            secret=True,
            now=now,
        )
    return contact

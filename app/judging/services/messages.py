"""What teams are told: that their idea has come, and that a result is out."""

from collections.abc import Sequence
from datetime import datetime

from app.judging.queries.contests import ContestRow, RoundRow
from app.judging.queries.entries import EntryRow, people_behind
from app.kernel.i18n import N_, _, pick, use_locale
from app.kernel.outbox import send_message, way_to
from app.kernel.settings import settings

RECEIVED = (
    N_("{contest}: your idea “{title}” is with us"),
    N_(
        "Dear {name},\n\nyour idea “{title}” has come to {contest}, {edition}.\nWhere it stands and what is due: {link}"
    ),
    N_("{contest}: your idea “{title}” has come. {link}"),
)
PUBLISHED = (
    N_("{contest}, {round}: the result"),
    N_(
        "Dear {name},\n\n{round} of {contest}, {edition}, is over. Where your idea “{title}” stands, and what the jury "
        "wrote to you: {link}"
    ),
    N_("{contest}: {round} is over. Your idea “{title}”: {link}"),
)


async def tell_received(*, contest: ContestRow, entry: EntryRow, now: datetime) -> None:
    """Confirm to the leader that an idea was sent in, in the transaction that takes it."""
    await _tell(RECEIVED, contest, [entry.id], leaders_only=True, round_=None, key="idea-received", now=now)


async def tell_published(*, contest: ContestRow, round_: RoundRow, entry_ids: Sequence[int], now: datetime) -> None:
    """Tell each person behind the ideas of a round that its result is out, in the transaction that publishes it."""
    await _tell(PUBLISHED, contest, entry_ids, leaders_only=False, round_=round_, key=f"round:{round_.id}", now=now)


async def _tell(
    words: tuple[str, str, str],
    contest: ContestRow,
    entry_ids: Sequence[int],
    *,
    leaders_only: bool,
    round_: RoundRow | None,
    key: str,
    now: datetime,
) -> None:
    subject, letter, short = words
    for entry_id, title, person in await people_behind(entry_ids, leaders_only=leaders_only):
        with use_locale(person.locale):
            values = {
                "name": person.full_name,
                "title": title,
                "contest": pick(contest.name),
                "edition": pick(contest.edition_name),
                "round": pick(round_.name) if round_ else "",
                "link": f"{settings().base_url}/team/ideas/{entry_id}",
            }
            channel, address = way_to(email=person.email, phone=person.phone)
            await send_message(
                channel=channel,
                to=address,
                person_id=person.id,
                subject=_(subject).format(**values),
                body=_(letter if person.email else short).format(**values),
                locale=person.locale,
                unique_key=f"{key}:{entry_id}:{person.id}",
                edition_id=contest.edition_id,
                now=now,
            )

"""What teams are told: that their idea has come, and that a result is out."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from app.judging.enums import EntryState
from app.judging.queries.contests import ContestRow, RoundRow
from app.judging.queries.entries import Contact, EntryRow, entries_written_to, people_behind
from app.judging.tables import EntryMember, PanelMember
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
    N_("Dear {name},\n\n{round} of {contest}, {edition}, is over. Where your idea “{title}” stands: {link}"),
    N_("{contest}: {round} is over. Your idea “{title}”: {link}"),
)
WON = (
    N_("{contest}, {round}: {prize} for your idea"),
    N_(
        "Dear {name},\n\nin {round} of {contest}, {edition}, your idea “{title}” has won: {prize}.\n"
        "More about it: {link}"
    ),
    N_("{contest}, {round}: your idea “{title}” has won: {prize}. {link}"),
)
WRITTEN = N_("The jury wrote to you; you can read it on the same page.")


async def tell_received(*, contest: ContestRow, entry: EntryRow, now: datetime) -> None:
    """Tell each person behind it once that an idea was sent in, in the transaction that takes it, or her."""
    for _entry_id, title, person in await people_behind([entry.id]):
        await _tell(RECEIVED, contest, entry.id, title, person, key="idea-received", now=now)


async def tell_published(
    *,
    contest: ContestRow,
    round_: RoundRow,
    entry_ids: Sequence[int],
    prizes: Mapping[int, dict[str, str]],
    now: datetime,
) -> None:
    """Tell each person behind the ideas of a round that its result is out, in the transaction that publishes it.

    ``prizes`` are the names of the awards that are published with it, by idea.
    """
    written_to = await entries_written_to(round_.id)
    for entry_id, title, person in await people_behind(entry_ids):
        await _tell(
            WON if entry_id in prizes else PUBLISHED,
            contest,
            entry_id,
            title,
            person,
            round_name=round_.name,
            prize=prizes.get(entry_id),
            written=entry_id in written_to,
            key=f"round:{round_.id}",
            now=now,
        )


async def _tell(
    words: tuple[str, str, str],
    contest: ContestRow,
    entry_id: int,
    title: str,
    person: Contact,
    *,
    round_name: dict[str, str] | None = None,
    prize: dict[str, str] | None = None,
    written: bool = False,
    key: str,
    now: datetime,
) -> None:
    subject, letter, short = words
    with use_locale(person.locale):
        values = {
            "name": person.full_name,
            "title": title,
            "contest": pick(contest.name),
            "edition": pick(contest.edition_name),
            "round": pick(round_name),
            "prize": pick(prize),
            "link": f"{settings().base_url}/team/ideas/{entry_id}",
        }
        body = _(letter if person.email else short).format(**values)
        if written and person.email:
            body += "\n\n" + _(WRITTEN)
        channel, address = way_to(email=person.email, phone=person.phone)
        await send_message(
            channel=channel,
            to=address,
            person_id=person.id,
            subject=_(subject).format(**values),
            body=body,
            locale=person.locale,
            unique_key=f"{key}:{entry_id}:{person.id}",
            edition_id=contest.edition_id,
            now=now,
        )


async def jury_and_teams(edition_id: int) -> set[int]:
    """The jury of an edition's contest, and the teams whose ideas were not taken back."""
    contest: Any = EntryMember.entry.contest
    jury = await PanelMember.select(PanelMember.person).where(
        (PanelMember.contest.edition == edition_id) & PanelMember.removed_at.is_null()
    )
    teams = await EntryMember.select(EntryMember.person).where(
        (contest.edition == edition_id) & (EntryMember.entry.state != EntryState.WITHDRAWN.value)
    )
    return {row["person"] for row in [*jury, *teams]}

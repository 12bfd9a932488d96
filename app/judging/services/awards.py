"""Awards: prepared in the jury room, told to everybody at once."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from piccolo.columns.combination import Where

from app.accounts.actor import Actor
from app.judging.enums import EntryState, RoundState
from app.judging.errors import NothingToAward, PublishUnconfirmed, RoundStateWrong
from app.judging.queries import contests as queries
from app.judging.queries.results import entries_of_round, progress_of
from app.judging.services.contests import progress_channel
from app.judging.services.messages import tell_published
from app.judging.tables import Award, Entry, Round, RoundEntry
from app.kernel import audit, live
from app.kernel.database import fetch, write_transaction
from app.kernel.errors import NotFound

USUAL_TITLES: dict[int, dict[str, str]] = {
    1: {"vi": "Giải Nhất", "id": "Juara I", "en": "First prize"},
    2: {"vi": "Giải Nhì", "id": "Juara II", "en": "Second prize"},
    3: {"vi": "Giải Ba", "id": "Juara III", "en": "Third prize"},
}
OTHER_TITLE = {"vi": "Giải Khuyến khích", "id": "Juara harapan", "en": "Honourable mention"}


def usual_title(rank: int) -> dict[str, str]:
    """What an award of a rank is called unless the chair calls it otherwise."""
    return USUAL_TITLES.get(rank, OTHER_TITLE)


async def give_award(
    *, round_id: int, entry_id: int, rank: int, title: Mapping[str, str] | None = None, actor: Actor, now: datetime
) -> int:
    """Prepare an award of a sealed round; an idea has one in a round, a second call changes it. Gives its id.

    In a language without a ``title`` it has the usual one of its rank.

    Nobody outside the jury room sees it before :func:`publish_awards`. Raises RoundStateWrong unless the round is
    sealed and unpublished, NotFound for an idea that is not in it.
    """
    async with write_transaction():
        # Held alone: an award is there before the round is published, or comes too late for it.
        round_ = await queries.hold_round(round_id, alone=True)
        contest = await queries.contest_by_id(round_.contest_id)
        if round_.state != RoundState.LOCKED:
            raise RoundStateWrong
        in_round = await RoundEntry.exists().where((RoundEntry.round == round_id) & (RoundEntry.entry == entry_id))
        submitted = await Entry.exists().where((Entry.id == entry_id) & (Entry.state == EntryState.SUBMITTED.value))
        if not in_round or not submitted:
            raise NotFound
        words = json.dumps({**usual_title(rank), **(title or {})})
        old = await _told(round_id, Award.entry == entry_id)
        rows = await fetch(
            "INSERT INTO contest_award (round, entry, rank, title, created_at) VALUES ({}, {}, {}, {}, {}) "
            "ON CONFLICT (round, entry) DO UPDATE SET rank = excluded.rank, title = excluded.title RETURNING id",
            round_id,
            entry_id,
            rank,
            words,
            now,
        )
        await audit.record(
            actor=actor,
            action="award.give",
            subject_type="entry",
            subject_id=entry_id,
            edition_id=contest.edition_id,
            before=old,
            after=await _told(round_id, Award.entry == entry_id),
            now=now,
        )
    return int(rows[0]["id"])


async def take_award_back(*, round_id: int, award_id: int, actor: Actor, now: datetime) -> None:
    """Drop an award that has not been published. Raises NotFound for any other."""
    async with write_transaction():
        round_ = await queries.hold_round(round_id, alone=True)
        contest = await queries.contest_by_id(round_.contest_id)
        before = await _told(round_id, Award.id == award_id)
        gone = (
            await Award.delete()
            .where((Award.id == award_id) & (Award.round == round_id) & Award.published_at.is_null())
            .returning(Award.entry)
        )
        if not gone:
            raise NotFound
        await audit.record(
            actor=actor,
            action="award.take_back",
            subject_type="entry",
            subject_id=gone[0]["entry"],
            edition_id=contest.edition_id,
            before=before,
            now=now,
        )


async def _told(round_id: int, which: Where) -> dict[str, Any] | None:
    """An award of a round as the log tells it; None when there is none."""
    query = Award.select(Award.rank, Award.title).where((Award.round == round_id) & which)
    row = await query.first().output(load_json=True)
    return None if row is None else {"round_id": round_id, "rank": row["rank"], "award": row["title"]}


@dataclass(frozen=True)
class Doubts:
    """What speaks against publishing now: rounds that follow, that no idea was sent on to the next of them, ballots
    that are missing or wait for the chair."""

    rounds_to_come: int
    nobody_sent_on: bool
    missing: int
    waiting: int

    def __bool__(self) -> bool:
        return any((self.rounds_to_come, self.nobody_sent_on, self.missing, self.waiting))


async def publication_doubts(round_id: int) -> Doubts:
    """What a chair should know before she publishes the awards of a round."""
    round_ = await queries.round_by_id(round_id)
    later = [other for other in await queries.rounds_of(round_.contest_id) if other.number > round_.number]
    progress = await progress_of(round_id)
    sent_on = not later or await RoundEntry.exists().where(RoundEntry.round == later[0].id)
    return Doubts(len(later), not sent_on, progress.assigned - progress.scored, progress.waiting_asides)


async def publish_awards(*, round_id: int, actor: Actor, now: datetime, confirmed: bool = False) -> int:
    """Tell everybody the awards of a sealed round, and its teams what was written to them; gives how many awards.

    Raises NothingToAward without one, RoundStateWrong unless the round is sealed, and PublishUnconfirmed when there
    are doubts (see :func:`publication_doubts`) and nobody has ``confirmed`` to know them.
    """
    async with write_transaction():
        await queries.hold_round(round_id, alone=True)
        doubts = await publication_doubts(round_id)
        contest = await _publish(round_id, now)
        published = (
            await Award.update({Award.published_at: now})
            .where((Award.round == round_id) & Award.published_at.is_null())
            .returning(Award.entry, Award.title)
        )
        if not published:
            raise NothingToAward
        if doubts and not confirmed:
            raise PublishUnconfirmed
        prizes = {row["entry"]: queries.texts(row["title"]) for row in published}
        await _tell_teams(contest, round_id, now, prizes)
        await audit.record(
            actor=actor,
            action="award.publish",
            subject_type="round",
            subject_id=round_id,
            edition_id=contest.edition_id,
            after={"entry_ids": [row["entry"] for row in published], "missing": doubts.missing},
            now=now,
        )
    return len(published)


async def publish_feedback(*, round_id: int, actor: Actor, now: datetime, confirmed: bool = False) -> None:
    """Publish a sealed round without awards: its teams read what was written to them.

    Raises RoundStateWrong, and PublishUnconfirmed when every team would be told that its idea does not go on and
    nobody has ``confirmed`` that.
    """
    async with write_transaction():
        await queries.hold_round(round_id, alone=True)
        doubts = await publication_doubts(round_id)
        contest = await _publish(round_id, now)
        if doubts.nobody_sent_on and not confirmed:
            raise PublishUnconfirmed
        await _tell_teams(contest, round_id, now, {})
        await audit.record(
            actor=actor,
            action="round.publish",
            subject_type="round",
            subject_id=round_id,
            edition_id=contest.edition_id,
            now=now,
        )


async def publish_round(*, round_id: int, actor: Actor, now: datetime, confirmed: bool = False) -> int:
    """Publish a sealed round with its awards, or an earlier one that has none without; gives how many awards.

    Raises as :func:`publish_awards` and :func:`publish_feedback`.
    """
    round_ = await queries.round_by_id(round_id)
    last = (await queries.rounds_of(round_.contest_id))[-1]
    if round_.id == last.id or await Award.exists().where(Award.round == round_id):
        return await publish_awards(round_id=round_id, actor=actor, now=now, confirmed=confirmed)
    await publish_feedback(round_id=round_id, actor=actor, now=now, confirmed=confirmed)
    return 0


async def _publish(round_id: int, now: datetime) -> queries.ContestRow:
    """Move a sealed round on; gives its contest. Raises RoundStateWrong."""
    round_ = await queries.round_by_id(round_id)
    contest = await queries.contest_by_id(round_.contest_id)
    moved = (
        await Round.update({Round.state: RoundState.PUBLISHED, Round.published_at: now})
        .where((Round.id == round_id) & (Round.state == RoundState.LOCKED.value))
        .returning(Round.id)
    )
    if not moved:
        raise RoundStateWrong
    await live.publish(progress_channel(round_id), {"changed": "round"})
    return contest


async def _tell_teams(
    contest: queries.ContestRow, round_id: int, now: datetime, prizes: dict[int, dict[str, str]]
) -> None:
    """Write to the teams of a round that was just published."""
    round_ = await queries.round_by_id(round_id)
    entry_ids = [entry["id"] for entry in await entries_of_round(round_id)]
    await tell_published(contest=contest, round_=round_, entry_ids=entry_ids, prizes=prizes, now=now)

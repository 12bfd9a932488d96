"""Reads of contests, their rounds and criteria."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.events.tables import Edition
from app.judging.enums import ContestState, RoundState
from app.judging.ranking import Scale
from app.judging.tables import Contest, Criterion, Round
from app.kernel.database import fetch, hold_row
from app.kernel.errors import NotFound

Texts = dict[str, str]


@dataclass(frozen=True)
class ContestRow:
    """A contest with what its pages say of its edition."""

    id: int
    edition_id: int
    edition_slug: str
    edition_name: Texts
    timezone: str
    organiser_id: int | None
    name: Texts
    intro: Texts
    state: ContestState
    entries_open_at: datetime | None
    entries_close_at: datetime | None
    judges_per_entry: int

    def takes_ideas(self, now: datetime) -> bool:
        """Whether ideas can be begun, changed and sent in now."""
        return self.state == ContestState.OPEN and not self.is_early(now) and not self.is_late(now)

    def is_early(self, now: datetime) -> bool:
        """Whether the call has a beginning that is still to come."""
        return self.entries_open_at is not None and now < self.entries_open_at

    def is_late(self, now: datetime) -> bool:
        """Whether the call's end has passed."""
        return self.entries_close_at is not None and self.entries_close_at <= now


@dataclass(frozen=True)
class RoundRow:
    """A round of a contest."""

    id: int
    contest_id: int
    number: int
    name: Texts
    state: RoundState
    opens_at: datetime | None
    closes_at: datetime | None
    advance_count: int
    anchor: str
    locked_at: datetime | None

    def takes_ballots(self, now: datetime) -> bool:
        """Whether a ballot that comes now counts by itself."""
        return self.state == RoundState.OPEN and not (self.closes_at is not None and self.closes_at <= now)


@dataclass(frozen=True)
class CriterionRow:
    """A criterion; ``anchors`` says what a score means, by the score as text."""

    id: int
    name: Texts
    explanation: Texts
    weight: int
    min: int
    max: int
    anchors: dict[str, Texts]
    position: int

    @property
    def scale(self) -> Scale:
        """What the ranking needs of it."""
        return Scale(self.id, self.weight, self.min, self.max)


def texts(value: Any) -> Any:
    """A JSON column's value, whether the driver gave it as text or not."""
    return json.loads(value) if isinstance(value, str) else value


#: Made once: Piccolo copies a table's columns each time one is reached through a foreign key.
_CONTEST_COLUMNS = (
    *Contest.all_columns(exclude=[Contest.edition]),
    Contest.edition,
    Contest.edition.slug.as_alias("slug"),
    Contest.edition.name.as_alias("edition_name"),
    Contest.edition.timezone.as_alias("timezone"),
    Contest.edition.organiser.as_alias("organiser"),
)


async def _contest(where: Any) -> ContestRow | None:
    row = await Contest.select(*_CONTEST_COLUMNS).where(where).first()
    if row is None:
        return None
    return ContestRow(
        id=row["id"],
        edition_id=row["edition"],
        edition_slug=row["slug"],
        edition_name=texts(row["edition_name"]),
        timezone=row["timezone"],
        organiser_id=row["organiser"],
        name=texts(row["name"]),
        intro=texts(row["intro"]),
        state=ContestState(row["state"]),
        entries_open_at=row["entries_open_at"],
        entries_close_at=row["entries_close_at"],
        judges_per_entry=row["judges_per_entry"],
    )


async def contest_of_edition(edition_id: int) -> ContestRow | None:
    """The contest of an edition, or None."""
    return await _contest(Contest.edition == edition_id)


async def contest_by_slug(slug: str) -> ContestRow | None:
    """The contest of the edition with this address, or None."""
    return await _contest(Contest.edition.slug == slug)


async def contest_by_id(contest_id: int) -> ContestRow:
    """A contest. Raises NotFound."""
    found = await _contest(Contest.id == contest_id)
    if found is None:
        raise NotFound
    return found


async def open_contests(now: datetime) -> list[ContestRow]:
    """Contests that take ideas now, the newest edition first."""
    rows = (
        await Contest.select(Contest.id)
        .where(
            (Contest.state == ContestState.OPEN.value)
            & (Contest.entries_open_at.is_null() | (Contest.entries_open_at <= now))
            & (Contest.entries_close_at.is_null() | (Contest.entries_close_at > now))
        )
        .order_by(Contest.edition, ascending=False)
    )
    return [await contest_by_id(row["id"]) for row in rows]


def _round(row: dict[str, Any]) -> RoundRow:
    return RoundRow(
        id=row["id"],
        contest_id=row["contest"],
        number=row["number"],
        name=texts(row["name"]),
        state=RoundState(row["state"]),
        opens_at=row["opens_at"],
        closes_at=row["closes_at"],
        advance_count=row["advance_count"],
        anchor=row["anchor"],
        locked_at=row["locked_at"],
    )


async def rounds_of(contest_id: int) -> list[RoundRow]:
    """The rounds of a contest in their order."""
    rows = await Round.select().where(Round.contest == contest_id).order_by(Round.number)
    return [_round(row) for row in rows]


async def round_by_id(round_id: int) -> RoundRow:
    """A round. Raises NotFound."""
    row = await Round.select().where(Round.id == round_id).first()
    if row is None:
        raise NotFound
    return _round(row)


async def criteria_of(round_id: int) -> list[CriterionRow]:
    """The criteria of a round in their order."""
    rows = await Criterion.select().where(Criterion.round == round_id).order_by(Criterion.position, Criterion.id)
    return [
        CriterionRow(
            row["id"],
            texts(row["name"]),
            texts(row["explanation"]),
            row["weight"],
            row["min"],
            row["max"],
            texts(row["anchors"]),
            row["position"],
        )
        for row in rows
    ]


async def has_ballots(round_id: int) -> bool:
    """Whether any ballot has come in a round, counted or set aside."""
    rows = await fetch(
        "SELECT 1 FROM contest_assignment a WHERE a.round = {} AND ("
        "EXISTS (SELECT 1 FROM contest_ballot b WHERE b.assignment = a.id AND b.revision_count > 0) "
        "OR EXISTS (SELECT 1 FROM contest_set_aside s WHERE s.assignment = a.id)) LIMIT 1",
        round_id,
    )
    return bool(rows)


async def is_begun(round_id: int) -> bool:
    """Whether a round has ideas or assignments."""
    rows = await fetch(
        "SELECT 1 WHERE EXISTS (SELECT 1 FROM contest_round_entry t WHERE t.round = {}) "
        "OR EXISTS (SELECT 1 FROM contest_assignment a WHERE a.round = {})",
        round_id,
        round_id,
    )
    return bool(rows)


async def hold_contest(contest_id: int, *, alone: bool = False) -> ContestRow:
    """A contest that nobody changes before the caller's transaction ends. Raises NotFound.

    Several may hold it at once, ``alone`` nobody else does.
    """
    await hold_row("contest", contest_id, alone=alone)
    return await contest_by_id(contest_id)


async def hold_round(round_id: int, *, alone: bool = False) -> RoundRow:
    """A round that nobody changes before the caller's transaction ends, as :func:`hold_contest`. Raises NotFound."""
    await hold_row("contest_round", round_id, alone=alone)
    return await round_by_id(round_id)


async def edition_exists(edition_id: int) -> bool:
    """Whether there is such an edition."""
    return bool(await Edition.exists().where(Edition.id == edition_id))

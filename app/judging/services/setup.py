"""What an organiser says of a contest: its texts, its call, its rounds and their criteria."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.accounts.actor import Actor
from app.events.errors import DatesReversed
from app.judging.enums import RoundState
from app.judging.errors import (
    CriteriaLocked,
    CriterionNeeded,
    RoundBegun,
    RoundNeeded,
    RoundStateWrong,
    ScaleReversed,
)
from app.judging.queries import contests as queries
from app.judging.queries.contests import ContestRow, CriterionRow, RoundRow, Texts
from app.judging.tables import Contest, Criterion, Round
from app.kernel import audit
from app.kernel.audit import note
from app.kernel.database import write_transaction
from app.kernel.errors import NotFound


@dataclass(frozen=True, kw_only=True)
class ContestValues:
    """What can be changed of a contest."""

    name: Texts
    intro: Texts = field(default_factory=dict)
    entries_open_at: datetime | None = None
    entries_close_at: datetime | None = None
    judges_per_entry: int = 3


@dataclass(frozen=True, kw_only=True)
class RoundValues:
    """What can be changed of a round."""

    name: Texts
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    advance_count: int = 0


@dataclass(frozen=True, kw_only=True)
class CriterionValues:
    """What can be changed of a criterion; ``anchors`` outside the scale are left out."""

    name: Texts
    explanation: Texts = field(default_factory=dict)
    weight: int = 1
    min: int = 1
    max: int = 5
    anchors: Mapping[str, Texts] = field(default_factory=dict)


def contest_state(row: ContestRow) -> dict[str, Any]:
    """What can be changed of a contest, as it stands."""
    return {name: getattr(row, name) for name in ContestValues.__dataclass_fields__}


def round_state(row: RoundRow) -> dict[str, Any]:
    """What can be changed of a round, as it stands."""
    return {name: getattr(row, name) for name in RoundValues.__dataclass_fields__}


def criterion_state(row: CriterionRow) -> dict[str, Any]:
    """What can be changed of a criterion, as it stands."""
    return {name: getattr(row, name) for name in CriterionValues.__dataclass_fields__}


async def update_contest(*, contest_id: int, values: ContestValues, actor: Actor, now: datetime) -> None:
    """Change a contest's texts, the times of its call and how many judges read each idea.

    Raises DatesReversed for a call that ends before it begins.
    """
    _in_order(values.entries_open_at, values.entries_close_at, "entries_close_at")
    async with write_transaction():
        contest = await queries.hold_contest(contest_id, alone=True)
        before, after = contest_state(contest), dict(vars(values))
        await Contest.update(
            {
                Contest.name: json.dumps(values.name),
                Contest.intro: json.dumps(values.intro),
                Contest.entries_open_at: values.entries_open_at,
                Contest.entries_close_at: values.entries_close_at,
                Contest.judges_per_entry: values.judges_per_entry,
            }
        ).where(Contest.id == contest_id)
        old, new = audit.changes(before, after)
        if new:
            await note(actor, "contest.update", "contest", contest_id, contest.edition_id, now, old, new)


async def add_round(*, contest_id: int, actor: Actor, now: datetime) -> int:
    """Add a round at the end, with the name and the criteria of the last one; gives its id.

    Raises RoundStateWrong once the last round is sealed.
    """
    async with write_transaction():
        contest = await queries.hold_contest(contest_id, alone=True)
        last = (await queries.rounds_of(contest_id))[-1]
        if last.state not in (RoundState.DRAFT, RoundState.OPEN):
            raise RoundStateWrong
        made = Round(contest=contest_id, number=last.number + 1, name=json.dumps(last.name))
        await made.save()
        for criterion in await queries.criteria_of(last.id):
            await Criterion.insert(Criterion(round=made.id, position=criterion.position, **_columns(criterion)))
        await note(actor, "round.create", "round", made.id, contest.edition_id, now, after={"number": made.number})
    return int(made.id)


async def update_round(*, round_id: int, values: RoundValues, actor: Actor, now: datetime) -> None:
    """Change a round. Its planned beginning stays once it is open, its times stay once it is sealed, how many go on
    once that is published.

    Raises DatesReversed for an end before its beginning.
    """
    async with write_transaction():
        round_ = await queries.hold_round(round_id, alone=True)
        contest = await queries.contest_by_id(round_.contest_id)
        before, after = round_state(round_), dict(vars(values))
        if round_.state != RoundState.DRAFT:
            after["opens_at"] = round_.opens_at
        if round_.state not in (RoundState.DRAFT, RoundState.OPEN):
            after["closes_at"] = round_.closes_at
        if round_.state == RoundState.PUBLISHED:
            after["advance_count"] = round_.advance_count
        _in_order(after["opens_at"], after["closes_at"], "closes_at")
        await Round.update(
            {
                Round.name: json.dumps(after["name"]),
                Round.opens_at: after["opens_at"],
                Round.closes_at: after["closes_at"],
                Round.advance_count: after["advance_count"],
            }
        ).where(Round.id == round_id)
        old, new = audit.changes(before, after)
        if new:
            await note(actor, "round.update", "round", round_id, contest.edition_id, now, old, new)


async def move_round(*, round_id: int, up: bool, actor: Actor, now: datetime) -> None:
    """Change places with the round before or after it; at the end of the list nothing changes.

    Raises RoundBegun when either of the two is open or has ideas or judges.
    """
    async with write_transaction():
        contest, round_, rounds = await _with_neighbours(round_id)
        step = -1 if up else 1
        other = next((one for one in rounds if one.number == round_.number + step), None)
        if other is None:
            return
        for one in (round_, other):
            await _ensure_fresh(one)
        # A number stands for one round at any moment, so the two change over by way of a free one.
        for moving, number in ((round_.id, -1), (other.id, round_.number), (round_.id, other.number)):
            await Round.update({Round.number: number}).where(Round.id == moving)
        numbers = {"number": round_.number}, {"number": other.number}
        await note(actor, "round.move", "round", round_id, contest.edition_id, now, *numbers)


async def remove_round(*, round_id: int, actor: Actor, now: datetime) -> None:
    """Take a round out; those after it move up. Raises RoundBegun once it has begun, RoundNeeded for the only one."""
    async with write_transaction():
        contest, round_, rounds = await _with_neighbours(round_id)
        if len(rounds) == 1:
            raise RoundNeeded
        await _ensure_fresh(round_)
        await Criterion.delete().where(Criterion.round == round_id)
        await Round.delete().where(Round.id == round_id)
        for later in rounds:
            if later.number > round_.number:
                await Round.update({Round.number: later.number - 1}).where(Round.id == later.id)
        await note(actor, "round.remove", "round", round_id, contest.edition_id, now, {"name": round_.name})


async def add_criterion(*, round_id: int, values: CriterionValues, actor: Actor, now: datetime) -> int:
    """Add a criterion at the end of a round's list; gives its id. Raises CriteriaLocked, ScaleReversed."""
    async with write_transaction():
        edition_id, criteria = await _criteria_to_change(round_id)
        position = max((criterion.position for criterion in criteria), default=-1) + 1
        made = Criterion(round=round_id, position=position, **_columns(_fitting(values)))
        await made.save()
        after = {"round_id": round_id, **vars(values)}
        await note(actor, "criterion.create", "criterion", made.id, edition_id, now, None, after)
    return int(made.id)


async def update_criterion(
    *, round_id: int, criterion_id: int, values: CriterionValues, actor: Actor, now: datetime
) -> None:
    """Change a criterion.

    Raises CriteriaLocked once the round has ballots, ScaleReversed, NotFound for another round's criterion.
    """
    async with write_transaction():
        edition_id, criteria = await _criteria_to_change(round_id)
        found = _find(criteria, criterion_id)
        before, kept = criterion_state(found), _fitting(values)
        await Criterion.update(_columns(kept)).where(Criterion.id == criterion_id)
        old, new = audit.changes(before, dict(vars(kept)))
        if new:
            await note(actor, "criterion.update", "criterion", criterion_id, edition_id, now, old, new)


async def move_criterion(*, round_id: int, criterion_id: int, up: bool, actor: Actor, now: datetime) -> None:
    """Change places with the criterion before or after it. Raises as :func:`update_criterion`."""
    async with write_transaction():
        edition_id, criteria = await _criteria_to_change(round_id)
        order = [criterion.id for criterion in criteria]
        place = order.index(_find(criteria, criterion_id).id)
        other = place - 1 if up else place + 1
        if not 0 <= other < len(order):
            return
        order[place], order[other] = order[other], order[place]
        for position, moved in enumerate(order):
            await Criterion.update({Criterion.position: position}).where(Criterion.id == moved)
        places = {"place": place + 1}, {"place": other + 1}
        await note(actor, "criterion.move", "criterion", criterion_id, edition_id, now, *places)


async def remove_criterion(*, round_id: int, criterion_id: int, actor: Actor, now: datetime) -> None:
    """Take a criterion out. Raises CriterionNeeded for the only one, and as :func:`update_criterion`."""
    async with write_transaction():
        edition_id, criteria = await _criteria_to_change(round_id)
        found = _find(criteria, criterion_id)
        if len(criteria) == 1:
            raise CriterionNeeded
        await Criterion.delete().where(Criterion.id == criterion_id)
        before = {"round_id": round_id, **criterion_state(found)}
        await note(actor, "criterion.remove", "criterion", criterion_id, edition_id, now, before)


async def _criteria_to_change(round_id: int) -> tuple[int, list[CriterionRow]]:
    """The edition's id and a round's criteria, which no ballot can be given by before the transaction ends."""
    round_ = await queries.hold_round(round_id, alone=True)
    if await queries.has_ballots(round_id):
        raise CriteriaLocked
    if round_.state not in (RoundState.DRAFT, RoundState.OPEN):
        raise RoundStateWrong
    contest = await queries.contest_by_id(round_.contest_id)
    return contest.edition_id, await queries.criteria_of(round_id)


async def _with_neighbours(round_id: int) -> tuple[ContestRow, RoundRow, list[RoundRow]]:
    found = await queries.round_by_id(round_id)
    contest = await queries.hold_contest(found.contest_id, alone=True)
    rounds = await queries.rounds_of(contest.id)
    held = [await queries.hold_round(round_.id, alone=True) for round_ in rounds]
    return contest, next(one for one in held if one.id == round_id), held


async def _ensure_fresh(round_: RoundRow) -> None:
    if round_.state != RoundState.DRAFT or await queries.is_begun(round_.id):
        raise RoundBegun


def _find(criteria: list[CriterionRow], criterion_id: int) -> CriterionRow:
    for criterion in criteria:
        if criterion.id == criterion_id:
            return criterion
    raise NotFound


def _fitting(values: CriterionValues) -> CriterionValues:
    """The values with words for scores of their scale alone."""
    if values.min >= values.max:
        raise ScaleReversed(fields={"max": ScaleReversed().sentence()})
    kept = {score: words for score, words in values.anchors.items() if values.min <= int(score) <= values.max and words}
    return CriterionValues(**{**vars(values), "anchors": kept})


def _columns(values: CriterionValues | CriterionRow) -> dict[Any, Any]:
    return {
        "name": json.dumps(values.name),
        "explanation": json.dumps(values.explanation),
        "weight": values.weight,
        "min": values.min,
        "max": values.max,
        "anchors": json.dumps(dict(values.anchors)),
    }


def _in_order(first: datetime | None, last: datetime | None, name: str) -> None:
    if first is not None and last is not None and last <= first:
        raise DatesReversed(fields={name: DatesReversed().sentence()})

"""Setting up a contest, opening its call and its rounds, sealing a round, sending ideas on."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from piccolo.columns import Column

from app.accounts.actor import Actor
from app.events.errors import DatesReversed
from app.events.queries import hold_edition_going_on
from app.judging.chain import GENESIS, anchor_digest
from app.judging.enums import AnchorReason, ContestState, EntryState, RoundState
from app.judging.errors import ContestExists, EndPassed, RoundStateWrong
from app.judging.queries import ballots as ballot_queries
from app.judging.queries import contests as queries
from app.judging.queries.results import ranking
from app.judging.rubric import CONTEST_NAME, default_rounds
from app.judging.tables import Contest, Criterion, Entry, Round, RoundAnchor, RoundEntry
from app.kernel import live
from app.kernel.audit import note
from app.kernel.database import is_unique_violation, write_transaction
from app.kernel.errors import NotFound
from app.kernel.i18n import format_datetime


async def create_contest(
    *,
    edition_id: int,
    actor: Actor,
    now: datetime,
    rounds: int = 3,
    name: queries.Texts | None = None,
    entries_open_at: datetime | None = None,
    entries_close_at: datetime | None = None,
) -> int:
    """Set up the contest of an edition with its rounds and the default criteria; gives its id.

    Raises ContestExists for a second one, NotFound without such an edition, DatesReversed for a call that ends before
    it begins.
    """
    if entries_open_at and entries_close_at and entries_close_at <= entries_open_at:
        raise DatesReversed(fields={"entries_close_at": DatesReversed().sentence()})
    if not await queries.edition_exists(edition_id):
        raise NotFound
    try:
        async with write_transaction():
            contest = Contest(
                edition=edition_id,
                name=json.dumps(name or CONTEST_NAME),
                state=ContestState.DRAFT,
                entries_open_at=entries_open_at,
                entries_close_at=entries_close_at,
                created_at=now,
            )
            await contest.save()
            for number, plan in enumerate(default_rounds(rounds), start=1):
                made = Round(
                    contest=contest.id, number=number, name=json.dumps(plan.name), advance_count=plan.advance_count
                )
                await made.save()
                await Criterion.insert(
                    *(
                        Criterion(
                            round=made.id,
                            name=json.dumps(criterion.name),
                            weight=criterion.weight,
                            min=criterion.min,
                            max=criterion.max,
                            anchors=json.dumps(criterion.anchors),
                            position=position,
                        )
                        for position, criterion in enumerate(plan.criteria)
                    )
                )
            await note(actor, "contest.create", "contest", contest.id, edition_id, now, after={"rounds": rounds})
    except Exception as error:
        if is_unique_violation(error):
            raise ContestExists from error
        raise
    return int(contest.id)


async def set_contest_state(
    *,
    contest_id: int,
    state: ContestState,
    actor: Actor,
    now: datetime,
    entries_close_at: datetime | None = None,
) -> None:
    """Open or close the call for ideas, which ends by itself at ``entries_close_at``.

    Raises NotFound, RoundStateWrong for opening it again once the first round has begun, and EndPassed for an end that
    has passed, EditionIsCancelled.
    """
    async with write_transaction():
        if state == ContestState.OPEN:
            await hold_edition_going_on((await queries.contest_by_id(contest_id)).edition_id)
        contest = await queries.hold_contest(contest_id, alone=True)
        if state == ContestState.OPEN and any(
            round_.state != RoundState.DRAFT for round_ in await queries.rounds_of(contest_id)
        ):
            raise RoundStateWrong
        if state == ContestState.OPEN:
            _ensure_ahead(entries_close_at, contest, now)
        await Contest.update({Contest.state: state, Contest.entries_close_at: entries_close_at}).where(
            Contest.id == contest_id
        )
        await note(
            actor,
            "contest.state",
            "contest",
            contest_id,
            contest.edition_id,
            now,
            before={"state": contest.state, "entries_close_at": contest.entries_close_at},
            after={"state": state, "entries_close_at": entries_close_at},
        )


async def open_round(*, round_id: int, actor: Actor, now: datetime, closes_at: datetime | None = None) -> None:
    """Let judges score. Opening the first round takes in every idea that was sent in and ends the call.

    Without ``closes_at`` it closes when it was planned to. Raises RoundStateWrong unless the round is being set up and
    the one before it is sealed, EndPassed for an end that has passed, and EditionIsCancelled.
    """
    async with write_transaction():
        round_ = await queries.round_by_id(round_id)
        await hold_edition_going_on((await queries.contest_by_id(round_.contest_id)).edition_id)
        # Ideas on their way in have come when this is held; later ones see that the call has ended.
        contest = await queries.hold_contest(round_.contest_id, alone=True)
        earlier = [other for other in await queries.rounds_of(contest.id) if other.number == round_.number - 1]
        if earlier and earlier[0].state not in (RoundState.LOCKED, RoundState.PUBLISHED):
            raise RoundStateWrong
        round_ = await queries.hold_round(round_id, alone=True)
        until = closes_at or round_.closes_at
        _ensure_ahead(until, contest, now)
        await _move(
            round_id,
            RoundState.DRAFT,
            {Round.state: RoundState.OPEN, Round.opens_at: now, Round.closes_at: until},
        )
        if round_.number == 1:
            await Contest.update({Contest.state: ContestState.CLOSED}).where(Contest.id == contest.id)
            entries = await Entry.select(Entry.id).where(
                (Entry.contest == contest.id) & (Entry.state == EntryState.SUBMITTED.value)
            )
            await _add_entries(round_id, [row["id"] for row in entries])
        after: dict[str, object] = {"closes_at": until}
        await note(actor, "round.open", "round", round_id, contest.edition_id, now, after=after)
        await live.publish(progress_channel(round_id), {"changed": "round"})


async def lock_round(*, round_id: int, actor: Actor, now: datetime) -> str:
    """Seal a round: ballots that come from now on are set aside. Gives the digest over the heads of all ballots.

    Raises RoundStateWrong unless the round is open.
    """
    async with write_transaction():
        round_ = await queries.round_by_id(round_id)
        contest = await queries.contest_by_id(round_.contest_id)
        # The row stays locked until the commit: ballots in flight have been counted, later ones see the seal.
        await _move(round_id, RoundState.OPEN, {Round.state: RoundState.LOCKED, Round.locked_at: now})
        digest = await anchor_heads(round_id=round_id, reason=AnchorReason.LOCKED, now=now)
        await note(actor, "round.lock", "round", round_id, contest.edition_id, now, after={"anchor": digest})
        await live.publish(progress_channel(round_id), {"changed": "round"})
    return digest


async def anchor_heads(*, round_id: int, reason: AnchorReason, now: datetime) -> str:
    """Write down the heads of a round's ballots, in the caller's transaction; gives their digest."""
    earlier = await ballot_queries.anchors_of(round_id)
    previous = earlier[-1]["digest"] if earlier else GENESIS
    heads = await ballot_queries.heads_of(round_id)
    digest = anchor_digest(previous, heads)
    await RoundAnchor.insert(
        RoundAnchor(
            round=round_id,
            number=len(earlier) + 1,
            reason=reason,
            heads=json.dumps(heads),
            prev_digest=previous,
            digest=digest,
            made_at=now,
        )
    )
    await Round.update({Round.anchor: digest}).where(Round.id == round_id)
    return digest


async def advance_entries(
    *, round_id: int, actor: Actor, now: datetime, entry_ids: Sequence[int] | None = None
) -> list[int]:
    """Send ideas of a sealed round on to the next one; without ``entry_ids`` as many of the first as it plans for.

    Ideas tied with the last of them go on too. Gives the ids that go on. Sent on again, only new ones are added.
    Raises RoundStateWrong before the seal, after the last round, or when the next round has begun.
    """
    async with write_transaction():
        round_ = await queries.round_by_id(round_id)
        contest = await queries.contest_by_id(round_.contest_id)
        following = [other for other in await queries.rounds_of(contest.id) if other.number == round_.number + 1]
        if round_.state not in (RoundState.LOCKED, RoundState.PUBLISHED) or not following:
            raise RoundStateWrong
        if (await queries.hold_round(following[0].id, alone=True)).state != RoundState.DRAFT:
            raise RoundStateWrong
        standings = [ranked.standing for ranked in await ranking(round_id)]
        if entry_ids is None:
            chosen = [
                standing.entry_id
                for standing in standings
                if standing.rank is not None and standing.rank <= round_.advance_count
            ]
        else:
            known = {standing.entry_id for standing in standings}
            chosen = [entry_id for entry_id in dict.fromkeys(entry_ids) if entry_id in known]
        await _add_entries(following[0].id, chosen)
        await note(actor, "round.advance", "round", round_id, contest.edition_id, now, after={"entry_ids": chosen})
    return chosen


def progress_channel(round_id: int) -> str:
    """Name of the live channel on which a round's progress is told."""
    return f"round:{round_id}:progress"


def _ensure_ahead(end: datetime | None, contest: queries.ContestRow, now: datetime) -> None:
    if end is not None and end <= now:
        raise EndPassed(time=format_datetime(end, contest.timezone))


async def _add_entries(round_id: int, entry_ids: Sequence[int]) -> None:
    for start in range(0, len(entry_ids), 500):
        rows = [RoundEntry(round=round_id, entry=entry_id) for entry_id in entry_ids[start : start + 500]]
        await RoundEntry.insert(*rows).on_conflict(action="DO NOTHING")


async def _move(round_id: int, state: RoundState, values: dict[Column | str, Any]) -> None:
    """Change a round by its old state. Raises RoundStateWrong when somebody was first."""
    changed = (
        await Round.update(values).where((Round.id == round_id) & (Round.state == state.value)).returning(Round.id)
    )
    if not changed:
        raise RoundStateWrong

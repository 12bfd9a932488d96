"""Ballots: taken once, chained, never overwritten, never dropped.

A client sends each version of a ballot under an id of its own and names the head it started from. The same id gives
the same answer again. A version that starts from an older head, that comes after the seal, or whose judge was taken
off the idea, is set aside for the chair; it is answered, so that the client may forget it.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.accounts.actor import Actor
from app.judging.chain import GENESIS, Link, anchor_digest, comments_digest, revision_hash
from app.judging.enums import AnchorReason, AsideReason, AsideState, AssignmentState, BallotStatus, RoundState
from app.judging.errors import BallotInvalid, ClientIdReused, RoundNotOpen, RoundStateWrong
from app.judging.queries import ballots as queries
from app.judging.queries import contests as contest_queries
from app.judging.queries.ballots import JudgeTask
from app.judging.services.contests import anchor_heads, progress_channel
from app.judging.tables import Assignment, Ballot, BallotRevision, PanelMember, SetAside
from app.kernel import audit, live
from app.kernel.database import dialect, fetch, is_unique_violation, write_transaction
from app.kernel.errors import NotFound

LONGEST_COMMENT = 4000
_LIVE = (AssignmentState.ASSIGNED, AssignmentState.SCORED)


@dataclass(frozen=True)
class BallotAnswer:
    """What became of a ballot. ``number`` and ``head_hash`` are the server's head now, after this ballot."""

    status: BallotStatus
    reason: AsideReason | None
    number: int
    head_hash: str


@dataclass(frozen=True)
class BallotInput:
    """One version of a ballot as a judge sends it; ``scores`` maps criteria's ids, as text, to scores."""

    client_id: str
    base_hash: str
    scores: Mapping[str, int]
    comment_to_team: str
    comment_to_jury: str
    scored_at: datetime


async def submit_ballot(*, assignment_id: int, ballot: BallotInput, actor: Actor, now: datetime) -> BallotAnswer:
    """Take one version of the actor's own ballot, or set it aside.

    Raises NotFound for an idea the actor was not given, BallotInvalid for scores that do not fit, RoundNotOpen before
    the round begins, ClientIdReused when the id stands for another ballot.
    """
    try:
        return await _submit(assignment_id, ballot, actor, now)
    except Exception as error:
        if not is_unique_violation(error):
            raise
        # The same ballot was written at the same moment; the second look finds it.
        return await _submit(assignment_id, ballot, actor, now)


async def _submit(assignment_id: int, ballot: BallotInput, actor: Actor, now: datetime) -> BallotAnswer:
    async with write_transaction():
        task = await queries.task_of_judge(assignment_id, actor.person_id)
        if task is None:
            raise NotFound
        kept = await _answer_kept(assignment_id, ballot.client_id)
        if kept is not None:
            return kept
        round_ = await _round_held(task.round_id)
        if round_.state == RoundState.DRAFT:
            raise RoundNotOpen
        check_scores(ballot, await contest_queries.criteria_of(task.round_id))
        if not round_.takes_ballots(now):
            return await _set_aside(task, ballot, AsideReason.LATE, now)
        if await _assignment_held(assignment_id) not in _LIVE:
            return await _set_aside(task, ballot, AsideReason.OFF_PANEL, now)
        head = await append_revision(task, ballot, expected=ballot.base_hash, judge_id=actor.person_id, now=now)
        if head is None:
            # Lost against another version: was it this very one?
            return await _answer_kept(assignment_id, ballot.client_id) or await _set_aside(
                task, ballot, AsideReason.CONFLICT, now
            )
        await live.publish(progress_channel(task.round_id), {"changed": "ballots"})
        return BallotAnswer(BallotStatus.SAVED, None, *head)


async def append_revision(
    task: JudgeTask, ballot: BallotInput, *, expected: str, judge_id: int | None, now: datetime
) -> tuple[int, str] | None:
    """Add a revision on top of the head ``expected``, in the caller's transaction; gives its number and hash.

    Gives None when the head is another one: nothing is written then.
    """
    await Ballot.insert(Ballot(assignment=task.assignment_id)).on_conflict(
        target=Ballot.assignment, action="DO NOTHING"
    )
    row = await Ballot.select().where(Ballot.assignment == task.assignment_id).first()
    assert row is not None
    pseudonym = await _pseudonym(task.contest_id, judge_id)
    salt = secrets.token_hex(16)
    to_team, to_jury = _comment(ballot.comment_to_team), _comment(ballot.comment_to_jury)
    link = Link(
        assignment_id=task.assignment_id,
        number=row["revision_count"] + 1,
        client_id=ballot.client_id,
        pseudonym=pseudonym,
        scores=dict(ballot.scores),
        comments_hash=comments_digest(salt, to_team, to_jury),
        scored_at=_to_milliseconds(min(ballot.scored_at, now)),
        received_at=_to_milliseconds(now),
        prev_hash=expected,
    )
    digest = revision_hash(link)
    if not await _move_head(row["id"], expected, row["revision_count"], digest):
        return None
    await BallotRevision.insert(
        BallotRevision(
            ballot=row["id"],
            number=link.number,
            client_id=link.client_id,
            scores=json.dumps(link.scores),
            comment_to_team=to_team,
            comment_to_jury=to_jury,
            comments_salt=salt,
            comments_hash=link.comments_hash,
            pseudonym=pseudonym,
            scored_at=link.scored_at,
            received_at=link.received_at,
            prev_hash=link.prev_hash,
            hash=digest,
        )
    )
    await Assignment.update({Assignment.state: AssignmentState.SCORED}).where(Assignment.id == task.assignment_id)
    return link.number, digest


async def settle_set_aside(*, set_aside_id: int, accept: bool, actor: Actor, now: datetime) -> None:
    """Let a ballot that was set aside count on top of what is there, or leave it out; either way it stays kept.

    Accepted after the seal, the round's heads are anchored anew. Raises NotFound when it was settled already, and
    RoundStateWrong for accepting one of a round that has been published.
    """
    async with write_transaction():
        rows = (
            await SetAside.update(
                {
                    SetAside.state: AsideState.ACCEPTED if accept else AsideState.REFUSED,
                    SetAside.settled_by: actor.person_id,
                    SetAside.settled_at: now,
                }
            )
            .where((SetAside.id == set_aside_id) & (SetAside.state == AsideState.WAITING.value))
            .returning(*SetAside.all_columns())
        )
        if not rows:
            raise NotFound
        aside = rows[0]
        judge = await Assignment.select(Assignment.judge).where(Assignment.id == aside["assignment"]).first()
        assert judge is not None
        task = await queries.task_of_judge(aside["assignment"], judge["judge"])
        assert task is not None
        if accept:
            round_ = await contest_queries.hold_round(task.round_id, alone=True)
            if round_.state == RoundState.PUBLISHED:
                raise RoundStateWrong
            ballot = BallotInput(
                aside["client_id"],
                aside["base_hash"],
                contest_queries.texts(aside["scores"]),
                aside["comment_to_team"],
                aside["comment_to_jury"],
                aside["scored_at"],
            )
            expected = task.head.hash if task.head else GENESIS
            if await append_revision(task, ballot, expected=expected, judge_id=judge["judge"], now=now) is None:
                raise RoundStateWrong
            if round_.state == RoundState.LOCKED:
                await anchor_heads(round_id=task.round_id, reason=AnchorReason.SETTLED, now=now)
        await audit.record(
            actor=actor,
            action="ballot.settle",
            subject_type="set_aside",
            subject_id=set_aside_id,
            edition_id=task.edition_id,
            before={"state": AsideState.WAITING},
            after={"state": AsideState.ACCEPTED if accept else AsideState.REFUSED, "reason": aside["reason"]},
            now=now,
        )
        await live.publish(progress_channel(task.round_id), {"changed": "ballots"})


async def verify_chain(round_id: int) -> list[str]:
    """Recompute every hash of a round's ballots and anchors; gives what does not fit, nothing when all does.

    A comment that has been erased together with its salt is no fault: its hash still stands in the chain.
    """
    faults: list[str] = []
    known: dict[tuple[int, int], str] = {}
    previous: dict[int, tuple[int, str]] = {}
    for row in await queries.revisions_of(round_id):
        ballot, number = row["ballot"], row["number"]
        before_number, before_hash = previous.get(ballot, (0, GENESIS))
        if number != before_number + 1 or row["prev_hash"] != before_hash:
            faults.append(f"ballot {ballot}, revision {number}: does not follow the one before")
        link = Link(
            row["assignment"],
            number,
            row["client_id"],
            row["pseudonym"],
            row["scores"],
            row["comments_hash"],
            row["scored_at"],
            row["received_at"],
            row["prev_hash"],
        )
        if revision_hash(link) != row["hash"]:
            faults.append(f"ballot {ballot}, revision {number}: was changed")
        salt = row["comments_salt"]
        if salt and comments_digest(salt, row["comment_to_team"], row["comment_to_jury"]) != row["comments_hash"]:
            faults.append(f"ballot {ballot}, revision {number}: a comment was changed")
        known[(ballot, number)] = row["hash"]
        previous[ballot] = (number, row["hash"])
    for ballot, number, head in await queries.heads_of(round_id):
        if previous.get(ballot) != (number, head):
            faults.append(f"ballot {ballot}: its head is not its last revision")
    digest = GENESIS
    for anchor in await queries.anchors_of(round_id):
        if anchor["prev_digest"] != digest or anchor_digest(digest, anchor["heads"]) != anchor["digest"]:
            faults.append(f"anchor {anchor['number']}: was changed")
        faults += [
            f"anchor {anchor['number']}: ballot {ballot}, revision {number} is not what was anchored"
            for ballot, number, head in anchor["heads"]
            if known.get((ballot, number)) != head
        ]
        digest = anchor["digest"]
    return faults


def check_scores(ballot: BallotInput, criteria: list[contest_queries.CriterionRow]) -> None:
    """Raise BallotInvalid unless every criterion, and nothing else, has a score in its range."""
    ranges = {str(criterion.id): criterion for criterion in criteria}
    complete = set(ballot.scores) == set(ranges)
    if not complete or any(not ranges[key].min <= score <= ranges[key].max for key, score in ballot.scores.items()):
        raise BallotInvalid


async def _round_held(round_id: int) -> contest_queries.RoundRow:
    """The round, which nobody can change before this transaction ends; other ballots may hold it too."""
    return await contest_queries.hold_round(round_id)


async def _assignment_held(assignment_id: int) -> AssignmentState:
    """Where the judge stands with the idea, which nobody can change before this transaction ends."""
    alone = " FOR UPDATE" if dialect() == "postgres" else ""
    rows = await fetch(f"SELECT state FROM contest_assignment WHERE id = {{}}{alone}", assignment_id)
    return AssignmentState(rows[0]["state"])


async def _move_head(ballot_id: int, expected: str, count: int, digest: str) -> bool:
    """Put a new head on a ballot whose head is still the expected one; one of many at once wins."""
    rows = (
        await Ballot.update({Ballot.head_hash: digest, Ballot.revision_count: count + 1})
        .where((Ballot.id == ballot_id) & (Ballot.head_hash == expected) & (Ballot.revision_count == count))
        .returning(Ballot.id)
    )
    return bool(rows)


async def _answer_kept(assignment_id: int, client_id: str) -> BallotAnswer | None:
    """The answer to a ballot that is kept under this id already."""
    kept: dict[str, Any] | None = await queries.kept_under(client_id)
    if kept is None:
        return None
    if kept["assignment"] != assignment_id:
        raise ClientIdReused
    if kept["kind"] == "saved":
        return BallotAnswer(BallotStatus.SAVED, None, kept["number"], kept["hash"])
    return BallotAnswer(
        BallotStatus.SET_ASIDE, AsideReason(kept["reason"]), kept["number"] or 0, kept["hash"] or GENESIS
    )


async def _set_aside(task: JudgeTask, ballot: BallotInput, reason: AsideReason, now: datetime) -> BallotAnswer:
    """Keep a ballot for the chair, once; answers with the head that stands."""
    await SetAside.insert(
        SetAside(
            assignment=task.assignment_id,
            client_id=ballot.client_id,
            reason=reason,
            base_hash=ballot.base_hash,
            scores=json.dumps(dict(ballot.scores)),
            comment_to_team=_comment(ballot.comment_to_team),
            comment_to_jury=_comment(ballot.comment_to_jury),
            scored_at=min(ballot.scored_at, now),
            received_at=now,
        )
    ).on_conflict(target=SetAside.client_id, action="DO NOTHING")
    await live.publish(progress_channel(task.round_id), {"changed": "set_aside"})
    answer = await _answer_kept(task.assignment_id, ballot.client_id)
    assert answer is not None
    return answer


async def _pseudonym(contest_id: int, judge_id: int | None) -> str:
    row = (
        await PanelMember.select(PanelMember.pseudonym)
        .where((PanelMember.contest == contest_id) & (PanelMember.person == judge_id))
        .first()
    )
    if row is None:
        raise NotFound
    return str(row["pseudonym"])


def _comment(text: str) -> str:
    """A comment as it is kept: not too long, and without the one sign that PostgreSQL takes in no text."""
    return text.replace("\x00", "")[:LONGEST_COMMENT]


def _to_milliseconds(value: datetime) -> datetime:
    """What both engines give back exactly as the hash saw it."""
    return value.replace(microsecond=value.microsecond // 1000 * 1000)

"""Reads of ballots: a judge's own work, a round's heads, what was set aside."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.judging.enums import AsideReason, AsideState, AssignmentState, EntryState, RoundState
from app.judging.queries.contests import texts
from app.kernel.database import fetch


@dataclass(frozen=True)
class Head:
    """The newest revision of a ballot."""

    hash: str
    number: int
    scores: dict[str, int]
    comment_to_team: str
    comment_to_jury: str
    scored_at: datetime


@dataclass(frozen=True)
class JudgeTask:
    """One idea that a judge was given, with her own ballot and nobody else's."""

    assignment_id: int
    state: AssignmentState
    round_id: int
    round_number: int
    round_name: dict[str, str]
    round_state: RoundState
    closes_at: datetime | None
    contest_id: int
    edition_id: int
    withdrawn: bool
    entry: dict[str, Any]
    head: Head | None

    def takes_ballots(self, now: datetime) -> bool:
        """Whether the round is being judged and has not closed."""
        return self.round_state == RoundState.OPEN and not (self.closes_at is not None and self.closes_at <= now)


@dataclass(frozen=True)
class WaitingAside:
    """A ballot that was set aside."""

    id: int
    assignment_id: int
    entry_title: str
    judge_name: str
    reason: AsideReason
    state: AsideState
    scores: dict[str, int]
    scored_at: datetime
    received_at: datetime


_TASK = (
    "SELECT a.id AS assignment_id, a.state AS assignment_state, a.judge, r.id AS round_id, r.number AS round_number, "
    "r.name AS round_name, r.state AS round_state, r.closes_at, r.contest, c.edition, "
    "e.id AS entry_id, e.state AS entry_state, "
    "e.title, e.summary, e.problem, e.solution, e.progress, e.team_name, e.category, e.ward, "
    "b.head_hash, b.revision_count, v.scores, v.comment_to_team, v.comment_to_jury, v.scored_at "
    "FROM contest_assignment a JOIN contest_round r ON r.id = a.round JOIN contest c ON c.id = r.contest "
    "JOIN contest_entry e ON e.id = a.entry LEFT JOIN contest_ballot b ON b.assignment = a.id "
    "LEFT JOIN contest_ballot_revision v ON v.ballot = b.id AND v.number = b.revision_count "
)
_ENTRY_FIELDS = ("title", "summary", "problem", "solution", "progress", "team_name", "category", "ward")


def _task(row: dict[str, Any]) -> JudgeTask:
    head = None
    if row["revision_count"]:
        head = Head(
            row["head_hash"],
            row["revision_count"],
            texts(row["scores"]),
            row["comment_to_team"],
            row["comment_to_jury"],
            row["scored_at"],
        )
    return JudgeTask(
        assignment_id=row["assignment_id"],
        state=AssignmentState(row["assignment_state"]),
        round_id=row["round_id"],
        round_number=row["round_number"],
        round_name=texts(row["round_name"]),
        round_state=RoundState(row["round_state"]),
        closes_at=row["closes_at"],
        contest_id=row["contest"],
        edition_id=row["edition"],
        withdrawn=row["entry_state"] == EntryState.WITHDRAWN,
        entry={"id": row["entry_id"], **{name: row[name] for name in _ENTRY_FIELDS}},
        head=head,
    )


async def tasks_of_judge(person_id: int, *, edition_id: int | None = None) -> list[JudgeTask]:
    """The ideas given to a judge in rounds that are being judged or were, the newest round first."""
    where = (
        "WHERE a.judge = {} AND a.state IN ('assigned', 'scored', 'recused') AND r.state <> 'draft' "
        "AND e.state = 'submitted'"
    )
    values: list[Any] = [person_id]
    if edition_id is not None:
        where += " AND c.edition = {}"
        values.append(edition_id)
    rows = await fetch(f"{_TASK}{where} ORDER BY c.edition DESC, r.number DESC, e.title_key, a.id", *values)
    return [_task(row) for row in rows]


async def task_of_judge(assignment_id: int, person_id: int | None) -> JudgeTask | None:
    """One idea given to this judge; None for anybody else's."""
    rows = await fetch(f"{_TASK}WHERE a.id = {{}} AND a.judge = {{}}", assignment_id, person_id)
    return _task(rows[0]) if rows else None


async def kept_under(client_id: str) -> dict[str, Any] | None:
    """What the server keeps under a client's id: a revision, or a ballot that was set aside; None for neither."""
    rows = await fetch(
        "SELECT b.assignment, v.number, v.hash FROM contest_ballot_revision v "
        "JOIN contest_ballot b ON b.id = v.ballot WHERE v.client_id = {}",
        client_id,
    )
    if rows:
        return {"kind": "saved", **rows[0]}
    rows = await fetch(
        "SELECT s.assignment, s.reason, b.revision_count AS number, b.head_hash AS hash FROM contest_set_aside s "
        "LEFT JOIN contest_ballot b ON b.assignment = s.assignment WHERE s.client_id = {}",
        client_id,
    )
    return {"kind": "set_aside", **rows[0]} if rows else None


async def heads_of(round_id: int) -> list[list[Any]]:
    """``[ballot id, revision number, head hash]`` of each ballot of a round, in the order of their ids."""
    rows = await fetch(
        "SELECT b.id, b.revision_count, b.head_hash FROM contest_ballot b "
        "JOIN contest_assignment a ON a.id = b.assignment WHERE a.round = {} AND b.revision_count > 0 ORDER BY b.id",
        round_id,
    )
    return [[row["id"], row["revision_count"], row["head_hash"]] for row in rows]


async def counted_scores(round_id: int) -> dict[int, list[dict[str, int]]]:
    """The newest scores by idea, of judges who were not taken off it."""
    rows = await fetch(
        "SELECT a.entry, v.scores FROM contest_assignment a JOIN contest_ballot b ON b.assignment = a.id "
        "JOIN contest_ballot_revision v ON v.ballot = b.id AND v.number = b.revision_count "
        "WHERE a.round = {} AND a.state = 'scored' ORDER BY a.id",
        round_id,
    )
    scores: dict[int, list[dict[str, int]]] = {}
    for row in rows:
        scores.setdefault(row["entry"], []).append(texts(row["scores"]))
    return scores


async def revisions_of(round_id: int) -> list[dict[str, Any]]:
    """Every revision of a round's ballots with all that its hash covers, by ballot and number."""
    rows = await fetch(
        "SELECT v.ballot, b.assignment, b.head_hash, b.revision_count, v.number, v.client_id, v.pseudonym, v.scores, "
        "v.comment_to_team, v.comment_to_jury, v.comments_salt, v.comments_hash, v.scored_at, v.received_at, "
        "v.prev_hash, v.hash FROM contest_ballot_revision v JOIN contest_ballot b ON b.id = v.ballot "
        "JOIN contest_assignment a ON a.id = b.assignment WHERE a.round = {} ORDER BY v.ballot, v.number",
        round_id,
    )
    return [{**row, "scores": texts(row["scores"])} for row in rows]


async def anchors_of(round_id: int) -> list[dict[str, Any]]:
    """The anchors of a round in their order, ``heads`` decoded."""
    rows = await fetch(
        "SELECT number, reason, heads, prev_digest, digest, made_at FROM contest_round_anchor "
        "WHERE round = {} ORDER BY number",
        round_id,
    )
    return [{**row, "heads": texts(row["heads"])} for row in rows]


async def asides_of(round_id: int, *, waiting_only: bool = False) -> list[WaitingAside]:
    """Ballots that were set aside in a round, the newest first."""
    extra = " AND s.state = 'waiting'" if waiting_only else ""
    rows = await fetch(
        "SELECT s.id, s.assignment, s.reason, s.state, s.scores, s.scored_at, s.received_at, e.title, p.full_name "
        "FROM contest_set_aside s JOIN contest_assignment a ON a.id = s.assignment "
        "JOIN contest_entry e ON e.id = a.entry JOIN person p ON p.id = a.judge "
        f"WHERE a.round = {{}}{extra} ORDER BY s.id DESC",
        round_id,
    )
    return [
        WaitingAside(
            row["id"],
            row["assignment"],
            row["title"],
            row["full_name"],
            AsideReason(row["reason"]),
            AsideState(row["state"]),
            texts(row["scores"]),
            row["scored_at"],
            row["received_at"],
        )
        for row in rows
    ]

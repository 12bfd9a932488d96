"""What a judge's tablet carries to work without network: her ideas, the criteria, her own ballots."""

from datetime import datetime
from typing import Any

from app.accounts.actor import Actor
from app.judging.enums import AssignmentState
from app.judging.queries.ballots import JudgeTask, tasks_of_judge
from app.judging.queries.contests import CriterionRow, contest_by_id, criteria_of
from app.kernel.i18n import format_datetime, pick


async def bundle_for(actor: Actor, now: datetime) -> dict[str, Any]:
    """The bundle of a judge: rounds with their criteria, and the ideas given to her with the newest own ballot."""
    assert actor.person_id is not None
    tasks = await tasks_of_judge(actor.person_id, edition_id=actor.edition_id)
    rounds: dict[int, dict[str, Any]] = {}
    for task in tasks:
        if task.round_id not in rounds:
            contest = await contest_by_id(task.contest_id)
            rounds[task.round_id] = {
                "id": task.round_id,
                "number": task.round_number,
                "name": pick(task.round_name),
                "contest": pick(contest.name),
                "edition": pick(contest.edition_name),
                "open": task.takes_ballots(now),
                "closes_at": task.closes_at,
                "closes": format_datetime(task.closes_at, contest.timezone) if task.closes_at else "",
                "criteria": [criterion_of(criterion) for criterion in await criteria_of(task.round_id)],
            }
    return {
        "judge": {"id": actor.person_id, "name": actor.full_name},
        "server_time": now,
        "rounds": list(rounds.values()),
        "tasks": [task_of(task) for task in tasks if task.state != AssignmentState.RECUSED],
    }


def criterion_of(criterion: CriterionRow) -> dict[str, Any]:
    """A criterion in the reader's language."""
    return {
        "id": criterion.id,
        "name": pick(criterion.name),
        "explanation": pick(criterion.explanation),
        "weight": criterion.weight,
        "min": criterion.min,
        "max": criterion.max,
        "anchors": {score: pick(texts) for score, texts in criterion.anchors.items()},
    }


def task_of(task: JudgeTask) -> dict[str, Any]:
    """One idea with the judge's own newest ballot."""
    head = task.head
    return {
        "assignment_id": task.assignment_id,
        "round_id": task.round_id,
        "entry": task.entry,
        "head": None
        if head is None
        else {
            "hash": head.hash,
            "number": head.number,
            "scores": head.scores,
            "comment_to_team": head.comment_to_team,
            "comment_to_jury": head.comment_to_jury,
            "scored_at": head.scored_at,
        },
    }

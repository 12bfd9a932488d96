"""What changes to the contest are called in the log."""

from collections.abc import Mapping
from typing import Any

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.judging.enums import AsideState
from app.judging.errors import ChairInConflict
from app.judging.guards import contest_for
from app.judging.tables import Contest, Criterion, Entry, Round, SetAside
from app.judging.words import ASIDE_REASONS, CONTEST_STATES, ENTRY_STATES
from app.kernel.audit_words import Field, LogWords, Subject, names_in
from app.kernel.errors import NotFound
from app.kernel.i18n import N_, pick

ASIDE_STATES = {
    AsideState.WAITING: N_("Waiting"),
    AsideState.ACCEPTED: N_("Accepted"),
    AsideState.REFUSED: N_("Refused"),
}


def _words(states: Mapping[Any, tuple[str, str]]) -> dict[Any, str]:
    return {state: word for state, (word, _tone) in states.items()}


def _anchors(anchors: Mapping[str, Mapping[str, str]]) -> str:
    return " · ".join(f"{score}: {pick(words)}" for score, words in anchors.items())


async def may_know(actor: Actor, edition_id: int) -> bool:
    """Whether somebody may see what the jury does: a chair (or owner) without a stake in the contest."""
    if not actor.has(Role.JURY_CHAIR, edition_id=edition_id):
        return False
    try:
        await contest_for(edition_id, actor)
    except ChairInConflict:
        return False
    except NotFound:
        return True
    return True


WORDS = LogWords(
    private=frozenset(
        {
            "assignment.recuse",
            "assignment.set",
            "award.give",
            "award.take_back",
            "ballot.settle",
            "round.advance",
            "round.assign",
            "round.lock",
        }
    ),
    may_know=may_know,
    actions={
        "assignment.recuse": N_("Stepped back from an idea"),
        "assignment.set": N_("Changed who scores an idea"),
        "award.give": N_("Gave an award"),
        "award.publish": N_("Published the awards"),
        "award.take_back": N_("Took an award back"),
        "ballot.settle": N_("Settled a ballot that was set aside"),
        "contest.create": N_("Set the contest up"),
        "contest.state": N_("Opened or closed the call for ideas"),
        "contest.update": N_("Changed the contest"),
        "criterion.create": N_("Added a criterion"),
        "criterion.move": N_("Moved a criterion"),
        "criterion.remove": N_("Removed a criterion"),
        "criterion.update": N_("Changed a criterion"),
        "entry.create": N_("Began an idea"),
        "entry.member.add": N_("Took somebody into a team"),
        "entry.member.remove": N_("Took somebody out of a team"),
        "entry.submit": N_("Sent an idea in"),
        "entry.update": N_("Changed an idea"),
        "entry.withdraw": N_("Took an idea back"),
        "panel.add": N_("Took somebody into the jury"),
        "panel.remove": N_("Took somebody out of the jury"),
        "panel.update": N_("Changed a member of the jury"),
        "round.advance": N_("Let ideas go on to the next round"),
        "round.assign": N_("Assigned judges"),
        "round.create": N_("Added a round"),
        "round.lock": N_("Sealed a round"),
        "round.move": N_("Moved a round"),
        "round.open": N_("Opened a round"),
        "round.publish": N_("Published a round"),
        "round.remove": N_("Removed a round"),
        "round.update": N_("Changed a round"),
    },
    subjects={
        "contest": Subject(
            name=N_("Contest"),
            find=names_in(Contest, Contest.name),
            fields={
                "rounds": Field(N_("Rounds")),
                "state": Field(N_("State"), values=_words(CONTEST_STATES)),
                "intro": Field(N_("Introduction")),
                "entries_open_at": Field(N_("The call begins")),
                "entries_close_at": Field(N_("The call ends")),
                "judges_per_entry": Field(N_("Judges for each idea")),
            },
        ),
        "criterion": Subject(
            name=N_("Criterion"),
            find=names_in(Criterion, Criterion.name),
            fields={
                "round_id": Field(N_("Round"), subject="round"),
                "explanation": Field(N_("Explanation")),
                "weight": Field(N_("Weight")),
                "min": Field(N_("Lowest score")),
                "max": Field(N_("Highest score")),
                "anchors": Field(N_("What the numbers mean"), show=_anchors),
                "place": Field(N_("Place in the list")),
            },
        ),
        "entry": Subject(
            name=N_("Idea"),
            find=names_in(Entry, Entry.title),
            fields={
                "state": Field(N_("State"), values=_words(ENTRY_STATES)),
                "round_id": Field(N_("Round"), subject="round"),
                "judge_id": Field(N_("Judge"), subject="person"),
                "rank": Field(N_("Rank")),
                "award": Field(N_("Award")),
                "assigned": Field(N_("Assigned")),
                "team_name": Field(N_("Team")),
                "member_count": Field(N_("Members")),
                "summary": Field(N_("Summary")),
                "problem": Field(N_("Problem")),
                "solution": Field(N_("Solution")),
                "progress": Field(N_("Progress")),
                "category": Field(N_("Category")),
                "ward": Field(N_("Ward")),
            },
        ),
        "round": Subject(
            name=N_("Round"),
            find=names_in(Round, Round.name),
            fields={
                "added": Field(N_("Assigned")),
                "anchor": Field(N_("Seal")),
                "entry_ids": Field(N_("Ideas"), subject="entry"),
                "missing": Field(N_("Ballots missing")),
                "number": Field(N_("Place in the list")),
                "opens_at": Field(N_("Judging is to begin")),
                "closes_at": Field(N_("Judged until")),
                "advance_count": Field(N_("How many ideas go on")),
            },
        ),
        "set_aside": Subject(
            name=N_("Ballot set aside"),
            find=names_in(SetAside, SetAside.assignment._.entry._.title),
            fields={
                "state": Field(N_("State"), values=ASIDE_STATES),
                "reason": Field(N_("Reason"), values=ASIDE_REASONS),
            },
        ),
    },
)

"""Which dates of judging move with an edition that is postponed."""

from app.events.moving import Dates, Mover
from app.judging.enums import RoundState
from app.judging.tables import Contest, Round
from app.kernel.i18n import N_

_FACT = "It says when something happened."


#: Rounds that are still to be judged: what is sealed is a record.
_UNSEALED = Round.state.is_in([RoundState.DRAFT.value, RoundState.OPEN.value])

MOVER = Mover(
    moved=(
        Dates(
            title=N_("Call for ideas"),
            columns=(Contest.entries_open_at, Contest.entries_close_at),
            of=Contest.edition,
            begins=(Contest.entries_open_at,),
        ),
        Dates(
            title=N_("Rounds of judging"),
            columns=(Round.opens_at, Round.closes_at),
            of=Round.contest.edition,
            only=_UNSEALED,
            begins=(Round.opens_at,),
        ),
    ),
    stays={
        "contest.created_at": _FACT,
        "contest_round.locked_at": _FACT,
        "contest_round.published_at": _FACT,
        "contest_entry.created_at": _FACT,
        "contest_entry.updated_at": _FACT,
        "contest_entry.submitted_at": _FACT,
        "contest_entry.withdrawn_at": _FACT,
        "contest_panel_member.added_at": _FACT,
        "contest_panel_member.removed_at": _FACT,
        "contest_assignment.assigned_at": _FACT,
        "contest_ballot_revision.scored_at": _FACT,
        "contest_ballot_revision.received_at": _FACT,
        "contest_set_aside.scored_at": _FACT,
        "contest_set_aside.received_at": _FACT,
        "contest_set_aside.settled_at": _FACT,
        "contest_round_anchor.made_at": _FACT,
        "contest_award.created_at": _FACT,
        "contest_award.published_at": _FACT,
    },
)

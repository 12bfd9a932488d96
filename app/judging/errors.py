"""What cannot be done in judging, each with its stable code."""

from app.kernel.errors import AppError
from app.kernel.i18n import N_


class ContestExists(AppError):
    """The edition has its contest already."""

    code = "contest_exists"
    status = 409
    message = N_("This edition already has a contest.")


class ContestNotOpen(AppError):
    """Ideas are not taken now."""

    code = "contest_not_open"
    status = 409
    message = N_("This contest does not take ideas at the moment.")


class CallNotBegun(ContestNotOpen):
    """The call opens later."""

    code = "call_not_begun"
    message = N_("Ideas are taken from {time}. Come back then.")


class CallEnded(ContestNotOpen):
    """The call's end has passed."""

    code = "call_ended"
    message = N_("The call ended on {time}. What your team has saved is kept, but ideas can no longer be sent in.")


class EntryNotEditable(AppError):
    """The idea was withdrawn, or its round is sealed."""

    code = "entry_not_editable"
    status = 409
    message = N_("This idea cannot be changed any more.")


class EntryDecided(AppError):
    """The results of a round with the idea are out."""

    code = "entry_decided"
    status = 409
    message = N_("The results are out: this idea can no longer be taken back.")


class EntryIncomplete(AppError):
    """Something is missing before the idea can be sent in."""

    code = "entry_incomplete"
    status = 422
    message = N_("Please complete the idea before you send it in.")


class RoundNotOpen(AppError):
    """The round is not being judged."""

    code = "round_not_open"
    status = 409
    message = N_("This round is not open for scoring.")


class RoundStateWrong(AppError):
    """The step does not fit the state of the round."""

    code = "round_state_wrong"
    status = 409
    message = N_("This round is not in the state for that step. Go back to see where it stands.")


class BallotInvalid(AppError):
    """A score is missing, unknown or outside its range."""

    code = "ballot_invalid"
    status = 422
    message = N_("Please give every criterion a score from its range.")


class ClientIdReused(AppError):
    """Another ballot has been sent under this id."""

    code = "client_id_reused"
    status = 409
    message = N_("Another ballot has already been sent under this id.")


class JudgeInConflict(AppError):
    """The judge belongs to the idea's team or organisation."""

    code = "judge_in_conflict"
    status = 409
    message = N_("{judge} belongs to the team or the organisation behind this idea and cannot judge it.")


class AlreadyScored(AppError):
    """A scored assignment stays."""

    code = "already_scored"
    status = 409
    message = N_("This judge has already scored the idea, so the assignment stays.")


class ChairInConflict(AppError):
    """A chair with a stake in the contest sees nothing of it, not even counts."""

    code = "chair_in_conflict"
    status = 403
    message = N_("You belong to a team or an organisation in this contest, so its jury room is closed to you.")


class PublishUnconfirmed(AppError):
    """Awards of a preliminary round, or with ballots missing, are published only by somebody who knows."""

    code = "publish_unconfirmed"
    status = 409
    message = N_("Nothing was published. Read the warning above the button and confirm that you have read it.")


class NothingToAward(AppError):
    """No award has been prepared."""

    code = "nothing_to_award"
    status = 409
    message = N_("Prepare at least one award before you publish.")


class CriteriaLocked(AppError):
    """A round's ballots were given by its criteria, which therefore stay."""

    code = "criteria_locked"
    status = 409
    message = N_("This round already has ballots, so its criteria, weights and scales stay as they are.")


class CriterionNeeded(AppError):
    """The last criterion of a round stays."""

    code = "criterion_needed"
    status = 409
    message = N_("A round needs at least one criterion, so the last one stays.")


class RoundBegun(AppError):
    """A round with ideas or judges keeps its place."""

    code = "round_begun"
    status = 409
    message = N_("This round already has ideas or judges, so it can no longer be moved or removed.")


class RoundNeeded(AppError):
    """The last round of a contest stays."""

    code = "round_needed"
    status = 409
    message = N_("A contest needs at least one round, so the last one stays.")


class ScaleReversed(AppError):
    """The highest score is not above the lowest."""

    code = "scale_reversed"
    status = 422
    message = N_("The highest score must be above the lowest.")


class EndPassed(AppError):
    """A call or a round would be over as soon as it began."""

    code = "end_passed"
    status = 422
    message = N_("The end you have set, {time}, has already passed. Choose a later time, or none.")


class MergeOnOneJury(AppError):
    """Two people of one jury, or a judge and somebody whose idea is in her contest, do not become one."""

    code = "merge_on_one_jury"
    status = 409
    message = N_("Both are on the jury of one contest, or one judges where the other entered an idea. They stay two.")

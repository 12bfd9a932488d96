"""Closed sets of values in judging's tables."""

from enum import StrEnum


class ContestState(StrEnum):
    """Whether a contest takes ideas."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"


class RoundState(StrEnum):
    """Where a round stands: being set up, judged, sealed, told to everybody."""

    DRAFT = "draft"
    OPEN = "open"
    LOCKED = "locked"
    PUBLISHED = "published"


class EntryState(StrEnum):
    """Where an idea stands on its team's side."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    WITHDRAWN = "withdrawn"


class MemberRole(StrEnum):
    """What a person is in a team."""

    LEADER = "leader"
    MEMBER = "member"


class PanelRole(StrEnum):
    """What a person is in the jury."""

    JUDGE = "judge"
    CHAIR = "chair"


class AssignmentState(StrEnum):
    """Where one judge stands with one idea."""

    ASSIGNED = "assigned"
    SCORED = "scored"
    RECUSED = "recused"
    REMOVED = "removed"


class BallotStatus(StrEnum):
    """The server's answer to a ballot that it keeps."""

    SAVED = "saved"
    SET_ASIDE = "set_aside"


class AsideReason(StrEnum):
    """Why a ballot was set aside for the chair."""

    LATE = "late"
    CONFLICT = "conflict"
    OFF_PANEL = "off_panel"


class AsideState(StrEnum):
    """What the chair did with a ballot that was set aside."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    REFUSED = "refused"


class AnchorReason(StrEnum):
    """What made the heads of a round's ballots be anchored."""

    LOCKED = "locked"
    SETTLED = "settled"

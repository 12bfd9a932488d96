"""Words of check-in."""

from enum import StrEnum

from app.kernel.i18n import N_


class Verdict(StrEnum):
    """What a gate answers to a scan. The names are a contract with gate phones.

    ``blocked`` is told to them as ``revoked`` with a reason: a page that was opened before it was a word would show it
    as nothing at all.
    """

    ADMITTED = "admitted"
    ALREADY_ADMITTED = "already_admitted"
    NOT_VALID_YET = "not_valid_yet"
    EXPIRED = "expired"
    REVOKED = "revoked"
    BLOCKED = "blocked"
    WRONG_LIST = "wrong_list"
    UNKNOWN = "unknown"
    LATE_CONFLICT = "late_conflict"
    LEFT = "left"
    NOT_INSIDE = "not_inside"


class Way(StrEnum):
    """Which way somebody goes through a gate."""

    IN = "in"
    OUT = "out"


VERDICT_NAMES = {
    Verdict.ADMITTED: N_("Admitted"),
    Verdict.ALREADY_ADMITTED: N_("Used already"),
    Verdict.NOT_VALID_YET: N_("Not valid yet"),
    Verdict.EXPIRED: N_("Expired"),
    Verdict.REVOKED: N_("Withdrawn"),
    Verdict.BLOCKED: N_("Blocked"),
    Verdict.WRONG_LIST: N_("Wrong entrance"),
    Verdict.UNKNOWN: N_("Not known"),
    Verdict.LATE_CONFLICT: N_("To be settled"),
    Verdict.LEFT: N_("Went out"),
    Verdict.NOT_INSIDE: N_("Not inside"),
}


#: The tone of a verdict's badge; of any other it is that of a refusal.
VERDICT_TONES = {Verdict.ADMITTED: "done", Verdict.LATE_CONFLICT: "wait", Verdict.LEFT: "plain"}


class Settlement(StrEnum):
    """How a gate lead settled a late conflict."""

    ACCEPTED = "accepted"
    REFUSED = "refused"


SETTLEMENT_NAMES = {
    Settlement.ACCEPTED: N_("Accepted"),
    Settlement.REFUSED: N_("Refused"),
}

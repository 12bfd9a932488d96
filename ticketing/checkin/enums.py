"""Words of check-in."""

from enum import StrEnum

from app.kernel.i18n import N_


class Verdict(StrEnum):
    """What a gate answers to a scan. The names are a contract with gate phones.

    Those of ``OLDER_WORDS`` are told to them by an older word with a reason: a page that was opened before they were
    words would show them as nothing at all.
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
    UNPAID = "unpaid"
    CANCELLED = "cancelled"
    WRONG_TYPE = "wrong_type"
    FULL = "full"
    BAD_SIGNATURE = "bad_signature"
    WRONG_EDITION = "wrong_edition"
    QUESTION_REQUIRED = "question_required"


#: The words by which phones are told of verdicts that came later than they did.
OLDER_WORDS = {
    Verdict.BLOCKED: Verdict.REVOKED,
    Verdict.UNPAID: Verdict.REVOKED,
    Verdict.CANCELLED: Verdict.REVOKED,
    Verdict.WRONG_TYPE: Verdict.WRONG_LIST,
    Verdict.FULL: Verdict.WRONG_LIST,
    Verdict.BAD_SIGNATURE: Verdict.UNKNOWN,
    Verdict.WRONG_EDITION: Verdict.UNKNOWN,
    Verdict.QUESTION_REQUIRED: Verdict.WRONG_LIST,
}

#: The answers to whoever leaves: nobody who comes in gets one.
OUTWARD = {Verdict.LEFT, Verdict.NOT_INSIDE}
#: What is said of a pass for what it is itself, wherever and whenever.
REFUSED_FOR_GOOD = (Verdict.REVOKED, Verdict.BLOCKED, Verdict.UNPAID, Verdict.CANCELLED)
#: What a code is that is no pass, whichever way somebody goes with it.
NO_PASS = {Verdict.UNKNOWN, Verdict.BAD_SIGNATURE, Verdict.WRONG_EDITION}


class Way(StrEnum):
    """Which way somebody goes through a gate."""

    IN = "in"
    OUT = "out"


class Outcome(StrEnum):
    """What came of a scan, in the check-in API."""

    ADMITTED = "admitted"
    REFUSED = "refused"


class Reason(StrEnum):
    """Why a scan was refused, in the check-in API."""

    UNKNOWN = "unknown"
    BAD_SIGNATURE = "bad_signature"
    REVOKED = "revoked"
    UNPAID = "unpaid"
    CANCELLED = "cancelled"
    BLOCKED = "blocked"
    WRONG_TYPE = "wrong_type"
    WRONG_LIST = "wrong_list"
    TOO_EARLY = "too_early"
    TOO_LATE = "too_late"
    ALREADY_ADMITTED = "already_admitted"
    NOT_INSIDE = "not_inside"
    FULL = "full"
    QUESTION_REQUIRED = "question_required"
    WRONG_EDITION = "wrong_edition"


#: The reasons of verdicts that are called otherwise.
REASONS = {Verdict.NOT_VALID_YET: Reason.TOO_EARLY, Verdict.EXPIRED: Reason.TOO_LATE}


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
    Verdict.UNPAID: N_("Not paid"),
    Verdict.CANCELLED: N_("Cancelled"),
    Verdict.WRONG_TYPE: N_("Another ticket type"),
    Verdict.FULL: N_("Full"),
    Verdict.BAD_SIGNATURE: N_("Not genuine"),
    Verdict.WRONG_EDITION: N_("Of another festival"),
    Verdict.QUESTION_REQUIRED: N_("Asked first"),
}


#: The tone of a verdict's badge; of any other it is that of a refusal.
VERDICT_TONES = {Verdict.ADMITTED: "done", Verdict.LATE_CONFLICT: "wait", Verdict.LEFT: "plain"}


class Settlement(StrEnum):
    """How a late conflict was settled: by a gate lead, or by scans that came later still and explain it."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    EXPLAINED = "explained"


SETTLEMENT_NAMES = {
    Settlement.ACCEPTED: N_("Accepted"),
    Settlement.REFUSED: N_("Refused"),
    Settlement.EXPLAINED: N_("Explained by later scans"),
}

"""Closed sets of values in the events' tables."""

from enum import StrEnum

from app.kernel.i18n import N_


class EditionState(StrEnum):
    """Where an edition stands: being prepared, shown to everybody, over, or not taking place."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"
    CANCELLED = "cancelled"


#: An edition in one of these is over, or will not be: nothing of it is changed.
ENDED_STATES = (EditionState.CLOSED, EditionState.CANCELLED)

EDITION_STATE_NAMES = {
    EditionState.DRAFT: N_("Draft"),
    EditionState.OPEN: N_("Open"),
    EditionState.CLOSED: N_("Closed"),
    EditionState.CANCELLED: N_("Cancelled"),
}


class Part(StrEnum):
    """What an edition may consist of; each can be switched off."""

    FAIR = "fair"
    TICKETS = "tickets"
    CONTEST = "contest"
    PROGRAMME = "programme"


PART_NAMES = {
    Part.FAIR: N_("Trade fair"),
    Part.TICKETS: N_("Tickets"),
    Part.CONTEST: N_("Contest"),
    Part.PROGRAMME: N_("Programme"),
}


class PassKind(StrEnum):
    """Whom a pass is for. The numbers on the wire are :data:`PASS_KIND_NUMBERS`."""

    VISITOR = "visitor"
    EXHIBITOR = "exhibitor"
    STAFF = "staff"
    JUDGE = "judge"
    SPEAKER = "speaker"
    GUEST = "guest"


PASS_KIND_NAMES = {
    PassKind.VISITOR: N_("Visitor"),
    PassKind.EXHIBITOR: N_("Exhibitor"),
    PassKind.STAFF: N_("Staff"),
    PassKind.JUDGE: N_("Judge"),
    PassKind.SPEAKER: N_("Speaker"),
    PassKind.GUEST: N_("Guest"),
}

#: What stands for a kind inside a signed code. A contract: never renumber, only add.
PASS_KIND_NUMBERS = {
    PassKind.VISITOR: 1,
    PassKind.EXHIBITOR: 2,
    PassKind.STAFF: 3,
    PassKind.JUDGE: 4,
    PassKind.SPEAKER: 5,
    PassKind.GUEST: 6,
}


class PassState(StrEnum):
    """Whether a pass counts. Whether its holder is inside is check-in's.

    One that is ``laid`` stands ready with the others of its sheet: nobody has it or sees it until all of them do. One
    of the ``stock`` is printed and waits for whoever buys it. One that is ``blocked`` counts again once that is lifted;
    one that is ``revoked`` never does.
    """

    LAID = "laid"
    STOCK = "stock"
    ISSUED = "issued"
    BLOCKED = "blocked"
    REVOKED = "revoked"


PASS_STATE_NAMES = {
    PassState.STOCK: N_("In stock"),
    PassState.ISSUED: N_("Valid"),
    PassState.BLOCKED: N_("Blocked"),
    PassState.REVOKED: N_("Withdrawn"),
}
#: The tone of a state's badge.
PASS_STATE_TONES = {
    PassState.STOCK: "plain",
    PassState.ISSUED: "done",
    PassState.BLOCKED: "wait",
    PassState.REVOKED: "refused",
}


class PassReason(StrEnum):
    """Why a pass was withdrawn, for machines; what somebody wrote about it stands beside it."""

    NONE = ""
    WITHDRAWN = "withdrawn"
    UNPAID = "unpaid"
    CANCELLED = "cancelled"
    REPLACED = "replaced"
    LEAKED = "leaked"


PASS_REASON_NAMES = {
    PassReason.WITHDRAWN: N_("Withdrawn by the organiser"),
    PassReason.UNPAID: N_("Not paid"),
    PassReason.CANCELLED: N_("Cancelled"),
    PassReason.REPLACED: N_("Replaced by another pass"),
    PassReason.LEAKED: N_("Its code got about"),
}
#: What whoever withdraws a pass by hand chooses from.
REASONS_BY_HAND = (PassReason.WITHDRAWN, PassReason.REPLACED, PassReason.LEAKED)


class PrintWhat(StrEnum):
    """What of passes is printed: the passes themselves, or badges to be worn."""

    BADGES = "badges"
    PASSES = "passes"


class PrintState(StrEnum):
    """How far a printing is. One that is dropped was made, but not printed: its badges count as not printed."""

    MAKING = "making"
    READY = "ready"
    FAILED = "failed"
    CANCELLED = "cancelled"
    DROPPED = "dropped"


PRINT_WHAT_NAMES = {PrintWhat.BADGES: N_("Badges"), PrintWhat.PASSES: N_("Passes")}
PRINT_STATE_NAMES = {
    PrintState.MAKING: N_("Being made"),
    PrintState.READY: N_("Ready"),
    PrintState.FAILED: N_("Failed"),
    PrintState.CANCELLED: N_("Stopped"),
    PrintState.DROPPED: N_("Not printed"),
}
PRINT_STATE_TONES = {
    PrintState.MAKING: "wait",
    PrintState.READY: "done",
    PrintState.FAILED: "refused",
    PrintState.CANCELLED: "plain",
    PrintState.DROPPED: "plain",
}


class BadgePaper(StrEnum):
    """What badges are printed on. Sizes stand in ``passes.badges``."""

    A6 = "a6"
    A6_SHEET = "a6_sheet"
    CARD = "card"
    CARD_SHEET = "card_sheet"
    LABELS_99X68 = "labels_99x68"
    LABELS_99X57 = "labels_99x57"
    LABELS_99X38 = "labels_99x38"
    LABELS_64X38 = "labels_64x38"


BADGE_PAPER_NAMES = {
    BadgePaper.A6: N_("A6 upright, one to a page"),
    BadgePaper.A6_SHEET: N_("A6 upright, four on a page of A4"),
    BadgePaper.CARD: N_("86 × 54 mm, one to a page"),
    BadgePaper.CARD_SHEET: N_("86 × 54 mm, ten on a page of A4"),
    BadgePaper.LABELS_99X68: N_("Labels of 99.1 × 67.7 mm, eight on a page of A4"),
    BadgePaper.LABELS_99X57: N_("Labels of 99.1 × 57 mm, ten on a page of A4"),
    BadgePaper.LABELS_99X38: N_("Labels of 99.1 × 38.1 mm, fourteen on a page of A4"),
    BadgePaper.LABELS_64X38: N_("Labels of 63.5 × 38.1 mm, twenty-one on a page of A4"),
}

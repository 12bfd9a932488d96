"""Words of sales."""

from enum import StrEnum

from app.events.enums import PassKind
from app.kernel.i18n import N_


class OrderState(StrEnum):
    """Where an order stands; only ``held`` and ``confirmed`` use up quota.

    One that is ``laid`` stands ready with the others of its sheet: nobody sees it until all of them do.
    """

    LAID = "laid"
    HELD = "held"
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


ORDER_STATE_NAMES = {
    OrderState.HELD: N_("Waiting for payment"),
    OrderState.CONFIRMED: N_("Confirmed"),
    OrderState.CANCELLED: N_("Cancelled"),
    OrderState.EXPIRED: N_("Expired"),
}


class LaidState(StrEnum):
    """What becomes of a sheet whose orders stand ready: they are still being written, being shown, or being dropped."""

    LAYING = "laying"
    TAKEN_OVER = "taken_over"
    DROPPED = "dropped"


class HandoverState(StrEnum):
    """Where a ticket stands that is given away; one whose time is over is ``offered`` still, and cannot be accepted."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    WITHDRAWN = "withdrawn"


HANDOVER_STATE_NAMES = {
    HandoverState.OFFERED: N_("Offered"),
    HandoverState.ACCEPTED: N_("Accepted"),
    HandoverState.WITHDRAWN: N_("Withdrawn"),
}


class VoucherEffect(StrEnum):
    """What a voucher does to the price of a ticket."""

    NONE = "none"
    PERCENT = "percent"
    AMOUNT = "amount"
    PRICE = "price"


VOUCHER_EFFECT_NAMES = {
    VoucherEffect.NONE: N_("Leaves the price as it is"),
    VoucherEffect.PERCENT: N_("Takes a percentage off"),
    VoucherEffect.AMOUNT: N_("Takes an amount off"),
    VoucherEffect.PRICE: N_("Sets the price"),
}


class ChangeState(StrEnum):
    """Where a ticket stands that is changed for a dearer one: the place is ``held`` until the difference has come.

    ``expired`` ones are done after all when it comes late and the place is free; ``withdrawn`` ones are not.
    """

    HELD = "held"
    DONE = "done"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class OrderChannel(StrEnum):
    """Where an order came from."""

    ONLINE = "online"
    BOX_OFFICE = "box_office"
    SHEET = "sheet"


ORDER_CHANNEL_NAMES = {
    OrderChannel.ONLINE: N_("Bought on the web"),
    OrderChannel.BOX_OFFICE: N_("Box office"),
    OrderChannel.SHEET: N_("Uploaded sheet"),
}


class QuestionKind(StrEnum):
    """What an answer looks like: a text, one of several, a phone number, or that somebody agrees to something."""

    TEXT = "text"
    CHOICE = "choice"
    PHONE = "phone"
    CONSENT = "consent"


QUESTION_KIND_NAMES = {
    QuestionKind.TEXT: N_("A text"),
    QuestionKind.CHOICE: N_("One of several answers"),
    QuestionKind.PHONE: N_("A phone number"),
    QuestionKind.CONSENT: N_("A consent"),
}

PASS_KIND_NAMES = {
    PassKind.VISITOR: N_("Visitor"),
    PassKind.EXHIBITOR: N_("Exhibitor"),
    PassKind.STAFF: N_("Staff"),
    PassKind.JUDGE: N_("Judge"),
    PassKind.SPEAKER: N_("Speaker"),
    PassKind.GUEST: N_("Guest"),
}

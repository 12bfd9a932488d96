"""Closed sets of values in the payments' tables."""

from enum import StrEnum

from app.kernel.i18n import N_


class DocumentKind(StrEnum):
    """What a payment document is."""

    INVOICE = "invoice"


class DocumentState(StrEnum):
    """Where a payment document stands. ``refund_due``: the money came, and has to go back."""

    OPEN = "open"
    PAID = "paid"
    CANCELLED = "cancelled"
    REFUND_DUE = "refund_due"
    REFUNDED = "refunded"


STATE_NAMES = {
    DocumentState.OPEN: N_("Open"),
    DocumentState.PAID: N_("Paid"),
    DocumentState.CANCELLED: N_("Cancelled"),
    DocumentState.REFUND_DUE: N_("Refund due"),
    DocumentState.REFUNDED: N_("Refunded"),
}


class PaymentMethod(StrEnum):
    """How money came, or went back."""

    CASH = "cash"
    TRANSFER = "transfer"
    CARD = "card"


METHOD_NAMES = {
    PaymentMethod.CASH: N_("Cash"),
    PaymentMethod.TRANSFER: N_("Bank transfer"),
    PaymentMethod.CARD: N_("Card"),
}


class Settlement(StrEnum):
    """What became of a payment: it got what it was for, something else in its place, or it has to go back."""

    KEPT = "kept"
    REPLACED = "replaced"
    REFUND = "refund"
    RETURNED = "returned"


SETTLEMENT_NAMES = {
    Settlement.KEPT: N_("It got what it was for"),
    Settlement.REPLACED: N_("It got something else in its place"),
    Settlement.REFUND: N_("It has to go back"),
    Settlement.RETURNED: N_("It went back"),
}


class EntrySource(StrEnum):
    """What told of a transfer."""

    WEBHOOK = "webhook"
    STATEMENT = "statement"


SOURCE_NAMES = {EntrySource.WEBHOOK: N_("Notice"), EntrySource.STATEMENT: N_("Statement")}


class EntryState(StrEnum):
    """What became of a transfer. ``left``: nobody but a person can say what it was for."""

    NEW = "new"
    MATCHED = "matched"
    LEFT = "left"
    IGNORED = "ignored"


ENTRY_STATE_NAMES = {
    EntryState.NEW: N_("Being looked at"),
    EntryState.MATCHED: N_("Assigned"),
    EntryState.LEFT: N_("To be assigned"),
    EntryState.IGNORED: N_("Set aside"),
}

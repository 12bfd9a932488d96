"""Closed sets of values in the payments' tables."""

from enum import StrEnum

from app.kernel.i18n import N_

#: What finance bills by itself, services and sponsors.
SERVICE_PURPOSE = "service"


class DocumentKind(StrEnum):
    """What a payment document is. A credit note takes an invoice back, or a part of it; its amount is positive."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"


KIND_NAMES = {DocumentKind.INVOICE: N_("Invoice"), DocumentKind.CREDIT_NOTE: N_("Credit note")}


class DocumentState(StrEnum):
    """Where a payment document stands. ``refund_due``: the money came, and has to go back. Credit notes are issued."""

    OPEN = "open"
    PAID = "paid"
    CANCELLED = "cancelled"
    REFUND_DUE = "refund_due"
    REFUNDED = "refunded"
    WRITTEN_OFF = "written_off"
    ISSUED = "issued"


STATE_NAMES = {
    DocumentState.OPEN: N_("Not paid yet"),
    DocumentState.PAID: N_("Paid"),
    DocumentState.CANCELLED: N_("Cancelled"),
    DocumentState.REFUND_DUE: N_("Refund due"),
    DocumentState.REFUNDED: N_("Refunded"),
    DocumentState.WRITTEN_OFF: N_("Written off"),
    DocumentState.ISSUED: N_("Issued"),
}
#: States in which an invoice stands: what it is for is its payer's, and is not billed a second time.
STANDS = (DocumentState.OPEN, DocumentState.PAID)
#: States in which an invoice takes money, and those in which some may still come for it: what is paid of one that was
#: taken back comes late, and its seller says what becomes of it.
TAKES = (DocumentState.OPEN, DocumentState.WRITTEN_OFF)
MAY_BE_PAID = (*TAKES, DocumentState.CANCELLED)


class PaymentMethod(StrEnum):
    """How money came, or went back."""

    CASH = "cash"
    TRANSFER = "transfer"
    CARD = "card"
    TERMINAL = "terminal"


METHOD_NAMES = {
    PaymentMethod.CASH: N_("Cash"),
    PaymentMethod.TRANSFER: N_("Bank transfer"),
    PaymentMethod.CARD: N_("Card"),
    PaymentMethod.TERMINAL: N_("Card terminal"),
}


class HandMethod(StrEnum):
    """How money comes, or goes back, that a person writes down. What a card paid online Stripe alone tells of."""

    CASH = PaymentMethod.CASH.value
    TERMINAL = PaymentMethod.TERMINAL.value
    TRANSFER = PaymentMethod.TRANSFER.value


class CounterMethod(StrEnum):
    """How money comes at a counter, where nobody sees the bank's account."""

    CASH = PaymentMethod.CASH.value
    TERMINAL = PaymentMethod.TERMINAL.value


class Settlement(StrEnum):
    """What became of a payment: it got what it was for, something else in its place, or it has to go back.

    ``mistaken``: it was taken off its document again, since it had not been for it; so is the row that says so.
    ``counted``: what a bearer had paid too much of one document is counted for another one of hers; a row for each.
    """

    KEPT = "kept"
    REPLACED = "replaced"
    REFUND = "refund"
    RETURNED = "returned"
    MISTAKEN = "mistaken"
    COUNTED = "counted"


SETTLEMENT_NAMES = {
    Settlement.KEPT: N_("It got what it was for"),
    Settlement.REPLACED: N_("It got something else in its place"),
    Settlement.REFUND: N_("It has to go back"),
    Settlement.RETURNED: N_("It went back"),
    Settlement.MISTAKEN: N_("It was not for this invoice"),
    Settlement.COUNTED: N_("It counts for another invoice"),
}


class EntrySource(StrEnum):
    """What told of a transfer."""

    WEBHOOK = "webhook"
    STATEMENT = "statement"


SOURCE_NAMES = {EntrySource.WEBHOOK: N_("Notice"), EntrySource.STATEMENT: N_("Statement")}


class EntryState(StrEnum):
    """What became of a transfer. ``left``: nobody but a person can say what it was for. ``payout``: it is one of ours.

    What is for none of our documents is ``ignored`` until it is known to be other ``income``, or was ``sent_back``. One
    that is ``laid`` lies ready with the others of its statement: nobody sees it until all of them are there.
    """

    LAID = "laid"
    NEW = "new"
    MATCHED = "matched"
    PAYOUT = "payout"
    LEFT = "left"
    IGNORED = "ignored"
    INCOME = "income"
    SENT_BACK = "sent_back"


class LaidState(StrEnum):
    """Where a statement stands whose transfers lie ready. From ``taken_over`` on all of them are going to be seen."""

    LAYING = "laying"
    TAKEN_OVER = "taken_over"
    DROPPED = "dropped"


#: What pages and figures know of transfers.
ENTRY_STATE_NAMES = {
    EntryState.NEW: N_("Being looked at"),
    EntryState.MATCHED: N_("Assigned to invoices"),
    EntryState.PAYOUT: N_("It is a payout"),
    EntryState.LEFT: N_("To be assigned"),
    EntryState.IGNORED: N_("Set aside"),
    EntryState.INCOME: N_("Other income"),
    EntryState.SENT_BACK: N_("Sent back"),
}
#: States in which a person has said that a transfer is for none of our documents; in some its money has an end.
HAVE_AN_END = (EntryState.INCOME, EntryState.SENT_BACK)
FOR_NOTHING_OF_OURS = (EntryState.IGNORED, *HAVE_AN_END)


class TaxMode(StrEnum):
    """How prices and tax stand to one another."""

    NONE = "none"
    INCLUDED = "included"
    ADDED = "added"


TAX_MODE_NAMES = {
    TaxMode.NONE: N_("No tax"),
    TaxMode.INCLUDED: N_("Prices include it"),
    TaxMode.ADDED: N_("It is added to prices"),
}


class Account(StrEnum):
    """Accounts of the ledger. Debit is positive."""

    RECEIVABLE = "receivable"
    PAYABLE = "payable"
    REVENUE = "revenue"
    TAX = "tax"
    SUBSIDY = "subsidy"
    LOSS = "loss"
    CASH = "cash"
    SAFE = "safe"
    OVER_SHORT = "over_short"
    BANK = "bank"
    CARD = "card"
    TERMINAL = "terminal"
    FEES = "fees"
    UNASSIGNED = "unassigned"
    DISPUTES = "disputes"
    RESERVED = "reserved"
    INCOME = "income"


ACCOUNT_NAMES = {
    Account.RECEIVABLE: N_("To be paid by payers"),
    Account.PAYABLE: N_("To go back to payers"),
    Account.REVENUE: N_("Sales"),
    Account.TAX: N_("Tax"),
    Account.SUBSIDY: N_("Borne by others"),
    Account.LOSS: N_("Written off"),
    Account.CASH: N_("Cash"),
    Account.SAFE: N_("Cash in the safe"),
    Account.OVER_SHORT: N_("Cash over and short"),
    Account.BANK: N_("Bank"),
    Account.CARD: N_("Cards (Stripe)"),
    Account.TERMINAL: N_("Card terminals"),
    Account.FEES: N_("Fees"),
    Account.UNASSIGNED: N_("Transfers not assigned"),
    Account.DISPUTES: N_("Lost to claims of cardholders"),
    Account.RESERVED: N_("Held back by Stripe"),
    Account.INCOME: N_("Other income"),
}


class CashWay(StrEnum):
    """Where cash goes that is put into a drawer, or taken out of it, and pays nothing."""

    FROM_SAFE = "from_safe"
    TO_SAFE = "to_safe"
    TO_BANK = "to_bank"


CASH_WAY_NAMES = {
    CashWay.FROM_SAFE: N_("From the safe into the drawer"),
    CashWay.TO_SAFE: N_("From the drawer into the safe"),
    CashWay.TO_BANK: N_("From the drawer to the bank"),
}


class PayoutState(StrEnum):
    """Where a payout stands. ``told``: Stripe told of it, it is not entered yet; ``foreign``: nothing of it is ours.

    ``taken_back``: somebody wrote it down, and it was not so.
    """

    TOLD = "told"
    BOOKED = "booked"
    FAILED = "failed"
    FOREIGN = "foreign"
    TAKEN_BACK = "taken_back"


PAYOUT_STATE_NAMES = {
    PayoutState.TOLD: N_("Not entered yet"),
    PayoutState.BOOKED: N_("Entered"),
    PayoutState.FAILED: N_("It did not arrive"),
    PayoutState.FOREIGN: N_("Nothing of it is ours"),
    PayoutState.TAKEN_BACK: N_("It was taken back"),
}


class Posting(StrEnum):
    """What made entries in the ledger."""

    INVOICE = "invoice"
    CREDIT = "credit"
    CANCEL = "cancel"
    RESTORE = "restore"
    PAYMENT = "payment"
    TAKE_OFF = "take_off"
    OWE_BACK = "owe_back"
    REFUND = "refund"
    FEE = "fee"
    PAYOUT = "payout"
    WRITE_OFF = "write_off"
    COUNT = "count"
    MOVE = "move"
    KEEP = "keep"
    ASSIGN = "assign"
    DISPUTE = "dispute"
    INCOME = "income"
    SEND_BACK = "send_back"
    COUNT_FOR = "count_for"


POSTING_NAMES = {
    Posting.INVOICE: N_("Invoice"),
    Posting.CREDIT: N_("Credit note"),
    Posting.CANCEL: N_("Invoice taken back"),
    Posting.RESTORE: N_("Invoice stands again"),
    Posting.PAYMENT: N_("Payment"),
    Posting.TAKE_OFF: N_("Payment taken off"),
    Posting.OWE_BACK: N_("Has to go back"),
    Posting.REFUND: N_("Refund"),
    Posting.FEE: N_("Fee"),
    Posting.PAYOUT: N_("Payout"),
    Posting.WRITE_OFF: N_("Written off"),
    Posting.COUNT: N_("Drawer counted"),
    Posting.MOVE: N_("Cash moved"),
    Posting.KEEP: N_("Transfer kept"),
    Posting.ASSIGN: N_("Transfer assigned"),
    Posting.DISPUTE: N_("Claim of a cardholder"),
    Posting.INCOME: N_("Other income"),
    Posting.SEND_BACK: N_("Transfer sent back"),
    Posting.COUNT_FOR: N_("Counted for another invoice"),
}

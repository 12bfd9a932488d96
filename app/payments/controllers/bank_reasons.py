"""Why transfers wait for a person: what is wrong with each, and what to do about it."""

from app.kernel.errors import error_kinds
from app.kernel.i18n import N_, _
from app.payments.errors import (
    AlreadyPaid,
    AmountDiffers,
    BilledAgain,
    CurrencyDiffers,
    DocumentNotOpen,
    PerhapsRecorded,
)
from app.payments.services.matching import Reason
from app.payments.services.payout_matching import NOT_THE_PAYOUT
from app.payments.services.taking_off import TAKEN_OFF

OTHER_CURRENCY = N_("Its text names an invoice in another currency. Ask the payer what it is for, or send it back.")
REASON_NAMES = {
    "": "",
    Reason.NOTHING.value: N_(
        "Its text names none of our invoices. Search for the one that it pays, or say that it is for none."
    ),
    Reason.AMOUNT.value: N_(
        "Its text names one invoice and perhaps another one that cannot be read, and the amount is not the open one. "
        "See what the rest is for, and split it."
    ),
    Reason.DAMAGED.value: N_(
        "The reference in its text is not whole. It fits one invoice, of which another amount is still to be paid in "
        "all. Compare the payers before you assign it."
    ),
    Reason.PART.value: N_(
        "The reference in its text is not whole. It fits one invoice, and the amount is just the part of it that is to "
        "be paid now. Compare the payers, and assign it."
    ),
    Reason.CURRENCY.value: OTHER_CURRENCY,
    Reason.SEVERAL.value: N_(
        "Its text names several invoices, of which together another amount is open. Say how much of it each one gets."
    ),
    Reason.ELSEWHERE.value: N_("It came to an account that is not the one of the settings."),
    AmountDiffers.code: N_(
        "The invoice that its text names asks for another amount. See what the payer meant, and assign it by hand."
    ),
    CurrencyDiffers.code: OTHER_CURRENCY,
    AlreadyPaid.code: N_(
        "The invoice that its text names was paid already. Search for the one that it pays; what you assign to the "
        "paid one goes back to the payer."
    ),
    DocumentNotOpen.code: N_(
        "The invoice that its text names takes no money any more. Search for another one that it pays, or send it back."
    ),
    PerhapsRecorded.code: N_(
        "A transfer of this amount was written down for its invoice already. Say whether it is this one."
    ),
    TAKEN_OFF: N_("It was assigned to an invoice that it was not for. Assign it to the right one, or set it aside."),
    NOT_THE_PAYOUT: N_("It was taken for a payout that it is not. Say which one it is, assign it, or set it aside."),
    BilledAgain.code: N_(
        "The invoice that its text names was written off, and another one is open in its place. Assign it to that one."
    ),
}
NOT_RECORDED = N_("The invoice that its text names could not take it. Assign it by hand.")


def said_why(reason: str) -> str:
    """What is kept of a reason, a ``Reason`` or the code of an error, as sentences for the reader."""
    known = REASON_NAMES.get(reason)
    if known is None:
        named = [one.message for one in error_kinds() if one.code == reason and "{" not in one.message]
        return " ".join(_(one) for one in (NOT_RECORDED, *named))
    return _(known) if known else ""

"""What can go wrong when a payment is taken off an invoice that it was not for."""

from app.kernel.errors import AppError
from app.kernel.i18n import N_


class WhyTakenOff(AppError):
    """A payment that is taken off its invoice without a word."""

    code = "take_off_reason_needed"
    status = 422
    message = N_("Please say why this payment is not for the invoice.")


class NotTakenOff(AppError):
    """A payment that no person wrote down and no transfer is, or a part of one, or a refund."""

    code = "payment_not_taken_off"
    status = 409
    message = N_(
        "Only a transfer, or a payment that was written down by hand, can be taken off an invoice. What came by card "
        "is given back to the card."
    )


class PartWentBack(AppError):
    """A payment of which some went back to who paid, or counts for another invoice of a bearer's."""

    code = "payment_went_back"
    status = 409
    message = N_(
        "{returned} of this payment of {amount} went back already or counts for another invoice, so it cannot be taken "
        "off invoice {number}. Nothing was changed."
    )


class DrawerCounted(AppError):
    """Cash of a drawer that was counted and closed since, of which nobody says where it belongs, or both ways."""

    code = "payment_drawer_counted"
    status = 409
    message = N_(
        "This cash was counted with its drawer. Please write the number of the invoice that it was for, or say that it "
        "was missing when the drawer was counted: one of the two. Nothing was changed."
    )


class NotCounted(AppError):
    """What is said to have been missing in a drawer, though it was never counted in one."""

    code = "payment_not_counted"
    status = 409
    message = N_("Only cash of a drawer that was counted can have been missing in it. Nothing was changed.")


class RightInvoiceUnknown(AppError):
    """The number of an invoice that a payment was for, which is none of this edition's, or the same one."""

    code = "right_invoice_unknown"
    status = 422
    message = N_("No other invoice of this edition has the number {number}. Nothing was changed.")


class AssignedAtBank(AppError):
    """A transfer that is to be recorded for another invoice as what was written down by hand is."""

    code = "transfer_assigned_at_bank"
    status = 409
    message = N_(
        "A transfer is assigned to its invoice at its own page, once it is taken off here. Leave the number empty. "
        "Nothing was changed."
    )


class BilledInPlace(AppError):
    """An invoice that would be open again, while another one is open for the same thing."""

    code = "billed_in_place"
    status = 409
    message = N_(
        "Without this payment invoice {number} is open again, but invoice {anew} is open in its place. Cancel that one "
        "first."
    )


class RestHasAnEnd(AppError):
    """A share of a transfer of which the rest was entered as other income, or sent back."""

    code = "transfer_rest_has_an_end"
    status = 409
    message = N_(
        "The rest of this transfer was entered as other income or sent back. Take the transfer up again first, at its "
        "own page. Nothing was changed."
    )

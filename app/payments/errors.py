"""What can go wrong with payments."""

from app.kernel.errors import AppError
from app.kernel.i18n import N_
from app.kernel.money import MOST, Money


class DocumentNotFound(AppError):
    """No such payment document in this edition."""

    code = "payment_document_not_found"
    status = 404
    message = N_("There is no such invoice here.")


class DocumentDiffers(AppError):
    """The same thing is billed already, with another amount."""

    code = "payment_document_differs"
    status = 409
    message = N_("Invoice {number} is open for this already, with another amount. Cancel it first.")


class InvoiceIdTaken(AppError):
    """A form of an invoice that came before with other values."""

    code = "invoice_id_taken"
    status = 409
    message = N_(
        "Invoice {number} was issued from this form before, with other values. If that one is wrong, cancel it. To "
        "issue this one as well, send it once more."
    )


class AlreadyPaid(AppError):
    """A payment for a document that was paid before."""

    code = "already_paid"
    status = 409
    message = N_("Invoice {number} was paid already. Nothing was recorded.")


class InvoiceChanged(AppError):
    """A transfer assigned to an invoice that takes another part of it than the page said."""

    code = "invoice_changed"
    status = 409
    message = N_("Invoice {number} has changed meanwhile: look again at what it takes. Nothing was assigned.")


class BilledAgain(AppError):
    """Money for a document that was written off, while another one is open for the same thing."""

    code = "billed_again"
    status = 409
    message = N_("Invoice {number} was written off, and invoice {anew} is open in its place. Record it there.")


class PerhapsRecorded(AppError):
    """A transfer that somebody may have written down already: its document has one of the same amount."""

    code = "perhaps_recorded"
    status = 409
    message = N_("A transfer of this amount was written down for invoice {number} already. It may be this one.")


class ToldAlready(AppError):
    """A transfer written down by hand of which the bank told before: its document has one of the same amount."""

    code = "told_already"
    status = 409
    message = N_(
        "The bank told of a transfer of {amount} for invoice {number} before, and it is recorded. "
        "If another one came, say so here."
    )


class AmountDiffers(AppError):
    """A payment of another amount than the document's."""

    code = "amount_differs"
    status = 422
    message = N_("Invoice {number} asks for {due}; {given} is another amount.")


class AmountOutOfRange(AppError):
    """An amount of nothing, less than nothing, or more than any fair takes."""

    code = "amount_out_of_range"
    status = 422
    message = N_("The amount has to be above zero.")


class AmountTooLarge(AmountOutOfRange):
    """More than any fair takes."""

    message = N_("The amount is more than {most}, the most that can be entered here.")


class FeeOutOfRange(AmountOutOfRange):
    """A fee of a payout of less than nothing, or of more than what is paid out."""

    message = N_("The fee cannot be below zero, nor above the {taken} of which it is taken.")


def out_of_range(amount: Money) -> AmountOutOfRange:
    """What is wrong with an amount that is not above zero, or above ``MOST``."""
    return AmountTooLarge(most=Money(MOST, amount.currency)) if amount.amount_minor > MOST else AmountOutOfRange()


class CurrencyDiffers(AppError):
    """Money in another currency than the document's."""

    code = "currency_differs"
    status = 422
    message = N_("Invoice {number} is in {due}, not in {given}.")


class PartsDiffer(AppError):
    """Parts that do not sum to what is billed, or are not in the order of their days."""

    code = "parts_differ"
    status = 422
    message = N_("The parts have to add up to the whole amount, each above zero, in the order of their days.")


class MoreThanOwed(AppError):
    """A refund of more than has to go back."""

    code = "more_than_owed"
    status = 409
    message = N_("Of this payment {owed} has to go back, not {given}. Nothing was recorded.")


class MoreThanBilled(AppError):
    """A credit note over more than is left of its invoice."""

    code = "more_than_billed"
    status = 409
    message = N_("Of invoice {number} {left} can be taken back, not {given}.")


class MoreThanLine(AppError):
    """A credit note over more than is left of the line of its invoice that it names."""

    code = "more_than_line"
    status = 409
    message = N_("Of this line {left} can be taken back, not {given}.")


class RestOnOthers(AppError):
    """A credit note over a line, which would leave nothing to pay of an invoice of which something is left."""

    code = "rest_on_others"
    status = 409
    message = N_(
        "Nothing would be left to pay of invoice {number}, while others still bear a part of it. Take less back, or "
        "all of the invoice."
    )


class NotOverdue(AppError):
    """An invoice that is written off while a part of it is not due yet."""

    code = "payment_document_not_overdue"
    status = 409
    message = N_("Invoice {number} can be written off when all that is still to come is overdue.")


class DocumentNotOpen(AppError):
    """A change of state from a state that does not lead there."""

    code = "payment_document_not_open"
    status = 409
    message = N_("Invoice {number} is not in a state in which this can be done.")


class RemindedToday(AppError):
    """A second reminder on one day."""

    code = "reminded_today"
    status = 409
    message = N_("The payer of invoice {number} was reminded today already.")


class PayerNotReached(AppError):
    """A message to a payer of whom no contact is known, or whose places are held for minutes only."""

    code = "payer_not_reached"
    status = 409
    message = N_(
        "The payer of invoice {number} cannot be reminded: no contact is known, or it is held for minutes only."
    )


class ProofNotFound(AppError):
    """No such proof of this document, or it was erased."""

    code = "payment_proof_not_found"
    status = 404
    message = N_("There is no such proof here.")


class ProofsFull(AppError):
    """More proofs of one document than anybody looks at."""

    code = "payment_proofs_full"
    status = 409
    message = N_("{limit} proofs were sent for this invoice already. The organisers look at them.")


class ProofTooLarge(AppError):
    """More bytes than a proof may have."""

    code = "payment_proof_too_large"
    status = 413
    message = N_("This file is too large: at most {megabytes} MB.")


class QrisNotHere(AppError):
    """A QRIS picture for an edition that is not paid in Rupiah."""

    code = "qris_not_here"
    status = 409
    message = N_("QRIS is paid in Rupiah, and this event is not.")


class DrawerAlreadyOpen(AppError):
    """A second drawer of one cashier."""

    code = "drawer_already_open"
    status = 409
    message = N_("Your drawer is open already. Count and close it first.")


class DrawerNotOpen(AppError):
    """A drawer that is not there, is somebody else's edition's, or was closed."""

    code = "drawer_not_open"
    status = 404
    message = N_("This drawer is not open.")


class DayNotBegun(AppError):
    """A day of the books that is closed before it came."""

    code = "day_not_begun"
    status = 422
    message = N_("This day has not come yet.")


class DrawersOpen(AppError):
    """A day of the books that is closed while cash lies in drawers that nobody counted."""

    code = "drawers_open"
    status = 409
    message = N_("Drawers are still open: {cashiers}. Count and close them first.")


class DrawerNeeded(AppError):
    """Cash that somebody takes, or gives back, without a drawer, where cash goes through drawers."""

    code = "drawer_needed"
    status = 409
    message = N_("Cash goes through drawers here. Open yours first, under Payments, Drawers. Nothing was recorded.")


class WhyNotHers(AppError):
    """Another cashier's drawer that is closed without a word."""

    code = "drawer_reason_needed"
    status = 422
    message = N_("Please say why it is not closed by its cashier.")


class TaxCodeUnknown(AppError):
    """A tax code that cannot be one."""

    code = "tax_code_unknown"
    status = 422
    message = N_(
        "A tax code has ten digits, the last of which checks the others, with -001 and so on for a branch, or is a "
        "personal number of twelve. Please look for a typing error."
    )


class CheckDigitWrong(TaxCodeUnknown):
    """A Vietnamese tax code in the right form, of which a digit is not right."""

    code = "tax_code_check_digit"
    message = N_(
        "The last of the ten digits, which checks the others, does not fit them: one of the ten is not right. Please "
        "look for a typing error."
    )


class NpwpUnknown(TaxCodeUnknown):
    """A tax code of an Indonesian edition that cannot be one."""

    code = "npwp_unknown"
    message = N_("An NPWP has fifteen or sixteen digits. One of these is not right.")


class TaxRateMissing(AppError):
    """Tax without a rate."""

    code = "tax_rate_missing"
    status = 422
    message = N_("Please choose the rate of tax.")


class TaxAndReason(AppError):
    """Tax that is taken beside a reason why none is: with both, every invoice would go out without tax."""

    code = "tax_and_reason"
    status = 422
    message = N_("With tax there is no reason to take none. Please empty this field, or choose to take no tax.")


class NothingSettles(AppError):
    """Nobody registered what a paid document of this purpose leads to."""

    code = "nothing_settles"
    status = 500
    message = N_("Nothing is set up that could deliver what invoice {number} is for.")


class WebhookNotConfigured(AppError):
    """A webhook without its signing secret."""

    code = "webhook_not_configured"
    status = 503
    message = N_("Card payments are not set up here.")


class WebhookNotGenuine(AppError):
    """A webhook whose signature does not fit its body."""

    code = "webhook_not_genuine"
    status = 400
    event = "signature.refused"
    message = N_("The signature does not fit.")


class PayoutKnown(AppError):
    """A payout that is written down already, by whoever told of it first."""

    code = "payout_known"
    status = 409
    message = N_("Payout {reference} is entered already. Nothing was recorded.")


class PayoutReferenceNeeded(AppError):
    """A payout without what it could be known by."""

    code = "payout_reference_needed"
    status = 422
    message = N_("Please write its number at Stripe, or that of the terminal's batch.")


class PayoutSettled(AppError):
    """A payout that is not there, did not arrive, or was found on the bank account before."""

    code = "payout_settled"
    status = 409
    message = N_("This payout is not waiting for its transfer any more. Nothing was changed.")


class PayoutDiffers(AppError):
    """A transfer of another amount than the payout's."""

    code = "payout_differs"
    status = 422
    message = N_("The payout is {amount}, but {came} came.")


class PayoutInOtherCurrency(AppError):
    """A payout in another currency than the payments that it pays out: what they became worth is not known here."""

    code = "payout_in_other_currency"
    status = 422
    message = N_("It is paid out in {given}, but the payments are in {due}. Record it by hand.")


class PayoutNotUnderstood(AppError):
    """A payout in which money of ours moved for a reason that is not known here; ``kind`` is Stripe's word for it."""

    code = "payout_not_understood"
    status = 422
    message = N_("Stripe pays out “{kind}” with it, and what that is is not known here. Record it by hand.")

"""What can go wrong with card payments."""

from app.kernel.errors import AppError
from app.kernel.i18n import N_


class CardsNotSetUp(AppError):
    """A card payment where no key of Stripe is set."""

    code = "cards_not_set_up"
    status = 503
    message = N_("Nobody pays by card here: no key of Stripe is set.")


class StripeNotReached(AppError):
    """Stripe did not answer, or not what could be understood. What was asked may have been done: ask again."""

    code = "stripe_not_reached"
    status = 503
    message = N_("Stripe does not answer. Nothing is lost: please try again in a minute.")


class StripeRefused(AppError):
    """Stripe did not do what it was asked for; ``reason`` is its own sentence, in English.

    ``unknown``: nothing of that number is there, or not in the mode or account of the key.
    """

    code = "stripe_refused"
    status = 409
    message = N_("Stripe refused: {reason}")


class AmountNotByCard(AppError):
    """An amount that Stripe does not charge at once."""

    code = "amount_not_by_card"
    status = 400
    message = N_("{amount} is too little or too much for one payment by card. Please choose another way to pay.")


class CardPaymentRefused(AppError):
    """Stripe did not begin a payment. Its own sentence is finance's to read: it stands at the document."""

    code = "card_payment_refused"
    status = 400
    message = N_("This cannot be paid by card. Please choose another way to pay, or ask the organisers.")


class AmountNotWhole(AppError):
    """An amount of Stripe's that is no whole number of our units."""

    code = "amount_not_whole"
    status = 422
    message = N_("{amount} of Stripe's units are no amount in {currency}.")


class PaymentNotKnownYet(AppError):
    """Stripe tells of money whose arrival it has not told yet, or will not."""

    code = "payment_not_known_yet"
    status = 409
    message = N_("The payment {reference} is not known here yet.")


class RefundTooHigh(AppError):
    """More is to go back than is left of what came."""

    code = "refund_too_high"
    status = 422
    message = N_("At most {left} can go back.")


class RefundNotOwed(AppError):
    """Somebody gave back at Stripe itself what nobody owes here."""

    code = "refund_not_owed"
    status = 409
    message = N_("{amount} went back at Stripe that was not owed here. Issue a credit note; then it is written down.")


class GoesBackToCard(AppError):
    """Money written down as given back by hand while some of it goes back to its card, or went there."""

    code = "goes_back_to_card"
    status = 409
    message = N_("Some of this money goes back to its card already. Send the rest there, too.")


class NotByCard(AppError):
    """A refund to a card of money that did not come from one."""

    code = "not_paid_by_card"
    status = 409
    message = N_("This money did not come through Stripe. Give it back another way, and record that.")


class ModeHasNoKey(AppError):
    """An edition put into a mode of Stripe whose key is not set."""

    code = "card_mode_without_key"
    status = 409
    message = N_("This mode of Stripe has no key here. Whoever runs the service sets it.")


class ModeDiffers(AppError):
    """What Stripe told of one mode, over a checkout that was begun in the other."""

    code = "card_mode_differs"
    status = 409
    message = N_(
        "Invoice {number} is paid in Stripe's other mode: what a trial says is no money, and money is no trial."
    )

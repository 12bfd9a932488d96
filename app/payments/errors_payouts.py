"""What can go wrong with payouts that somebody writes down, or takes back: more goes to the bank than lies there."""

from app.kernel.errors import AppError
from app.kernel.i18n import N_


class SafeHasLess(AppError):
    """More cash brought to the bank than lies in the safe."""

    code = "payout_safe_has_less"
    status = 409
    message = N_(
        "{there} lies in the safe as the books say, so {given} cannot be brought to the bank from it. Nothing was "
        "recorded."
    )


class CashHasLess(AppError):
    """More cash brought to the bank than was taken without a drawer."""

    code = "payout_cash_has_less"
    status = 409
    message = N_(
        "{there} of what was taken without a drawer is still there as the books say, so {given} cannot be brought to "
        "the bank from it. Nothing was recorded."
    )


class PayoutMore(AppError):
    """More paid out by whoever takes cards than the books expect."""

    code = "payout_more"
    status = 409
    message = N_(
        "{there} is expected as the books say, and {given} is more. Look at the amount, and at where it comes from. "
        "If it is right, tick that it is entered all the same. Nothing was recorded yet."
    )


class PayoutWasTakenBack(AppError):
    """A form that is sent once more after what it entered was taken back."""

    code = "payout_was_taken_back"
    status = 409
    message = N_(
        "Payout {reference} was entered since you opened this page, and was taken back. Nothing was recorded. If it is "
        "to be entered anew, send the form once more."
    )


class PayoutBackReasonNeeded(AppError):
    """A payout that is taken back without a word."""

    code = "payout_back_reason_needed"
    status = 422
    message = N_("Please say why this payout is taken back.")


class PayoutStays(AppError):
    """A payout that is none of this edition's, or that nobody wrote down on this page."""

    code = "payout_stays"
    status = 409
    message = N_(
        "Only what somebody wrote down on this page is taken back here. What Stripe told of is not taken back; what "
        "came out of a drawer is taken back at the drawer. Nothing was changed."
    )


class PayoutArrived(AppError):
    """A payout that stands on the bank account, as a transfer that was found to be it."""

    code = "payout_arrived"
    status = 409
    message = N_(
        "This payout stands on the bank account. If it was joined to the wrong transfer, open that transfer first and "
        "say that it is not this payout. Nothing was changed."
    )

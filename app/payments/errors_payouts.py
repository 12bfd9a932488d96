"""What can go wrong with payouts that somebody writes down: more goes to the bank than lies there."""

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

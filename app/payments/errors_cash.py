"""What can go wrong with cash: more goes out than lies there, or something else was counted."""

from app.kernel.errors import AppError
from app.kernel.i18n import N_


class DrawerShort(AppError):
    """More cash out of a drawer than lies in it."""

    code = "drawer_short"
    status = 409
    message = N_("{there} should lie in the drawer, so {given} cannot go out of it. Nothing was recorded.")


class RefundShort(DrawerShort):
    """More cash given back to a payer than lies in the drawer."""

    code = "refund_short"
    message = N_(
        "{there} should lie in the drawer, so {given} cannot go out of it. Put cash from the safe into the drawer "
        "first, or let the money go another way, such as by bank transfer. Nothing was recorded."
    )


class DrawerDiffers(AppError):
    """A drawer in which more or less was counted than should lie in it, closed without a word."""

    code = "drawer_differs"
    status = 422
    message = N_(
        "{expected} should lie in it, {counted} was counted. The difference is {difference}: please say where it may "
        "come from."
    )


class DrawerDiffersMuch(DrawerDiffers):
    """A drawer whose difference is so large that somebody may have counted or typed wrongly."""

    code = "drawer_differs_much"
    message = N_("The difference of {difference} is more than a tenth of what should lie in it. Please count again.")


class MoveReasonNeeded(AppError):
    """Cash that is put into a drawer, or taken out of it, without a word."""

    code = "cash_reason_needed"
    status = 422
    message = N_("Please say what this cash is moved for.")

"""What can go wrong with cash: more goes out than lies there, or something else was counted."""

from app.kernel.errors import AppError
from app.kernel.i18n import N_


class DrawerInOther(AppError):
    """Change in another currency than the edition has by now."""

    code = "drawer_currency_differs"
    status = 409
    message = N_("Money is counted in {currency} here by now. Please open the drawer again.")


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


class MoveIdTaken(AppError):
    """The id of a form with which another move of cash was recorded."""

    code = "cash_move_id_taken"
    status = 409
    message = N_(
        "This form recorded a move of cash before, with other values. Look at the drawer; if this is another move, "
        "send it once more."
    )


class MoveNotFound(AppError):
    """A move of cash that is none of this drawer's."""

    code = "cash_move_not_found"
    status = 404
    message = N_("This move of cash is none of this drawer's.")


class TakeBackReasonNeeded(AppError):
    """A move of cash that is taken back without a word."""

    code = "cash_take_back_reason_needed"
    status = 422
    message = N_("Please say why this move is taken back.")


class MoveTakesBack(AppError):
    """An entry that takes a move back, to be taken back itself."""

    code = "cash_move_takes_back"
    status = 409
    message = N_("This row took a move back. Record the move anew instead. Nothing was changed.")


class MoveCounted(AppError):
    """A move of a drawer that was counted since."""

    code = "cash_move_counted"
    status = 409
    message = N_(
        "The drawer was counted and closed since: what this move was wrong by stands in its difference. Nothing was "
        "changed."
    )


class SafeShort(AppError):
    """Cash that is to be in the drawer after all, while the safe does not hold it any more."""

    code = "safe_short"
    status = 409
    message = N_(
        "{there} lies in the safe as the books say, so {given} cannot be back in the drawer: some of it went on since, "
        "to the bank or into another drawer. Nothing was changed."
    )


class MoveArrived(AppError):
    """Cash brought to the bank that stands on its account already."""

    code = "cash_move_arrived"
    status = 409
    message = N_("This cash stands on the bank account already, so it cannot be taken back. Nothing was changed.")

"""What can go wrong with vouchers."""

from app.kernel.errors import AppError
from app.kernel.i18n import N_, ngettext


class VoucherUnknown(AppError):
    """A code that no voucher has."""

    code = "voucher_unknown"
    status = 404
    message = N_("There is no voucher with this code. Please look whether every letter is right.")


class VoucherOver(AppError):
    """A voucher whose time is over, or that was switched off."""

    code = "voucher_over"
    status = 409
    message = N_("This voucher cannot be used any more.")


class VoucherSpent(AppError):
    """A voucher that is not good for so many tickets any more."""

    code = "voucher_spent"
    status = 409
    message = N_("This voucher was used already. Where an order with it is not paid, it can be used again.")

    def sentence(self) -> str:
        """What happened, in the reader's language."""
        left = self.params["left"]
        if not left:
            return super().sentence()
        return ngettext(
            "This voucher is good for %(num)s more ticket. Please choose fewer.",
            "This voucher is good for %(num)s more tickets. Please choose fewer.",
            left,
        ) % {"num": left}


class VoucherNotForThese(AppError):
    """A voucher that is for none of the tickets chosen."""

    code = "voucher_not_for_these"
    status = 409
    message = N_("This voucher is not for the tickets that you chose. Take it away, or choose others.")


class VouchersSlowed(AppError):
    """Many codes are tried that are none; this one is looked up when it is sent again."""

    code = "vouchers_slowed"
    status = 429
    message = N_("Very many codes are being tried. Please wait one minute and try yours again.")


class VoucherCodeTaken(AppError):
    """Two vouchers with one code."""

    code = "voucher_code_taken"
    status = 409
    message = N_("Another voucher of this edition has this code already.")


class VoucherBelowUse(AppError):
    """A voucher that shall be good for fewer tickets than it was used for."""

    code = "voucher_below_use"
    status = 409
    message = N_("It was used for {used} tickets already: it cannot be good for fewer.")


class TooManyPercent(AppError):
    """A voucher that would take more than everything off."""

    code = "too_many_percent"
    status = 422
    message = N_("Please write a percentage from 1 to 100.")


class VoucherDoesNothing(AppError):
    """A voucher that neither lowers a price nor reveals anything."""

    code = "voucher_does_nothing"
    status = 422
    message = N_("It would do nothing: let it lower the price, or reveal hidden ticket types.")

"""What can go wrong with what others bear of invoices."""

from app.kernel.errors import AppError
from app.kernel.i18n import N_


class MoreThanBorne(AppError):
    """Money written down from somebody who bears a part of an invoice, and more than she owes of it."""

    code = "more_than_borne"
    status = 409
    message = N_("{bearer} owes {owed} of invoice {number}; {given} is more. Nothing was recorded.")


class NothingToCount(AppError):
    """What a bearer paid too much, counted for another invoice of hers, when nothing is too much or due any more."""

    code = "nothing_to_count"
    status = 409
    message = N_(
        "{bearer} has paid nothing too much of invoice {number} any more, or owes nothing more of invoice {other}. "
        "Nothing was changed."
    )


class WhyCountedBack(AppError):
    """What counts for another invoice and is taken back without a word."""

    code = "count_back_reason_needed"
    status = 422
    message = N_("Please say why it does not count for the other invoice.")

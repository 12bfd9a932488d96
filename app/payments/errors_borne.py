"""What can go wrong with what others bear of invoices."""

from app.kernel.errors import AppError
from app.kernel.i18n import N_


class MoreThanBorne(AppError):
    """Money written down from somebody who bears a part of an invoice, and more than she owes of it."""

    code = "more_than_borne"
    status = 409
    message = N_("{bearer} owes {owed} of invoice {number}; {given} is more. Nothing was recorded.")

"""What can go wrong when a form of money comes from a page that is no longer true."""

from app.kernel.errors import AppError
from app.kernel.i18n import N_


class StandsElsewhere(AppError):
    """Money written down on a page that shows an invoice as it does not stand any more."""

    code = "document_stands_elsewhere"
    status = 409
    message = N_(
        "Invoice {number} has changed since this page was opened. Look at what stands here now; if this is still to be "
        "recorded, send it once more. Nothing was recorded."
    )

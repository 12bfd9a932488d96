"""What can go wrong with e-invoices."""

from app.kernel.errors import AppError
from app.kernel.i18n import N_


class ProviderNotReached(AppError):
    """The provider did not answer, or not what could be understood. It may have issued: it is asked again."""

    code = "legal_provider_not_reached"
    status = 503
    message = N_("The provider of e-invoices does not answer. It is asked again.")


class ProviderRefused(AppError):
    """The provider does not issue this; ``reason`` is its own sentence."""

    code = "legal_provider_refused"
    status = 409
    message = N_("The provider of e-invoices refused: {reason}")


class RateEnded(AppError):
    """An e-invoice of a day on which a rate of its lines holds no more: no provider is asked. ``rate`` in percent."""

    code = "legal_rate_ended"
    status = 409
    message = N_(
        "It was billed at {rate}% of tax, which held until {last}, and was paid after that day. Take the invoice back "
        "and bill it anew, or let your accountant make the e-invoice and write its number here."
    )


class LegalNumberTaken(AppError):
    """Series and number of an e-invoice that stand on another document."""

    code = "legal_number_taken"
    status = 409
    message = N_("The e-invoice {number} stands on {document} already. One e-invoice belongs to one document.")


class LegalInvoiceEmpty(AppError):
    """An e-invoice of which nothing was written."""

    code = "legal_invoice_empty"
    status = 422
    message = N_("Please write the number of the e-invoice.")


class LegalFileThere(AppError):
    """Another file of a kind that is stored already."""

    code = "legal_file_there"
    status = 409
    message = N_("Another {kind} of this e-invoice is stored already. Say below that this one takes its place.")


class LegalNotRefused(AppError):
    """An e-invoice that is asked for again though nobody refused it."""

    code = "legal_not_refused"
    status = 409
    message = N_("The provider did not refuse this. It is asked by itself.")


class LegalFileNotFound(AppError):
    """A document without such a file of a provider."""

    code = "legal_file_not_found"
    status = 404
    message = N_("There is no such file of the e-invoice here.")


class LegalFileUnreadable(AppError):
    """A file that is neither PDF nor XML, or too large."""

    code = "legal_file_unreadable"
    status = 422
    message = N_("This is no PDF or XML of at most 5 MB.")

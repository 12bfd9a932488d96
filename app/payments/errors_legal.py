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

"""What can go wrong with transfers on the bank account."""

from app.kernel.errors import AppError
from app.kernel.i18n import N_


class TransferNotFound(AppError):
    """No such transfer on the bank account, or it is another edition's."""

    code = "transfer_not_found"
    status = 404
    message = N_("There is no such transfer here.")


class TransferSettled(AppError):
    """A transfer that was assigned or set aside meanwhile."""

    code = "transfer_settled"
    status = 409
    message = N_("This transfer was dealt with meanwhile. Nothing was changed.")


class SharesDiffer(AppError):
    """The amounts that a transfer is split into do not make up what came."""

    code = "transfer_shares_differ"
    status = 422
    message = N_("The amounts make up {given}, but {came} came.")


class ReasonNeeded(AppError):
    """A transfer that is set aside without a word."""

    code = "transfer_reason_needed"
    status = 422
    message = N_("Please say why this transfer is set aside.")


class TransferNumberNeeded(AppError):
    """A transfer that is said to have gone back, without the number of the one by which it went."""

    code = "transfer_number_needed"
    status = 422
    message = N_("Please write the number of the transfer by which the money went back.")


class NoticesNotConfigured(AppError):
    """A notice of a transfer without a key that it could be known by."""

    code = "bank_notices_not_configured"
    status = 503
    message = N_("Notices of bank transfers are not set up here.")


class NoticeNotGenuine(AppError):
    """A notice of a transfer with another key than ours, or none."""

    code = "bank_notice_not_genuine"
    status = 401
    event = "signature.refused"
    message = N_("The key does not fit.")


class NoticeUnreadable(AppError):
    """A notice of a transfer that lacks what a transfer has."""

    code = "bank_notice_unreadable"
    status = 422
    message = N_("This is no notice of a transfer.")

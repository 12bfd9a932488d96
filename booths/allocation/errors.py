"""What can go wrong in allocation."""

from app.kernel.errors import AppError
from app.kernel.i18n import N_


class AllocationRunning(AppError):
    """A run of this edition is at work."""

    code = "allocation_running"
    status = 409
    message = N_("An allocation is being worked out already. Wait until it is done.")


class NothingToAllocate(AppError):
    """There are no submitted applications, or no free booths."""

    code = "nothing_to_allocate"
    status = 409
    message = N_("There is nothing to allocate: no open applications, or no free booths.")


class RunNotProposed(AppError):
    """The run is not one that can be published or discarded."""

    code = "run_not_proposed"
    status = 409
    message = N_("This proposal was published or discarded already.")


class ApplicationNotFound(AppError):
    """There is no such application, or it is somebody else's."""

    code = "application_not_found"
    status = 404
    message = N_("There is no such application.")


class AlreadyApplied(AppError):
    """The organisation has an application in this edition."""

    code = "already_applied"
    status = 409
    message = N_("This exhibitor has applied for this edition already.")


class HasBooth(AppError):
    """The exhibitor has a booth in this edition."""

    code = "has_booth"
    status = 409
    message = N_("This exhibitor has a booth in this edition already.")


class FeeBilled(AppError):
    """A change to a fee for which an invoice stands."""

    code = "fee_billed"
    status = 409
    message = N_("Invoice {number} stands for this booth already. Cancel it first, then bill the booth anew.")


class RunNotFound(AppError):
    """There is no such run in this edition."""

    code = "run_not_found"
    status = 404
    message = N_("There is no such proposal.")


class AllocationFailed(AppError):
    """The optimiser ended without an answer."""

    code = "allocation_failed"
    status = 500
    message = N_("No proposal came out. Start again; if it happens twice, tell whoever runs this service.")


class MergeBothApplied(AppError):
    """Two organisations that both have an application in one edition do not become one."""

    code = "merge_both_applied"
    status = 409
    message = N_("Both have an application for the same festival. Withdraw one of the two first, then merge them.")

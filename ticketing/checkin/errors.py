"""What can go wrong at check-in, beside the verdicts a gate gives."""

from app.kernel.errors import AppError
from app.kernel.i18n import N_


class GateNotFound(AppError):
    """A device without a gate, or a gate that is not of this edition."""

    code = "gate_not_found"
    status = 404
    message = N_("This phone has no gate to scan for. Ask the gate lead for a new card.")


class DeviceNotFound(AppError):
    """A phone that is not of this edition."""

    code = "gate_device_not_found"
    status = 404
    message = N_("This phone is not one of this festival's.")


class HandedOverUnreadable(AppError):
    """A file that is not one of a phone's scans."""

    code = "handed_over_unreadable"
    status = 422
    message = N_("This is not a file that a gate phone made. Share it from the phone again.")


class ListNotFound(AppError):
    """A list that is not of this edition."""

    code = "list_not_found"
    status = 404
    message = N_("This check-in list does not exist.")


class ListClosed(AppError):
    """A list that takes nobody now."""

    code = "list_closed"
    status = 409
    message = N_("The list “{name}” is closed: nobody is admitted on it now.")


class ExitsNotCounted(AppError):
    """A list on which nobody is scanned out."""

    code = "exits_not_counted"
    status = 409
    message = N_("On the list “{name}” nobody is scanned out. The gate lead can switch it on.")


class ListHoursReversed(AppError):
    """A list that would close before, or as, it opens."""

    code = "list_hours_reversed"
    status = 422
    message = N_("The list closes before it opens.")


class DayOutsideEdition(AppError):
    """A list for a day that the edition does not have."""

    code = "list_day_outside"
    status = 422
    message = N_("This is no day of the festival.")


class EntryRulesContradict(AppError):
    """A list that would let a pass in once, and again."""

    code = "list_entries_contradict"
    status = 422
    message = N_("A pass that comes in only once does not come in again: leave the other rules of admission empty.")


class NonceTaken(AppError):
    """A scan's id stands for a scan of another code, or of the other way, already."""

    code = "nonce_taken"
    status = 409
    message = N_("The number of this scan belongs to another code already. Scan the pass again.")


class ConflictNotOpen(AppError):
    """A late conflict that is not there or was settled already."""

    code = "conflict_not_open"
    status = 409
    message = N_("This was settled already.")


class NameTaken(AppError):
    """A gate or list of this name exists already."""

    code = "gate_name_taken"
    status = 409
    message = N_("There is one of this name already.")


class ScanNotFound(AppError):
    """A scan that is not of this edition, or not of this device."""

    code = "scan_not_found"
    status = 404
    message = N_("This scan does not exist, or another phone made it.")


class UndoTooLate(AppError):
    """A scan that was made too long ago to be taken back."""

    code = "undo_too_late"
    status = 409
    message = N_("A scan can be taken back for {minutes} minutes. This one is older.")


class NothingToUndo(AppError):
    """A scan by which nobody came in or went out."""

    code = "nothing_to_undo"
    status = 409
    message = N_("Nobody came in or went out by this scan: there is nothing to take back.")


class NotRefused(AppError):
    """A scan that refused nobody whom a lead could let in."""

    code = "scan_not_refused"
    status = 409
    message = N_("Nobody with a pass of this festival was refused by this scan, or she was let in meanwhile.")

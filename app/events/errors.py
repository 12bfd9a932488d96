"""What can go wrong with editions, the programme, passes and short codes."""

from app.kernel.errors import AppError
from app.kernel.i18n import N_


class EditionNotFound(AppError):
    """No such edition, or one that is not shown yet."""

    code = "edition_not_found"
    status = 404
    message = N_("There is no such festival here. The address may have been mistyped.")


class SlugTaken(AppError):
    """Another edition has this address."""

    code = "slug_taken"
    status = 409
    message = N_("Another edition already has the address /e/{slug}. Choose another one.")


class DatesReversed(AppError):
    """An end before its beginning."""

    code = "dates_reversed"
    status = 422
    message = N_("The end comes before the beginning.")


class NotInDong(AppError):
    """An edition in Vietnam that would sell in another currency."""

    code = "not_in_dong"
    status = 422
    message = N_("What is sold in Vietnam is priced and paid in đồng (VND), to visitors from abroad, too.")


class CurrencyInUse(AppError):
    """Another currency for an edition in whose currency something is priced, billed or paid."""

    code = "currency_in_use"
    status = 409
    message = N_(
        "The currency stays {currency}, since this stands in it: {what}. Prices can be set to 0 first; what was billed "
        "or paid stays as it is."
    )


class EditionIsClosed(AppError):
    """A closed edition is a record: it is copied, not changed."""

    code = "edition_closed"
    status = 409
    message = N_("This edition is closed and stays as it was. Copy it, or open it again.")


class EditionIsCancelled(AppError):
    """A cancelled edition stays cancelled; nothing of it is changed or begun."""

    code = "edition_cancelled"
    status = 409
    message = N_("This festival was cancelled. Nothing in it can be changed or begun any more.")


class NotLater(AppError):
    """A new first day that is not after the one that stands."""

    code = "edition_not_later"
    status = 422
    message = N_("The new first day has to come after {day}.")


class TooMuchLater(AppError):
    """A new first day further away than anybody plans."""

    code = "edition_too_much_later"
    status = 422
    message = N_("The new first day lies more than {years} years ahead. Please look at the year again.")


class AddressDiffers(AppError):
    """What was typed to confirm is not the address of the edition."""

    code = "confirmation_differs"
    status = 422
    message = N_("Please type exactly this: {slug}")


class StateNotReachable(AppError):
    """A change of state from a state that does not lead there."""

    code = "state_not_reachable"
    status = 409
    message = N_("The edition is not in a state from which this can be done.")


class NotReadyToOpen(AppError):
    """An edition without what visitors ask first."""

    code = "edition_not_ready"
    status = 422
    message = N_("Before it can be opened, the edition needs its name, its place and its dates.")


class SessionNotFound(AppError):
    """No such session in this edition's programme."""

    code = "session_not_found"
    status = 404
    message = N_("This session is not in the programme any more.")


class SessionOutsideEdition(AppError):
    """A session on a day that the festival does not have."""

    code = "session_outside_edition"
    status = 422
    message = N_("The festival lasts from {first} to {last}; this session would lie outside.")


class TrackInUse(AppError):
    """A track that still holds sessions."""

    code = "track_in_use"
    status = 409
    message = N_("This track still has sessions. Move or remove them first.")


class PassNotFound(AppError):
    """No pass under this link, code or number."""

    code = "pass_not_found"
    status = 404
    message = N_("No pass was found under this link. Open the newest message that was sent to you, or ask at the desk.")


class PassRevoked(AppError):
    """A pass that was withdrawn."""

    code = "pass_revoked"
    status = 410
    message = N_("This pass was withdrawn and opens no gate any more. Please ask at the desk.")


class PassIsBlocked(AppError):
    """A pass that is blocked for now."""

    code = "pass_blocked"
    status = 409
    message = N_("This pass is blocked and opens no gate for now. Please ask at the desk.")


class PassCodeNotValid(AppError):
    """A code that no edition here has signed."""

    code = "pass_not_genuine"
    event = "signature.refused"
    status = 404
    message = N_("This code is not a pass of this service. It may have been read only in part: please try again.")


class ShortCodeUnknown(AppError):
    """A short code that leads nowhere."""

    code = "short_code_unknown"
    status = 404
    message = N_("No page has the code {code}. Look at the card again, or search for the name.")


class HolderNotReachable(AppError):
    """A pass whose holder left neither mail address nor phone number."""

    code = "holder_not_reachable"
    status = 409
    message = N_("No mail address or phone number is known for this pass. Print it instead.")


class NothingToPrint(AppError):
    """No valid pass fits what was chosen to be printed."""

    code = "nothing_to_print"
    status = 409
    message = N_("No valid pass fits this choice. Choose more of them.")


class TooManyToPrint(AppError):
    """More passes than go into one file."""

    code = "too_many_to_print"
    status = 409
    message = N_("These are {count} passes, and {limit} go into one file. Choose a kind, a type or an organisation.")


class PrintNotFound(AppError):
    """No such file of badges or passes in this edition."""

    code = "print_not_found"
    status = 404
    message = N_("There is no such file of badges or passes here.")


class PrintNotReady(AppError):
    """A file that is being made still, or was not made."""

    code = "print_not_ready"
    status = 409
    message = N_("This file is not ready.")


class PrintFileGone(AppError):
    """A file whose days are over, or in which somebody stood whose data were erased."""

    code = "print_file_gone"
    status = 410
    message = N_("This file is not kept any more. Choose the passes again, and make it anew.")

"""Errors that people see. Each has a stable code, a status and a sentence; one handler shows them all."""

from typing import Any, ClassVar

from app.kernel.i18n import N_, _


class AppError(Exception):
    """Something a person did that cannot be done; subclasses stand beside the services that raise them.

    ``code`` and the names of the parameters are a contract; ``message`` is marked with ``N_`` and may hold ``{name}``.
    ``fields`` maps a field's name to its own sentence.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 400
    message: ClassVar[str] = N_("This cannot be done.")
    #: What the security log calls it. Empty: refused access for the statuses 401 and 403, else nothing to be noted.
    event: ClassVar[str] = ""

    def __init__(self, *, fields: dict[str, str] | None = None, **params: Any) -> None:
        self.params = params
        self.fields = fields or {}
        super().__init__(self.code)

    def sentence(self) -> str:
        """What happened, in the reader's language."""
        return _(self.message).format(**self.params)

    def __str__(self) -> str:
        return f"{self.code}: {self.message.format(**self.params)}"


class Moved(Exception):
    """What an address names is found at another one for the time being: ``address``."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.address = address


def error_kinds(kind: type[AppError] = AppError) -> list[type[AppError]]:
    """The kind and all below it that have a code of their own."""
    own = [kind] if "code" in vars(kind) else []
    return own + [found for child in kind.__subclasses__() for found in error_kinds(child)]


class Invalid(AppError):
    """A request whose values do not fit."""

    code = "invalid"
    status = 422
    message = N_("Some values need another look.")


class NotFound(AppError):
    """A page or record that is not there, or not for this person to know of."""

    code = "not_found"
    status = 404
    message = N_("This page does not exist, or it has moved.")


class NotAllowed(AppError):
    """The role does not allow it."""

    code = "not_allowed"
    status = 403
    message = N_("Your role does not open this page. Ask the organiser if you need it.")


class SignInNeeded(AppError):
    """Nobody is signed in."""

    code = "sign_in_needed"
    status = 401
    message = N_("Please sign in to go on.")


class TwoStepNeeded(AppError):
    """Somebody whose role demands two-step sign-in has not set it up."""

    code = "two_step_needed"
    status = 403
    message = N_("Your role needs two-step sign-in here. Set it up first, on the page My account.")


class TooManyTries(AppError):
    """A rate limit was reached."""

    code = "too_many_tries"
    status = 429
    message = N_("Too many tries. Please wait {minutes} minutes and try again.")


class NotJson(AppError):
    """A body of another kind where only JSON is taken."""

    code = "not_json"
    status = 415
    message = N_("This address takes JSON only. Say so in the content type.")


class Conflict(AppError):
    """Somebody else changed the same thing first."""

    code = "changed_meanwhile"
    status = 409
    message = N_("Somebody changed this meanwhile. Look at the new state and try again.")

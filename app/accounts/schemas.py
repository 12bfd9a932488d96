"""What forms and the API of accounts take and give."""

from typing import Annotated

import msgspec
from msgspec import Meta

from app.kernel.forms import AS_TYPED

Short = Annotated[str, Meta(max_length=200)]


class SignInForm(msgspec.Struct):
    """The sign-in page: one field for a phone number or a mail address."""

    contact: Annotated[str, Meta(max_length=254)]
    next: str = "/"


class CodeForm(msgspec.Struct):
    """The six digits of a message."""

    contact: Annotated[str, Meta(max_length=254)]
    code: Annotated[str, Meta(max_length=12)]


class PasswordForm(msgspec.Struct):
    """Sign-in by password."""

    contact: Annotated[str, Meta(max_length=254)]
    password: Annotated[str, Meta(max_length=500), AS_TYPED]
    next: str = "/"


class AccountForm(msgspec.Struct):
    """One's own details."""

    full_name: Annotated[str, Meta(max_length=200)]
    locale: Annotated[str, Meta(pattern="^(vi|id|en)$")] = "vi"


class ContactForm(msgspec.Struct):
    """A new mail address or phone number of one's own."""

    email: Annotated[str, Meta(max_length=254)] = ""
    phone: Annotated[str, Meta(max_length=40)] = ""


class ContactCodeForm(msgspec.Struct):
    """The six digits that went to a new contact."""

    email_code: Annotated[str, Meta(max_length=12)] = ""
    phone_code: Annotated[str, Meta(max_length=12)] = ""


class AgainForm(msgspec.Struct):
    """Where to go on after a fresh sign-in."""

    next: str = "/account"


class NewPasswordForm(msgspec.Struct):
    """A new password, and the old one where the sign-in is not a fresh one."""

    password: Annotated[str, Meta(max_length=500), AS_TYPED]
    old: Annotated[str, Meta(max_length=500), AS_TYPED] = ""


class FirstCodeForm(msgspec.Struct):
    """The first code of an app that was just set up."""

    code: Annotated[str, Meta(max_length=20)]


class SecondStepForm(msgspec.Struct):
    """A code of the app, or a recovery code in its place."""

    code: Annotated[str, Meta(max_length=40)] = ""
    recovery: Annotated[str, Meta(max_length=40)] = ""


_BROWSERS = {"Edg": "Edge", "OPR/": "Opera", "SamsungBrowser": "Samsung Internet", "coc_coc": "Cốc Cốc"}
_BROWSERS |= {"Firefox": "Firefox", "FxiOS": "Firefox", "CriOS": "Chrome", "Chrome": "Chrome", "Safari": "Safari"}
_SYSTEMS = {"Android": "Android", "iPhone": "iPhone", "iPad": "iPad", "Windows": "Windows", "CrOS": "ChromeOS"}
_SYSTEMS |= {"Mac OS": "macOS", "Linux": "Linux"}


def browser_name(user_agent: str) -> str:
    """What a person calls the browser that names itself so, as ``Chrome · Android``; empty when nothing is known."""
    parts = (next((name for sign, name in of.items() if sign in user_agent), "") for of in (_BROWSERS, _SYSTEMS))
    return " · ".join(filter(None, parts))

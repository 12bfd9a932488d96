"""What forms and the API of accounts take and give."""

from typing import Annotated

import msgspec
from msgspec import Meta

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
    password: Annotated[str, Meta(max_length=500)]
    next: str = "/"


class AccountForm(msgspec.Struct):
    """One's own details."""

    full_name: Annotated[str, Meta(max_length=200)]
    phone: Annotated[str, Meta(max_length=40)] = ""
    email: Annotated[str, Meta(max_length=254)] = ""
    locale: Annotated[str, Meta(pattern="^(vi|id|en)$")] = "vi"


class NewPasswordForm(msgspec.Struct):
    """A new password."""

    password: Annotated[str, Meta(max_length=500)]

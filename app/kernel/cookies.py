"""Cookies: their names, and how each is kept, read and dropped.

Under HTTPS a name says what a browser then holds its cookie to: ``__Host-`` that this very host set it, encrypted and
for every path, so that neither a neighbouring host of the domain nor somebody on the line can plant one; ``__Secure-``
the same without the path, for cookies of one part of the site. Without HTTPS (the demo, a test) browsers take neither.
"""

from typing import Any, Literal

from litestar import Request
from litestar.datastructures import Cookie
from litestar.response import Response

from app.kernel.settings import settings

LOCALE_COOKIE = "fg_lang"
TOAST_COOKIE = "fg_toast"
CSRF_COOKIE = "fg_csrf"
CSRF_HEADER = "x-csrftoken"
LOCALE_SECONDS = 31_536_000


def cookie_name(plain: str, path: str = "/") -> str:
    """What a cookie is called on this installation."""
    if not settings().secure_cookies:
        return plain
    return f"__Host-{plain}" if path == "/" else f"__Secure-{plain}"


def read_cookie(request: Request[Any, Any, Any], plain: str, path: str = "/") -> str:
    """What the browser sent under a name; empty when it sent nothing. A name without its prefix does not count."""
    return request.cookies.get(cookie_name(plain, path), "")


def made_cookie(
    plain: str, value: str, *, seconds: int, path: str = "/", samesite: Literal["lax", "strict"] = "lax"
) -> Cookie:
    """A cookie to be kept for so many seconds; no script reads it."""
    return Cookie(
        key=cookie_name(plain, path),
        value=value,
        max_age=seconds,
        path=path,
        httponly=True,
        samesite=samesite,
        secure=settings().secure_cookies,
    )


def keep_cookie(
    answer: Response[Any],
    plain: str,
    value: str,
    *,
    seconds: int,
    path: str = "/",
    samesite: Literal["lax", "strict"] = "lax",
) -> None:
    """Let the browser keep a cookie."""
    answer.set_cookie(made_cookie(plain, value, seconds=seconds, path=path, samesite=samesite))


def drop_cookie(answer: Response[Any], plain: str, path: str = "/") -> None:
    """Let the browser forget a cookie. It listens only to an answer that holds what the name's prefix asks for."""
    answer.set_cookie(made_cookie(plain, "", seconds=0, path=path))

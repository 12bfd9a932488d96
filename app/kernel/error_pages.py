"""Errors as pages: what went wrong, the way back, and around it the header and navigation that the reader may see."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from litestar import Litestar, Request
from litestar.response import Response
from litestar.response.base import ASGIResponse
from litestar.types import Receive, Scope, Send

from app.kernel.errors import AppError
from app.kernel.settings import settings
from app.kernel.web import local_path, page

log = logging.getLogger("fairground.error")

AnyRequest = Request[Any, Any, Any]
#: Gives ``frame`` (a base template), what that needs, and ``section`` (the address of the part one is in), or None.
Framer = Callable[[AnyRequest], Awaitable[Mapping[str, Any] | None]]

_framers: list[Framer] = []


def add_error_framer(framer: Framer) -> None:
    """Let a module keep its header and navigation around errors; adding it again changes nothing."""
    if framer not in _framers:
        _framers.append(framer)


def came_from(request: AnyRequest) -> str:
    """The page of this site that led to an address, with its query; empty when none did, or the same one."""
    referer = urlsplit(request.headers.get("referer", ""))
    if referer.netloc not in (request.headers.get("host", ""), urlsplit(settings().base_url).netloc):
        return ""
    if request.method == "GET" and referer.path == request.url.path:
        return ""
    return local_path(referer.path + (f"?{referer.query}" if referer.query else ""), "")


class ErrorPage(Response[str]):
    """A page about an error. It is made as it is sent: handlers of errors cannot wait for the database."""

    def __init__(self, *, status: int, **context: Any) -> None:
        super().__init__("", status_code=status, media_type="text/html")
        self.status = status
        self.context = context

    def to_asgi_response(self, app: Litestar | None, request: AnyRequest, **kwargs: Any) -> ASGIResponse:
        """What Litestar calls to send it."""
        return _Later(lambda: self._made(app, request, kwargs), self.status)

    async def _made(self, app: Litestar | None, request: AnyRequest, kwargs: Mapping[str, Any]) -> ASGIResponse:
        frame = await _frame(request)
        back = came_from(request)
        asked = request.url.path if request.method == "GET" else ""
        made = page(
            "web/error.html",
            status=self.status,
            headers={"cache-control": "no-store"},  # what is wrong now may be right when one comes back
            **{"frame": "web/base.html", "section": "", **frame},
            kind=self.status,
            comes_again=bool(asked) and self.context["code"] == "database_away",
            back=back,
            after_sign_in=asked or back or frame.get("section") or "/me",
            **self.context,
        )
        made.cookies += self.cookies
        return made.to_asgi_response(app, request, **kwargs)


class _Later(ASGIResponse):
    def __init__(self, make: Callable[[], Awaitable[ASGIResponse]], status: int) -> None:
        super().__init__(status_code=status)
        self.make = make

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (await self.make())(scope, receive, send)


async def _frame(request: AnyRequest) -> Mapping[str, Any]:
    for framer in _framers:
        try:
            if found := await framer(request):
                return found
        except AppError:  # the edition itself is what is not there
            continue
        except Exception:  # such as a database that is away, which may be the very error
            log.warning("an error page goes without its frame", exc_info=True)
    return {}

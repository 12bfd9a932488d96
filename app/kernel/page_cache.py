"""Public pages of editions, kept for a second.

A hall opens the same page hundreds of times a minute. What a reader without a session gets under ``/e/`` is kept per
process for ``PUBLIC_PAGE_SECONDS``, whatever is written meanwhile: on the day the gates write all the time. A page that
holds something of one reader (a form's token, a message, a cookie) is never kept.
"""

import asyncio
import time
from typing import Any

from litestar import Request
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from app.kernel.cookies import CSRF_COOKIE, LOCALE_COOKIE, cookie_name
from app.kernel.i18n import current_locale
from app.kernel.settings import settings

MOST_PAGES = 300
MOST_BYTES = 200_000
PREFIX = "/e/"
#: Cookies that do not change what a page shows.
_HARMLESS = (LOCALE_COOKIE, CSRF_COOKIE)
_PERSONAL = "personal_page"


def _is_form_cookie(header: tuple[bytes, bytes]) -> bool:
    """The cookie of forms goes to whoever comes first; a page without a form does without it."""
    return header[0].lower() == b"set-cookie" and header[1].startswith(f"{cookie_name(CSRF_COOKIE)}=".encode())


def _is_private(name: bytes, value: bytes) -> bool:
    """Whether the answer says itself that nobody is to keep it."""
    return name.lower() == b"cache-control" and any(word in value for word in (b"no-store", b"private"))


Kept = tuple[float, list[tuple[bytes, bytes]], bytes]


def mark_personal(scope: Scope) -> None:
    """Say that the page being made is for this reader only."""
    scope["state"][_PERSONAL] = True


class PageCache:
    """ASGI layer that answers from memory where it may."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.kept: dict[tuple[Any, ...], Kept] = {}
        self.being_made: dict[tuple[Any, ...], asyncio.Event] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from memory, or pass on and remember."""
        is_page = scope["type"] == ScopeType.HTTP and scope["method"] == "GET" and scope["path"].startswith(PREFIX)
        if not is_page or not settings().public_page_seconds:
            await self.app(scope, receive, send)
            return
        request: Request[Any, Any, Any] = Request(scope)
        if request.cookies.keys() - set(map(cookie_name, _HARMLESS)) or "authorization" in request.headers:
            await self.app(scope, receive, send)
            return
        accept = request.headers.get("accept", "")
        packed = "gzip" in request.headers.get("accept-encoding", "")
        wants_json = "json" in accept and "html" not in accept
        key = (scope["path"], scope["query_string"], current_locale(), wants_json, packed)
        if await self._answer(key, send):
            return
        maker = self.being_made.get(key)
        if maker is not None:  # made once for all who ask meanwhile, lest they slow one another down
            await maker.wait()
            if await self._answer(key, send):
                return
        made = self.being_made[key] = asyncio.Event()
        try:
            await self._remember(key, scope, receive, send)
        finally:
            made.set()
            if self.being_made.get(key) is made:
                del self.being_made[key]

    async def _answer(self, key: tuple[Any, ...], send: Send) -> bool:
        """Whether the page was there, and has been sent."""
        found = self.kept.get(key)
        if found is None or found[0] <= time.monotonic():
            return False
        await send({"type": "http.response.start", "status": 200, "headers": list(found[1])})
        await send({"type": "http.response.body", "body": found[2], "more_body": False})
        return True

    async def _remember(self, key: tuple[Any, ...], scope: Scope, receive: Receive, send: Send) -> None:
        headers: list[tuple[bytes, bytes]] = []
        parts: list[bytes] = []
        status = 0

        async def listen(message: Message) -> None:
            nonlocal status, headers
            if message["type"] == "http.response.start":
                status, headers = message["status"], list(message["headers"])
            elif message["type"] == "http.response.body":
                parts.append(message["body"])
                shared = [header for header in headers if not _is_form_cookie(header)]
                own = any(name.lower() == b"set-cookie" or _is_private(name, value) for name, value in shared)
                if not message["more_body"] and status == 200 and not own and not scope["state"].get(_PERSONAL):
                    self._keep(key, (time.monotonic() + settings().public_page_seconds, shared, b"".join(parts)))
            await send(message)

        await self.app(scope, receive, listen)

    def _keep(self, key: tuple[Any, ...], page: Kept) -> None:
        if len(page[2]) > MOST_BYTES:
            return
        if len(self.kept) >= MOST_PAGES:
            self.kept.clear()
        self.kept[key] = page

"""The outermost layer of every request: its id, the reader's language, headers of every answer, one log line."""

import logging
import re
import time
from typing import Any
from uuid import uuid4

from litestar import Request
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from app.kernel import i18n
from app.kernel.cookies import LOCALE_COOKIE, LOCALE_SECONDS, made_cookie, read_cookie
from app.kernel.logs import asker, hide_secrets, request_id
from app.kernel.metrics import count_request
from app.kernel.security import response_headers
from app.kernel.settings import settings
from app.kernel.web import current_request

log = logging.getLogger("fairground.request")


def preferred_locale(request: Request[Any, Any, Any]) -> str:
    """``?lang=``, the cookie, then what the browser asks for (Accept-Language, by weight), else Vietnamese."""
    asked = request.query_params.get("lang")
    if asked in i18n.LOCALES:
        return str(asked)
    kept = read_cookie(request, LOCALE_COOKIE)
    if kept in i18n.LOCALES:
        return kept
    wanted = []
    for position, part in enumerate(request.headers.get("accept-language", "")[:300].split(",")):
        match = re.fullmatch(r"\s*([a-zA-Z]{2,3})(?:-[\w-]+)?\s*(?:;\s*q=([01](?:\.\d+)?))?\s*", part)
        if match:
            code = {"in": "id"}.get(match[1].lower(), match[1].lower())
            wanted.append((-float(match[2] or 1), position, code))
    return next((code for _q, _position, code in sorted(wanted) if code in i18n.LOCALES), "vi")


class RequestContext:
    """ASGI layer around the whole application."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        headers = response_headers()
        if settings().secure_cookies:
            headers["strict-transport-security"] = "max-age=31536000; includeSubDomains"
        self.headers = [(name.encode(), value.encode()) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request inside its context."""
        if scope["type"] != ScopeType.HTTP:
            await self.app(scope, receive, send)
            return
        # A zero byte means nothing in a search or a filter, and PostgreSQL takes none.
        scope["query_string"] = scope["query_string"].replace(b"%00", b"").replace(b"\0", b"")
        request: Request[Any, Any, Any] = Request(scope, receive=receive)
        # Ever our own: one that a stranger sends could be that of another request, and mix up their lines in the log.
        # A proxy that wants to join its log to ours reads the id from the answer.
        identity = uuid4().hex[:16]
        started = time.perf_counter()
        status = 500
        locale = preferred_locale(request)
        chosen = request.query_params.get("lang") == locale and read_cookie(request, LOCALE_COOKIE) != locale

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = list(message.get("headers", []))
                present = {name.lower() for name, _value in headers}
                headers += [(name, value) for name, value in self.headers if name not in present]
                headers.append((b"x-request-id", identity.encode()))
                if chosen:
                    cookie = made_cookie(LOCALE_COOKIE, locale, seconds=LOCALE_SECONDS)
                    headers.append(cookie.to_encoded_header())
                message["headers"] = headers
            await send(message)

        id_token = request_id.set(identity)
        asker_token = asker.set({})  # a layer below finds out
        request_token = current_request.set(request)
        try:
            with i18n.use_locale(locale):
                await self.app(scope, receive, send_with_headers)
        finally:
            seconds = time.perf_counter() - started
            count_request(request.method, scope.get("path_template") or "none", status, seconds)
            if log.isEnabledFor(logging.INFO):
                extra = {
                    "method": request.method,
                    "path": hide_secrets(scope["path"]),
                    "status": status,
                    "milliseconds": round(seconds * 1000, 1),
                }
                log.info("request", extra=extra)
            current_request.reset(request_token)
            asker.reset(asker_token)
            request_id.reset(id_token)

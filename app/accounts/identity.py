"""The layer that finds out who asks: a session's cookie, or the token of a bound device."""

import re
from datetime import timedelta
from typing import Any

from litestar import Request
from litestar.datastructures import Cookie
from litestar.enums import ScopeType
from litestar.response import Response
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from app.accounts.actor import ANONYMOUS, Actor
from app.accounts.enums import DeviceKind
from app.accounts.queries import actor_of_session, in_place_of
from app.accounts.services.devices import actor_of_device
from app.accounts.services.sign_in import touch_session
from app.accounts.services.two_step import HALF_MINUTES
from app.kernel.clock import now
from app.kernel.handlers import handle_unexpected
from app.kernel.security import hash_token
from app.kernel.settings import settings
from app.kernel.web import LOCALE_COOKIE

SESSION_COOKIE = "fg_session"
HALF_COOKIE = "fg_half"  # a sign-in that waits for its second step; this layer never looks at it
DEVICE_COOKIES = {DeviceKind.GATE: "fg_gate", DeviceKind.JUDGE: "fg_judge"}
_DEVICE_PATHS = (
    ("/gate", DeviceKind.GATE),
    ("/api/v1/gate", DeviceKind.GATE),
    ("/judge", DeviceKind.JUDGE),
    ("/api/v1/judge", DeviceKind.JUDGE),
)
#: Where an officer who fills in for somebody stands in her place. Everywhere else, and so wherever accounts, sign-in,
#: organising and visitors' contacts are looked after, she stays who she is.
_HER_PAGES = re.compile(
    r"/e/[^/]+/apply(/.*)?"
    r"|/exhibitor/?"
    r"|/exhibitor/\d+/\d+(/((profile|products)(/.*)?|poster\.pdf|labels\.pdf)?)?"
    r"|/api/v1/exhibitor/\d+/\d+/products(/.*)?"
)
_TOUCH_AFTER = timedelta(minutes=10)


class Identity:
    """ASGI layer that puts an :class:`Actor` into ``scope["user"]``; it refuses nobody, guards do."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Find the actor, then go on."""
        if scope["type"] == ScopeType.HTTP:
            request: Request[Any, Any, Any] = Request(scope)
            try:
                scope["user"], extended = await self.actor(request)
            except Exception as error:  # this stands outside of Litestar's own handling of errors
                answer = handle_unexpected(request, error).to_asgi_response(None, request)
                await answer(scope, receive, send)
                return
            if extended:
                send = _keeping(extended, send)
            if scope["user"].session_id is not None:
                send = _not_stored(send)
        await self.app(scope, receive, send)

    async def actor(self, request: Request[Any, Any, Any]) -> tuple[Actor, str | None]:
        """Device routes know devices (by header or cookie), all others sessions; the token of one just extended."""
        path = request.scope["path"]
        for prefix, kind in _DEVICE_PATHS:
            if path == prefix or path.startswith(prefix + "/"):
                header = request.headers.get("authorization", "")
                token = header[7:] if header.startswith("Bearer ") else request.cookies.get(DEVICE_COOKIES[kind])
                found = await actor_of_device(token, now()) if token else None
                if found is not None and found.device_kind == kind:
                    return found, None
                break
        token = request.cookies.get(SESSION_COOKIE)
        if not token:
            return ANONYMOUS, None
        at = now()
        hashed = hash_token(token)
        session = await actor_of_session(hashed, at)
        if session is None:
            return ANONYMOUS, None
        actor, last_seen = session
        if actor.filling_in is not None and is_her_page(path):
            actor = await in_place_of(actor)
        if at - last_seen > _TOUCH_AFTER:
            await touch_session(token_hash=hashed, now=at)
            return actor, token
        return actor, None


def is_her_page(path: str) -> bool:
    """Whether an officer who fills in for somebody stands in her place at this address."""
    return _HER_PAGES.fullmatch(path) is not None


def _keeping(token: str, send: Send) -> Send:
    """Let the browser keep the cookie as long as its session, unless the answer sets it itself or caches share it."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [(name.lower(), value) for name, value in message["headers"]]
            own = any(
                name == b"set-cookie" and value.startswith(f"{SESSION_COOKIE}=".encode()) for name, value in headers
            )
            shared = any(name == b"cache-control" and b"public" in value for name, value in headers)
            if not own and not shared:
                message["headers"] = [*message["headers"], _session_cookie(token).to_encoded_header()]
        await send(message)

    return sending


def _not_stored(send: Send) -> Send:
    """Let no browser show this answer again once its reader has signed out, unless the answer says how it is kept."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = list(message["headers"])
            if not any(name.lower() == b"cache-control" for name, _value in headers):
                message["headers"] = [*headers, (b"cache-control", b"no-store")]
        await send(message)

    return sending


def _session_cookie(token: str) -> Cookie:
    return Cookie(
        key=SESSION_COOKIE,
        value=token,
        max_age=settings().session_days * 86400,
        path="/",
        httponly=True,
        samesite="lax",
        secure=settings().secure_cookies,
    )


def set_session_cookie(answer: Response[Any], token: str, locale: str | None = None) -> None:
    """Keep the session in the browser; with a ``locale``, speak that language from now on."""
    answer.set_cookie(_session_cookie(token))
    if locale:
        answer.set_cookie(LOCALE_COOKIE, locale, max_age=31536000, path="/", samesite="lax")


def set_half_cookie(answer: Response[Any], token: str) -> None:
    """Keep the first step of a sign-in until the second is done."""
    answer.set_cookie(
        HALF_COOKIE,
        token,
        max_age=HALF_MINUTES * 60,
        path="/sign-in",
        httponly=True,
        samesite="lax",
        secure=settings().secure_cookies,
    )


def clear_half_cookie(answer: Response[Any]) -> None:
    """Forget the first step of a sign-in."""
    answer.delete_cookie(HALF_COOKIE, path="/sign-in")


def set_device_cookie(answer: Response[Any], kind: DeviceKind, token: str) -> None:
    """Bind a device: its token lives in a cookie that no script reads and no other site can send."""
    answer.set_cookie(
        DEVICE_COOKIES[kind],
        token,
        max_age=120 * 86400,
        path="/",
        httponly=True,
        samesite="strict",
        secure=settings().secure_cookies,
    )

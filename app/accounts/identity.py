"""The layer that finds out who asks: a session's cookie, or the token of a bound device."""

import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from litestar import Request
from litestar.datastructures import Cookie
from litestar.enums import ScopeType
from litestar.response import Response
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from app.accounts.actor import ANONYMOUS, Actor
from app.accounts.enums import DeviceKind
from app.accounts.queries import actor_of_session, in_place_of
from app.accounts.services.devices import actor_of_device
from app.accounts.services.people import choose_language
from app.accounts.services.sign_in import touch_session
from app.accounts.services.two_step import HALF_MINUTES
from app.kernel.clock import now
from app.kernel.cookies import (
    LOCALE_COOKIE,
    LOCALE_SECONDS,
    cookie_name,
    drop_cookie,
    keep_cookie,
    made_cookie,
    read_cookie,
)
from app.kernel.handlers import handle_unexpected
from app.kernel.i18n import LOCALES
from app.kernel.logs import asker
from app.kernel.security import hash_token
from app.kernel.settings import settings

SESSION_COOKIE = "fg_session"
HALF_COOKIE, HALF_PATH = "fg_half", "/sign-in"  # a sign-in that waits for its second step; this layer never looks at it
DEVICE_COOKIES = {DeviceKind.GATE: "fg_gate", DeviceKind.JUDGE: "fg_judge"}
_DEVICE_PATHS = (
    ("/gate", DeviceKind.GATE),
    ("/api/v1/gate", DeviceKind.GATE),
    ("/api/v1/checkin", DeviceKind.GATE),
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
                actor, extended = await self.actor(request)
                await _keep_language(request, actor)
            except Exception as error:  # this stands outside of Litestar's own handling of errors
                answer = handle_unexpected(request, error).to_asgi_response(None, request)
                await answer(scope, receive, send)
                return
            scope["user"] = actor
            ids = {"person_id": actor.person_id, "device_id": actor.device_id}
            asker.set({name: value for name, value in ids.items() if value is not None})
            if extended:
                send = _keeping(extended, send)
            if actor.session_id is not None:
                send = _not_stored(send)
        await self.app(scope, receive, send)

    async def actor(self, request: Request[Any, Any, Any]) -> tuple[Actor, str | None]:
        """Device routes know devices (by header or cookie), all others sessions; the token of one just extended."""
        path = request.scope["path"]
        if path.startswith("/static/"):  # the same for everybody, and there while the database is away
            return ANONYMOUS, None
        for prefix, kind in _DEVICE_PATHS:
            if path == prefix or path.startswith(prefix + "/"):
                header = request.headers.get("authorization", "")
                token = header[7:] if header.startswith("Bearer ") else read_cookie(request, DEVICE_COOKIES[kind])
                found = await actor_of_device(token, now()) if token else None
                if found is not None and found.device_kind == kind:
                    return found, None
                break
        token = read_cookie(request, SESSION_COOKIE)
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
            await touch_session(token_hash=hashed, grants=actor.grants, now=at)
            return actor, token
        return actor, None


def is_her_page(path: str) -> bool:
    """Whether an officer who fills in for somebody stands in her place at this address."""
    return _HER_PAGES.fullmatch(path) is not None


async def _keep_language(request: Request[Any, Any, Any], actor: Actor) -> None:
    """Keep a language that was chosen in the header as that of who is signed in; an officer's, while she is herself."""
    locale = _chosen_locale(request)
    if locale and actor.person_id is not None and actor.session_id is not None and actor.filling_in is None:
        await choose_language(person_id=actor.person_id, locale=locale, actor=actor, now=now())


def _chosen_locale(request: Request[Any, Any, Any]) -> str | None:
    """The language that somebody chose just now in the header of one of our pages; a stranger's link chooses none."""
    locale = request.query_params.get("lang")
    if request.method != "GET" or locale not in LOCALES:
        return None
    site = request.headers.get("sec-fetch-site")  # Safari before 16.4 does not say
    ours = site == "same-origin" if site else urlsplit(request.headers.get("referer", "")).netloc == request.url.netloc
    return locale if ours else None


def _keeping(token: str, send: Send) -> Send:
    """Let the browser keep the cookie as long as its session, unless the answer sets it itself or caches share it."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [(name.lower(), value) for name, value in message["headers"]]
            sign = f"{cookie_name(SESSION_COOKIE)}=".encode()
            own = any(name == b"set-cookie" and value.startswith(sign) for name, value in headers)
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
    return made_cookie(SESSION_COOKIE, token, seconds=settings().session_days * 86400)


def set_session_cookie(answer: Response[Any], token: str, locale: str | None = None) -> None:
    """Keep the session in the browser; with a ``locale``, speak that language from now on."""
    answer.set_cookie(_session_cookie(token))
    if locale:
        keep_locale(answer, locale)


def keep_locale(answer: Response[Any], locale: str) -> None:
    """Speak a language in this browser from now on."""
    keep_cookie(answer, LOCALE_COOKIE, locale, seconds=LOCALE_SECONDS)


def set_half_cookie(answer: Response[Any], token: str) -> None:
    """Keep the first step of a sign-in until the second is done."""
    keep_cookie(answer, HALF_COOKIE, token, seconds=HALF_MINUTES * 60, path=HALF_PATH)


def clear_half_cookie(answer: Response[Any]) -> None:
    """Forget the first step of a sign-in."""
    drop_cookie(answer, HALF_COOKIE, path=HALF_PATH)


def set_device_cookie(answer: Response[Any], kind: DeviceKind, token: str) -> None:
    """Bind a device: its token lives in a cookie that no script reads and no other site can send."""
    keep_cookie(answer, DEVICE_COOKIES[kind], token, seconds=120 * 86400, samesite="strict")

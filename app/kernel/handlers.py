"""The one handler of errors, health checks, static files."""

import contextlib
import logging
import traceback
from dataclasses import dataclass
from hmac import compare_digest
from typing import Any

from litestar import MediaType, Request, Response, get
from litestar.datastructures import CacheControlHeader
from litestar.exceptions import HTTPException, ValidationException
from litestar.middleware.csrf import CSRF_SECRET_LENGTH, generate_csrf_hash
from litestar.response import Redirect
from litestar.static_files import create_static_files_router

from app.kernel.cookies import CSRF_COOKIE, drop_cookie, read_cookie
from app.kernel.database import fetch, is_away
from app.kernel.error_pages import ErrorPage
from app.kernel.errors import (
    AppError,
    Moved,
    NotAllowed,
    NotFound,
    NotJson,
    SignInNeeded,
    TwoStepNeeded,
    error_kinds,
)
from app.kernel.i18n import N_, _
from app.kernel.logs import hide_secrets, note_security, request_id
from app.kernel.migrate import pending_migrations
from app.kernel.paging import PastTheLastPage
from app.kernel.settings import secret_key
from app.kernel.web import STATIC_DIR, wants_json
from app.kernel.wrong_values import sentences

log = logging.getLogger("fairground.error")

_SENTENCES = {
    400: ("bad_request", N_("The request could not be read. Please go back and try again.")),
    401: (SignInNeeded.code, SignInNeeded.message),
    403: (NotAllowed.code, NotAllowed.message),
    404: (NotFound.code, NotFound.message),
    405: ("method_not_allowed", N_("This address does not do that.")),
    413: ("too_large", N_("This is too large to be sent.")),
    415: ("wrong_type", N_("This kind of content is not understood here.")),
    429: ("too_many_tries", N_("Too many tries. Please wait a little.")),
}
FORM_EXPIRED = ("form_expired", N_("This form is too old, or cookies are blocked. Go back, reload and send it again."))
BROKEN = ("internal_error", N_("Something broke on our side. Nothing was changed. Please try again."))
AWAY = (
    "database_away",
    N_("The database is away for a moment. Wait a little, then look whether what you sent is there."),
)


@dataclass(frozen=True, kw_only=True)
class ErrorDTO:
    """What went wrong: a stable code, a sentence in the reader's language, and one for each field that does not fit."""

    code: str
    message: str
    fields: dict[str, str]
    request_id: str


def error_statuses() -> dict[str, int]:
    """The status of every code of an error that the service answers with."""
    return {code: status for code, status, _sentence in error_sentences()}


def error_sentences() -> list[tuple[str, int, str]]:
    """Code, status and sentence of every error that the service answers with, in the reader's language, by code."""
    found = {code: (status, sentence) for status, (code, sentence) in _SENTENCES.items()}
    found |= {FORM_EXPIRED[0]: (403, FORM_EXPIRED[1]), BROKEN[0]: (500, BROKEN[1]), AWAY[0]: (503, AWAY[1])}
    found |= {kind.code: (kind.status, kind.message) for kind in error_kinds()}
    return [(code, status, _(sentence)) for code, (status, sentence) in sorted(found.items())]


def error_answer(
    request: Request[Any, Any, Any], *, status: int, code: str, sentence: str, fields: dict[str, str] | None = None
) -> Response[Any]:
    """An error as a page or as JSON, by what the client wants."""
    if wants_json(request):
        body = ErrorDTO(code=code, message=sentence, fields=fields or {}, request_id=request_id.get())
        return Response(body, status_code=status, media_type=MediaType.JSON)
    return ErrorPage(status=status, code=code, message=sentence, fields=fields or {}, request_id=request_id.get())


def handle_app_error(request: Request[Any, Any, Any], error: AppError) -> Response[Any] | Redirect:
    """Show what a person did that cannot be done; a browser that is not signed in goes to sign-in."""
    _note(request, error.event, error.status, error.code)
    if isinstance(error, TwoStepNeeded) and not wants_json(request) and request.method == "GET":
        return Redirect("/account/two-step", status_code=303)
    if isinstance(error, SignInNeeded) and not wants_json(request) and request.method == "GET":
        from urllib.parse import urlencode

        target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return Redirect("/sign-in?" + urlencode({"next": target}), status_code=303)
    return error_answer(request, status=error.status, code=error.code, sentence=error.sentence(), fields=error.fields)


def handle_http_error(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """Litestar's own refusals, in our words."""
    code, sentence = _SENTENCES.get(error.status_code, BROKEN if error.status_code >= 500 else _SENTENCES[400])
    if error.status_code == 403 and "CSRF" in str(error.detail):
        return _refuse_form(request)
    _note(request, "", error.status_code, code)
    fields: dict[str, str] = {}
    if isinstance(error, ValidationException) and isinstance(error.extra, list):
        fields = sentences(item for item in error.extra if isinstance(item, dict))
    if error.status_code >= 500:
        log.error("http error", exc_info=error)
    return error_answer(request, status=error.status_code, code=code, sentence=_(sentence), fields=fields)


def _refuse_form(request: Request[Any, Any, Any]) -> Response[Any]:
    code, sentence = FORM_EXPIRED
    _note(request, "form.refused", 403, code)
    answer = error_answer(request, status=403, code=code, sentence=_(sentence))
    if _is_of_another_key(read_cookie(request, CSRF_COOKIE)):
        drop_cookie(answer, CSRF_COOKIE)  # else every page goes on with it, and every form is refused
    return answer


def _is_of_another_key(token: str) -> bool:
    """Whether a browser's token was made before ``SECRET_KEY`` changed, or by nobody here."""
    made, sign = token[:CSRF_SECRET_LENGTH], token[CSRF_SECRET_LENGTH:]
    ours = generate_csrf_hash(token=made, secret=secret_key().decode())
    return token != "" and not compare_digest(sign.encode(), ours.encode())


def _note(request: Request[Any, Any, Any], event: str, status: int, code: str) -> None:
    """Write a refusal into the security log, where it is one; who asked stands in the line by itself."""
    event = event or ("access.refused" if status in (401, 403) else "")
    if not event:
        return
    path = hide_secrets(request.scope["path"])
    note_security(event, method=request.method, path=path, status=status, code=code)


def handle_unexpected(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Everything else is our fault, or the database is away: logged in full, shown without detail."""
    away = is_away(error)
    log.error("database away" if away else "unexpected error", exc_info=error)
    code, sentence = AWAY if away else BROKEN
    return error_answer(request, status=503 if away else 500, code=code, sentence=_(sentence))


def handle_too_deep(request: Request[Any, Any, Any], error: RecursionError) -> Response[Any]:
    """A body of JSON nested thousands of levels deep, or an endless loop of ours; where it happened tells which."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    if not last.filename.endswith("serialization/msgspec_hooks.py"):
        return handle_unexpected(request, error)
    code, sentence = _SENTENCES[400]
    return error_answer(request, status=400, code=code, sentence=_(sentence))


def handle_not_text(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """A part of a form whose bytes are no text in the charset that it names, or an error of ours; as above."""
    if not any(step.filename.endswith("litestar/_multipart.py") for step in traceback.extract_tb(error.__traceback__)):
        return handle_unexpected(request, error)
    code, sentence = _SENTENCES[400]
    return error_answer(request, status=400, code=code, sentence=_(sentence))


def handle_past_the_last_page(_request: Request[Any, Any, Any], error: PastTheLastPage) -> Redirect:
    """Lists shrink under old links: their last page is what comes nearest."""
    return Redirect(error.address, status_code=303)


def handle_moved(_request: Request[Any, Any, Any], error: Moved) -> Redirect:
    """Old links, posters and forms go on; the method stays, and nobody remembers it for good."""
    return Redirect(error.address, status_code=307)


async def take_json_alone(request: Request[Any, Any, Any]) -> None:
    """Hold the API's routes without a form's token to JSON, which no page of another site can send unasked.

    Litestar would read JSON out of a body of any content type, and a form can send one as ``text/plain``. A coroutine,
    for others go through a thread. Raises NotJson.
    """
    without_token = request.scope["route_handler"].opt.get("no_csrf") and request.method not in ("GET", "HEAD")
    if without_token and request.scope["path"].startswith("/api/") and request.content_type[0] != MediaType.JSON:
        raise NotJson


def handle_no_token(request: Request[Any, Any, Any], error: TypeError) -> Response[Any]:
    """A form's token of letters that none has, which Litestar does not compare; or an error of ours."""
    if not traceback.extract_tb(error.__traceback__)[-1].filename.endswith("litestar/middleware/csrf.py"):
        return handle_unexpected(request, error)
    return _refuse_form(request)


EXCEPTION_HANDLERS: dict[Any, Any] = {
    Moved: handle_moved,
    PastTheLastPage: handle_past_the_last_page,
    RecursionError: handle_too_deep,
    TypeError: handle_no_token,
    ValueError: handle_not_text,
    LookupError: handle_not_text,
    AppError: handle_app_error,
    HTTPException: handle_http_error,
    Exception: handle_unexpected,
}


@get("/healthz", opt={"public": True}, include_in_schema=False, media_type=MediaType.TEXT)
async def healthz() -> str:
    """The process answers."""
    return "ok"


@get("/readyz", opt={"public": True}, include_in_schema=False)
async def readyz() -> Response[dict[str, str]]:
    """The database answers and is of this version's state (200), or not (503)."""
    try:
        await fetch("SELECT 1 AS one")
        waiting = len(await pending_migrations())
    except Exception as error:
        log.error("not ready", exc_info=error)
        return Response({"database": "unreachable"}, status_code=503)
    if waiting:
        return Response({"database": "ok", "migrations": f"{waiting} waiting"}, status_code=503)
    return Response({"database": "ok", "migrations": "done"})


def static_routers() -> list[Any]:
    """Files of the front end: built ones carry a hash in their name and are kept for a year, others for an hour."""
    with contextlib.suppress(OSError):  # nothing was built, and the folder cannot be made
        (STATIC_DIR / "build").mkdir(parents=True, exist_ok=True)
    return [
        create_static_files_router(
            path="/static/build",
            directories=[STATIC_DIR / "build"],
            opt={"public": True},
            cache_control=CacheControlHeader(max_age=31_536_000, public=True, immutable=True),
            include_in_schema=False,
            name="built",
        ),
        create_static_files_router(
            path="/static",
            directories=[STATIC_DIR],
            opt={"public": True},
            cache_control=CacheControlHeader(max_age=3600, public=True),
            include_in_schema=False,
            name="static",
        ),
    ]

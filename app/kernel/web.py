"""What controllers answer with: pages, redirects, and the names that every template knows."""

import contextvars
import hashlib
import importlib.util
import json
import re
from collections.abc import Iterable
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from litestar import Request
from litestar.response import Redirect, Response
from litestar.utils.scope.state import ScopeState
from markupsafe import Markup, escape

from app.kernel import i18n
from app.kernel.clock import now
from app.kernel.cookies import CSRF_COOKIE, TOAST_COOKIE, drop_cookie, keep_cookie, read_cookie
from app.kernel.module import template_folders
from app.kernel.money import Money, format_money, typed_money
from app.kernel.names import show_phone
from app.kernel.page_cache import mark_personal
from app.kernel.security import LinkNotValid, sign, unsign
from app.kernel.settings import settings

ROOT = Path(__file__).parents[2]
STATIC_DIR = ROOT / "app" / "web" / "static"

#: The request that is being answered; set by the outermost middleware.
current_request: contextvars.ContextVar[Request[Any, Any, Any] | None] = contextvars.ContextVar("request", default=None)


def page(template: str, *, status: int = 200, headers: dict[str, str] | None = None, **context: Any) -> Response[str]:
    """An HTML page made from a template of any module."""
    answer = Response(render(template, **context), status_code=status, headers=headers, media_type="text/html")
    request = current_request.get()
    if request is not None and read_cookie(request, TOAST_COOKIE):
        drop_cookie(answer, TOAST_COOKIE)
    return answer


def redirect(path: str, *, toast: str | None = None) -> Redirect:
    """Go on to another page (303), which may begin with a short message."""
    answer = Redirect(path, status_code=303)
    if toast:
        value = sign(toast, "toast", now() + timedelta(minutes=2))
        keep_cookie(answer, TOAST_COOKIE, value, seconds=120)
    return answer


def local_path(candidate: str | None, fallback: str = "/") -> str:
    """A path on this site, for ``next`` parameters; anything else (another host, a scheme) becomes the fallback."""
    if not candidate or not candidate.startswith("/") or candidate.startswith("//") or "\\" in candidate:
        return fallback
    return candidate if candidate.isprintable() else fallback  # browsers drop tabs and newlines before they read it


def wants_json(request: Request[Any, Any, Any]) -> bool:
    """Whether the answer should be JSON: under ``/api/``, or by what the client accepts."""
    if request.url.path.startswith("/api/"):
        return True
    accept = request.headers.get("accept", "")
    return "application/json" in accept and "text/html" not in accept


@lru_cache(maxsize=1)
def _manifest() -> dict[str, str]:
    path = STATIC_DIR / "build" / "manifest.json"
    manifest: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    return manifest


def assets_built() -> bool:
    """Whether the front end has been built (scanner, tablet and plan editor need it)."""
    return bool(_manifest())


def build_assets() -> str | None:
    """Build the front end now; returns what went wrong in one sentence, or None."""
    path = ROOT / "app" / "web" / "hatch_build.py"
    spec = importlib.util.spec_from_file_location("fairground_front_end", path)
    assert spec is not None
    assert spec.loader is not None
    hook = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(hook)
    problem: str | None = hook.build(ROOT, temporary_node=True)
    return problem


def asset(name: str) -> str:
    """Address of a built file by its plain name; styles fall back to their sources when nothing was built."""
    built = _manifest().get(name)
    if built:
        return f"/static/build/{built}"
    folder = "css/" if name.endswith(".css") else ""
    return f"/static/{folder}{name}"


@lru_cache(maxsize=1)
def _script_messages() -> dict[str, list[str | list[str]]]:
    path = STATIC_DIR / "build" / "messages.json"
    messages: dict[str, list[str | list[str]]] = json.loads(path.read_text()) if path.exists() else {}
    return messages


def ui_messages(*scripts: str) -> Markup:
    """The messages of built scripts in the current language, as the data block that ``@fairground/i18n`` reads."""
    found: dict[str, str | list[str]] = {}
    for message in (message for script in scripts for message in _script_messages().get(script, [])):
        if isinstance(message, str):
            translated: str | list[str] = i18n._(message)
            key = message
        else:
            key, many = message
            translated = [i18n.ngettext(key, many, 1), i18n.ngettext(key, many, 2)]
        if translated != message:
            found[key] = translated
    if not found:
        return Markup("")
    data = json.dumps(found, ensure_ascii=False).replace("<", "\\u003c")
    return Markup('<script type="application/json" id="messages">{}</script>').format(Markup(data))  # noqa: S704 - escaped


def csrf_field() -> Markup:
    """The hidden field that each form carries."""
    request = current_request.get()
    token = ""
    if request is not None:
        mark_personal(request.scope)
        token = csrf_token(request)
    return Markup('<input type="hidden" name="_csrf_token" value="{}">').format(token)


def csrf_token(request: Request[Any, Any, Any]) -> str:
    """This browser's token against forged requests."""
    found = ScopeState.from_scope(request.scope).csrf_token
    return found if isinstance(found, str) else read_cookie(request, CSRF_COOKIE)


def browser_of(request: Request[Any, Any, Any]) -> str:
    """Tells browsers apart for rate limits, without an address: the hash of the signed cookie of their forms.

    ``""`` for a browser without one, which can post nothing that wants a form's token.
    """
    token = read_cookie(request, CSRF_COOKIE)
    return hashlib.sha256(token.encode()).hexdigest()[:32] if token else ""


def language_links() -> list[tuple[str, str, str]]:
    """(code, own name, address of this page in it) for each language."""
    request = current_request.get()
    path, kept = "", []
    if request is not None:
        path, asked = _shown_at(request)
        kept = [(key, value) for key, value in parse_qsl(asked, keep_blank_values=True) if key != "lang"]
    return [(code, name, f"{path}?{urlencode([*kept, ('lang', code)])}") for code, name in i18n.LOCALE_NAMES.items()]


def _shown_at(request: Request[Any, Any, Any]) -> tuple[str, str]:
    """Path and query at which this page can be asked for; ``""`` is the address it stands at.

    What answers a form may stand at an address that only takes forms: then it is where the form stood.
    """
    if request.method == "POST":
        before = urlsplit(request.headers.get("referer", ""))
        if before.netloc == request.url.netloc and before.path != request.url.path:
            return before.path, before.query
    return "", request.url.query


def paragraphs(text: str) -> Markup:
    """Plain text with its blank lines as paragraphs."""
    blocks = [block.strip() for block in (text or "").split("\n\n") if block.strip()]
    joined = (Markup("<br>").join(escape(line) for line in block.split("\n")) for block in blocks)
    return Markup("").join(Markup("<p>{}</p>").format(block) for block in joined)


def _phone(e164: str | None) -> str:
    """A stored phone number as people write it; a mail address as it is, and nothing for nothing."""
    return show_phone(e164) if e164 and e164.startswith("+") else e164 or ""


def _reach(contacts: Iterable[str | None]) -> Markup:
    """Phone numbers and mail addresses as people write them, each to stay in one piece where there is room.

    An address that does not fit its line is broken before its ``@`` or a point, not in the middle of a word.
    """
    shown = (_phone(contact) for contact in contacts if contact)
    pieces = (Markup("<wbr>").join(re.split(r"(?<=.)(?=[@.])", one)) for one in shown)
    return Markup(" · ").join(Markup('<span class="unbroken">{}</span>').format(one) for one in pieces)


def build_environment() -> Environment:
    """The Jinja environment of all modules."""
    environment = Environment(
        loader=FileSystemLoader([str(folder) for folder in template_folders(ROOT)]),
        autoescape=select_autoescape(["html", "svg", "xml"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,  # else each page asks the file system about each of its templates
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )
    environment.install_gettext_callables(i18n._, i18n.ngettext, newstyle=True)  # type: ignore[attr-defined]
    environment.policies["ext.i18n.trimmed"] = True
    environment.globals.update(
        asset=asset,
        assets_built=assets_built,
        csrf_field=csrf_field,
        language_links=language_links,
        ui_messages=ui_messages,
        settings=settings,
        pick=i18n.pick,
        Money=Money,
    )
    environment.filters.update(
        money=format_money,
        typed_money=typed_money,
        date=i18n.format_date,
        phone=_phone,
        reach=_reach,
        time=i18n.format_time,
        datetime=i18n.format_datetime,
        number=i18n.format_number,
        pick=i18n.pick,
        paragraphs=paragraphs,
    )
    return environment


def render(template: str, **context: Any) -> str:
    """A template as text (mails, error pages), in the current language."""
    return environment().get_template(template).render(**{**request_names(), **context})


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The one environment of this process."""
    return build_environment()


def request_names() -> dict[str, Any]:
    """Names every page may use: request, user, locale, demo, toast."""
    request = current_request.get()
    return {
        "request": request,
        "user": request.scope.get("user") if request is not None else None,
        "locale": i18n.current_locale(),
        "locales": [(code, i18n.LOCALE_NAMES[code]) for code in i18n.LOCALES],
        "demo": settings().demo,
        "toast": _toast(request),
    }


def _toast(request: Request[Any, Any, Any] | None) -> str | None:
    kept = read_cookie(request, TOAST_COOKIE) if request is not None else ""
    if not kept:
        return None
    try:
        return str(unsign(kept, "toast", now()))
    except LinkNotValid:
        return None

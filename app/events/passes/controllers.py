"""Pages of passes: what a stranger's camera may see, and what the holder of the secret link may do."""

from datetime import timedelta
from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath

from app.accounts.actor import Actor
from app.accounts.guards import public
from app.events import queries
from app.events.enums import PassState
from app.events.errors import PassNotFound
from app.events.pages import download
from app.events.passes.documents import pass_pdf, pass_png, pass_qr_svg, passes_calendar, validity
from app.events.passes.naming import named
from app.events.passes.queries import PassInfo, genuine, pass_by_secret, state_of
from app.events.passes.states import require_valid
from app.events.typed_codes import show_code
from app.kernel.clock import now
from app.kernel.cookies import drop_cookie, keep_cookie, read_cookie
from app.kernel.i18n import _
from app.kernel.security import limit
from app.kernel.settings import settings
from app.kernel.web import page, redirect

COOKIE, COOKIE_PATH = "fg_passes", "/pass"
MOST_LINKED = 10
PRIVATE = {"cache-control": "private, no-store"}


class PassController(Controller):
    """``/P/{code}`` for everybody, ``/pass/{secret}`` for the holder."""

    guards = [public]
    include_in_schema = False

    @get(["/P/{code:str}", "/p/{code:str}"])
    async def check(self, code: FromPath[str]) -> Response[str]:
        """Edition and validity, nothing personal: the code is worn in public."""
        payload = await genuine(code)
        edition = await queries.edition_by_id(payload.edition_id)
        present = now()
        try:
            state = await state_of(payload)
        except PassNotFound:
            state = PassState.REVOKED
        return page(
            "events/pass_check.html",
            edition=edition,
            state=state,
            early=present < payload.valid_from,
            over=present >= payload.valid_until,
            days=validity(payload, edition),
            headers=PRIVATE,
        )

    @get("/pass")
    async def linked(self, request: Request[Actor, Any, Any]) -> Response[str]:
        """The passes that were linked to this phone."""
        shown = []
        for secret in _secrets(request):
            try:
                found = await pass_by_secret(secret)
            except PassNotFound:
                continue
            found = await named(found)
            edition = await queries.edition_by_id(found.edition_id)
            shown.append({"secret": secret, "pass": found, "edition": edition, "validity": validity(found, edition)})
        return page("events/passes.html", passes=shown, headers=PRIVATE)

    @get("/pass/{name:str}")
    async def show(self, request: Request[Actor, Any, Any], name: FromPath[str]) -> Response[Any]:
        """The holder's page; with ``.png``, ``.pdf`` or ``.ics`` behind the secret, the picture, print or calendar."""
        present = now()
        secret, _dot, kind = name.partition(".")
        found = await named(await pass_by_secret(secret))
        edition = await queries.edition_by_id(found.edition_id)
        address = f"{settings().base_url.rstrip('/')}/pass/{secret}"
        if kind:
            require_valid(found.state)
        filename = f"{edition.slug}-{found.serial}"
        if kind == "png":
            return download(await pass_png(found, edition), f"{filename}.png", "image/png")
        if kind == "pdf":
            await limit(f"pass-pdf:{found.id}", times=20, seconds=3600, now=present)
            return download(await pass_pdf([found], edition), f"{filename}.pdf", "application/pdf")
        if kind == "ics":
            calendar = await passes_calendar([(found, address)], edition, present)
            return download(calendar.encode(), f"{filename}.ics", "text/calendar")
        if kind:
            raise PassNotFound
        return page(
            "events/pass.html",
            edition=edition,
            found=found,
            secret=secret,
            qr=pass_qr_svg(found.code),
            short_code=show_code(found.short_code),
            validity=validity(found, edition),
            linked=secret in _secrets(request),
            headers=PRIVATE,
        )

    @post("/pass/{secret:str}/link")
    async def link(self, request: Request[Actor, Any, Any], secret: FromPath[str]) -> Response[Any]:
        """Remember the pass on this phone."""
        found = await pass_by_secret(secret)
        kept = [secret, *(other for other in _secrets(request) if other != secret)][:MOST_LINKED]
        answer = redirect(f"/pass/{secret}", toast=_("This phone knows the pass now."))
        _set_cookie(answer, kept, found)
        return answer

    @post("/pass/{secret:str}/unlink")
    async def unlink(self, request: Request[Actor, Any, Any], secret: FromPath[str]) -> Response[Any]:
        """Forget the pass on this phone."""
        found = await pass_by_secret(secret)
        answer = redirect(f"/pass/{secret}", toast=_("This phone has forgotten the pass."))
        _set_cookie(answer, [other for other in _secrets(request) if other != secret], found)
        return answer


def _secrets(request: Request[Any, Any, Any]) -> list[str]:
    """Secrets of the passes linked to this browser."""
    return [secret for secret in read_cookie(request, COOKIE, COOKIE_PATH).split(".") if secret][:MOST_LINKED]


def _set_cookie(answer: Response[Any], secrets: list[str], found: PassInfo) -> None:
    """Keep them until two weeks after this pass has ended."""
    if not secrets:
        drop_cookie(answer, COOKIE, COOKIE_PATH)
        return
    seconds = int((found.valid_until + timedelta(days=14) - now()).total_seconds())
    keep_cookie(answer, COOKIE, ".".join(secrets), seconds=max(seconds, 86400), path=COOKIE_PATH)

"""``/e/{slug}/contest/enter``: how somebody whom nobody knows yet enters an idea."""

from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath

from app.accounts.actor import Actor
from app.accounts.errors import SignInFailed
from app.accounts.guards import public
from app.accounts.limits import Way, count_browser
from app.accounts.services.sign_in import contact_of
from app.events.enums import Part
from app.events.queries import EditionInfo, edition_by_slug
from app.judging.queries.contests import ContestRow, contest_of_edition
from app.judging.schemas import EnterForm
from app.judging.services.entering import send_way_in
from app.judging.services.entries import ensure_open
from app.kernel.clock import now
from app.kernel.errors import NotFound, TooManyTries
from app.kernel.forms import NOT_A_CONTACT, Form, FormError, open_form
from app.kernel.i18n import _
from app.kernel.web import page, redirect


class EnterController(Controller):
    """The form, and the link that answers it."""

    path = "/e/{slug:str}/contest/enter"
    guards = [public]
    include_in_schema = False

    @get()
    async def enter(self, request: Request[Actor, Any, Any], slug: FromPath[str]) -> Response[Any]:
        """Whoever is signed in goes on to the first step at once."""
        edition, contest = await _open_call(slug)
        if request.user.signed_in:
            return redirect(f"/team/{edition.id}/new")
        return page("judging/enter.html", edition=edition, contest=contest, form=Form.empty(), sent_to="")

    @post(status_code=200)
    async def send(self, request: Request[Actor, Any, Any], slug: FromPath[str]) -> Response[Any]:
        """Send the link."""
        edition, contest = await _open_call(slug)
        try:
            reading = await open_form(request, EnterForm)
            phone = email = None
            try:
                phone, email = contact_of(reading.values.contact)
            except SignInFailed:
                reading.refuse("contact", _(NOT_A_CONTACT))
            values = reading.settle()
            await count_browser(Way.ASK, request, now=now())
            sent_to = await send_way_in(
                edition=edition, contest=contest, full_name=values.full_name, phone=phone, email=email, now=now()
            )
        except (FormError, TooManyTries) as error:
            form = error.form if isinstance(error, FormError) else _too_often(values, error)
            given: dict[str, Any] = {"edition": edition, "contest": contest, "form": form, "sent_to": ""}
            return page("judging/enter.html", status=error.status, **given)
        return page("judging/enter.html", edition=edition, contest=contest, form=Form.empty(), sent_to=sent_to)


def _too_often(typed: EnterForm, error: TooManyTries) -> Form:
    """The form as it was typed, with how long to wait."""
    return Form({"full_name": typed.full_name, "contact": typed.contact}, {"contact": error.sentence()})


async def _open_call(slug: str) -> tuple[EditionInfo, ContestRow]:
    """Raises EditionNotFound, NotFound, ContestNotOpen."""
    edition = await edition_by_slug(slug)
    contest = await contest_of_edition(edition.id)
    if contest is None or not edition.has(Part.CONTEST):
        raise NotFound
    ensure_open(contest, now())
    return edition, contest

"""Somebody asks an owner, by phone or on paper, to have her data erased."""

from typing import Annotated, Any

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath
from msgspec import Meta

from app.accounts.actor import Actor
from app.accounts.enums import ASKED_NAMES, Asked, Role
from app.accounts.errors import LastOwner, NotOnlyYours, SignInFailed
from app.accounts.guards import requires
from app.accounts.personal.records import whoms_of
from app.accounts.personal.registry import find_of_records
from app.accounts.services.erasure import ask_for_erasure_of, person_to_erase
from app.events import queries
from app.kernel.clock import now
from app.kernel.errors import NotFound
from app.kernel.forms import Form, FormError, read_form
from app.kernel.i18n import N_, _
from app.kernel.web import page, redirect

BY_OTHERS = (Asked.PHONE, Asked.PAPER, Asked.IN_PERSON)
UNKNOWN = N_("This festival holds nothing under this phone number or mail address.")


class ErasureForm(msgspec.Struct):
    """Who asked, and how. The first time it is only looked up; ``confirmed`` says that she is the right one."""

    contact: Annotated[str, Meta(max_length=254)]
    asked: Asked
    confirmed: bool = False


class ErasuresController(Controller):
    """``/manage/{edition_id}/people/erase``: look somebody up, see what goes, have it erased."""

    path = "/manage/{edition_id:int}/people/erase"
    guards = [requires(Role.OWNER)]
    include_in_schema = False

    @get()
    async def show(self, edition_id: FromPath[int]) -> Response[str]:
        """An empty form."""
        return await _page(edition_id, Form.empty(asked=Asked.PHONE.value))

    @post(status_code=200)
    async def ask(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[Any]:
        """Look her up; confirmed, queue the erasure."""
        try:
            form = await read_form(request, ErasureForm)
        except FormError as error:
            return await _page(edition_id, error.form, status=422)
        shown = {"contact": form.contact, "asked": form.asked.value}
        try:
            if not form.confirmed:
                person_id = await person_to_erase(contact=form.contact, edition_id=edition_id, actor=request.user)
                return await _page(edition_id, Form(shown, {}), person_id=person_id)
            await ask_for_erasure_of(
                contact=form.contact, asked=form.asked, edition_id=edition_id, actor=request.user, now=now()
            )
        except NotFound:
            return await _page(edition_id, Form(shown, {"contact": _(UNKNOWN)}), status=404)
        except (SignInFailed, LastOwner, NotOnlyYours) as error:
            return await _page(edition_id, Form(shown, {"contact": error.sentence()}), status=error.status)
        return redirect(f"/manage/{edition_id}/people", toast=_("Her data are being erased. The log tells it."))


async def _page(edition_id: int, form: Form, *, person_id: int | None = None, status: int = 200) -> Response[str]:
    found = [] if person_id is None else await find_of_records(await whoms_of(person_id))
    return page(
        "events/office_erase.html",
        status=status,
        edition=await queries.edition_by_id(edition_id),
        form=form,
        ways=[(way.value, _(ASKED_NAMES[way])) for way in BY_OTHERS],
        kinds=[
            {"title": _(one.held.title), "count": len(one.rows), "stays": _(one.held.stays) if one.held.stays else ""}
            for one in found
        ],
    )

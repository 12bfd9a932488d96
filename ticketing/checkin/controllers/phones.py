"""What a gate lead does about a phone during a day: replace it, let it search, hand in what it had not sent."""

from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.accounts.guards import requires
from app.accounts.services.devices import let_search
from app.events.pages import form_again
from app.events.queries import edition_by_id
from app.kernel.clock import now
from app.kernel.forms import Form, FormError, read_form
from app.kernel.i18n import _, ngettext
from app.kernel.web import page, redirect
from ticketing.checkin.controllers.manage import card_path, phone_of
from ticketing.checkin.errors import DeviceNotFound, HandedOverUnreadable
from ticketing.checkin.schemas import HandedOverForm, SearchForm
from ticketing.checkin.services.gates import replace_phone
from ticketing.checkin.services.handing_in import take_over_file

#: Bytes of a phone's file, at some four hundred a scan.
MOST_BYTES = 8 * 1024 * 1024


class PhonesController(Controller):
    """``/manage/{id}/gates/phones/{id}/…`` and ``/manage/{id}/gates/handed-over``."""

    path = "/manage/{edition_id:int}/gates"
    guards = [requires(Role.MANAGER, Role.GATE_LEAD)]
    include_in_schema = False

    @post("/phones/{device_id:int}/replace")
    async def replace(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], device_id: FromPath[int]
    ) -> Response[Any]:
        """Show a card for the phone that takes the place of this one; this one scans on until that is bound."""
        new_id, address = await replace_phone(device_id=device_id, edition_id=edition_id, actor=request.user, now=now())
        return redirect(card_path(edition_id, new_id, address))

    @post("/phones/{device_id:int}/search")
    async def search(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], device_id: FromPath[int]
    ) -> Response[Any]:
        """Let a phone search by name, or no longer."""
        await phone_of(edition_id, device_id)
        values = await read_form(request, SearchForm)
        await let_search(
            device_id=device_id, edition_id=edition_id, may_search=values.may_search, actor=request.user, now=now()
        )
        toast = _("The phone may search by name.") if values.may_search else _("The phone searches by name no more.")
        return redirect(f"/manage/{edition_id}/gates", toast=toast)

    @get("/handed-over")
    async def handed_over(self, edition_id: FromPath[int]) -> Response[str]:
        """Where the file of a phone that could not send is handed in."""
        return await _handed_over_page(edition_id, Form.empty())

    @post("/handed-over", request_max_body_size=MOST_BYTES)
    async def take_over(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[Any]:
        """Take over a phone's file."""
        try:
            values = await read_form(request, HandedOverForm)
            content = await values.file.read()
            new, known, left_out = await take_over_file(
                content=content, edition_id=edition_id, actor=request.user, now=now()
            )
        except FormError as error:
            return await _handed_over_page(edition_id, error.form, status=error.status)
        except (HandedOverUnreadable, DeviceNotFound) as error:
            form = await form_again(request, {"file": error.sentence()})
            return await _handed_over_page(edition_id, form, status=error.status)
        told = [ngettext("%(num)s scan was taken over.", "%(num)s scans were taken over.", new) % {"num": new}]
        if known:
            told.append(ngettext("%(num)s was there already.", "%(num)s were there already.", known) % {"num": known})
        if left_out:
            told.append(
                ngettext("%(num)s could not be taken over.", "%(num)s could not be taken over.", left_out)
                % {"num": left_out}
            )
        return redirect(f"/manage/{edition_id}/gates/handed-over", toast=" ".join(told))


async def _handed_over_page(edition_id: int, form: Form, *, status: int = 200) -> Response[str]:
    return page("checkin/manage_handed_over.html", status=status, edition=await edition_by_id(edition_id), form=form)

"""The organiser's pages for an edition that is put off or cancelled: what would come of it, then the act itself."""

from datetime import date
from typing import Annotated, Any

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath, FromQuery
from msgspec import Meta

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.accounts.guards import requires
from app.events.enums import ENDED_STATES
from app.events.errors import AddressDiffers, NotLater, TooMuchLater
from app.events.moving import Moving
from app.events.pages import form_again
from app.events.queries import edition_by_id
from app.events.services.cancelling import cancel_edition
from app.events.services.postponing import postpone_edition, preview_postponing
from app.kernel.clock import now
from app.kernel.forms import Form, FormError, parse_date, read_form
from app.kernel.i18n import N_, _
from app.kernel.web import page, redirect

NO_DAY = N_("Please give the new first day.")


class PostponeForm(msgspec.Struct, kw_only=True):
    """The new first day, the one that stood when the organiser decided, and why."""

    starts_on: date
    seen: date
    reason: Annotated[str, Meta(max_length=500)] = ""


class CancelForm(msgspec.Struct, kw_only=True):
    """The address of the edition, typed to confirm, and why."""

    typed: Annotated[str, Meta(max_length=80)] = ""
    reason: Annotated[str, Meta(max_length=500)] = ""


class PostponeController(Controller):
    """``/manage/{edition_id}/postpone``."""

    path = "/manage/{edition_id:int}/postpone"
    guards = [requires(Role.OWNER, Role.MANAGER)]
    include_in_schema = False

    @get("/")
    async def ask(self, edition_id: FromPath[int], starts_on: FromQuery[str] = "") -> Response[str]:
        """Ask for the new first day; with it, show what moves."""
        form = Form.empty(starts_on=starts_on)
        lines: list[Moving] = []
        day: date | None = None
        if starts_on:
            try:
                day = parse_date(starts_on)
                lines = await preview_postponing(edition_id=edition_id, starts_on=day, now=now())
            except ValueError:
                form = Form({"starts_on": starts_on}, {"starts_on": _(NO_DAY)})
            except (NotLater, TooMuchLater) as error:
                form = Form({"starts_on": starts_on}, {"starts_on": error.sentence()})
        return await _page(edition_id, form, lines, None if form.errors else day)

    @post("/")
    async def postpone(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[Any]:
        """Put it off."""
        try:
            values = await read_form(request, PostponeForm)
            await postpone_edition(
                edition_id=edition_id,
                starts_on=values.starts_on,
                seen=values.seen,
                reason=values.reason,
                actor=request.user,
                now=now(),
            )
        except FormError as error:
            return await _page(edition_id, error.form, [], None)
        except (NotLater, TooMuchLater) as error:
            return await _page(edition_id, await form_again(request, {"starts_on": error.sentence()}), [], None)
        toast = _("The festival is put off. Everybody concerned is being told.")
        return redirect(f"/manage/{edition_id}", toast=toast)


class CancelController(Controller):
    """``/manage/{edition_id}/cancel``."""

    path = "/manage/{edition_id:int}/cancel"
    guards = [requires(Role.OWNER, Role.MANAGER)]
    include_in_schema = False

    @get("/")
    async def ask(self, edition_id: FromPath[int]) -> Response[Any]:
        """What closes, and the form that confirms it; for an edition that has ended, its settings."""
        edition = await edition_by_id(edition_id)
        if edition.state in ENDED_STATES:
            return redirect(f"/manage/{edition_id}/settings")
        return page("events/manage_cancel.html", edition=edition, form=Form.empty())

    @post("/")
    async def cancel(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[Any]:
        """Cancel it for good."""
        try:
            values = await read_form(request, CancelForm)
            await cancel_edition(
                edition_id=edition_id, typed=values.typed, reason=values.reason, actor=request.user, now=now()
            )
        except FormError as error:
            form = error.form
        except AddressDiffers as error:
            form = await form_again(request, {"typed": error.sentence()})
        else:
            toast = _("The festival is cancelled. Everybody concerned is being told.")
            return redirect(f"/manage/{edition_id}", toast=toast)
        edition = await edition_by_id(edition_id)
        return page("events/manage_cancel.html", status=422, edition=edition, form=form)


async def _page(edition_id: int, form: Form, lines: list[Moving], day: date | None) -> Response[str]:
    return page(
        "events/manage_postpone.html",
        status=422 if form.errors else 200,
        edition=await edition_by_id(edition_id),
        form=form,
        lines=lines,
        day=day,
    )

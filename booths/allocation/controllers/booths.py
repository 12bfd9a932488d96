"""The organiser's page of one booth: who has it, who had it, and giving it by hand."""

from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.accounts.guards import organiser, requires
from app.events.pages import form_again
from app.events.queries import EditionInfo, edition_by_id
from app.kernel.clock import now
from app.kernel.errors import AppError
from app.kernel.forms import Form, FormError, read_form
from app.kernel.i18n import _
from app.kernel.web import page, redirect
from booths.allocation import queries
from booths.allocation.optimiser import possible
from booths.allocation.queries_fees import fee_of
from booths.allocation.schemas import BoothChoice
from booths.allocation.services import by_hand
from booths.floorplan.errors import BoothNotFound
from booths.floorplan.queries import history_of, plans_of
from booths.floorplan.squares import show_squares

FLOOR = requires(Role.OWNER, Role.MANAGER, Role.FLOOR)


class BoothController(Controller):
    """``/manage/{edition_id}/booths/{booth_id}``."""

    path = "/manage/{edition_id:int}/booths/{booth_id:int}"
    include_in_schema = False

    @get("/", guards=[organiser])
    async def show(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], booth_id: FromPath[int]
    ) -> Response[str]:
        """The booth on its plan, its holder, its history."""
        return await _booth_page(request, await edition_by_id(edition_id), booth_id, Form.empty())

    @post("/hold", guards=[FLOOR])
    async def hold(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], booth_id: FromPath[int]
    ) -> Response[Any]:
        """Keep it for an application, or allocate it at once."""
        edition = await edition_by_id(edition_id)
        try:
            choice = await read_form(request, BoothChoice)
            await by_hand.hold_for_application(
                edition_id=edition_id,
                booth_id=booth_id,
                application_id=choice.application,
                tell_now=choice.tell_now,
                actor=request.user,
                now=now(),
            )
        except FormError as error:
            return await _booth_page(request, edition, booth_id, error.form, status=422)
        except AppError as error:
            form = await form_again(request, {"application": error.sentence()})
            return await _booth_page(request, edition, booth_id, form, status=error.status)
        toast = _("Allocated; the message is on its way.") if choice.tell_now else _("Held. Nobody was told yet.")
        return redirect(f"/manage/{edition_id}/booths/{booth_id}", toast=toast)

    @post("/allocate", guards=[FLOOR])
    async def allocate(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], booth_id: FromPath[int]
    ) -> Response[Any]:
        """Allocate a booth that is held, and tell the exhibitor."""
        await by_hand.allocate_held(edition_id=edition_id, booth_id=booth_id, actor=request.user, now=now())
        return redirect(f"/manage/{edition_id}/booths/{booth_id}", toast=_("Allocated; the message is on its way."))

    @post("/release", guards=[FLOOR])
    async def release(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], booth_id: FromPath[int]
    ) -> Response[Any]:
        """Free it."""
        await by_hand.release_by_hand(edition_id=edition_id, booth_id=booth_id, actor=request.user, now=now())
        return redirect(f"/manage/{edition_id}/booths/{booth_id}", toast=_("The booth is free."))


async def _booth_page(
    request: Request[Actor, Any, Any], edition: EditionInfo, booth_id: int, form: Form, *, status: int = 200
) -> Response[str]:
    plans = await plans_of(edition.id)
    found = next(((plan, booth) for plan in plans for booth in plan.booths if booth.id == booth_id), None)
    if found is None:
        raise BoothNotFound
    plan, booth = found
    may_edit = request.user.has(Role.MANAGER, Role.FLOOR, edition_id=edition.id)
    offer = {"cells": booth.cell_count, "power": booth.power_watts}
    waiting = []
    application = fee = None
    if may_edit:
        everybody = (await queries.applications(edition.id)).items
        application = next((item for item in everybody if item.organisation_id == booth.organisation_id), None)
        fee = await fee_of(edition.id, edition.today(now()), application.id) if application else None
        fits = {item["id"]: possible(item, offer) for item in await queries.open_applications(edition.id)}
        chosen = [item for item in everybody if item.id in fits]
        waiting = [(item, fits[item.id]) for item in sorted(chosen, key=lambda item: not fits[item.id])]
    return page(
        "allocation/booth.html",
        status=status,
        edition=edition,
        plan=plan,
        booth=booth,
        cells=show_squares(booth.squares),
        history=await history_of(booth_id),
        form=form,
        waiting=waiting,
        application=application,
        billed=fee is not None and fee.document is not None,
        may_edit=may_edit,
    )

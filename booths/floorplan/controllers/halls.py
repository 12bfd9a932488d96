"""Making and changing a hall, without a sheet."""

from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.accounts.guards import requires
from app.events.pages import form_again
from app.events.queries import EditionInfo, edition_by_id
from app.kernel.clock import now
from app.kernel.editing import held, open_edit
from app.kernel.errors import AppError
from app.kernel.forms import Form, FormError
from app.kernel.i18n import _
from app.kernel.web import page, redirect
from booths.floorplan.errors import HallNotFound, HallTooSmall
from booths.floorplan.queries import Plan, plans_of
from booths.floorplan.schemas import HallForm
from booths.floorplan.services import save_hall

FLOOR = requires(Role.OWNER, Role.MANAGER, Role.FLOOR)


class HallController(Controller):
    """``/manage/{edition_id}/floorplan/halls``."""

    path = "/manage/{edition_id:int}/floorplan/halls"
    guards = [FLOOR]
    include_in_schema = False

    @get("/new")
    async def new(self, edition_id: FromPath[int]) -> Response[str]:
        """An empty form."""
        return _form_page(await edition_by_id(edition_id), Form.empty(width=20, depth=12), None)

    @post("/new")
    async def create(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[Any]:
        """Make it, and go on to its plan."""
        return await _save(request, await edition_by_id(edition_id), None)

    @get("/{hall_id:int}")
    async def edit(self, edition_id: FromPath[int], hall_id: FromPath[int]) -> Response[str]:
        """The form with what is there."""
        plan = await _find(edition_id, hall_id)
        return _form_page(await edition_by_id(edition_id), _form_of(plan), plan)

    @post("/{hall_id:int}")
    async def change(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], hall_id: FromPath[int]
    ) -> Response[Any]:
        """Keep the changes."""
        return await _save(request, await edition_by_id(edition_id), await _find(edition_id, hall_id))


async def _find(edition_id: int, hall_id: int) -> Plan:
    for plan in await plans_of(edition_id):
        if plan.hall_id == hall_id:
            return plan
    raise HallNotFound


def _form_of(plan: Plan) -> Form:
    return Form.of(name=plan.name, width=plan.width, depth=plan.depth)


def _form_page(edition: EditionInfo, form: Form, plan: Plan | None, *, status: int = 200) -> Response[str]:
    return page("floorplan/hall_form.html", status=status, edition=edition, form=form, plan=plan)


async def _save(request: Request[Actor, Any, Any], edition: EditionInfo, plan: Plan | None) -> Response[Any]:
    try:
        # Saving a hall holds its edition, for the sake of the halls' names; so this holds that too, not the hall.
        async with held("edition", edition.id):
            reading = await open_edit(
                request,
                HallForm,
                record=_form_of(await _find(edition.id, plan.hall_id)) if plan else None,
                subject=("hall", plan.hall_id) if plan else None,
            )
            values = reading.settle()
            hall_id = await save_hall(
                edition_id=edition.id,
                hall_id=plan.hall_id if plan else None,
                name=values.name,
                width=values.width,
                depth=values.depth,
                actor=request.user,
                now=now(),
            )
    except FormError as error:
        return _form_page(edition, error.form, plan, status=error.status)
    except AppError as error:
        field = "width" if isinstance(error, HallTooSmall) else "name"
        form = await form_again(request, {field: error.sentence()})
        return _form_page(edition, form, plan, status=error.status)
    toast = _("The hall is saved. Now draw its booths.") if plan is None else _("The hall is saved.")
    return redirect(f"/manage/{edition.id}/floorplan/editor?hall={hall_id}", toast=toast)

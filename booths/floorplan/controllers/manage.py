"""The organiser's pages of the floor plan: the plan, its list, and the editor."""

from collections import Counter
from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath, FromQuery

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.accounts.guards import organiser, requires
from app.events.pages import PAGE_SIZE, download, form_again, offset_of, pager_of, with_query
from app.events.queries import EditionInfo, Page, edition_by_id
from app.kernel.clock import now
from app.kernel.editing import held, open_edit
from app.kernel.errors import AppError
from app.kernel.forms import Form, FormError
from app.kernel.i18n import N_, _
from app.kernel.money import Money, TooMuchMoney, parse_money, typed_money
from app.kernel.names import search_text, text_key
from app.kernel.sheets import write_xlsx
from app.kernel.sheets.write import Cell
from app.kernel.web import page, redirect
from booths.floorplan import services
from booths.floorplan.enums import BOOTH_STATE_NAMES
from booths.floorplan.errors import BoothCodeTaken, BoothNotFound
from booths.floorplan.queries import Plan, PlanBooth, plans_of
from booths.floorplan.schemas import DEAREST, TOO_DEAR, BoothForm
from booths.floorplan.sheets import HALLS
from booths.floorplan.squares import parse_squares, show_squares

FLOOR = requires(Role.OWNER, Role.MANAGER, Role.FLOOR)
NOT_CELLS = N_("Write cells as column letter and row: A1 A2 B1.")
NOT_AN_AMOUNT = N_("Please write an amount, such as 1.250.000.")

Row = tuple[Plan, PlanBooth]


def chosen_booths(plans: list[Plan], *, q: str, hall: str, state: str, zone: str) -> list[Row]:
    """The booths that fit search and filters, in the order of halls and codes."""
    words = search_text(q)
    return [
        (plan, booth)
        for plan in plans
        if not hall or str(plan.hall_id) == hall
        for booth in plan.booths
        if (not state or booth.state.value == state)
        and (not zone or booth.zone == zone)
        and (not words or words in search_text(booth.code, booth.organisation))
    ]


class FloorPlanController(Controller):
    """``/manage/{edition_id}/floorplan``."""

    path = "/manage/{edition_id:int}/floorplan"
    include_in_schema = False

    @get("/", guards=[organiser])
    async def plan(
        self,
        request: Request[Actor, Any, Any],
        edition_id: FromPath[int],
        q: FromQuery[str] = "",
        hall: FromQuery[str] = "",
        status: FromQuery[str] = "",
        zone: FromQuery[str] = "",
    ) -> Response[str]:
        """All halls as drawings, and the list of booths."""
        edition = await edition_by_id(edition_id)
        plans = await plans_of(edition_id)
        rows = chosen_booths(plans, q=q, hall=hall, state=status, zone=zone)
        number = request.query_params.get("page", "1")
        offset = offset_of(int(number) if number.isdecimal() else 1)
        found = Page(rows[offset : offset + PAGE_SIZE], len(rows), offset + 1, PAGE_SIZE)
        filtered = bool(q or hall or status or zone)
        return page(
            "floorplan/manage_plan.html",
            edition=edition,
            plans=[plan for plan in plans if not hall or str(plan.hall_id) == hall],
            halls=[(plan.hall_id, plan.name) for plan in plans],
            zones=[(name, name) for name in _zones(plans)],
            counts=Counter(booth.state.value for plan in plans for booth in plan.booths),
            rows=[{"plan": plan, "booth": booth} for plan, booth in found.items],
            pager=pager_of(request, found, at=f"/manage/{edition_id}/floorplan#booths"),
            dim=set() if not filtered else {booth.id for plan in plans for booth in plan.booths} - _ids(rows),
            filtered=filtered,
            q=q,
            hall=hall,
            standing=status,
            zone=zone,
            states=[(key.value, _(name)) for key, name in BOOTH_STATE_NAMES.items()],
            export=with_query(request, f"/manage/{edition_id}/floorplan/export.xlsx"),
            may_edit=request.user.has(Role.MANAGER, Role.FLOOR, edition_id=edition_id),
            may_load=request.user.has(Role.MANAGER, edition_id=edition_id),
        )

    @get("/export.xlsx", guards=[organiser])
    async def export(
        self,
        edition_id: FromPath[int],
        q: FromQuery[str] = "",
        hall: FromQuery[str] = "",
        status: FromQuery[str] = "",
        zone: FromQuery[str] = "",
    ) -> Response[bytes]:
        """The list as a sheet that can be loaded again."""
        edition = await edition_by_id(edition_id)
        own = HALLS.labels("hall", "booth", "cells", "zone", "power_watts", "price_vnd")
        headers = [*own, _("State"), _("Exhibitor")]
        rows: list[list[Cell]] = [
            [
                plan.name,
                booth.code,
                show_squares(booth.squares),
                booth.zone,
                booth.power_watts,
                Money(booth.price_minor, booth.currency),
                _(BOOTH_STATE_NAMES[booth.state]),
                booth.organisation,
            ]
            for plan, booth in chosen_booths(await plans_of(edition_id), q=q, hall=hall, state=status, zone=zone)
        ]
        return download(write_xlsx(_("Floor plan"), headers, rows), f"floorplan-{edition.slug}.xlsx")

    @get("/editor", guards=[FLOOR])
    async def editor(self, edition_id: FromPath[int], hall: FromQuery[str] = "") -> Response[str]:
        """The plan editor, and for browsers without script a form for each booth."""
        edition = await edition_by_id(edition_id)
        plans = await plans_of(edition_id)
        shown = next((plan for plan in plans if str(plan.hall_id) == hall), plans[0] if plans else None)
        return page("floorplan/editor.html", edition=edition, plans=plans, plan=shown, zones=_zones(plans))

    @get("/editor/new", guards=[FLOOR])
    async def new(self, edition_id: FromPath[int], hall: FromQuery[str] = "") -> Response[str]:
        """An empty form."""
        edition = await edition_by_id(edition_id)
        return await _form_page(edition, Form.empty(hall=hall, power_watts=0), None)

    @post("/editor/new", guards=[FLOOR])
    async def create(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[Any]:
        """Make a booth."""
        return await _save(request, await edition_by_id(edition_id), None)

    @get("/editor/{booth_id:int}", guards=[FLOOR])
    async def edit(self, edition_id: FromPath[int], booth_id: FromPath[int]) -> Response[str]:
        """The form with what is there."""
        edition = await edition_by_id(edition_id)
        plan, booth = await _find(edition_id, booth_id)
        return await _form_page(edition, _form_of(plan, booth), booth)

    @post("/editor/{booth_id:int}", guards=[FLOOR])
    async def change(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], booth_id: FromPath[int]
    ) -> Response[Any]:
        """Keep the changes."""
        _plan, booth = await _find(edition_id, booth_id)
        return await _save(request, await edition_by_id(edition_id), booth)

    @post("/editor/{booth_id:int}/delete", guards=[FLOOR])
    async def remove(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], booth_id: FromPath[int]
    ) -> Response[Any]:
        """Take a booth off the plan that nobody ever held."""
        plan, booth = await _find(edition_id, booth_id)
        await services.delete_booth(edition_id=edition_id, booth_id=booth_id, actor=request.user, now=now())
        return redirect(
            f"/manage/{edition_id}/floorplan/editor?hall={plan.hall_id}",
            toast=_("Booth {booth} is off the plan.").format(booth=booth.code),
        )


def _ids(rows: list[Row]) -> set[int]:
    return {booth.id for _plan, booth in rows}


def _zones(plans: list[Plan]) -> list[str]:
    return sorted({booth.zone for plan in plans for booth in plan.booths if booth.zone}, key=text_key)


async def _find(edition_id: int, booth_id: int) -> Row:
    for plan in await plans_of(edition_id):
        for booth in plan.booths:
            if booth.id == booth_id:
                return plan, booth
    raise BoothNotFound


def _form_of(plan: Plan, booth: PlanBooth) -> Form:
    return Form.of(
        hall=plan.hall_id,
        code=booth.code,
        cells=show_squares(booth.squares),
        zone=booth.zone,
        power_watts=booth.power_watts,
        price=typed_money(Money(booth.price_minor, booth.currency)) if booth.price_minor else "",
    )


async def _form_page(edition: EditionInfo, form: Form, booth: PlanBooth | None, *, status: int = 200) -> Response[str]:
    plans = await plans_of(edition.id)
    return page(
        "floorplan/booth_form.html",
        status=status,
        edition=edition,
        form=form,
        booth=booth,
        halls=[(plan.hall_id, plan.name) for plan in plans],
        zones=_zones(plans),
    )


async def _save(request: Request[Actor, Any, Any], edition: EditionInfo, booth: PlanBooth | None) -> Response[Any]:
    try:
        async with held("booth", booth.id if booth else None):
            reading = await open_edit(
                request,
                BoothForm,
                record=_form_of(*await _find(edition.id, booth.id)) if booth else None,
                subject=("booth", booth.id) if booth else None,
            )
            values = reading.values
            squares = []
            price = Money(0, edition.currency)
            try:
                squares = parse_squares(values.cells)
            except ValueError:
                reading.refuse("cells", _(NOT_CELLS))
            try:
                price = parse_money(values.price or "0", edition.currency)
            except TooMuchMoney:
                reading.refuse("price", _(TOO_DEAR))
            except ValueError:
                reading.refuse("price", _(NOT_AN_AMOUNT))
            if price.amount_minor > DEAREST:
                reading.refuse("price", _(TOO_DEAR))
            reading.settle()
            given: dict[str, Any] = {
                "edition_id": edition.id,
                "code": values.code,
                "squares": squares,
                "zone": values.zone,
                "power_watts": values.power_watts,
                "price_minor": price.amount_minor,
                "actor": request.user,
                "now": now(),
            }
            if booth is None:
                await services.create_booth(hall_id=values.hall, currency=edition.currency, **given)
            else:
                await services.change_booth(booth_id=booth.id, **given)
    except FormError as error:
        return await _form_page(edition, error.form, booth, status=error.status)
    except AppError as error:
        field = "code" if isinstance(error, BoothCodeTaken) else "cells"
        return await _form_page(edition, await form_again(request, {field: error.sentence()}), booth, status=422)
    return redirect(
        f"/manage/{edition.id}/floorplan/editor?hall={values.hall}",
        toast=_("Booth {booth} is saved.").format(booth=values.code),
    )

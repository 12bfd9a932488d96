"""The organiser's pages about gates: lists, gates, the phones that scan."""

from typing import Any
from urllib.parse import quote

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath, FromQuery

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.accounts.guards import requires
from app.accounts.services.devices import renew_device_invite, revoke_device
from app.events.pages import form_again
from app.events.queries import EditionInfo, edition_by_id, halls
from app.kernel.clock import now
from app.kernel.documents.qr import qr_svg
from app.kernel.editing import held, open_edit
from app.kernel.errors import NotFound
from app.kernel.forms import Form, FormError, read_form
from app.kernel.i18n import _, format_date, pick
from app.kernel.settings import settings
from app.kernel.web import page, redirect
from ticketing.checkin import queries
from ticketing.checkin.errors import (
    DayOutsideEdition,
    EntryRulesContradict,
    GateNotFound,
    ListHoursReversed,
    ListNotFound,
    NameTaken,
)
from ticketing.checkin.rules import entry_told, hours_told
from ticketing.checkin.schemas import DeviceForm, GateForm, ListForm
from ticketing.checkin.services import gates as service
from ticketing.sales.enums import PASS_KIND_NAMES
from ticketing.sales.queries import ticket_types_of
from ticketing.sales.queries_questions import questions_of


class GatesController(Controller):
    """``/manage/{id}/gates``."""

    path = "/manage/{edition_id:int}/gates"
    guards = [requires(Role.MANAGER, Role.GATE_LEAD)]
    include_in_schema = False

    @get("/")
    async def overview(self, edition_id: FromPath[int]) -> Response[str]:
        """Lists, gates and phones of an edition."""
        edition = await edition_by_id(edition_id)
        return page(
            "checkin/manage_gates.html",
            edition=edition,
            lists=[
                {**row, "hours": hours_told(rules, edition.timezone), "entry": entry_told(rules)}
                for row, rules in ((row, queries.rules_in(row)) for row in await queries.lists_of(edition_id))
            ],
            types=dict(await _types(edition_id)),
            gates=await queries.gates_of(edition_id),
            phones=await queries.devices_of(edition_id),
            kinds={kind.value: _(name) for kind, name in PASS_KIND_NAMES.items()},
            present=now(),
        )

    @get("/lists/new")
    async def new_list(self, edition_id: FromPath[int]) -> Response[str]:
        """An empty form of a list."""
        return await _list_page(await edition_by_id(edition_id), Form.empty(active="on"), None)

    @post("/lists/new")
    async def create_list(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[Any]:
        """Add a list."""
        return await _save_list(request, await edition_by_id(edition_id), None)

    @get("/lists/{list_id:int}")
    async def edit_list(self, edition_id: FromPath[int], list_id: FromPath[int]) -> Response[str]:
        """The form of a list with what is there."""
        row = await _list(edition_id, list_id)
        edition = await edition_by_id(edition_id)
        return await _list_page(edition, _form_of_list(row, edition), row)

    @post("/lists/{list_id:int}")
    async def update_list(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], list_id: FromPath[int]
    ) -> Response[Any]:
        """Change a list."""
        return await _save_list(request, await edition_by_id(edition_id), await _list(edition_id, list_id))

    @get("/new")
    async def new_gate(self, edition_id: FromPath[int]) -> Response[Any]:
        """An empty form of a gate; a list has to be there first."""
        lists = await queries.lists_of(edition_id)
        if not lists:
            return redirect(f"/manage/{edition_id}/gates/lists/new")
        return await _gate_page(await edition_by_id(edition_id), Form.empty(check_in_list=lists[0]["id"]), None)

    @post("/new")
    async def create_gate(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[Any]:
        """Add a gate."""
        return await _save_gate(request, await edition_by_id(edition_id), None)

    @get("/{gate_id:int}")
    async def edit_gate(self, edition_id: FromPath[int], gate_id: FromPath[int]) -> Response[str]:
        """The form of a gate with what is there."""
        row = await _gate(edition_id, gate_id)
        return await _gate_page(await edition_by_id(edition_id), _form_of_gate(row), row)

    @post("/{gate_id:int}")
    async def update_gate(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], gate_id: FromPath[int]
    ) -> Response[Any]:
        """Change a gate."""
        return await _save_gate(request, await edition_by_id(edition_id), await _gate(edition_id, gate_id))

    @get("/phones/new")
    async def new_phone(self, edition_id: FromPath[int], gate: FromQuery[int | None] = None) -> Response[Any]:
        """Which gate a phone shall scan for."""
        known = await queries.gates_of(edition_id)
        if not known:
            return redirect(f"/manage/{edition_id}/gates/new")
        form = Form.empty(gate=gate or known[0]["id"])
        return await _phone_page(await edition_by_id(edition_id), form)

    @post("/phones/new")
    async def invite_phone(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[Any]:
        """Make a card that binds one phone."""
        edition = await edition_by_id(edition_id)
        try:
            values = await read_form(request, DeviceForm)
            device_id, address = await service.invite_phone(
                edition_id=edition_id,
                gate_id=values.gate,
                label=values.label,
                may_search=values.may_search,
                actor=request.user,
                now=now(),
            )
        except FormError as error:
            return await _phone_page(edition, error.form, status=422)
        return redirect(card_path(edition_id, device_id, address))

    @get("/phones/{device_id:int}")
    async def card(
        self, edition_id: FromPath[int], device_id: FromPath[int], card: FromQuery[str] = ""
    ) -> Response[str]:
        """The card of a phone that is not bound yet, as a QR code; ``card`` is the one-time token just made."""
        phone = await phone_of(edition_id, device_id)
        address = f"{settings().base_url}/invite/{card}" if card else ""
        return page(
            "checkin/manage_phone.html",
            headers={"cache-control": "private, no-store"},
            edition=await edition_by_id(edition_id),
            phone=phone,
            qr=qr_svg(address, label=_("Card that binds a phone")) if address and not phone["paired_at"] else None,
            address=address,
        )

    @post("/phones/{device_id:int}/card")
    async def renew_card(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], device_id: FromPath[int]
    ) -> Response[Any]:
        """Make a new card; the phone that was bound loses its binding."""
        await phone_of(edition_id, device_id)
        address = await renew_device_invite(device_id=device_id, actor=request.user, now=now(), days=2)
        return redirect(card_path(edition_id, device_id, address))

    @post("/phones/{device_id:int}/revoke")
    async def revoke(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], device_id: FromPath[int]
    ) -> Response[Any]:
        """Shut a phone out."""
        await phone_of(edition_id, device_id)
        await revoke_device(device_id=device_id, actor=request.user, now=now())
        return redirect(f"/manage/{edition_id}/gates", toast=_("The phone was withdrawn: it scans no more."))


def card_path(edition_id: int, device_id: int, address: str) -> str:
    """Where the card of a phone is shown, with the one-time token just made."""
    return f"/manage/{edition_id}/gates/phones/{device_id}?card={quote(address.rpartition('/')[2])}"


async def _types(edition_id: int) -> list[tuple[int, str]]:
    return [(row["id"], pick(row["name"])) for row in await ticket_types_of(edition_id)]


async def _list(edition_id: int, list_id: int) -> dict[str, Any]:
    for row in await queries.lists_of(edition_id):
        if row["id"] == list_id:
            return row
    raise ListNotFound


async def _gate(edition_id: int, gate_id: int) -> dict[str, Any]:
    for row in await queries.gates_of(edition_id):
        if row["id"] == gate_id:
            return row
    raise GateNotFound


async def phone_of(edition_id: int, device_id: int) -> dict[str, Any]:
    """A phone of the edition that was not withdrawn. Raises NotFound."""
    for row in await queries.devices_of(edition_id):
        if row["id"] == device_id:
            return row
    raise NotFound


async def _list_page(
    edition: EditionInfo, form: Form, row: dict[str, Any] | None, *, status: int = 200
) -> Response[str]:
    return page(
        "checkin/manage_list.html",
        status=status,
        edition=edition,
        form=form,
        row=row,
        is_first=not await queries.lists_of(edition.id),
        kinds=[(kind.value, _(name)) for kind, name in PASS_KIND_NAMES.items()],
        types=await _types(edition.id),
        questions=[(one.id, pick(one.wording)) for one in await questions_of(edition.id) if one.active],
        days=[("", _("Every day")), *((str(day), format_date(day, weekday=True)) for day in edition.days)],
    )


def _form_of_list(row: dict[str, Any], edition: EditionInfo) -> Form:
    times = {name: row[name].astimezone(edition.zone) if row[name] else None for name in ("opens_at", "closes_at")}
    return Form.of(
        name=row["name"],
        pass_kinds=row["pass_kinds"],
        active="on" if row["active"] else "",
        exits="on" if row["exits"] else "",
        area=row["area"],
        day=row["day"],
        opens_daily=row["opens_daily"],
        closes_daily=row["closes_daily"],
        ticket_types=row["ticket_types"],
        questions=row["questions"],
        once="on" if row["once"] else "",
        entries_a_day=row["entries_a_day"],
        again_after=row["again_after"],
        capacity=row["capacity"],
        **times,
        **{f"note_{code}": (row["note"] or {}).get(code, "") for code in ("vi", "id", "en")},
    )


def _form_of_gate(row: dict[str, Any]) -> Form:
    return Form.of(name=row["name"], check_in_list=row["list_id"], hall=row["hall_id"])


async def _save_list(
    request: Request[Actor, Any, Any], edition: EditionInfo, row: dict[str, Any] | None
) -> Response[Any]:
    try:
        list_id = row["id"] if row else None
        # A change of a list holds its edition first, and so does whoever cancels that: so this does too.
        async with held("edition", edition.id, alone=False), held("check_in_list", list_id):
            record = _form_of_list(await _list(edition.id, list_id), edition) if list_id else None
            subject = ("check_in_list", list_id) if list_id else None
            reading = await open_edit(request, ListForm, record=record, subject=subject, tz=edition.timezone)
            values = reading.settle()
            given: dict[str, Any] = {
                "edition_id": edition.id,
                "name": values.name,
                "pass_kinds": values.pass_kinds,
                "active": values.active,
                "exits": values.exits,
                "rules": values.rules,
                "actor": request.user,
                "now": now(),
            }
            if list_id is None:
                await service.create_list(**given)
            else:
                await service.update_list(list_id=list_id, **given)
    except FormError as error:
        return await _list_page(edition, error.form, row, status=error.status)
    except NameTaken as error:
        return await _list_page(edition, await form_again(request, {"name": error.sentence()}), row, status=409)
    except ListHoursReversed as error:
        return await _list_page(edition, await form_again(request, {"closes_at": error.sentence()}), row, status=422)
    except DayOutsideEdition as error:
        return await _list_page(edition, await form_again(request, {"day": error.sentence()}), row, status=422)
    except EntryRulesContradict as error:
        return await _list_page(edition, await form_again(request, {"once": error.sentence()}), row, status=422)
    return redirect(f"/manage/{edition.id}/gates", toast=_("Saved."))


async def _gate_page(
    edition: EditionInfo, form: Form, row: dict[str, Any] | None, *, status: int = 200
) -> Response[str]:
    return page(
        "checkin/manage_gate.html",
        status=status,
        edition=edition,
        form=form,
        row=row,
        is_first=not await queries.gates_of(edition.id),
        lists=[(entry["id"], entry["name"]) for entry in await queries.lists_of(edition.id)],
        halls=[("", _("None")), *((hall["id"], hall["name"]) for hall in await halls(edition.id))],
    )


async def _save_gate(
    request: Request[Actor, Any, Any], edition: EditionInfo, row: dict[str, Any] | None
) -> Response[Any]:
    try:
        gate_id = row["id"] if row else None
        async with held("gate", gate_id):
            record = _form_of_gate(await _gate(edition.id, gate_id)) if gate_id else None
            subject = ("gate", gate_id) if gate_id else None
            values = (await open_edit(request, GateForm, record=record, subject=subject)).settle()
            known = {hall["id"] for hall in await halls(edition.id)}
            given: dict[str, Any] = {
                "edition_id": edition.id,
                "name": values.name,
                "list_id": values.check_in_list,
                "hall_id": values.hall if values.hall in known else None,
                "actor": request.user,
                "now": now(),
            }
            if gate_id is None:
                await service.create_gate(**given)
            else:
                await service.update_gate(gate_id=gate_id, **given)
    except FormError as error:
        return await _gate_page(edition, error.form, row, status=error.status)
    except NameTaken as error:
        return await _gate_page(edition, await form_again(request, {"name": error.sentence()}), row, status=409)
    return redirect(f"/manage/{edition.id}/gates", toast=_("Saved."))


async def _phone_page(edition: EditionInfo, form: Form, *, status: int = 200) -> Response[str]:
    return page(
        "checkin/manage_phone_new.html",
        status=status,
        edition=edition,
        form=form,
        gates=[(gate["id"], gate["name"]) for gate in await queries.gates_of(edition.id)],
    )

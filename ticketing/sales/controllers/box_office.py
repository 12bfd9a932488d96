"""The box office: type, count, paid, print."""

from collections import Counter
from typing import Any
from urllib.parse import urlencode

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath, FromQuery

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.accounts.guards import requires
from app.events.enums import PassState
from app.events.pages import form_again
from app.events.passes.codec import qr_text
from app.events.queries import EditionInfo, edition_by_id
from app.events.typed_codes import show_code
from app.kernel.clock import now
from app.kernel.documents.qr import qr_svg
from app.kernel.forms import Form, FormError, read_form
from app.kernel.i18n import _, format_number, pick
from app.kernel.money import Money, decimals, format_money
from app.kernel.security import new_token
from app.kernel.settings import settings
from app.kernel.web import page, redirect
from app.payments.enums import METHOD_NAMES, CounterMethod, PaymentMethod, Settlement
from app.payments.errors import DrawerNeeded
from app.payments.queries import document_by_id
from app.payments.queries_drawers import lacks_drawer
from app.payments.services.late_parts import to_pay
from ticketing.sales import queries
from ticketing.sales.enums import ORDER_STATE_NAMES, OrderChannel, OrderState
from ticketing.sales.errors import DueChanged, OrderNotFound, SoldOut, TooManyTickets
from ticketing.sales.schemas import MOST_AT_BOX_OFFICE, BoxOfficeForm, CounterPaidForm
from ticketing.sales.services.orders import sell_at_box_office
from ticketing.sales.services.paying import pay_order


class BoxOfficeController(Controller):
    """``/manage/{id}/box-office``."""

    path = "/manage/{edition_id:int}/box-office"
    guards = [requires(Role.MANAGER, Role.FINANCE, Role.GATE_LEAD)]
    include_in_schema = False

    @get("/")
    async def form(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[str]:
        """What is sold, to how many."""
        return await _counter(await edition_by_id(edition_id), request.user, _first_form())

    @post("/")
    async def sell(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[Any]:
        """Take the money and make the passes."""
        edition = await edition_by_id(edition_id)
        try:
            values = await read_form(request, BoxOfficeForm)
            placed = await sell_at_box_office(
                edition_id=edition_id,
                client_id=values.client_id,
                ticket_type_id=values.ticket_type,
                count=values.count,
                holder_name=values.full_name,
                method=PaymentMethod(values.method),
                note=values.slip,
                actor=request.user,
                now=now(),
            )
        except FormError as error:
            return await _counter(edition, request.user, error.form, status=422)
        except (SoldOut, TooManyTickets, DrawerNeeded) as error:
            field = "method" if isinstance(error, DrawerNeeded) else "count"
            form = await form_again(request, {field: error.sentence()})
            return await _counter(edition, request.user, form, status=error.status)
        return redirect(f"/manage/{edition_id}/box-office/{placed.order_id}")

    @get("/order")
    async def find(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], reference: FromQuery[str] = ""
    ) -> Response[Any]:
        """The order whose number somebody says at the counter."""
        edition = await edition_by_id(edition_id)
        order_id = await queries.order_id_of(reference, edition_id)
        if order_id is None:
            asked = Form({"reference": reference}, {"reference": OrderNotFound().sentence()})
            return await _counter(edition, request.user, _first_form(), asked=asked, status=422)
        return redirect(_address(edition_id, await _order_said(order_id, edition_id, reference)))

    @post("/{order_id:int}/paid")
    async def paid(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], order_id: FromPath[int]
    ) -> Response[Any]:
        """Take the money of an order that was placed before, and make its passes."""
        said = await read_form(request, CounterPaidForm)
        order = await _order_said(order_id, edition_id, said.reference)
        try:
            outcome = await pay_order(
                order_id=order_id,
                edition_id=edition_id,
                method=PaymentMethod(said.method),
                note=said.slip,
                shown_minor=said.due,
                actor=request.user,
                now=now(),
            )
        except (DrawerNeeded, DueChanged) as error:
            form = await form_again(request, {"method": error.sentence()})
            return await _passes_page(await edition_by_id(edition_id), order, request.user, form, status=error.status)
        toast = _("The tickets are gone: this money has to go back.") if outcome == Settlement.REFUND else ""
        return redirect(_address(edition_id, order), toast=toast)

    @get("/{order_id:int}")
    async def passes(
        self,
        request: Request[Actor, Any, Any],
        edition_id: FromPath[int],
        order_id: FromPath[int],
        reference: FromQuery[str] = "",
    ) -> Response[str]:
        """The passes of a sale, or of an order that was placed before, to be printed once it is paid."""
        edition = await edition_by_id(edition_id)
        order = await _order_said(order_id, edition_id, reference)
        return await _passes_page(edition, order, request.user, Form.empty(method=CounterMethod.CASH))


def _first_form() -> Form:
    return Form.empty(client_id=new_token(), count=1, method=CounterMethod.CASH)


def _methods() -> list[tuple[str, str]]:
    return [(one.value, _(METHOD_NAMES[PaymentMethod(one)])) for one in CounterMethod]


async def _passes_page(
    edition: EditionInfo, order: dict[str, Any], actor: Actor, form: Form, *, status: int = 200
) -> Response[str]:
    found = await queries.tickets_of_order(order["id"])
    tickets = [
        {
            **ticket,
            "qr": qr_svg(qr_text(ticket["pass_code"], settings().base_url)),
            "typed": show_code(ticket["short_code"]),
        }
        for ticket in found
        if ticket["pass_state"] == PassState.ISSUED
    ]
    document = await document_by_id(order["payment_document"]) if order["payment_document"] else None
    total = Money(order["total_minor"], order["currency"])
    return page(
        "sales/box_office_passes.html",
        status=status,
        headers={"cache-control": "private, no-store"},
        edition=edition,
        order=order,
        total=total,
        due=await to_pay(document) if document else total,
        places=decimals(total.currency),
        tickets=tickets,
        state_name=_(ORDER_STATE_NAMES[order["state"]]),
        counts=Counter(pick(ticket["type_name"]) for ticket in found),
        form=form,
        methods=_methods(),
        lacks_drawer=order["state"] != OrderState.CONFIRMED and await lacks_drawer(edition.id, actor.person_id),
    )


async def _order_said(order_id: int, edition_id: int, reference: str) -> dict[str, Any]:
    """An order that was sold at the counter, or whose number somebody said there: ids can be counted up.

    Raises OrderNotFound, whether there is no such order or this is not its number.
    """
    order = await queries.order_by_id(order_id, edition_id)
    if order is None or (
        order["channel"] != OrderChannel.BOX_OFFICE and order["reference"] != queries.as_stored(reference)
    ):
        raise OrderNotFound
    return order


def _address(edition_id: int, order: dict[str, Any]) -> str:
    """Where an order is shown, with its number."""
    return f"/manage/{edition_id}/box-office/{order['id']}?{urlencode({'reference': order['reference']})}"


async def _counter(
    edition: EditionInfo, actor: Actor, form: Form, *, asked: Form | None = None, status: int = 200
) -> Response[str]:
    types: list[tuple[int, str, str]] = []
    prices: dict[int, int] = {}
    for row in await queries.ticket_types_of(edition.id):
        if row["left"] and (row["last_day"] or edition.ends_on) >= edition.today(now()):
            price = Money(row["price_minor"], row["currency"])
            shown = format_money(price) if row["price_minor"] else _("Free of charge")
            days = queries.days_of(edition, row)
            prices[row["id"]] = row["price_minor"]
            types.append(
                (
                    row["id"],
                    f"{len(types) + 1} · {pick(row['name'])}",
                    " · ".join(filter(None, (days, shown, _("{left} left").format(left=format_number(row["left"]))))),
                )
            )
    if types and not form.value("ticket_type"):
        form.values["ticket_type"] = types[0][0]
    return page(
        "sales/box_office.html",
        status=status,
        edition=edition,
        form=form,
        asked=asked or Form.empty(),
        types=types,
        prices=prices,
        places=decimals(edition.currency),
        methods=_methods(),
        lacks_drawer=await lacks_drawer(edition.id, actor.person_id),
        most=MOST_AT_BOX_OFFICE,
        last=await queries.last_box_office_sales(edition.id),
    )

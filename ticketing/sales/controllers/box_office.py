"""The box office: types, how many of each, paid, print."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath, FromQuery

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.accounts.guards import requires
from app.events.enums import PassState
from app.events.pages import download, form_again
from app.events.passes.codec import qr_text
from app.events.queries import EditionInfo, edition_by_id
from app.events.typed_codes import show_code
from app.kernel.clock import now
from app.kernel.documents.qr import qr_svg
from app.kernel.forms import NOT_WHOLE, Form, FormError, Reading, open_form, posted_by
from app.kernel.i18n import _, format_number, pick
from app.kernel.money import Money, decimals, format_money, parse_money
from app.kernel.security import new_token
from app.kernel.settings import settings
from app.kernel.web import page, redirect
from app.payments.enums import METHOD_NAMES, CounterMethod, PaymentMethod, Settlement
from app.payments.errors import DrawerNeeded
from app.payments.papers import invoice_pdf
from app.payments.queries import document_by_id
from app.payments.queries_drawers import lacks_drawer
from app.payments.schemas import want_number, why_no_amount
from app.payments.services.late_parts import to_pay
from ticketing.sales import queries
from ticketing.sales.controllers.donations import TYPED, check_amounts, prices_said, with_amounts
from ticketing.sales.enums import ORDER_STATE_NAMES, OrderChannel, OrderState
from ticketing.sales.errors import (
    AmountUnfit,
    CashLacks,
    DueChanged,
    NothingChosen,
    OrderIdTaken,
    OrderNotFound,
    SoldOut,
    TooManyTickets,
)
from ticketing.sales.schemas import BoxOfficeForm, CounterPaidForm
from ticketing.sales.services.orders import sell_at_box_office
from ticketing.sales.services.paying import pay_order

#: How many of a ticket type: the name of its field, and that of all of them together.
TYPE_FIELD = re.compile(r"^n-([0-9]{1,9})$")
COUNTS = "counts"
#: Such a field and its number, one after the other, in an address.
ASKED_FIELD = re.compile(r"^n-[0-9]{1,9}=[0-9]{1,2}$")
#: An amount in minor units in an address.
MINOR = re.compile(r"^[0-9]{1,15}$")


class BoxOfficeController(Controller):
    """``/manage/{id}/box-office``."""

    path = "/manage/{edition_id:int}/box-office"
    guards = [requires(Role.MANAGER, Role.FINANCE, Role.GATE_LEAD)]
    include_in_schema = False

    @get("/")
    async def form(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[str]:
        """What is sold, to how many: nothing yet, or what the address says, such as the same as in the last sale."""
        form = _first_form()
        form.values.update(
            {key: value for key, value in request.query_params.items() if ASKED_FIELD.match(f"{key}={value}")}
        )
        return await _counter(await edition_by_id(edition_id), request.user, form)

    @post("/")
    async def sell(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[Any]:
        """Take the money and make the passes."""
        edition = await edition_by_id(edition_id)
        try:
            reading = await open_form(request, BoxOfficeForm)
            posted = await posted_by(request)
            counts = _counts(posted, reading)
            said = await _prices(edition_id, posted, counts)
            given = _cash(reading.values.given, reading.values.method, edition.currency, reading)
            price = await queries.price_of(edition_id, counts, said, edition.currency)
            if price.amount_minor:
                want_number(reading, "slip", reading.values.method)
            values = reading.settle()
            change = _change(given, price)
            placed = await sell_at_box_office(
                edition_id=edition_id,
                client_id=values.client_id,
                counts=counts,
                prices=said,
                holder_name=values.full_name,
                method=PaymentMethod(values.method),
                note=values.slip,
                actor=request.user,
                now=now(),
            )
        except FormError as error:
            return await _counter(edition, request.user, await form_again(request, error.form.errors), status=422)
        except (AmountUnfit, NothingChosen, SoldOut, TooManyTickets, DrawerNeeded, CashLacks) as error:
            field = {DrawerNeeded: "method", CashLacks: "given"}.get(type(error), COUNTS)
            form = await form_again(request, {field: error.sentence()})
            return await _counter(edition, request.user, form, status=error.status)
        except OrderIdTaken as error:
            form = await form_again(request, {COUNTS: error.sentence()})
            form.values["client_id"] = new_token()  # sent once more it is another sale
            return await _counter(edition, request.user, form, status=error.status)
        asked = {**change, "already": 1} if placed.replayed else change
        return redirect(f"/manage/{edition_id}/box-office/{placed.order_id}{f'?{urlencode(asked)}' if asked else ''}")

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
        reading = await open_form(request, CounterPaidForm)
        said = reading.values
        order = await _order_said(order_id, edition_id, said.reference)
        try:
            given = _cash(said.given, said.method, order["currency"], reading)
            want_number(reading, "slip", said.method)
            reading.settle()
            change = _change(given, Money(said.due, order["currency"]))
            outcome = await pay_order(
                order_id=order_id,
                edition_id=edition_id,
                method=PaymentMethod(said.method),
                note=said.slip,
                shown_minor=said.due,
                actor=request.user,
                now=now(),
            )
        except FormError as error:
            form = await form_again(request, error.form.errors)
            return await _passes_page(await edition_by_id(edition_id), order, request.user, form, status=422)
        except (DrawerNeeded, DueChanged, CashLacks) as error:
            field = "given" if isinstance(error, CashLacks) else "method"
            form = await form_again(request, {field: error.sentence()})
            return await _passes_page(await edition_by_id(edition_id), order, request.user, form, status=error.status)
        toast = _("The tickets are gone: this money has to go back.") if outcome == Settlement.REFUND else ""
        return redirect(_address(edition_id, order, **({} if toast else change)), toast=toast)

    @get("/{order_id:int}/invoice.pdf")
    async def invoice(
        self, edition_id: FromPath[int], order_id: FromPath[int], reference: FromQuery[str] = ""
    ) -> Response[bytes]:
        """The invoice of an order, its receipt once it is paid, for whoever asks for one at the counter."""
        order = await _order_said(order_id, edition_id, reference)
        if order["payment_document"] is None:
            raise OrderNotFound
        document = await document_by_id(order["payment_document"])
        return download(await invoice_pdf(document), f"{document.number}.pdf", "application/pdf")

    @get("/{order_id:int}")
    async def passes(
        self,
        request: Request[Actor, Any, Any],
        edition_id: FromPath[int],
        order_id: FromPath[int],
        reference: FromQuery[str] = "",
        given: FromQuery[str] = "",
        change: FromQuery[str] = "",
        already: FromQuery[str] = "",
    ) -> Response[str]:
        """The passes of a sale, or of an order that was placed before, to be printed once it is paid.

        ``given`` is the cash that was given for it just now, in minor units, and ``change`` what goes back of it.
        ``already`` is said of a sale whose form came a second time.
        """
        edition = await edition_by_id(edition_id)
        order = await _order_said(order_id, edition_id, reference)
        form = Form.empty(method=CounterMethod.CASH)
        counted = [Money(int(one), order["currency"]) for one in (given, change) if MINOR.match(one)]
        return await _passes_page(edition, order, request.user, form, counted=counted, already=bool(already))


def _first_form() -> Form:
    return Form.empty(client_id=new_token(), method=CounterMethod.CASH)


def _counts(posted: Mapping[str, list[Any]], reading: Reading[Any]) -> dict[int, int]:
    """How many of each ticket type were asked for, from fields ``n-ID``; what is no number is refused."""
    counts: dict[int, int] = {}
    for key, values in posted.items():
        if not (match := TYPE_FIELD.match(key)):
            continue
        typed = str(values[0]).strip() or "0"
        if not (typed.isascii() and typed.isdigit() and len(typed) < 4):
            reading.refuse(COUNTS, _(NOT_WHOLE))
        elif int(typed):
            counts[int(match[1])] = int(typed)
    return counts


async def _prices(edition_id: int, posted: Mapping[str, list[Any]], counts: Mapping[int, int]) -> dict[int, int]:
    """What was said of donations among the tickets, by type, in minor units. Raises AmountUnfit."""
    typed = {key: str(values[-1]) for key, values in posted.items() if key.startswith(TYPED)}
    types = [row for row in await queries.ticket_types_of(edition_id) if row["id"] in counts and row["donation"]]
    said = with_amounts(types, typed)
    check_amounts(said)
    return prices_said(said)


def _cash(typed: str, method: CounterMethod, currency: str, reading: Reading[Any]) -> Money | None:
    """The cash that somebody gave; None where it was not counted, or paid otherwise. What is no amount is refused."""
    if method != CounterMethod.CASH or not typed.strip():
        return None
    try:
        return parse_money(typed, currency)
    except ValueError as error:
        reading.refuse("given", why_no_amount(error, currency))
    return None


def _change(given: Money | None, total: Money) -> dict[str, int]:
    """What was given and what goes back of it, for the address of the sale's page. Raises CashLacks."""
    if given is None:
        return {}
    back = given.amount_minor - total.amount_minor
    if back < 0:
        raise CashLacks(total=total, given=given, lacks=Money(-back, total.currency))
    return {"given": given.amount_minor, "change": back}


def _methods() -> list[tuple[str, str]]:
    return [(one.value, _(METHOD_NAMES[PaymentMethod(one)])) for one in CounterMethod]


async def _passes_page(
    edition: EditionInfo,
    order: dict[str, Any],
    actor: Actor,
    form: Form,
    *,
    counted: Sequence[Money] = (),
    already: bool = False,
    status: int = 200,
) -> Response[str]:
    found = await queries.tickets_of_order(order["id"])
    tickets = [
        {
            **ticket,
            "qr": qr_svg(qr_text(ticket["pass_code"], settings().base_url)),
            "typed": show_code(ticket["short_code"]),
        }
        for ticket in found
        if ticket["pass_state"] == PassState.ISSUED and ticket["is_hers"]
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
        counted=counted if len(counted) == 2 else (),
        same=urlencode({f"n-{kind}": number for kind, number in (await queries.counts_of_order(order["id"])).items()})
        if already
        else "",
        due=await to_pay(document) if document else total,
        places=decimals(total.currency),
        tickets=tickets,
        state_name=_(ORDER_STATE_NAMES[order["state"]]),
        counts=Counter(
            pick(ticket["type_name"]) for ticket in found if ticket["is_hers"] or order["state"] == OrderState.CANCELLED
        ),
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


def _address(edition_id: int, order: dict[str, Any], **counted: int) -> str:
    """Where an order is shown, with its number, and the cash that was counted for it."""
    asked = urlencode({"reference": order["reference"], **counted})
    return f"/manage/{edition_id}/box-office/{order['id']}?{asked}"


async def _counter(
    edition: EditionInfo, actor: Actor, form: Form, *, asked: Form | None = None, status: int = 200
) -> Response[str]:
    types: list[dict[str, Any]] = []
    prices: dict[int, int | None] = {}
    for row in await queries.ticket_types_of(edition.id):
        field = f"n-{row['id']}"
        there = row["left"] or form.value(field) not in ("", "0")  # what was asked for does not go without a word
        if there and (row["last_day"] or edition.ends_on) >= edition.today(now()):
            price = Money(row["price_minor"], row["currency"])
            shown = format_money(price) if row["price_minor"] else _("Free of charge")
            if row["donation"]:
                shown = _("%(amount)s or more") % {"amount": format_money(price)}
            days = queries.days_of(edition, row)
            prices[row["id"]] = None if row["donation"] else row["price_minor"]
            left = _("{left} left").format(left=format_number(row["left"]))
            hint = " · ".join(filter(None, (days, shown, left)))
            amount = f"{TYPED}{row['id']}" if row["donation"] else ""
            types.append({"field": field, "name": pick(row["name"]), "hint": hint, "amount": amount})
    if len(types) == 1 and types[0]["field"] not in form.values:
        form.values[types[0]["field"]] = "1"
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
        last=await queries.last_box_office_sales(edition.id),
    )

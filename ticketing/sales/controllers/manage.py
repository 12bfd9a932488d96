"""The organiser's pages about tickets: types, orders."""

from typing import Any, TypedDict

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.accounts.guards import organiser, requires
from app.events.enums import PassKind
from app.events.pages import PAGE_SIZE, download, form_again, offset_of, pager_of, stretch, with_query
from app.events.queries import EditionInfo, Page, edition_by_id
from app.kernel.clock import now
from app.kernel.editing import held, open_edit
from app.kernel.errors import NotAllowed
from app.kernel.forms import Form, FormError, open_form
from app.kernel.i18n import LOCALES, N_, _, format_number, pick
from app.kernel.money import Money, parse_money, typed_money
from app.kernel.names import search_text
from app.kernel.sheets import write_xlsx
from app.kernel.web import page, redirect
from app.payments.enums import METHOD_NAMES, STATE_NAMES, CounterMethod, HandMethod, PaymentMethod, Settlement
from app.payments.errors import ToldAlready
from app.payments.queries import document_by_id, is_taxed
from app.payments.queries_drawers import lacks_drawer
from app.payments.schemas import want_number, why_no_amount
from app.payments.services.late_parts import to_pay
from ticketing.sales import queries
from ticketing.sales.controllers.donations import suggestions_in, suggestions_typed
from ticketing.sales.enums import ORDER_CHANNEL_NAMES, ORDER_STATE_NAMES, PASS_KIND_NAMES
from ticketing.sales.errors import (
    DaysOutsideEdition,
    LimitsReversed,
    OrderNotFound,
    QuotaMissing,
    QuotaTooFull,
    QuotaTooSmall,
    SalesReversed,
    TicketCodeTaken,
    UnknownTicketType,
)
from ticketing.sales.queries_own import changes_of_order
from ticketing.sales.queries_questions import answers_of_order
from ticketing.sales.queries_vouchers import vouchers_of_orders
from ticketing.sales.schemas import MOST_IN_ONE_ORDER, PaidForm, TicketTypeForm
from ticketing.sales.services import ticket_types
from ticketing.sales.services.outcomes import cancel_order
from ticketing.sales.services.paying import pay_order
from ticketing.sales.sheets import TICKET_TYPES

NOT_AN_AMOUNT = N_("Please write an amount such as 50.000, or 0.")
MOST_EXPORTED = 200_000


class _Filters(TypedDict):
    search: str
    state: str
    channel: str


#: At which field of a type's form the refusals of its service are said.
_FIELDS: dict[type[Exception], str] = {
    DaysOutsideEdition: "last_day",
    LimitsReversed: "max_per_order",
    SalesReversed: "sales_until",
    QuotaTooSmall: "quota",
    QuotaMissing: "quota",
    QuotaTooFull: "quotas",
}
SELLERS = (Role.MANAGER, Role.FINANCE)


class TicketTypeController(Controller):
    """``/manage/{id}/tickets``: what is offered."""

    path = "/manage/{edition_id:int}/tickets"
    include_in_schema = False

    @get("/", guards=[organiser])
    async def types(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[str]:
        """All ticket types with what is sold, held and left."""
        edition = await edition_by_id(edition_id)
        search = request.query_params.get("q", "")
        shown, pager = stretch(request, await _types(edition, search))
        return page(
            "sales/manage_types.html",
            edition=edition,
            types=shown,
            quotas={quota["id"]: quota["name"] for quota in await queries.quotas_of(edition_id)},
            pager=pager,
            q=search,
            export=with_query(request, f"/manage/{edition_id}/tickets/export.xlsx"),
            kinds=_kind_names(),
            may_edit=request.user.has(Role.MANAGER, edition_id=edition_id),
            may_sell=request.user.has(*SELLERS, edition_id=edition_id),
        )

    @get("/export.xlsx", guards=[organiser])
    async def export(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[bytes]:
        """The list as a sheet that can be loaded again."""
        edition = await edition_by_id(edition_id)
        names = _kind_names()
        texts = [f"{name}_{code}" for name in ("name", "description") for code in LOCALES]
        own = ("code", "kind", "price_vnd", "quota", "sales_from", "sales_until", "first_day", "last_day", *texts)
        rows = [
            [
                row["code"],
                names[row["pass_kind"]],
                row["price"],
                *(row[name] for name in own[3:8]),
                *(row[name].get(code) for name in ("name", "description") for code in LOCALES),
                row["sold"],
                row["held"],
                row["active"],
            ]
            for row in await _types(edition, request.query_params.get("q", ""))
        ]
        headers = [*TICKET_TYPES.labels(*own), _("Sold"), _("Held"), _("Offered to visitors")]
        content = write_xlsx(_("Ticket types"), headers, rows, timezone=edition.timezone)
        return download(content, f"ticket-types-{edition.slug}.xlsx")

    @get("/new", guards=[requires(Role.MANAGER)])
    async def new(self, edition_id: FromPath[int]) -> Response[str]:
        """An empty form."""
        edition = await edition_by_id(edition_id)
        form = Form.empty(price="0", pass_kind=PassKind.VISITOR, active="on")
        return await _type_page(edition, form, None)

    @post("/new", guards=[requires(Role.MANAGER)])
    async def create(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[Any]:
        """Add a ticket type."""
        return await _save(request, await edition_by_id(edition_id), None)

    @get("/{type_id:int}", guards=[requires(Role.MANAGER)])
    async def edit(self, edition_id: FromPath[int], type_id: FromPath[int]) -> Response[str]:
        """The form with what is there."""
        edition = await edition_by_id(edition_id)
        row = await _type(edition_id, type_id)
        return await _type_page(edition, _form_of(row, edition), row)

    @post("/{type_id:int}", guards=[requires(Role.MANAGER)])
    async def update(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], type_id: FromPath[int]
    ) -> Response[Any]:
        """Change a ticket type."""
        return await _save(request, await edition_by_id(edition_id), await _type(edition_id, type_id))


class OrderController(Controller):
    """``/manage/{id}/orders``: who has which tickets."""

    path = "/manage/{edition_id:int}/orders"
    guards = [requires(*SELLERS)]
    include_in_schema = False

    @get("/")
    async def orders(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[str]:
        """The list, searched and filtered."""
        edition = await edition_by_id(edition_id)
        asked = _filters(request)
        number = request.query_params.get("page", "1")
        offset = offset_of(int(number) if number.isascii() and number.isdigit() and len(number) < 7 else 1)
        rows, total = await queries.find_orders(edition_id, limit=PAGE_SIZE, offset=offset, **asked)
        return page(
            "sales/manage_orders.html",
            edition=edition,
            orders=[{**row, "total": Money(row["total_minor"], row["currency"])} for row in rows],
            pager=pager_of(request, Page(rows, total, offset + 1, PAGE_SIZE)),
            states=[(key.value, _(name)) for key, name in ORDER_STATE_NAMES.items()],
            channels=[(key.value, _(name)) for key, name in ORDER_CHANNEL_NAMES.items()],
            q=asked["search"],
            state=asked["state"],
            channel=asked["channel"],
            export=with_query(request, f"/manage/{edition_id}/orders/export.xlsx"),
        )

    @get("/export.xlsx")
    async def export(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[bytes]:
        """The list as a sheet."""
        edition = await edition_by_id(edition_id)
        rows, _total = await queries.find_orders(edition_id, limit=MOST_EXPORTED, **_filters(request))
        headers = [
            _("Order number"),
            _("Name"),
            _("Phone"),
            _("E-mail"),
            _("Tickets"),
            _("Type"),
            _("Amount"),
            _("Voucher"),
            _("State"),
            _("Ordered"),
        ]
        names = {key.value: _(name) for key, name in ORDER_STATE_NAMES.items()}
        table = [
            [
                row["reference"],
                row["full_name"] or row["holder_name"],
                row["phone"],
                row["email"],
                row["tickets"],
                row["kinds"],
                Money(row["total_minor"], row["currency"]),
                row["voucher"],
                names[row["state"]],
                row["created_at"],
            ]
            for row in rows
        ]
        content = write_xlsx(_("Orders"), headers, table, timezone=edition.timezone)
        return download(content, f"orders-{edition.slug}.xlsx")

    @get("/{order_id:int}")
    async def order(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], order_id: FromPath[int]
    ) -> Response[str]:
        """One order with its passes."""
        return await _order_page(request.user, edition_id, order_id)

    @post("/{order_id:int}/cancel")
    async def cancel(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], order_id: FromPath[int]
    ) -> Response[Any]:
        """Cancel it: places return, passes are withdrawn."""
        await cancel_order(order_id=order_id, edition_id=edition_id, actor=request.user, now=now())
        return redirect(f"/manage/{edition_id}/orders/{order_id}", toast=_("The order was cancelled."))

    @post("/{order_id:int}/paid")
    async def paid(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], order_id: FromPath[int]
    ) -> Response[Any]:
        """Record that its money came."""
        reading = await open_form(request, PaidForm)
        want_number(reading, "slip", reading.values.method)
        try:
            said = reading.settle()
        except FormError as error:
            problem = " ".join(error.form.errors.values())
            return await _order_page(request.user, edition_id, order_id, problem=problem, status=error.status)
        method = PaymentMethod(said.method)
        if method not in _methods_of(request.user, edition_id):
            raise NotAllowed
        try:
            outcome = await pay_order(
                order_id=order_id,
                edition_id=edition_id,
                method=method,
                shown_minor=said.due,
                actor=request.user,
                note=said.slip,
                another=said.another,
                now=now(),
            )
        except ToldAlready as error:
            return await _order_page(request.user, edition_id, order_id, told=error.sentence(), status=error.status)
        toast = _("Paid. The passes were made.")
        if outcome == Settlement.REPLACED:
            toast = _("Paid. The tickets were gone: equal ones were given for them, and the buyer is told.")
        elif outcome == Settlement.REFUND:
            toast = _("The tickets are gone: this money has to go back.")
        return redirect(f"/manage/{edition_id}/orders/{order_id}", toast=toast)


async def _order_page(
    actor: Actor, edition_id: int, order_id: int, *, told: str = "", problem: str = "", status: int = 200
) -> Response[str]:
    """An order; ``told`` says that the bank told of its transfer before, ``problem`` what its form lacks.

    Raises OrderNotFound.
    """
    edition = await edition_by_id(edition_id)
    order = await queries.order_by_id(order_id, edition_id)
    if order is None:
        raise OrderNotFound
    document = await document_by_id(order["payment_document"]) if order["payment_document"] else None
    total = Money(order["total_minor"], order["currency"])
    return page(
        "sales/manage_order.html",
        status=status,
        edition=edition,
        order=order,
        total=total,
        voucher=(await vouchers_of_orders([order_id])).get(order_id),
        due=await to_pay(document) if document else total,
        owed=document.owed if document and document.owed.amount_minor else None,
        tickets=await queries.tickets_of_order(order_id),
        answers=await answers_of_order(order_id, edition_id),
        changes=await changes_of_order(order_id),
        payment_state=_(STATE_NAMES[document.state]) if document else "",
        state_name=_(ORDER_STATE_NAMES[order["state"]]),
        channel_name=_(ORDER_CHANNEL_NAMES[order["channel"]]),
        lacks_drawer=await lacks_drawer(edition_id, actor.person_id),
        methods=[(one.value, _(METHOD_NAMES[one])) for one in _methods_of(actor, edition_id)],
        told=told,
        problem=problem,
    )


def _methods_of(actor: Actor, edition_id: int) -> list[PaymentMethod]:
    """How she may say that money came: that a transfer came says whoever sees the account (decision 0026)."""
    known = HandMethod if actor.has(Role.FINANCE, edition_id=edition_id) else CounterMethod
    return [PaymentMethod(one) for one in known]


def _filters(request: Request[Actor, Any, Any]) -> _Filters:
    """What the list is searched and filtered by (``state`` is no name for a handler's parameter in Litestar)."""
    asked = request.query_params
    return _Filters(search=asked.get("q", ""), state=asked.get("state", ""), channel=asked.get("channel", ""))


def _kind_names() -> dict[str, str]:
    return {kind.value: _(name) for kind, name in PASS_KIND_NAMES.items()}


async def _types(edition: EditionInfo, search: str) -> list[dict[str, Any]]:
    """Ticket types whose name or code has every word, each with its price and its days in words."""
    words = search_text(search).split()
    return [
        {**row, "price": Money(row["price_minor"], row["currency"]), "days": queries.days_of(edition, row)}
        for row in await queries.ticket_types_of(edition.id)
        if all(word in search_text(row["code"], *row["name"].values()) for word in words)
    ]


async def _type(edition_id: int, type_id: int) -> dict[str, Any]:
    for row in await queries.ticket_types_of(edition_id):
        if row["id"] == type_id:
            return row
    raise UnknownTicketType


async def _type_page(
    edition: EditionInfo, form: Form, row: dict[str, Any] | None, *, status: int = 200
) -> Response[str]:
    quotas = [
        (
            quota["id"],
            quota["name"],
            _("{left} of {places} free").format(left=format_number(quota["left"]), places=format_number(quota["size"])),
        )
        for quota in await queries.quotas_of(edition.id)
        if quota["own_of"] is None
    ]
    return page(
        "sales/manage_type.html",
        status=status,
        edition=edition,
        form=form,
        row=row,
        quotas=quotas,
        most=MOST_IN_ONE_ORDER,
        heading=pick(row["name"]) if row else _("New ticket type"),
        kinds=list(_kind_names().items()),
        taxed=await is_taxed(edition.id),
    )


def _form_of(row: dict[str, Any], edition: EditionInfo) -> Form:
    times = {name: row[name].astimezone(edition.zone) if row[name] else None for name in ("sales_from", "sales_until")}
    return Form.of(
        code=row["code"],
        price=typed_money(Money(row["price_minor"], row["currency"])),
        quota=row["quota"],
        quotas=[quota_id for quota_id in row["quotas"] if quota_id != row["own"]],
        pass_kind=row["pass_kind"],
        donation="on" if row["donation"] else "",
        suggestions=suggestions_typed(row),
        exempt_reason=row["exempt_reason"],
        min_per_order=row["min_per_order"],
        max_per_order=row["max_per_order"],
        group_most=row["group_most"],
        hidden="on" if row["hidden"] else "",
        active="on" if row["active"] else "",
        first_day=row["first_day"],
        last_day=row["last_day"],
        **times,
        **{f"name_{code}": row["name"].get(code, "") for code in ("vi", "id", "en")},
        **{f"description_{code}": (row["description"] or {}).get(code, "") for code in ("vi", "id", "en")},
    )


async def _save(request: Request[Actor, Any, Any], edition: EditionInfo, row: dict[str, Any] | None) -> Response[Any]:
    """Read the form and keep it, or show it again."""
    try:
        if row is None:
            values = await _values(request, edition, None)
            await ticket_types.create_ticket_type(edition_id=edition.id, values=values, actor=request.user, now=now())
        else:
            async with held("ticket_type", row["id"]):
                values = await _values(request, edition, await _type(edition.id, row["id"]))
                await ticket_types.update_ticket_type(
                    ticket_type_id=row["id"], edition_id=edition.id, values=values, actor=request.user, now=now()
                )
    except FormError as error:
        return await _type_page(edition, error.form, row, status=error.status)
    except TicketCodeTaken as error:
        return await _type_page(edition, await form_again(request, {"code": error.sentence()}), row, status=409)
    except (DaysOutsideEdition, LimitsReversed, SalesReversed, QuotaTooSmall, QuotaMissing, QuotaTooFull) as error:
        form = await form_again(request, {_FIELDS[type(error)]: error.sentence()})
        return await _type_page(edition, form, row, status=error.status)
    return redirect(f"/manage/{edition.id}/tickets", toast=_("Saved."))


async def _values(
    request: Request[Actor, Any, Any], edition: EditionInfo, row: dict[str, Any] | None
) -> ticket_types.TicketTypeValues:
    reading = await open_edit(
        request,
        TicketTypeForm,
        record=_form_of(row, edition) if row else None,
        subject=("ticket_type", row["id"]) if row else None,
        tz=edition.timezone,
    )
    price = Money(0, edition.currency)
    try:
        price = parse_money(reading.values.price or "0", edition.currency)
    except ValueError as error:
        reading.refuse("price", why_no_amount(error, edition.currency, _(NOT_AN_AMOUNT)))
    suggestions = suggestions_in(reading, price) if reading.values.donation else ()
    form = reading.settle()
    return ticket_types.TicketTypeValues(
        code=form.code,
        name={"vi": form.name_vi, "id": form.name_id, "en": form.name_en},
        description={"vi": form.description_vi, "id": form.description_id, "en": form.description_en},
        price_minor=price.amount_minor,
        currency=price.currency,
        quota=form.quota,
        quotas=form.quotas,
        sales_from=form.sales_from,
        sales_until=form.sales_until,
        pass_kind=form.pass_kind,
        active=form.active,
        hidden=form.hidden,
        donation=form.donation,
        suggestions=suggestions,
        exempt_reason=form.exempt_reason if form.donation else "",
        min_per_order=form.min_per_order,
        max_per_order=form.max_per_order,
        group_most=form.group_most,
        first_day=form.first_day,
        last_day=form.last_day,
    )

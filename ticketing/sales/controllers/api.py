"""The JSON API of tickets and orders."""

import re

from litestar import Controller, get, post
from litestar.params import FromPath, JSONBody

from app.accounts.guards import public
from app.events.passes.services import secret_of
from app.events.queries import EditionInfo, edition_by_id
from app.kernel.clock import now
from app.kernel.errors import Invalid
from app.kernel.forms import REQUIRED
from app.kernel.i18n import LOCALES, N_, _
from app.kernel.names import clean_name, normalise_email, normalise_phone
from app.kernel.security import hash_token
from app.kernel.settings import settings
from ticketing.sales import queries
from ticketing.sales.enums import OrderState
from ticketing.sales.errors import OrderNotFound, UnknownTicketType
from ticketing.sales.queries_questions import questions_by_type
from ticketing.sales.queries_vouchers import vouchers_of_orders
from ticketing.sales.schemas import MOST_IN_ONE_ORDER, OrderAnswer, OrderRequest, TicketAnswer, TicketTypeAnswer
from ticketing.sales.schemas_questions import AskedDTO
from ticketing.sales.schemas_vouchers import VoucherAnswer, VoucherPrice
from ticketing.sales.services.answers import NOT_A_PHONE, Answers
from ticketing.sales.services.orders import place_order
from ticketing.sales.services.placing import Placed, placed_of
from ticketing.sales.services.redeeming import code_of, look_up

ONE_PRICE = N_("All tickets of one kind in an order have one price.")
NUMBER = re.compile(r"^[0-9]{1,9}$")
NOT_A_MAIL = N_("This is no e-mail address. It looks like name@example.vn.")


class TicketApi(Controller):
    """``/api/v1/editions/{slug}/ticket-types`` and ``…/orders``."""

    path = "/api/v1"
    guards = [public]
    tags = ["Tickets"]

    @get("/editions/{slug:str}/ticket-types", summary="Ticket types that can be had")
    async def types(self, slug: FromPath[str]) -> list[TicketTypeAnswer]:
        """Those on sale now or later, with how many are left."""
        edition = await queries.edition_with_tickets(slug)
        types = await queries.ticket_types_on_sale(edition, now())
        questions = await questions_by_type(row["id"] for row in types)
        return [
            TicketTypeAnswer(
                code=row["code"],
                name=row["name"],
                description=row["description"] or {},
                price_minor=row["price_minor"],
                currency=row["currency"],
                left=row["left"],
                first_day=row["first_day"] or edition.starts_on,
                last_day=row["last_day"] or edition.ends_on,
                sales_from=row["sales_from"],
                sales_until=row["sales_until"],
                min_per_order=row["min_per_order"] or 1,
                max_per_order=row["max_per_order"] or MOST_IN_ONE_ORDER,
                donation=row["donation"],
                suggested_minor=row["suggestions"],
                questions=[AskedDTO.of(question) for question in questions.get(row["id"], ())],
            )
            for row in types
        ]

    @get("/editions/{slug:str}/vouchers/{voucher_code:str}", summary="What a voucher does")
    async def voucher(self, slug: FromPath[str], voucher_code: FromPath[str]) -> VoucherAnswer:
        """The ticket types that it is for, hidden ones that it reveals among them, with their prices. Errors:
        ``tickets_not_open``, ``voucher_unknown``, ``voucher_over``, ``voucher_spent``, ``vouchers_slowed`` (look it up
        again after a minute)."""
        edition = await queries.edition_with_tickets(slug)
        offer = await look_up(edition_id=edition.id, code=voucher_code, browser="", now=now())
        return VoucherAnswer(
            code=offer.code,
            left=offer.left,
            valid_until=offer.valid_until,
            ticket_types=[
                VoucherPrice(
                    ticket_type=row["code"],
                    first_minor=row["first_minor"],
                    price_minor=row["price_minor"],
                    currency=row["currency"],
                )
                for row in await queries.ticket_types_on_sale(edition, now(), offer)
                if offer.covers(row["id"])
            ],
        )

    @post("/editions/{slug:str}/orders", summary="Order tickets", opt={"no_csrf": True})
    async def place(self, slug: FromPath[str], data: JSONBody[OrderRequest]) -> OrderAnswer:
        """The same ``client_id`` sent twice is one order with one answer; free ones are confirmed at once. Errors:
        ``tickets_not_open``, ``sold_out``, ``sales_closed``, ``nothing_chosen``, ``too_many_tickets``,
        ``too_many_of_type``, ``amount_unfit``, ``too_few_of_type``, ``unknown_ticket_type``, ``order_id_taken``,
        ``contact_missing``, ``voucher_unknown``, ``voucher_over``, ``voucher_spent``, ``voucher_not_for_these``,
        ``vouchers_slowed``, ``invalid`` (of an answer the field is ``q_``, the type's number, that of the ticket among
        its own, and the question's), ``edition_cancelled``, ``too_many_tries``, ``orders_slowed`` (send it again after
        a minute, under the same ``client_id``)."""
        edition = await queries.edition_with_tickets(slug)
        codes = await queries.ids_by_code(edition.id)
        counts: dict[int, int] = {}
        answers: dict[tuple[int, int], dict[int, str]] = {}
        prices: dict[int, int] = {}
        for line in data.lines:
            if line.ticket_type not in codes:
                raise UnknownTicketType
            type_id = codes[line.ticket_type]
            before = counts.get(type_id, 0)
            for number, said in enumerate(line.answers, before + 1):
                answers[type_id, number] = {int(key): text for key, text in said.items() if NUMBER.match(key)}
            counts[type_id] = before + line.count
            if line.price_minor is not None and prices.setdefault(type_id, line.price_minor) != line.price_minor:
                raise Invalid(fields={"price_minor": _(ONE_PRICE)})
        phone, email = _contact(data)
        voucher = code_of(data.voucher)
        if voucher:
            await look_up(edition_id=edition.id, code=voucher, browser="", whatever_is_left=True, now=now())
        placed = await place_order(
            edition_id=edition.id,
            client_id=data.client_id,
            counts=counts,
            full_name=clean_name(data.full_name),
            phone=phone,
            email=email,
            locale=data.locale if data.locale in LOCALES else "vi",
            answers=Answers(given=answers, region=edition.region),
            prices=prices,
            voucher=voucher,
            now=now(),
        )
        return await _answer(edition, placed)

    @get("/orders/{secret:str}", summary="An order, for whoever holds its secret")
    async def read(self, secret: FromPath[str]) -> OrderAnswer:
        """404 ``order_not_found`` for an unknown secret."""
        order = await queries.order_by_secret(hash_token(secret))
        if order is None:
            raise OrderNotFound
        return await _answer(await edition_by_id(order["edition"]), placed_of(order, secret))


def _contact(data: OrderRequest) -> tuple[str | None, str | None]:
    fields: dict[str, str] = {}
    phone = email = None
    try:
        phone = normalise_phone(data.phone) if data.phone else None
    except ValueError:
        fields["phone"] = _(NOT_A_PHONE)
    try:
        email = normalise_email(data.email) if data.email else None
    except ValueError:
        fields["email"] = _(NOT_A_MAIL)
    if not clean_name(data.full_name):
        fields["full_name"] = _(REQUIRED)
    if fields:
        raise Invalid(fields=fields)
    return phone, email


async def _answer(edition: EditionInfo, placed: Placed) -> OrderAnswer:
    base = settings().base_url
    return OrderAnswer(
        reference=placed.reference,
        state=placed.state.value,
        total_minor=placed.total.amount_minor,
        currency=placed.total.currency,
        voucher=(await vouchers_of_orders([placed.order_id])).get(placed.order_id),
        secret=placed.secret,
        url=f"{base}{edition.path}/tickets/done/{placed.secret}",
        expires_at=placed.expires_at if placed.state is OrderState.HELD else None,
        tickets=[
            TicketAnswer(
                ticket_type=ticket["type_code"],
                holder_name=ticket["holder_name"],
                pass_url=f"{base}/pass/{secret_of(ticket['secret_seed'])}" if ticket["secret_seed"] else None,
                short_code=ticket["short_code"],
            )
            for ticket in await queries.tickets_of_order(placed.order_id)
            if ticket["is_hers"]
        ],
    )

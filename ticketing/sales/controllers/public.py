"""A ticket in two steps: choose, say who it is for; then the page that shows it."""

from collections.abc import Mapping
from math import ceil
from typing import Any
from urllib.parse import urlencode

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.status_codes import HTTP_200_OK

from app.accounts.actor import Actor
from app.accounts.guards import public
from app.events.controllers.public import visible_edition
from app.events.enums import EditionState
from app.events.pages import download
from app.events.passes.attaching import address_of, counting_passes
from app.events.passes.documents import pass_pdf, passes_calendar
from app.events.passes.services import secret_of
from app.events.queries import EditionInfo, edition_by_slug
from app.kernel.clock import now
from app.kernel.errors import AppError, TooManyTries
from app.kernel.forms import Form, FormError, Reading, contact_in, open_form
from app.kernel.i18n import LOCALES, N_, _, current_locale
from app.kernel.money import Money
from app.kernel.security import hash_token, limit, new_token
from app.kernel.web import browser_of, page, redirect
from app.payments.controllers.card import leave_for_checkout
from app.payments.controllers.legal import credit_note_over, legal_download
from app.payments.controllers.payers import take_proof
from app.payments.enums import METHOD_NAMES, PaymentMethod, Settlement
from app.payments.enums_card import RefundState
from app.payments.own_invoice import own_invoice
from app.payments.papers import invoice_pdf
from app.payments.queries import DocumentInfo, document_by_id, is_taxed
from app.payments.queries_card import refunds_of
from app.payments.services.card_checkout import start_checkout
from app.payments.services.late_parts import may_be_paid, to_pay
from app.payments.tax import is_payers_tax_code, tax_code_error
from ticketing.sales import queries
from ticketing.sales.controllers.answer_fields import (
    answers_given,
    answers_in,
    asked_of_tickets,
    asked_when_ordering,
    with_answers,
)
from ticketing.sales.controllers.donations import (
    SUGGESTED,
    TYPED,
    amounts_asked,
    check_amounts,
    offered,
    prices_said,
    with_amounts,
)
from ticketing.sales.controllers.typed_voucher import NO_CODE, NO_VOUCHER, TypedVoucher, typed_voucher
from ticketing.sales.enums import ChangeState, OrderState
from ticketing.sales.errors import (
    AmountUnfit,
    NothingChosen,
    OrderNotFound,
    OrderNotOpen,
    OrdersSlowed,
    SalesClosed,
    SoldOut,
    TicketsNotOpen,
    TooFewOfType,
    TooManyOfType,
    TooManyTickets,
)
from ticketing.sales.queries_own import (
    bills_of,
    changeable,
    changes_of_order,
    may_be_dearer,
    offers_of_tickets,
    rules_of,
)
from ticketing.sales.queries_vouchers import has_vouchers, vouchers_of_orders
from ticketing.sales.schemas import MOST_IN_ONE_ORDER, BuyerForm
from ticketing.sales.services.messages import is_told_of_tickets
from ticketing.sales.services.orders import place_order
from ticketing.sales.services.placing import BilledTo

#: What step two asks for, kept while other tickets are chosen.
NAMED = ("full_name", "contact", "locale", "bill_name", "bill_address", "bill_tax_code")
#: With what the names of fields begin that say what is chosen; and those of answers.
CHOSEN = ("n-", TYPED, SUGGESTED)
ANSWER = "q_"
NO_NAME = N_("Please write the name that shall stand on the invoice.")
NO_TAX_CODE = N_("This is no tax code. Please write its digits as they stand on your tax papers.")


class TicketController(Controller):
    """``/e/{slug}/tickets``."""

    path = "/e/{slug:str}/tickets"
    guards = [public]
    include_in_schema = False

    @get("/")
    async def choose(self, request: Request[Actor, Any, Any], slug: FromPath[str]) -> Response[str]:
        """Step one: which tickets, how many. Organisers see it before the edition is open."""
        edition = await visible_edition(slug, request.user)
        if edition.state != EditionState.DRAFT:
            try:
                edition = await queries.edition_with_tickets(slug)
            except TicketsNotOpen as error:
                return await _choose_page(edition, [], status=error.status)
        asked = dict(request.query_params.items())
        voucher = await typed_voucher(request, edition, asked.get("voucher", ""))
        return await _choose_page(edition, await _chosen(edition, asked, voucher), voucher.problem, voucher=voucher)

    @get("/order")
    async def buyer(self, request: Request[Any, Any, Any], slug: FromPath[str]) -> Response[str]:
        """Step two: who they are for."""
        edition = await queries.edition_with_tickets(slug)
        asked = dict(request.query_params.items())
        voucher = await typed_voucher(request, edition, asked.get("voucher", ""))
        chosen = await _chosen(edition, asked, voucher)
        try:
            _check(chosen, voucher)
        except AppError as error:
            return await _choose_page(edition, chosen, error, voucher=voucher)
        user = request.user
        form = Form.empty(client_id=new_token(), locale=current_locale(), full_name=user.full_name if user else "")
        return await _buyer_page(edition, chosen, form, voucher)

    @post("/order")
    async def place(self, request: Request[Any, Any, Any], slug: FromPath[str]) -> Response[Any]:
        """Place the order; sent twice it is one order. With ``again`` other tickets were chosen for who was named."""
        edition = await queries.edition_with_tickets(slug)
        data = await request.form()
        again = "again" in data
        voucher = await typed_voucher(request, edition, str(data.get("voucher", "")), at_order=not again)
        chosen = await _chosen(edition, {key: str(data[key]) for key in data if key.startswith(CHOSEN)}, voucher)
        if again:
            return await _buyer_again(edition, chosen, voucher, _named(data))
        try:
            asked = await asked_when_ordering(chosen)
            reading = await open_form(request, with_answers(BuyerForm, asked))
            answers = answers_in(reading, asked, edition.region)
            phone, email = contact_in(reading, edition.region)
            bill = billed_to(reading, edition)
            values = reading.settle()
            _check(chosen, voucher)
            placed = await place_order(
                edition_id=edition.id,
                client_id=values.client_id,
                counts={row["id"]: row["count"] for row in chosen},
                full_name=values.full_name,
                phone=phone,
                email=email,
                locale=values.locale if values.locale in LOCALES else current_locale(),
                actor=request.user,
                browser=browser_of(request),
                billed_to=bill,
                answers=answers_given(answers, edition.region),
                prices=prices_said(chosen),
                voucher=voucher.code,
                now=now(),
            )
        except FormError as error:
            return await _buyer_page(edition, chosen, error.form, voucher, status=422)
        except (OrdersSlowed, TooManyTries) as error:
            slowed = Form(msgspec.to_builtins(values), {"contact": error.sentence()})
            return await _buyer_page(edition, chosen, slowed, voucher, status=error.status)
        except (
            *(AmountUnfit, SoldOut, SalesClosed, NothingChosen, TooManyTickets, TooManyOfType, TooFewOfType),
            *NO_VOUCHER,
        ) as error:
            return await _choose_page(edition, chosen, error, _named(reading.form.values), voucher=voucher)
        return redirect(f"{edition.path}/tickets/done/{placed.secret}")

    @get("/done/{secret:str}/invoice.pdf")
    async def invoice(
        self, slug: FromPath[str], secret: FromPath[str], note: FromQuery[int | None] = None
    ) -> Response[bytes]:
        """The order's invoice, its receipt once it is paid, or a credit note over it, for whoever holds its link."""
        document = await _document_of(slug, secret)
        if note is not None:
            document = await credit_note_over(document, note)
        await limit(f"document-pdf:{document.id}", times=20, seconds=3600, now=now())
        return download(await invoice_pdf(document), f"{document.number}.pdf", "application/pdf")

    @get(["/done/{secret:str}/e-invoice.pdf", "/done/{secret:str}/e-invoice.xml"])
    async def e_invoice(
        self,
        request: Request[Any, Any, Any],
        slug: FromPath[str],
        secret: FromPath[str],
        note: FromQuery[int | None] = None,
    ) -> Response[bytes]:
        """The file of its legal e-invoice, or of a credit note's, for whoever holds its link.

        Raises LegalFileNotFound.
        """
        return await legal_download(await _document_of(slug, secret), request.url.path, note)

    @get(["/done/{secret:str}/passes.pdf", "/done/{secret:str}/passes.ics"])
    async def passes(
        self, request: Request[Any, Any, Any], slug: FromPath[str], secret: FromPath[str]
    ) -> Response[bytes]:
        """The buyer's passes that count, as one PDF or for a calendar. Raises OrderNotFound where none does."""
        edition, order = await order_of(slug, secret)
        tickets = await queries.tickets_of_order(order["id"])
        found = await counting_passes([one["pass_id"] for one in tickets if one["pass_id"] and one["is_hers"]])
        if not found:
            raise OrderNotFound
        if request.url.path.endswith(".ics"):
            calendar = await passes_calendar([(one, address_of(one)) for one in found], edition, now())
            return download(calendar.encode(), f"{edition.slug}.ics", "text/calendar")
        await limit(f"order-passes-pdf:{order['id']}", times=20, seconds=3600, now=now())
        return download(await pass_pdf(found, edition), f"{order['reference']}.pdf", "application/pdf")

    @get("/done/{secret:str}")
    async def done(self, slug: FromPath[str], secret: FromPath[str]) -> Response[str]:
        """The order, for whoever holds its link: the passes, or how to pay."""
        edition, order = await order_of(slug, secret)
        return await _order_page(edition, order, secret, Form.empty())

    @post("/done/{secret:str}/proof")
    async def prove(
        self, request: Request[Actor, Any, Any], slug: FromPath[str], secret: FromPath[str]
    ) -> Response[Any]:
        """Show that the transfer was sent."""
        edition, order = await order_of(slug, secret)
        if order["payment_document"] is None:
            raise OrderNotOpen
        if wrong := await take_proof(request, order["payment_document"]):
            return await _order_page(edition, order, secret, wrong[0], status=wrong[1])
        return redirect(f"{edition.path}/tickets/done/{secret}", toast=_("The proof was sent."))

    @get(["/done/{secret:str}/card", "/done/{secret:str}/proof"])
    async def order_again(self, slug: FromPath[str], secret: FromPath[str]) -> Response[Any]:
        """Who reads this page in another language, or again, begins at her order."""
        return redirect(f"{(await edition_by_slug(slug)).path}/tickets/done/{secret}")

    @post("/done/{secret:str}/card")
    async def pay_by_card(self, slug: FromPath[str], secret: FromPath[str]) -> Response[str]:
        """Lead on to Stripe's page. Pressed again while it is open, it leads to the same one."""
        edition, order = await order_of(slug, secret)
        if order["payment_document"] is None:
            raise OrderNotOpen
        document_id = order["payment_document"]
        url = await start_checkout(document_id=document_id, locale=current_locale(), now=now())
        return await leave_for_checkout(
            edition, url, document_id=document_id, back=f"{edition.path}/tickets/done/{secret}"
        )


async def order_of(slug: str, secret: str) -> tuple[EditionInfo, dict[str, Any]]:
    """The edition and the order that a link names. Raises EditionNotFound, OrderNotFound."""
    edition = await edition_by_slug(slug)
    order = await queries.order_by_secret(hash_token(secret))
    if order is None or order["edition"] != edition.id:
        raise OrderNotFound
    return edition, order


async def _document_of(slug: str, secret: str) -> DocumentInfo:
    """The invoice of the order that a link names. Raises as :func:`order_of`, also for an order without one."""
    _edition, order = await order_of(slug, secret)
    if order["payment_document"] is None:
        raise OrderNotFound
    return await document_by_id(order["payment_document"])


async def _order_page(
    edition: EditionInfo, order: dict[str, Any], secret: str, proof_form: Form, *, status: int = 200
) -> Response[str]:
    tickets = await queries.tickets_of_order(order["id"])
    for ticket in tickets:
        is_there = ticket["secret_seed"] and ticket["is_hers"]
        ticket["path"] = f"/pass/{secret_of(ticket['secret_seed'])}" if is_there else ""
    document = await document_by_id(order["payment_document"]) if order["payment_document"] is not None else None
    invoice = await own_invoice(document, is_asked=order["state"] == OrderState.HELD) if document else None
    bills, changes = await bills_of(order), await changes_of_order(order["id"])
    went_back = [one for bill in bills for one in (await own_invoice(bill, is_asked=False)).went_back]
    refunds = [one for bill in bills for one in await refunds_of(bill.id)]
    owed = sum(bill.owed.amount_minor for bill in bills)
    total = Money(order["total_minor"], order["currency"])
    due = await to_pay(document) if document else total
    rules, present = await rules_of(edition), now()
    voucher = (await vouchers_of_orders([order["id"]])).get(order["id"])
    hers = [ticket for ticket in tickets if ticket["is_hers"]]
    return page(
        "sales/done.html",
        status=status,
        headers={"cache-control": "private, no-store"},
        edition=edition,
        order=order,
        voucher=voucher,
        total=total,
        due=due,
        minutes_left=_minutes_left(order),
        still_counts=document is not None and await may_be_paid(document),
        tickets=tickets,
        offers=await offers_of_tickets([ticket["id"] for ticket in tickets]),
        may_rename=rules.may_rename(present),
        may_answer=rules.may_answer(present) and bool(await asked_of_tickets(hers)),
        changeable=await changeable(edition, tickets, present, dearer=may_be_dearer(document))
        if rules.may_change(present) and not voucher
        else set(),
        waiting={change["order_item"]: change for change in changes if change["state"] == ChangeState.HELD},
        paid_changes=[
            change
            for change in changes
            for bill in bills
            if bill.id == change["payment_document"] and (bill.paid.amount_minor or bill.credited.amount_minor)
        ],
        may_give=rules.may_hand_over(present),
        may_cancel=rules.percent(present) is not None,
        contact=queries.half_hidden(order["contact"]),
        told=await is_told_of_tickets(order["id"]),
        refund_due=Money(owed, order["currency"]) if owed else None,
        credited=any(bill.credited.amount_minor for bill in bills),
        refunds=[one for one in refunds if one["state"] == RefundState.DONE.value],
        returned=[one for one in went_back if one.method != PaymentMethod.CARD or one.by_claim],
        method_names={method: _(name) for method, name in METHOD_NAMES.items()},
        replaced=invoice is not None and any(one.outcome == Settlement.REPLACED for one in invoice.payments),
        own=f"{edition.path}/tickets/done/{secret}",
        document=document,
        invoice=invoice,
        proof_form=proof_form,
    )


def _minutes_left(order: dict[str, Any]) -> int:
    """For how many minutes an order is still held, the last one begun counted; 0 for one held for hours, or no more."""
    left = (order["expires_at"] - now()).total_seconds() if order["expires_at"] else 0
    return ceil(left / 60) if 0 < left <= 3600 else 0


async def _chosen(edition: EditionInfo, values: dict[str, str], voucher: TypedVoucher) -> list[dict[str, Any]]:
    """The ticket types that were chosen, each with its ``count``, from fields ``n-ID``."""
    chosen = []
    for row in await queries.ticket_types_on_sale(edition, now(), voucher.offer):
        given = values.get(f"n-{row['id']}", "")
        count = int(given) if given.isascii() and given.isdigit() and len(given) < 4 else 0
        if count:
            chosen.append({**row, "count": count})
    return with_amounts(chosen, values)


def _named(values: Mapping[str, Any]) -> dict[str, str]:
    """What was said in step two, as it was typed."""
    answers = [name for name in values if name.startswith(ANSWER)]
    return {name: str(values.get(name, "")) for name in (*NAMED, *answers)}


def _check(chosen: list[dict[str, Any]], voucher: TypedVoucher) -> None:
    if voucher.problem is not None:
        raise voucher.problem
    if not chosen:
        raise NothingChosen
    if sum(row["count"] for row in chosen) > MOST_IN_ONE_ORDER:
        raise TooManyTickets(limit=MOST_IN_ONE_ORDER)
    check_amounts(chosen)


def billed_to(reading: Reading[Any], edition: EditionInfo) -> BilledTo | None:
    """Who stands on the invoice where a company was named; refuses a half of one, and a tax code that is none."""
    typed = reading.values
    code = "".join(typed.bill_tax_code.split())
    if not (typed.bill_name or typed.bill_address or code):
        return None
    if not typed.bill_name:
        reading.refuse("bill_name", _(NO_NAME))
    if code and not is_payers_tax_code(code, edition.currency):
        reading.refuse(
            "bill_tax_code", tax_code_error(code).sentence() if edition.currency == "VND" else _(NO_TAX_CODE)
        )
    return BilledTo(name=typed.bill_name, address=typed.bill_address, tax_code=code)


async def _buyer_again(
    edition: EditionInfo, chosen: list[dict[str, Any]], voucher: TypedVoucher, named: dict[str, str]
) -> Response[str]:
    """Step two for who was named before, when the tickets that she had chosen were gone."""
    try:
        _check(chosen, voucher)
    except AppError as error:
        return await _choose_page(edition, chosen, error, named, voucher=voucher)
    return await _buyer_page(edition, chosen, Form.empty(client_id=new_token(), **named), voucher)


async def _choose_page(
    edition: EditionInfo,
    chosen: list[dict[str, Any]],
    problem: AppError | None = None,
    named: Mapping[str, str] | None = None,
    *,
    voucher: TypedVoucher = NO_CODE,
    status: int = HTTP_200_OK,
) -> Response[str]:
    """Step one with what was chosen before, why it could not be had, and for whom it was.

    With a ``status`` that is none of success the event gives no tickets, and none are shown.
    """
    types = await queries.ticket_types_on_sale(edition, now(), voucher.offer) if status == HTTP_200_OK else []
    return page(
        "sales/choose.html",
        status=problem.status if problem else status,
        edition=edition,
        named=named,
        has_groups=any(row["group_most"] is not None and not row["donation"] for row in types),
        wanted={row["id"]: row["count"] for row in chosen},
        said={row["id"]: row["said"] for row in chosen if row["donation"]},
        types=[
            {
                **row,
                "most": min(row["most"], MOST_IN_ONE_ORDER),
                "price": Money(row["price_minor"], row["currency"]),
                "offered": offered(row),
                "first": Money(row["first_minor"], row["currency"]),
            }
            for row in types
        ],
        problem=problem.sentence() if problem else "",
        voucher=voucher,
        has_vouchers=status == HTTP_200_OK and await has_vouchers(edition.id),
        taxed=await is_taxed(edition.id),
    )


async def _buyer_page(
    edition: EditionInfo, chosen: list[dict[str, Any]], form: Form, voucher: TypedVoucher, *, status: int = 200
) -> Response[str]:
    total = sum(row["price_minor"] * row["count"] for row in chosen)
    return page(
        "sales/buyer.html",
        status=status,
        edition=edition,
        chosen=chosen,
        voucher=voucher,
        asked=urlencode({f"n-{row['id']}": row["count"] for row in chosen} | amounts_asked(chosen) | voucher.asked),
        amounts=amounts_asked(chosen),
        questions=await asked_when_ordering(chosen),
        total=Money(total, edition.currency),
        taxed=await is_taxed(edition.id),
        form=form,
    )

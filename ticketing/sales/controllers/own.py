"""What whoever holds an order's link does with it: other names, cancelling, the link again."""

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath

from app.accounts.guards import public
from app.events.pages import form_again
from app.events.queries import EditionInfo, edition_by_slug
from app.kernel.clock import now
from app.kernel.editing import held, open_edit
from app.kernel.errors import Invalid, TooManyTries
from app.kernel.forms import Form, FormError, Reading, contact_in, open_form
from app.kernel.i18n import N_, _, format_datetime, format_number, ngettext
from app.kernel.money import Money, format_money
from app.kernel.security import limit
from app.kernel.sheets.errors import SheetEmpty
from app.kernel.web import browser_of, page, redirect
from app.payments.enums import PaymentMethod
from app.payments.errors import DocumentNotOpen
from app.payments.queries import DocumentInfo, payments_of
from ticketing.sales import queries
from ticketing.sales.controllers.public import order_of
from ticketing.sales.enums import OrderState
from ticketing.sales.errors import ChangesOver, OrderNotOpen, RefundChanged, TooManyNames
from ticketing.sales.names_sheet import UNREAD, NamesRead, read_names
from ticketing.sales.queries_own import Rules, bills_of, rules_of
from ticketing.sales.schemas import AgainForm, CancelForm
from ticketing.sales.services.cancelling import cancel_tickets
from ticketing.sales.services.giving_back import Account, back_for
from ticketing.sales.services.outcomes import cancel_order
from ticketing.sales.services.own import hold_own
from ticketing.sales.services.renaming import rename_tickets
from ticketing.sales.services.resending import resend_order, resend_to_contact

PRIVATE = {"cache-control": "private, no-store"}
HOUR = 3600
#: So often an hour names of an order are saved: each time somebody is written to.
MOST_SAVED = 20
#: Digits of a number that no ticket has any more.
LONGEST_NUMBER = 11
WHOLE_ACCOUNT = N_("Please fill in bank, number and holder, or leave all three empty.")


class OwnOrderController(Controller):
    """``/e/{slug}/tickets/done/{secret}/…``: behind the link of an order; and ``…/again`` for who lost it."""

    path = "/e/{slug:str}/tickets"
    guards = [public]
    include_in_schema = False

    @get("/done/{secret:str}/names")
    async def names(self, slug: FromPath[str], secret: FromPath[str]) -> Response[str]:
        """The names on all tickets of the order."""
        edition, order = await order_of(slug, secret)
        if not (await rules_of(edition)).may_rename(now()):
            raise ChangesOver
        tickets = await hers(order)
        return _names_page(edition, order, secret, tickets, _names_form(tickets))

    @post("/done/{secret:str}/names")
    async def rename(
        self, request: Request[Any, Any, Any], slug: FromPath[str], secret: FromPath[str]
    ) -> Response[Any]:
        """Save them, all or none."""
        edition, order = await order_of(slug, secret)
        await limit(f"order-names:{order['id']}", times=MOST_SAVED, seconds=HOUR, now=now())
        tickets = await hers(order)
        try:
            async with held("edition", edition.id, alone=False):
                await hold_own(order["id"], edition.id, OrderState.HELD, OrderState.CONFIRMED)
                tickets = await hers(order)
                subject = ("ticket_order", order["id"])
                reading = await open_edit(request, _names_model(tickets), record=_names_form(tickets), subject=subject)
                values = msgspec.to_builtins(reading.settle())
                changed = await rename_tickets(
                    order_id=order["id"],
                    edition_id=edition.id,
                    names={ticket["id"]: values[f"name_{ticket['id']}"] for ticket in tickets},
                    actor=request.user,
                    now=now(),
                )
        except FormError as error:
            return _names_page(edition, order, secret, tickets, error.form, status=error.status)
        except Invalid as error:
            form = await form_again(request, error.fields)
            return _names_page(edition, order, secret, tickets, form, status=422)
        toast = ngettext("{num} name was changed.", "{num} names were changed.", changed)
        return redirect(own_path(edition, secret), toast=toast.format(num=format_number(changed)))

    @post("/done/{secret:str}/names/sheet", request_max_body_size=1_000_000)
    async def read_names_sheet(
        self, request: Request[Any, Any, Any], slug: FromPath[str], secret: FromPath[str]
    ) -> Response[Any]:
        """The form of the names with those of a sheet in it, and what is wrong by row; nothing is saved yet."""
        edition, order = await order_of(slug, secret)
        if not (await rules_of(edition)).may_rename(now()):
            raise ChangesOver
        await limit(f"order-names-sheet:{order['id']}", times=MOST_SAVED, seconds=HOUR, now=now())
        tickets = await hers(order)
        form = _names_form(tickets)
        sheet = (await request.form()).get("sheet")
        try:
            if not isinstance(sheet, UploadFile) or not sheet.filename:
                raise SheetEmpty
            read = await read_names(await sheet.read(), sheet.filename)
            if len(read.names) > len(tickets):
                raise TooManyNames(names=len(read.names), tickets=len(tickets))
        except UNREAD as error:
            form.errors["sheet"] = error.sentence()
            return _names_page(edition, order, secret, tickets, form, status=error.status)
        for ticket, name in zip(tickets, read.names, strict=False):
            form.values[f"name_{ticket['id']}"] = name
        return _names_page(edition, order, secret, tickets, form, read=read, status=422 if read.wrong else 200)

    @get("/done/{secret:str}/cancel")
    async def choose_cancelled(
        self, request: Request[Any, Any, Any], slug: FromPath[str], secret: FromPath[str]
    ) -> Response[str]:
        """Which tickets to cancel, and then what goes back for them."""
        edition, order = await order_of(slug, secret)
        asked = request.query_params.getall("ticket", [])
        chosen = {int(one) for one in asked if one.isascii() and one.isdigit() and len(one) < LONGEST_NUMBER}
        return await _cancel_page(edition, order, secret, chosen, Form.empty())

    @post("/done/{secret:str}/cancel")
    async def cancel(
        self, request: Request[Any, Any, Any], slug: FromPath[str], secret: FromPath[str]
    ) -> Response[Any]:
        """Cancel tickets, or all of an order that is not paid yet."""
        edition, order = await order_of(slug, secret)
        if order["state"] == OrderState.HELD:
            try:
                await cancel_order(
                    order_id=order["id"], edition_id=edition.id, actor=request.user, now=now(), only=OrderState.HELD
                )
            except (OrderNotOpen, DocumentNotOpen):  # paid at this moment: what goes back then, the rules say
                toast = _("Your order changed meanwhile. Please look again. Nothing was cancelled.")
                return redirect(own_path(edition, secret), toast=toast)
            return redirect(own_path(edition, secret), toast=_("Your order was cancelled."))
        reading = await open_form(request, CancelForm)
        values = reading.values
        try:
            account = account_in(reading)
            values = reading.settle()
            back = await cancel_tickets(
                order_id=order["id"],
                edition_id=edition.id,
                item_ids=values.ticket,
                shown_minor=values.back,
                account=account,
                actor=request.user,
                now=now(),
            )
        except FormError as error:
            return await _cancel_page(edition, order, secret, set(values.ticket), error.form, status=422)
        except RefundChanged as error:
            form, chosen = await form_again(request, {}), set(values.ticket)
            return await _cancel_page(edition, order, secret, chosen, form, problem=error.sentence(), status=409)
        toast = _("Cancelled. {back} goes back to you.") if back.amount_minor else _("Cancelled.")
        return redirect(own_path(edition, secret), toast=toast.format(back=format_money(back)))

    @post("/done/{secret:str}/resend")
    async def resend(self, slug: FromPath[str], secret: FromPath[str]) -> Response[Any]:
        """Send the link of this page again."""
        edition, order = await order_of(slug, secret)
        sent = await resend_order(edition=edition, order=order, now=now())
        toast = _("The link is on its way.") if sent else _("Nobody to send it to is known of this order.")
        return redirect(own_path(edition, secret), toast=toast)

    @get(["/done/{secret:str}/resend", "/done/{secret:str}/names/sheet"])
    async def own_again(self, slug: FromPath[str], secret: FromPath[str]) -> Response[Any]:
        """Who reads what was answered in another language, or again, begins at her order."""
        return redirect(own_path(await edition_by_slug(slug), secret))

    @get("/again")
    async def lost(self, slug: FromPath[str]) -> Response[str]:
        """Where the links of somebody's orders went to."""
        return page("sales/again.html", edition=await edition_by_slug(slug), form=Form.empty())

    @post("/again")
    async def send_again(self, request: Request[Any, Any, Any], slug: FromPath[str]) -> Response[Any]:
        """Send them there again; whether there are any is not said."""
        edition = await edition_by_slug(slug)
        try:
            reading = await open_form(request, AgainForm)
            phone, email = contact_in(reading, edition.region)
            reading.settle()
            await resend_to_contact(edition=edition, phone=phone, email=email, browser=browser_of(request), now=now())
        except FormError as error:
            return page("sales/again.html", status=422, edition=edition, form=error.form)
        except TooManyTries as error:
            form = await form_again(request, {"contact": error.sentence()})
            return page("sales/again.html", status=error.status, edition=edition, form=form)
        return redirect(
            f"{edition.path}/tickets/again",
            toast=_("If there are orders under this contact, their links are on their way to it."),
        )


def own_path(edition: EditionInfo, secret: str) -> str:
    """The address of an order's page."""
    return f"{edition.path}/tickets/done/{secret}"


def account_in(reading: Reading[Any]) -> Account | None:
    """The bank account that a form names, None where it names none; a half of one is refused."""
    values = reading.values
    parts = {"bank": values.bank, "number": values.number, "holder": values.holder}
    if any(parts.values()) and not all(parts.values()):
        reading.refuse(next(name for name, part in parts.items() if not part), _(WHOLE_ACCOUNT))
    return Account(**parts) if all(parts.values()) else None


async def hers(order: dict[str, Any]) -> list[dict[str, Any]]:
    """The tickets of an order that its buyer has: neither cancelled nor given away."""
    return [ticket for ticket in await queries.tickets_of_order(order["id"]) if ticket["is_hers"]]


def _names_model(tickets: Sequence[dict[str, Any]]) -> type[msgspec.Struct]:
    """A form with a field for the name on each ticket."""
    name = Annotated[str, msgspec.Meta(max_length=160)]
    return msgspec.defstruct("NamesForm", [(f"name_{ticket['id']}", name, "") for ticket in tickets])


def _names_form(tickets: Sequence[dict[str, Any]]) -> Form:
    return Form.of(**{f"name_{ticket['id']}": ticket["holder_name"] for ticket in tickets})


def _names_page(
    edition: EditionInfo,
    order: dict[str, Any],
    secret: str,
    tickets: Sequence[dict[str, Any]],
    form: Form,
    *,
    read: NamesRead | None = None,
    status: int = 200,
) -> Response[str]:
    return page(
        "sales/own_names.html",
        status=status,
        headers=PRIVATE,
        edition=edition,
        order=order,
        own=own_path(edition, secret),
        tickets=tickets,
        read=read,
        form=form,
    )


async def _cancel_page(
    edition: EditionInfo,
    order: dict[str, Any],
    secret: str,
    chosen: set[int],
    form: Form,
    *,
    problem: str = "",
    status: int = 200,
) -> Response[str]:
    """The tickets that may be cancelled with what goes back for each; for those chosen the sum, to be confirmed.

    Raises ChangesOver.
    """
    present, rules, tickets = now(), await rules_of(edition), await hers(order)
    held = order["state"] == OrderState.HELD
    if not held and (order["state"] != OrderState.CONFIRMED or rules.percent(present) is None or not tickets):
        raise ChangesOver
    bills = await bills_of(order)
    picked = [ticket for ticket in tickets if ticket["id"] in chosen]
    return page(
        "sales/own_cancel.html",
        status=status,
        headers=PRIVATE,
        edition=edition,
        order=order,
        own=own_path(edition, secret),
        held=held,
        tickets=[(one, Money(rules.back_of(one["price_minor"], present), edition.currency)) for one in tickets],
        picked=picked,
        back=await back_for([one["price_minor"] for one in picked], bills, rules, present),
        price=Money(sum(one["price_minor"] for one in picked), order["currency"]),
        to_card=await paid_by_card(bills),
        said=_in_words(edition, rules) if order["total_minor"] else [],
        form=form,
        problem=problem,
    )


async def paid_by_card(bills: Sequence[DocumentInfo]) -> bool:
    """Whether all that came for an order came by card, so that it goes back there."""
    came = [one for bill in bills for one in await payments_of(bill.id) if one.amount.amount_minor > 0]
    return bool(came) and all(one.method == PaymentMethod.CARD for one in came)


def _in_words(edition: EditionInfo, rules: Rules) -> list[str]:
    """What goes back, and until when."""
    steps = ((rules.back_until, rules.back_percent), (rules.later_until, rules.later_percent))
    said = [
        _("Until {time}: {percent}% of the price goes back.").format(
            time=format_datetime(until, edition.timezone), percent=format_number(percent)
        )
        for until, percent in steps
        if until is not None and until > now()
    ]
    if rules.fee.amount_minor:
        said.append(_("{fee} is kept of every ticket.").format(fee=format_money(rules.fee)))
    return said

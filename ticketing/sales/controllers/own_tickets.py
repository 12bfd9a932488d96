"""What whoever holds an order's link does with one of its tickets: gives it away, or changes it for another."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath

from app.accounts.guards import public
from app.events.pages import form_again
from app.events.queries import EditionInfo, edition_by_slug
from app.kernel.clock import now
from app.kernel.errors import TooManyTries
from app.kernel.forms import Form, FormError, contact_in, open_form
from app.kernel.i18n import LOCALES, _, current_locale, pick
from app.kernel.money import Money, format_money
from app.kernel.security import limit
from app.kernel.web import page, redirect
from app.payments.queries import DocumentInfo
from ticketing.sales.controllers.own import PRIVATE, account_in, hers, own_path, paid_by_card
from ticketing.sales.controllers.public import order_of
from ticketing.sales.enums import OrderState
from ticketing.sales.errors import (
    ChangesOver,
    DifferenceChanged,
    HandoverClosed,
    HandoverOpen,
    OrderNotFound,
    SalesClosed,
    SoldOut,
    TooManyOfType,
    TypeNotOffered,
)
from ticketing.sales.queries_own import bills_of, may_be_dearer, rules_of, types_instead
from ticketing.sales.schemas import ChangeForm, GiveForm
from ticketing.sales.services.changing import change_ticket, difference_of
from ticketing.sales.services.dearer import HELD_FOR
from ticketing.sales.services.handing_over import offer_ticket, withdraw_offer

DAY = 86400
#: So often a day tickets of an order are changed: each time a pass is withdrawn, of which every phone at a gate hears.
MOST_CHANGED = 20


class OwnTicketController(Controller):
    """``/e/{slug}/tickets/done/{secret}/give/…`` and ``…/change/…``."""

    path = "/e/{slug:str}/tickets/done/{secret:str}"
    guards = [public]
    include_in_schema = False

    @get("/change/{item_id:int}")
    async def instead(self, slug: FromPath[str], secret: FromPath[str], item_id: FromPath[int]) -> Response[str]:
        """What a ticket can be changed for."""
        edition, order = await order_of(slug, secret)
        if not (await rules_of(edition)).may_change(now()):
            raise ChangesOver
        return await _change_page(edition, order, secret, await _ticket(order, item_id), Form.empty())

    @post("/change/{item_id:int}")
    async def change(
        self, request: Request[Any, Any, Any], slug: FromPath[str], secret: FromPath[str], item_id: FromPath[int]
    ) -> Response[Any]:
        """Change it; where the other one costs another price, once what that comes to was shown."""
        edition, order = await order_of(slug, secret)
        ticket = await _ticket(order, item_id)
        await limit(f"order-change:{order['id']}", times=MOST_CHANGED, seconds=DAY, now=now())
        try:
            reading = await open_form(request, ChangeForm)
            account = account_in(reading)
            values = reading.settle()
            if values.back is None and values.due is None and await _costs_another(edition, order, ticket, values):
                form = await form_again(request, {})
                return await _change_page(edition, order, secret, ticket, form, chosen=values.ticket_type)
            changed = await change_ticket(
                order_id=order["id"],
                edition_id=edition.id,
                item_id=item_id,
                type_id=values.ticket_type,
                shown_minor=(values.back or 0) - (values.due or 0),
                account=account,
                actor=request.user,
                now=now(),
            )
        except FormError as error:
            chosen = reading.values.ticket_type if error.form.values.get("back") else None
            return await _change_page(edition, order, secret, ticket, error.form, chosen=chosen, status=422)
        except DifferenceChanged as error:
            form, chosen = await form_again(request, {}), values.ticket_type
            return await _change_page(
                edition, order, secret, ticket, form, chosen=chosen, problem=error.sentence(), status=error.status
            )
        except (SoldOut, SalesClosed, TooManyOfType, TypeNotOffered) as error:
            form = await form_again(request, {"ticket_type": error.sentence()})
            return await _change_page(edition, order, secret, ticket, form, status=error.status)
        if isinstance(changed, int):
            return redirect(f"{own_path(edition, secret)}/pay/{changed}")
        return redirect(changed.path, toast=_("This is your new pass. The old one opens no gate any more."))

    @get("/give/{item_id:int}")
    async def give(self, slug: FromPath[str], secret: FromPath[str], item_id: FromPath[int]) -> Response[str]:
        """Whom a ticket is given to."""
        edition, order = await order_of(slug, secret)
        if not (await rules_of(edition)).may_hand_over(now()):
            raise ChangesOver
        return _give_page(edition, secret, await _ticket(order, item_id), Form.empty(locale=current_locale()))

    @post("/give/{item_id:int}")
    async def offer(
        self, request: Request[Any, Any, Any], slug: FromPath[str], secret: FromPath[str], item_id: FromPath[int]
    ) -> Response[Any]:
        """Offer it to her."""
        edition, order = await order_of(slug, secret)
        ticket = await _ticket(order, item_id)
        try:
            reading = await open_form(request, GiveForm)
            phone, email = contact_in(reading, edition.region)
            values = reading.settle()
            await offer_ticket(
                order_id=order["id"],
                edition_id=edition.id,
                item_id=item_id,
                name=values.full_name,
                phone=phone,
                email=email,
                locale=values.locale if values.locale in LOCALES else current_locale(),
                actor=request.user,
                now=now(),
            )
        except FormError as error:
            return _give_page(edition, secret, ticket, error.form, status=422)
        except (HandoverOpen, TooManyTries) as error:
            form = await form_again(request, {"contact": error.sentence()})
            return _give_page(edition, secret, ticket, form, status=error.status)
        return redirect(own_path(edition, secret), toast=_("The ticket was offered. It is yours until it is accepted."))

    @post("/give/{item_id:int}/withdraw")
    async def withdraw(
        self, request: Request[Any, Any, Any], slug: FromPath[str], secret: FromPath[str], item_id: FromPath[int]
    ) -> Response[Any]:
        """Take an offer back."""
        edition, order = await order_of(slug, secret)
        try:
            await withdraw_offer(
                order_id=order["id"], edition_id=edition.id, item_id=item_id, actor=request.user, now=now()
            )
        except HandoverClosed:
            return redirect(own_path(edition, secret), toast=_("It was accepted already."))
        return redirect(own_path(edition, secret), toast=_("The offer was withdrawn. The ticket is yours."))

    @get("/give/{item_id:int}/withdraw")
    async def own_again(self, slug: FromPath[str], secret: FromPath[str]) -> Response[Any]:
        """Who reads what was answered in another language, or again, begins at her order."""
        return redirect(own_path(await edition_by_slug(slug), secret))


async def _ticket(order: dict[str, Any], item_id: int) -> dict[str, Any]:
    """One of the buyer's tickets. Raises OrderNotFound."""
    for ticket in await hers(order):
        if ticket["id"] == item_id and order["state"] == OrderState.CONFIRMED:
            return ticket
    raise OrderNotFound


def _give_page(
    edition: EditionInfo, secret: str, ticket: dict[str, Any], form: Form, *, status: int = 200
) -> Response[str]:
    return page(
        "sales/own_give.html",
        status=status,
        headers=PRIVATE,
        edition=edition,
        own=own_path(edition, secret),
        ticket=ticket,
        form=form,
    )


async def _instead(edition: EditionInfo, bills: Sequence[DocumentInfo], ticket: dict[str, Any]) -> list[dict[str, Any]]:
    dearer = may_be_dearer(bills[0] if bills else None)
    return await types_instead(edition, ticket["price_minor"], ticket["type_id"], now(), dearer=dearer)


async def _costs_another(
    edition: EditionInfo, order: dict[str, Any], ticket: dict[str, Any], values: ChangeForm
) -> bool:
    """Whether the type that was chosen can be had and costs another price: what that comes to is shown first."""
    types = await _instead(edition, await bills_of(order), ticket)
    return any(row["id"] == values.ticket_type and row["price_minor"] != ticket["price_minor"] for row in types)


async def _change_page(
    edition: EditionInfo,
    order: dict[str, Any],
    secret: str,
    ticket: dict[str, Any],
    form: Form,
    *,
    chosen: int | None = None,
    problem: str = "",
    status: int = 200,
) -> Response[str]:
    """What a ticket can be changed for, and what that comes to; with one ``chosen`` this alone, to be confirmed."""
    present, rules, bills = now(), await rules_of(edition), await bills_of(order)
    types = await _instead(edition, bills, ticket)
    differences = {
        row["id"]: await difference_of(ticket["price_minor"], row["price_minor"], bills, rules, present)
        for row in types
    }
    picked = next((row for row in types if row["id"] == chosen), None)
    return page(
        "sales/own_change.html",
        status=status,
        headers=PRIVATE,
        edition=edition,
        own=own_path(edition, secret),
        ticket=ticket,
        types=[(row["id"], _in_words(row, ticket["price_minor"], differences[row["id"]])) for row in types],
        picked=picked,
        price=Money(ticket["price_minor"], edition.currency),
        other=Money(picked["price_minor"], edition.currency) if picked else None,
        back=differences[picked["id"]] if picked else None,
        to_card=await paid_by_card(bills),
        held_minutes=HELD_FOR // timedelta(minutes=1),
        problem=problem,
        form=form,
    )


def _in_words(row: dict[str, Any], price_minor: int, difference: Money) -> str:
    """A type that a ticket can be changed for: its name, its days, and what the change comes to."""
    said = [pick(row["name"]), row["days"]]
    if row["price_minor"] > price_minor:
        said.append(_("{amount} more").format(amount=format_money(Money(-difference.amount_minor, row["currency"]))))
    elif row["price_minor"] < price_minor:
        said.append(_("{amount} goes back").format(amount=format_money(difference)))
    return " · ".join(one for one in said if one)

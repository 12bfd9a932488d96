"""A ticket changed for one of another day or type, by whoever holds the order's link: at the same price or a lower one.

The place moves with it at once, and a pass with another code is made in place of the one that stood. Of what the other
one costs less goes back what cancelling would give; :mod:`.dearer` has those that cost more.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from app.accounts.actor import Actor
from app.events.passes.services import IssuedPass
from app.kernel.database import write_transaction
from app.kernel.i18n import _, pick, use_locale
from app.kernel.money import Money
from app.payments.queries import DocumentInfo
from ticketing.sales.enums import OrderState
from ticketing.sales.errors import ChangesOver, DifferenceChanged, TooManyOfType, TypeNotOffered
from ticketing.sales.queries import counts_of_order
from ticketing.sales.queries_own import Rules, may_be_dearer, rules_of, types_instead
from ticketing.sales.queries_vouchers import vouchers_of_orders
from ticketing.sales.services.dearer import begin_change, withdraw_changes
from ticketing.sales.services.giving_back import Account, back_for, give_back, keep_account
from ticketing.sales.services.own import Held, hold_own, tickets_to_change
from ticketing.sales.services.quota import give_back_places, hold_types, take_places
from ticketing.sales.services.swapping import swap_type


async def change_ticket(
    *,
    order_id: int,
    edition_id: int,
    item_id: int,
    type_id: int,
    actor: Actor | None,
    now: datetime,
    shown_minor: int = 0,
    account: Account | None = None,
) -> IssuedPass | int:
    """Change a ticket of a confirmed order for one of another type; gives the pass that stands from then on.

    For a dearer one the difference is billed first: gives the number of the change, whose place is held and which is
    done once that is paid. ``shown_minor`` is what the page said goes back, below 0 what it said is to be paid: where
    it is another amount by now nothing is changed. ``account`` is where money is to go that came by no card.
    Raises ChangesOver, TicketsGone, TicketUsed, TypeNotOffered, TooManyOfType, SoldOut, SalesClosed, DifferenceChanged,
    OrderNotFound, OrderNotOpen, EditionIsCancelled.
    """
    async with write_transaction():
        held = await hold_own(order_id, edition_id, OrderState.CONFIRMED)
        rules = await rules_of(held.edition)
        if not rules.may_change(now):
            raise ChangesOver
        (item,) = await tickets_to_change(held, [item_id])
        old = item["ticket_type"]
        wanted = await _offered(held, item, type_id, now)
        difference = await difference_of(item["price_minor"], wanted["price_minor"], held.bills, rules, now)
        if difference.amount_minor != shown_minor:
            raise DifferenceChanged
        if difference.amount_minor > 0:
            with use_locale(held.order.locale):
                reason = _("Changed ticket of order {reference}").format(reference=held.order.reference)
            await give_back(held, [item_id], difference, reason, now)
            if account is not None:
                await keep_account(order_id, account)
        await withdraw_changes(held, [item_id], [old, type_id], now)
        await hold_types([old, type_id])
        wanted = await _offered(held, item, type_id, now)
        if difference.amount_minor < 0:
            return await begin_change(held, item, wanted, actor=actor, now=now)
        # Given back first, for both may draw on one quota; whoever finds no place rolls that back.
        await give_back_places({old: 1}, were_sold=True)
        await take_places(edition=held.edition, counts={type_id: 1}, sold=True, now=now)
        return await swap_type(
            held.order,
            held.edition,
            item,
            type_id=type_id,
            price_minor=wanted["price_minor"],
            actor=actor,
            back=difference,
            now=now,
        )


async def difference_of(
    old_minor: int, new_minor: int, bills: Sequence[DocumentInfo], rules: Rules, now: datetime
) -> Money:
    """What goes back for a change from one price to another; below 0 what is to be paid for it.

    ``bills`` are those of the order, as :func:`.back_for` takes them.
    """
    if new_minor > old_minor:
        return Money(old_minor - new_minor, rules.fee.currency)
    return await back_for([old_minor - new_minor], bills, rules, now)


async def _offered(held: Held, item: dict[str, Any], type_id: int, now: datetime) -> dict[str, Any]:
    """The type that a ticket is to be of, as it can be had now. Raises TypeNotOffered, TooManyOfType.

    Of an order with a voucher none is: its uses are those of the types that were ordered.
    """
    if await vouchers_of_orders([held.order.id]):
        raise TypeNotOffered
    offered = await types_instead(
        held.edition, item["price_minor"], item["ticket_type"], now, dearer=may_be_dearer(held.document)
    )
    wanted = next((row for row in offered if row["id"] == type_id), None)
    if wanted is None:
        raise TypeNotOffered
    limit = wanted["max_per_order"]
    if limit is not None and (await counts_of_order(held.order.id)).get(type_id, 0) >= limit:
        raise TooManyOfType(name=pick(wanted["name"]), limit=limit)
    return wanted

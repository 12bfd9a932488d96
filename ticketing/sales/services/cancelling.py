"""Tickets that whoever holds an order's link cancels: their places return, and money goes back by the edition's rules.

That is all of the tickets' price, or a share of it less a fee: :mod:`.giving_back` has how it goes.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from app.accounts.actor import SYSTEM, Actor
from app.events.enums import PassReason
from app.events.passes.states import revoke_pass
from app.kernel import audit
from app.kernel.database import write_transaction
from app.kernel.i18n import _, use_locale
from app.kernel.money import Money
from ticketing.sales.enums import OrderState
from ticketing.sales.errors import ChangesOver, RefundChanged, TicketsGone
from ticketing.sales.queries import counts_of_order
from ticketing.sales.queries_own import rules_of
from ticketing.sales.services.dearer import withdraw_changes
from ticketing.sales.services.giving_back import Account, back_for, give_back, keep_account
from ticketing.sales.services.own import hold_own, known, tickets_to_change
from ticketing.sales.services.own_messages import tell_cancelled
from ticketing.sales.services.quota import give_back_places
from ticketing.sales.services.redeeming import give_back_some, give_back_uses, hold_vouchers
from ticketing.sales.tables import OrderItem, TicketOrder


async def cancel_tickets(
    *,
    order_id: int,
    edition_id: int,
    item_ids: Sequence[int],
    shown_minor: int,
    actor: Actor | None,
    now: datetime,
    account: Account | None = None,
) -> Money:
    """Cancel tickets of a confirmed order for whoever holds its link; gives what goes back.

    ``shown_minor`` is what the page said would: where it is another amount by now nothing is cancelled. ``account`` is
    where money is to go that came by no card. An order of which no ticket is left is cancelled.
    Raises ChangesOver, TicketsGone, TicketUsed, RefundChanged, OrderNotFound, OrderNotOpen, EditionIsCancelled.
    """
    async with write_transaction():
        held = await hold_own(order_id, edition_id, OrderState.CONFIRMED)
        rules = await rules_of(held.edition)
        if rules.percent(now) is None:
            raise ChangesOver
        items = await tickets_to_change(held, item_ids)
        back = await back_for([item["price_minor"] for item in items], held.bills, rules, now)
        if back.amount_minor != shown_minor:
            raise RefundChanged(back=back, shown=Money(shown_minor, back.currency))
        if back.amount_minor:
            with use_locale(held.order.locale):
                reason = _("Cancelled tickets of order {reference}").format(reference=held.order.reference)
            await give_back(held, set(item_ids), back, reason, now)
            if account is not None:
                await keep_account(order_id, account)
        await hold_vouchers([order_id])  # before ticket types, as whoever orders takes them
        await withdraw_changes(held, [item["id"] for item in items], [item["ticket_type"] for item in items], now)
        await _let_go(held.order, items, actor, now)
        whole = not await counts_of_order(order_id)
        if whole:
            await give_back_uses(order_id)
            await _close(held.order, now)
        await audit.record(
            actor=known(actor),
            action="order.cancel_own",
            subject_type="ticket_order",
            subject_id=order_id,
            edition_id=edition_id,
            before={"state": held.order.state},
            after={
                "state": OrderState.CANCELLED if whole else held.order.state,
                "count": len(items),
                "back_minor": back.amount_minor,
            },
            now=now,
        )
        await tell_cancelled(held.order, held.edition, count=len(items), whole=whole, back=back, now=now)
        return back


async def _let_go(order: TicketOrder, items: Sequence[Mapping[str, Any]], actor: Actor | None, now: datetime) -> None:
    """Cancel tickets with their places and passes, each once."""
    standing = OrderItem.id.is_in([item["id"] for item in items]) & OrderItem.cancelled_at.is_null()
    gone = await OrderItem.update({OrderItem.cancelled_at: now}).where(standing).returning(OrderItem.id)
    if len(gone) != len(items):
        raise TicketsGone
    counts = Counter(item["ticket_type"] for item in items)
    await give_back_some(order.id, counts)
    await give_back_places(counts, were_sold=True)
    for item in items:
        if item["event_pass"] is not None:
            await revoke_pass(
                pass_id=item["event_pass"],
                reason="cancelled by its buyer",
                reason_code=PassReason.CANCELLED,
                actor=known(actor) or SYSTEM,
                now=now,
            )


async def _close(order: TicketOrder, now: datetime) -> None:
    await TicketOrder.update({TicketOrder.state: OrderState.CANCELLED.value, TicketOrder.closed_at: now}).where(
        (TicketOrder.id == order.id) & (TicketOrder.state == OrderState.CONFIRMED.value)
    )

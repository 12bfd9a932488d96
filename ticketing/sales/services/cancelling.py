"""Tickets that whoever holds an order's link cancels: their places return, and money goes back by the edition's rules.

What goes back is taken back of the order's invoice by a credit note: all of the tickets' price, or a share of it less
a fee. To a card it is sent by a job, once that stands; all else waits at the finance desk, with her bank account.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.accounts.actor import SYSTEM, Actor
from app.events.enums import PassReason
from app.events.passes.states import revoke_pass
from app.kernel import audit
from app.kernel.database import fetch, write_transaction
from app.kernel.i18n import _, use_locale
from app.kernel.jobs import enqueue
from app.kernel.money import Money
from app.payments.enums import DocumentState
from app.payments.queries import DocumentInfo
from app.payments.services.corrections import credit_document
from app.payments.services.documents import require_refund
from ticketing.sales.enums import OrderState
from ticketing.sales.errors import ChangesOver, RefundChanged, TicketsGone
from ticketing.sales.queries import counts_of_order
from ticketing.sales.queries_own import Rules, price_standing, rules_of
from ticketing.sales.services.own import Held, hold_own, known, tickets_to_change
from ticketing.sales.services.own_messages import tell_cancelled
from ticketing.sales.services.quota import give_back_places
from ticketing.sales.services.redeeming import give_back_some
from ticketing.sales.tables import OrderItem, TicketOrder
from ticketing.sales.tables_own import RefundAccount

#: Sends what has to go back to the cards that it came from.
TO_CARDS = "sales.refund_to_cards"


@dataclass(frozen=True, kw_only=True)
class Account:
    """A bank account as its holder writes it."""

    bank: str
    number: str
    holder: str


async def back_for(
    items: Sequence[Mapping[str, Any]], document: DocumentInfo | None, rules: Rules, now: datetime
) -> Money:
    """What goes back when tickets of an order are cancelled at a time: by the rules.

    It is never more than their part, by their prices among the order's tickets that stand, of what its invoice has
    kept: finance may have taken some of that back.
    """
    if document is None or document.state != DocumentState.PAID:
        return Money(0, document.paid.currency if document is not None else rules.fee.currency)
    wanted = sum(rules.back_of(item["price_minor"], now) for item in items)
    price, all_prices = sum(item["price_minor"] for item in items), await price_standing(document.subject_id)
    part = document.paid.amount_minor * price // all_prices if all_prices else 0
    return Money(min(wanted, part), document.paid.currency)


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
        back = await back_for(items, held.document, rules, now)
        if back.amount_minor != shown_minor:
            raise RefundChanged(back=back, shown=Money(shown_minor, back.currency))
        if back.amount_minor:
            await _give_back(held, back, now)
            if account is not None:
                await _keep(order_id, account)
        await _let_go(held.order, items, actor, now)
        whole = not await counts_of_order(order_id)
        if whole:
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


async def forget_accounts() -> int:
    """Forget bank accounts of buyers whose money has gone back; returns how many. Runs as a job."""
    gone = await fetch(
        "DELETE FROM refund_account WHERE ticket_order IN (SELECT o.id FROM ticket_order o "
        "JOIN payment_document d ON d.id = o.payment_document WHERE d.owed_minor = 0) RETURNING id"
    )
    return len(gone)


async def _give_back(held: Held, back: Money, now: datetime) -> None:
    """Take money back of the order's invoice, in the caller's transaction, and let it go to the cards that paid it."""
    assert held.document is not None
    if back == held.document.left:
        await require_refund(document_id=held.document.id, actor=None, now=now)
    else:
        with use_locale(held.order.locale):
            reason = _("Cancelled tickets of order {reference}").format(reference=held.order.reference)
        await credit_document(
            document_id=held.document.id, amount=back, reason=reason, actor=SYSTEM, tell=False, now=now
        )
    await enqueue(
        TO_CARDS,
        {"document": held.document.id},
        edition_id=held.edition.id,
        now=now,
    )


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


async def _keep(order_id: int, account: Account) -> None:
    """Note where the buyer wants her money, in place of what she wrote before."""
    await RefundAccount.delete().where(RefundAccount.ticket_order == order_id)
    await RefundAccount(ticket_order=order_id, bank=account.bank, number=account.number, holder=account.holder).save()

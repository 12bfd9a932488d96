"""What becomes of an order: its money comes, it is cancelled, its time is over. Each is one conditional update.

Rows are taken in one order, so that nobody waits for each other: edition, payment document, order, vouchers,
ticket types by id.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from app.accounts.actor import SYSTEM, Actor
from app.events.enums import EditionState, PassReason
from app.events.queries import edition_by_id
from app.events.slots import pass_uses
from app.kernel import audit
from app.kernel.database import fetch, hold_row, hold_rows, write_transaction
from app.kernel.money import Money
from app.kernel.rows import among
from app.payments.enums import DocumentState, Settlement
from app.payments.errors import DocumentNotOpen
from app.payments.queries import DocumentInfo, PaymentInfo, document_by_id, hold_document
from app.payments.services.documents import Paid, cancel_document, require_refund
from app.payments.services.telling import tell_taken_back
from ticketing.sales.enums import ChangeState, OrderState
from ticketing.sales.errors import OrderNotFound, OrderNotOpen, PassesUsed, TicketChanged, TicketGivenAway
from ticketing.sales.queries import SHOWN, counts_of_order, counts_of_orders, tickets_of_order
from ticketing.sales.queries_own import changes_of_order
from ticketing.sales.services.confirming import confirm_order, confirm_orders
from ticketing.sales.services.dearer import take_back_changes
from ticketing.sales.services.issuing import revoke_tickets, void_tickets
from ticketing.sales.services.late import hold_all_types, move_to_types, places_for
from ticketing.sales.services.messages import send_cancelled, send_open_again
from ticketing.sales.services.own_messages import tell_given_cancelled
from ticketing.sales.services.quota import give_back_places, hold_sold_places, hold_types, take_places
from ticketing.sales.services.redeeming import give_back_uses, hold_vouchers, use_again
from ticketing.sales.tables import TicketOrder

#: How long the places of an order are kept whose money turned out to be somebody else's.
HELD_AGAIN = timedelta(days=1)


async def settle_order(document: DocumentInfo, payment: PaymentInfo, now: datetime) -> Settlement:
    """What payments asks when an order's money came: the order is confirmed, or the money has to go back.

    An order that had expired, be it at this very moment, is confirmed too if its places can still be had, or equal
    ones in their place, and its voucher is still good for it. Runs in the payment's transaction.
    """
    order = await _order(document.subject_id, document.edition_id)
    counts = await counts_of_order(order.id)
    if order.state == OrderState.HELD and await confirm_order(order, counts, now=now):
        return Settlement.KEPT
    await hold_row("ticket_order", order.id, alone=True)
    order = await _order(document.subject_id, document.edition_id)
    edition = await edition_by_id(order.edition)
    if order.state != OrderState.EXPIRED or edition.state == EditionState.CANCELLED:
        return Settlement.REFUND
    await hold_vouchers([order.id])
    places = await places_for(edition, counts, now)
    kept = places is not None and await use_again(order.id)
    if places is None or not kept or not await _move(order, OrderState.EXPIRED, OrderState.HELD, closed_at=None):
        return Settlement.REFUND
    await move_to_types(order.id, places)
    counts = await counts_of_order(order.id)
    await take_places(edition=edition, counts=counts, now=now, any_time=True)
    await confirm_order(order, counts, now=now, places=places)
    return Settlement.KEPT if all(old == new for old, new in places.items()) else Settlement.REPLACED


async def hold_orders(documents: Sequence[DocumentInfo]) -> None:
    """Hold orders, and the places that may change with them, before money goes from one of them to another."""
    await _hold_orders(documents, OrderState.HELD, OrderState.CONFIRMED)


async def _hold_orders(
    documents: Sequence[DocumentInfo], *states: OrderState
) -> tuple[list[dict[str, Any]], dict[int, dict[int, int]]]:
    """Hold orders by their documents, and the places of all of them; gives their rows and what each holds.

    In ``states`` an order has no places but those of its own types.
    """
    chosen, ids = among(sorted({document.subject_id for document in documents}))
    rows = await hold_rows("ticket_order", f"id {chosen}", ids, alone=True)
    counts = await counts_of_orders([row["id"] for row in rows])
    await hold_vouchers([row["id"] for row in rows])
    if all(row["state"] in states for row in rows):
        await hold_types(type_id for one in counts.values() for type_id in one)
    else:  # what came late may get places of any type: all of them at once, in the order in which everybody takes them
        for edition_id in sorted({document.edition_id for document in documents}):
            await hold_all_types(edition_id)
    return rows, counts


async def settle_orders(paid: Sequence[Paid], now: datetime) -> list[Settlement]:
    """What :func:`settle_order` answers for each, in that order; those that are held are confirmed all at once."""
    rows, counts = await _hold_orders([document for document, _payment in paid], OrderState.HELD)
    editions = {document.subject_id: document.edition_id for document, _payment in paid}
    held = [
        TicketOrder(**row) for row in rows if row["state"] == OrderState.HELD and row["edition"] == editions[row["id"]]
    ]
    confirmed = await confirm_orders(held, counts, now=now)
    answers = []
    for document, payment in paid:
        if document.subject_id in confirmed:
            confirmed.remove(document.subject_id)
            answers.append(Settlement.KEPT)
        else:
            answers.append(await settle_order(document, payment, now))
    return answers


async def cancel_order(
    *, order_id: int, edition_id: int, actor: Actor, now: datetime, only: OrderState | None = None
) -> None:
    """Cancel an order: its places return, its passes are revoked, its money is owed back, its buyer is told.

    Twice changes nothing. ``only`` is the one state in which it may be.

    Raises OrderNotFound, OrderNotOpen (it had expired, or is not in that state), DocumentNotOpen (its money comes at
    this moment).
    """
    async with write_transaction():
        order = await _order(order_id, edition_id)
        if order.state == OrderState.CANCELLED:
            return
        if order.state == OrderState.EXPIRED or (only is not None and order.state != only):
            raise OrderNotOpen
        owed = None
        if order.payment_document is not None and order.state == OrderState.HELD:
            await _withdraw_bill(order, actor=actor, now=now, tell=False)
            owed = (await document_by_id(order.payment_document)).owed
        elif order.payment_document is not None:
            await hold_document(order.payment_document)
            of_own = await require_refund(document_id=order.payment_document, actor=actor, now=now)
            of_changes = await take_back_changes(order.id, actor, now)
            owed = Money((of_own.amount_minor if of_own is not None else 0) + of_changes, order.currency)
        await _cancel(order, owed, actor=actor, now=now)


async def cancel_taken_back(document: DocumentInfo, owed: Money, actor: Actor | None, now: datetime) -> None:
    """Cancel a confirmed order whose bill finance took back, or whose money somebody gave back at its provider.

    What payments calls inside the transaction that does so; the money is owed back already. Raises OrderNotFound.
    """
    order = await _order(document.subject_id, document.edition_id)
    owed = Money(owed.amount_minor + await take_back_changes(order.id, actor, now), owed.currency)
    if order.state == OrderState.CONFIRMED:
        await _cancel(order, owed, actor=actor or SYSTEM, now=now)
    elif owed.amount_minor:  # its buyer cancelled it herself, and a share of the price was kept until now
        await tell_taken_back(document, owed, now)


async def reopen_order(document: DocumentInfo, actor: Actor, now: datetime) -> bool:
    """Let a confirmed order wait for its money again, since what had come was not for it; its passes are void.

    What payments calls inside the transaction that takes the money off its bill. Its places stay held for a day; paid
    by then, or later while they are free, it gets other passes. Of one that its buyer cancelled nothing is to be paid
    any more. Gives whether its buyer was told, who has to have a
    contact. Raises OrderNotFound, PassesUsed, TicketGivenAway, TicketChanged.
    """
    await hold_row("ticket_order", document.subject_id, alone=True)
    order = await _order(document.subject_id, document.edition_id)
    if order.state == OrderState.CANCELLED:  # by its buyer, and a share of the price was kept
        await cancel_document(document_id=document.id, actor=actor, now=now)
        return True
    if order.state != OrderState.CONFIRMED:
        return False
    edition = await edition_by_id(order.edition)
    for ticket in await tickets_of_order(order.id):
        uses = await pass_uses(edition, ticket["pass_id"]) if ticket["pass_id"] else []
        if any(use.tone != "refused" for use in uses):
            raise PassesUsed(reference=order.reference)
        if ticket["given_at"] and not ticket["cancelled_at"]:  # its next pass would be made for the buyer
            raise TicketGivenAway(reference=order.reference)
    for change in await changes_of_order(order.id):
        if change["state"] == ChangeState.HELD or (await document_by_id(change["payment_document"])).paid.amount_minor:
            raise TicketChanged(reference=order.reference)
    until = now + HELD_AGAIN
    if not await _move(order, OrderState.CONFIRMED, OrderState.HELD, confirmed_at=None, expires_at=until):
        raise OrderNotOpen
    await hold_sold_places(await counts_of_order(order.id))
    await void_tickets(order_id=order.id, reason="its payment was for something else", actor=actor, now=now)
    await audit.record(
        actor=actor,
        action="order.reopen",
        subject_type="ticket_order",
        subject_id=order.id,
        edition_id=order.edition,
        before={"state": order.state},
        after={"state": OrderState.HELD.value},
        now=now,
    )
    return await send_open_again(order=order, due=document.due, until=until, now=now)


async def expire_orders(*, now: datetime, at_most: int = 200) -> int:
    """Let held orders go whose time is over; returns how many. Runs as a job."""
    rows = await fetch(
        "SELECT id FROM ticket_order WHERE state = {} AND expires_at < {} ORDER BY id LIMIT {}",
        OrderState.HELD.value,
        now,
        at_most,
    )
    gone = 0
    for row in rows:
        try:
            async with write_transaction():
                order = await TicketOrder.objects().get(TicketOrder.id == row["id"])
                assert order is not None
                await _withdraw_bill(order, actor=None, now=now)
                if not await _move(order, OrderState.HELD, OrderState.EXPIRED, closed_at=now):
                    raise OrderNotOpen
                await give_back_uses(order.id)
                await give_back_places(await counts_of_order(order.id), were_sold=False)
        except (DocumentNotOpen, OrderNotOpen):
            continue  # paid or cancelled meanwhile
        gone += 1
    return gone


async def _withdraw_bill(order: TicketOrder, *, actor: Actor | None, now: datetime, tell: bool = True) -> None:
    """Take the bill of a held order back, unless finance did, and owes back what came for it since: nothing is left."""
    if order.payment_document is None:
        return
    if (await document_by_id(order.payment_document)).state not in (DocumentState.REFUND_DUE, DocumentState.REFUNDED):
        await cancel_document(document_id=order.payment_document, actor=actor, now=now, tell=tell)


async def _cancel(order: TicketOrder, owed: Money | None, *, actor: Actor, now: datetime) -> None:
    """Let an order go with its places and passes, and tell those who had these, in the caller's transaction.

    Her money is owed back already: ``owed``, if any. Raises OrderNotOpen when it changed.
    """
    if not await _move(order, order.state, OrderState.CANCELLED, closed_at=now):
        raise OrderNotOpen
    await give_back_uses(order.id)
    await give_back_places(await counts_of_order(order.id), were_sold=order.state == OrderState.CONFIRMED)
    await revoke_tickets(
        order_id=order.id, reason="order cancelled", reason_code=PassReason.CANCELLED, actor=actor, now=now
    )
    await audit.record(
        actor=actor,
        action="order.cancel",
        subject_type="ticket_order",
        subject_id=order.id,
        edition_id=order.edition,
        before={"state": order.state},
        after={"state": OrderState.CANCELLED.value},
        now=now,
    )
    await send_cancelled(order=order, owed=owed, now=now)
    await tell_given_cancelled(order.id, order.edition, now)


async def _move(order: TicketOrder, before: str, after: OrderState, **times: datetime | None) -> bool:
    """Change an order's state if it still is what it was; one of many at once wins."""
    values = {TicketOrder.state: after.value, **{getattr(TicketOrder, name): at for name, at in times.items()}}
    rows = (
        await TicketOrder.update(values)
        .where((TicketOrder.id == order.id) & (TicketOrder.state == str(before)))
        .returning(TicketOrder.id)
    )
    return bool(rows)


async def _order(order_id: int, edition_id: int) -> TicketOrder:
    order = await TicketOrder.objects().get(SHOWN & (TicketOrder.id == order_id) & (TicketOrder.edition == edition_id))
    if order is None:
        raise OrderNotFound
    return order

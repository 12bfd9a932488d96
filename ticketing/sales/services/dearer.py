"""A ticket changed for a dearer one: the difference is billed, and the place held until it has come.

Until then the ticket is what it was, and its pass counts. Each change has an invoice of its own, so that the order's
says what it said. Money that comes late counts while the ticket is as it was and the place can be had, else it goes
back. Rows are taken as :mod:`.own` has it; who pays holds the change's invoice alone before the order.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from app.accounts.actor import Actor
from app.events.enums import EditionState, PassState
from app.events.queries import EditionInfo, edition_by_id
from app.events.tables import Pass
from app.kernel import audit
from app.kernel.database import fetch, hold_row, write_transaction
from app.kernel.i18n import _, pick, use_locale
from app.kernel.money import Money
from app.payments.enums import DocumentState, Settlement
from app.payments.errors import DocumentNotOpen
from app.payments.lines import Line
from app.payments.queries import DocumentInfo, PaymentInfo, document_by_id
from app.payments.services.documents import cancel_document, open_document, require_refund
from app.payments.services.issuing import payer_on
from app.payments.services.ledger import day_of
from app.payments.services.telling import tell_taken_back
from ticketing.sales.enums import ChangeState, OrderState
from ticketing.sales.errors import ChangeStands, OrderNotOpen
from ticketing.sales.queries import quotas_of, room_of, ticket_types_of
from ticketing.sales.queries_own import changes_of_order, items_of
from ticketing.sales.services.own import Held, hold_bills_of_changes, known, was_used
from ticketing.sales.services.own_messages import tell_to_pay
from ticketing.sales.services.quota import give_back_places, hold_types, sell_held_places, take_places
from ticketing.sales.services.swapping import swap_type
from ticketing.sales.tables import OrderItem, TicketOrder
from ticketing.sales.tables_own import TicketChange

#: Name under which payments knows the differences of changed tickets.
CHANGE_PURPOSE = "ticket_change"
HELD_FOR = timedelta(minutes=20)
#: Where an invoice stands that takes no money any more, so that nothing of it is to be withdrawn.
TAKEN_BACK = (DocumentState.REFUND_DUE, DocumentState.REFUNDED)


async def begin_change(
    held: Held, item: Mapping[str, Any], wanted: Mapping[str, Any], *, actor: Actor | None, now: datetime
) -> int:
    """Hold a place of a dearer type for a ticket of a held order, and bill the difference; gives the change's number.

    In the caller's transaction, which holds the types and has looked whether the type can be had. Raises SoldOut,
    SalesClosed.
    """
    assert held.document is not None
    order, edition = held.order, held.edition
    await take_places(edition=edition, counts={wanted["id"]: 1}, now=now)
    change = TicketChange(
        order_item=item["id"],
        old_type=item["ticket_type"],
        ticket_type=wanted["id"],
        price_minor=wanted["price_minor"],
        state=ChangeState.HELD.value,
        created_at=now,
        expires_at=now + HELD_FOR,
    )
    await change.save()
    with use_locale(order.locale):
        line = Line(
            description=_("Change for “{ticket}”").format(ticket=pick(wanted["name"])),
            unit_minor=wanted["price_minor"] - item["price_minor"],
            with_tax=True,
        )
    document = await open_document(
        edition_id=edition.id,
        purpose=CHANGE_PURPOSE,
        subject_id=change.id,
        payer=payer_on(held.document),
        description=order.reference,
        currency=order.currency,
        lines=[line],
        due_on=await day_of(edition.id, change.expires_at),
        now=now,
    )
    await TicketChange.update({TicketChange.payment_document: document.id}).where(TicketChange.id == change.id)
    await audit.record(
        actor=known(actor),
        action="order.begin_change",
        subject_type="ticket_order",
        subject_id=order.id,
        edition_id=edition.id,
        after={"ticket_type": pick(wanted["name"]), "total_minor": document.amount.amount_minor},
        now=now,
    )
    await tell_to_pay(order, edition, change.to_dict(), wanted["name"], document.amount, now)
    return change.id


async def settle_change(document: DocumentInfo, payment: PaymentInfo, now: datetime) -> Settlement:
    """What payments asks when a difference came: the ticket is the dearer one from now on, or the money goes back.

    Runs in the payment's transaction. A place that was held, and is not needed since the ticket is another one by now,
    is given back when its time is over.
    """
    change = await change_by_id(document.subject_id)
    order, edition, item = await _hold_ticket(change)
    price = change["price_minor"] - document.amount.amount_minor
    if item is None or (item["ticket_type"], item["price_minor"]) != (change["old_type"], price):
        return Settlement.REFUND
    if change["state"] == ChangeState.HELD:
        await hold_types([change["old_type"], change["ticket_type"]])
        await sell_held_places({change["ticket_type"]: 1})
        await give_back_places({change["old_type"]: 1}, were_sold=True)
    elif change["state"] != ChangeState.EXPIRED or not await _move_place(
        edition, change["old_type"], change["ticket_type"], now
    ):
        return Settlement.REFUND
    await _move(change, ChangeState.DONE, now)
    await swap_type(
        order, edition, item, type_id=change["ticket_type"], price_minor=change["price_minor"], actor=None, now=now
    )
    return Settlement.KEPT


async def withdraw_changes(held: Held, item_ids: Collection[int], types: Iterable[int], now: datetime) -> None:
    """Let the places go that are held for dearer tickets in place of some, since these are something else from now on.

    In the caller's transaction; ``types`` are those whose places it takes or gives back next.
    """
    waiting = [
        change
        for change, _bill in held.changes
        if change["state"] == ChangeState.HELD and change["order_item"] in item_ids
    ]
    if waiting:
        await hold_types([*types, *(change["ticket_type"] for change in waiting)])
    for change in waiting:
        await _let_go(change, ChangeState.WITHDRAWN, now)


async def take_back_changes(order_id: int, actor: Actor | None, now: datetime) -> int:
    """Take back all changes of an order that is cancelled; gives what goes back for them, in minor units.

    In the caller's transaction, which holds the order's own bill and not yet the order.
    """
    bills = await hold_bills_of_changes(order_id)
    if not bills:
        return 0
    await hold_row("ticket_order", order_id, alone=True)
    owed = 0
    changes = await changes_of_order(order_id)
    for change in changes:
        if bills[change["payment_document"]].state == DocumentState.PAID:
            back = await require_refund(document_id=change["payment_document"], actor=actor, now=now)
            owed += back.amount_minor if back is not None else 0
    waiting = [change for change in changes if change["state"] == ChangeState.HELD]
    if waiting:
        items = await OrderItem.select(OrderItem.ticket_type).where(OrderItem.ticket_order == order_id)
        await hold_types([*(one["ticket_type"] for one in items), *(one["ticket_type"] for one in waiting)])
    for change in waiting:
        owed += bills[change["payment_document"]].paid.amount_minor
        await _let_go(change, ChangeState.WITHDRAWN, now, tell=False)
    return owed


async def expire_changes(*, now: datetime, at_most: int = 200) -> int:
    """Let places go that were held for dearer tickets, and whose time is over; returns how many. Runs as a job."""
    rows = await fetch(
        "SELECT id FROM ticket_change WHERE state = {} AND expires_at < {} ORDER BY id LIMIT {}",
        ChangeState.HELD.value,
        now,
        at_most,
    )
    gone = 0
    for row in rows:
        try:
            async with write_transaction():
                await _let_go(await change_by_id(row["id"]), ChangeState.EXPIRED, now)
        except (DocumentNotOpen, OrderNotOpen):
            continue  # paid or withdrawn meanwhile
        gone += 1
    return gone


async def change_taken_back(document: DocumentInfo, owed: Money, actor: Actor | None, now: datetime) -> None:
    """Change a ticket back whose difference finance took back, where that can be; else it stays what it is.

    What payments calls inside the transaction that does so.
    """
    await _change_back(document, actor, now)
    if owed.amount_minor:
        await tell_taken_back(document, owed, now)


async def reopen_change(document: DocumentInfo, actor: Actor, now: datetime) -> bool:
    """Change a ticket back, since what had come for the difference was not for it.

    What payments calls inside the transaction that takes the money off. It may come late. Gives True: who ordered is
    told of it. Raises ChangeStands.
    """
    if not await _change_back(document, actor, now):
        raise ChangeStands(reference=document.description)
    await cancel_document(document_id=document.id, actor=actor, now=now)
    return True


async def what_stays_of_change(document: DocumentInfo) -> str:
    """What a credit note over a part of a difference leaves: the dearer ticket."""
    if (await change_by_id(document.subject_id))["state"] != ChangeState.DONE:
        return ""
    return _(
        "Over a part it takes back money alone: the ticket stays the dearer one. Over all of it the ticket is what it "
        "was before, unless its pass was used, it is another one by now, or its old place is gone."
    )


async def change_by_id(change_id: int) -> dict[str, Any]:
    """One change of a ticket for a dearer one, as it stands."""
    (row,) = await TicketChange.select().where(TicketChange.id == change_id)
    return row


async def _change_back(document: DocumentInfo, actor: Actor | None, now: datetime) -> bool:
    """Let a ticket be what it was before a change; false where it is another one by now, was used, or has no place."""
    change = await change_by_id(document.subject_id)
    order, edition, item = await _hold_ticket(change)
    if item is None or change["state"] != ChangeState.DONE:
        return False
    if (item["ticket_type"], item["price_minor"]) != (change["ticket_type"], change["price_minor"]):
        return False
    if not await _move_place(edition, change["ticket_type"], change["old_type"], now):
        return False
    await _move(change, ChangeState.EXPIRED, now)
    price = change["price_minor"] - document.amount.amount_minor
    await swap_type(
        order, edition, item, type_id=change["old_type"], price_minor=price, actor=actor, undone=True, now=now
    )
    return True


async def _hold_ticket(change: Mapping[str, Any]) -> tuple[TicketOrder, EditionInfo, dict[str, Any] | None]:
    """The order of a change, held, its edition, and the ticket with its pass, held: None unless it may be changed."""
    item = await OrderItem.objects().get(OrderItem.id == change["order_item"])
    assert item is not None
    await hold_row("ticket_order", item.ticket_order, alone=True)
    order = await TicketOrder.objects().get(TicketOrder.id == item.ticket_order)
    assert order is not None
    edition = await edition_by_id(order.edition)
    standing = await items_of(order.id, [item.id])
    if order.state != OrderState.CONFIRMED or edition.state == EditionState.CANCELLED or not standing:
        return order, edition, None
    (ticket,) = standing
    if ticket["event_pass"] is None:
        return order, edition, None
    await hold_row("pass", ticket["event_pass"], alone=True)
    valid = await Pass.exists().where((Pass.id == ticket["event_pass"]) & (Pass.state == PassState.ISSUED.value))
    return order, edition, None if not valid or await was_used(edition, ticket["event_pass"]) else ticket


async def _move_place(edition: EditionInfo, old: int, new: int, now: datetime) -> bool:
    """Sell a place of one type in place of one of another, if it can be had and its days are not over."""
    await hold_types([old, new])
    types = {row["id"]: row for row in await ticket_types_of(edition.id)}
    free = {quota["id"]: quota["left"] + (old in quota["types"]) for quota in await quotas_of(edition.id)}
    window = edition.window_of(types[new]["first_day"], types[new]["last_day"])
    if window[1] <= now or not room_of(types[new], free):
        return False
    await give_back_places({old: 1}, were_sold=True)
    await take_places(edition=edition, counts={new: 1}, now=now, any_time=True, sold=True)
    return True


async def _let_go(change: Mapping[str, Any], after: ChangeState, now: datetime, *, tell: bool = True) -> None:
    """Give up a place that is held for a change, and withdraw the bill unless finance did, in the transaction.

    Raises DocumentNotOpen (it is paid), OrderNotOpen (it is held no more).
    """
    bill = await document_by_id(change["payment_document"])
    if bill.state not in TAKEN_BACK:
        await cancel_document(document_id=bill.id, actor=None, now=now, tell=tell)
    if not await _move(change, after, now):
        raise OrderNotOpen
    await give_back_places({change["ticket_type"]: 1}, were_sold=False)


async def _move(change: Mapping[str, Any], after: ChangeState, now: datetime) -> bool:
    """Change where a change stands, if it stands there still; one of many at once wins."""
    values: dict[Any, Any] = {TicketChange.state: after.value, TicketChange.closed_at: now}
    standing = (TicketChange.id == change["id"]) & (TicketChange.state == change["state"])
    return bool(await TicketChange.update(values).where(standing).returning(TicketChange.id))

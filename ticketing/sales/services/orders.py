"""Orders: placed, confirmed, cancelled, expired. Each change is one conditional update inside one transaction.

Rows are taken in one order, so that nobody waits for each other: edition, payment document, order, ticket types by id.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from app.accounts.actor import ANONYMOUS, SYSTEM, Actor
from app.accounts.services.people import find_or_create_by_one_contact
from app.accounts.tables import Person
from app.events.enums import EditionState
from app.events.queries import edition_by_id, hold_edition_going_on
from app.kernel import audit
from app.kernel.database import fetch, hold_row, hold_rows, write_transaction
from app.kernel.i18n import pick
from app.kernel.money import Money
from app.kernel.rows import among
from app.kernel.security import hash_token
from app.payments.enums import PaymentMethod, Settlement
from app.payments.errors import DocumentNotOpen
from app.payments.lines import Line
from app.payments.queries import DocumentInfo, PaymentInfo, document_by_id
from app.payments.services.documents import Paid, cancel_document, open_document, require_refund
from app.payments.services.issuing import Payer
from app.payments.services.ledger import day_of
from app.payments.services.recording import record_payment
from ticketing.sales.enums import OrderChannel, OrderState
from ticketing.sales.errors import NothingChosen, OrderNotFound, OrderNotOpen, TooManyTickets
from ticketing.sales.limits import count_order
from ticketing.sales.queries import SHOWN, counts_of_order, counts_of_orders
from ticketing.sales.schemas import MOST_AT_BOX_OFFICE, MOST_IN_ONE_ORDER
from ticketing.sales.services.confirming import confirm_orders
from ticketing.sales.services.issuing import revoke_tickets
from ticketing.sales.services.late import hold_all_types, move_to_types, places_for
from ticketing.sales.services.messages import NO_PLACES, send_bill, send_cancelled
from ticketing.sales.services.placing import Asked, BilledTo, Placed, place_once, placed_before
from ticketing.sales.services.quota import give_back_places, hold_places, hold_types
from ticketing.sales.services.references import order_reference, order_secret
from ticketing.sales.tables import OrderItem, TicketOrder, TicketType

#: Name under which payments knows orders of tickets.
PURPOSE = "ticket_order"
HOLD_MINUTES = 20


async def place_order(
    *,
    edition_id: int,
    client_id: str,
    counts: Mapping[int, int],
    full_name: str,
    phone: str | None,
    email: str | None,
    locale: str,
    now: datetime,
    actor: Actor | None = None,
    browser: str = "",
    billed_to: BilledTo | None = None,
) -> Placed:
    """Order tickets online. ``counts`` maps ticket types' ids to numbers. Free orders are confirmed at once.

    The same ``client_id`` sent twice is one order and gives the first answer. Phone and mail are normalised already;
    the mail address counts when both are given, and the passes go there. ``actor`` is whoever is signed in,
    ``browser`` what its page was opened with (``browser_of``); empty for the API. ``billed_to`` is who stands on the
    invoice in the buyer's place.
    Raises OrderIdTaken, NothingChosen, TooManyTickets, SoldOut, SalesClosed, UnknownTicketType, ContactMissing,
    TooManyTries, OrdersSlowed, EditionIsCancelled.
    """
    wanted = _checked(counts, MOST_IN_ONE_ORDER)
    contact = email or phone or ""
    asked = Asked(client_id=client_id, edition_id=edition_id, counts=wanted, contact=contact)
    known = await placed_before(asked)
    if known is not None:
        return known
    await count_order(
        edition_id=edition_id,
        client_id=client_id,
        phone=None if email else phone,
        email=email,
        browser=browser,
        actor=actor or ANONYMOUS,
        now=now,
    )

    async def make() -> int:
        await hold_edition_going_on(edition_id)
        person = await find_or_create_by_one_contact(
            full_name=full_name, phone=phone, email=email, locale=locale, now=now
        )
        order = await _create(
            edition_id=edition_id,
            client_id=client_id,
            counts=wanted,
            buyer=person,
            contact=contact,
            holder_name=full_name,
            locale=locale,
            channel=OrderChannel.ONLINE,
            now=now,
        )
        await audit.record(
            actor=actor if actor and actor.signed_in else None,
            action="order.place",
            subject_type="ticket_order",
            subject_id=order.id,
            edition_id=edition_id,
            after={"reference": order.reference, "count": sum(wanted.values()), "total_minor": order.total_minor},
            now=now,
        )
        if order.total_minor == 0:
            await _confirm(order, wanted, now=now)
        else:
            await _bill(order, payer_name=full_name, billed_to=billed_to, now=now)
            await send_bill(order=order, client_id=client_id, name=full_name, now=now)
        return order.id

    return await place_once(asked, make)


async def sell_at_box_office(
    *,
    edition_id: int,
    client_id: str,
    ticket_type_id: int,
    count: int,
    holder_name: str,
    actor: Actor,
    now: datetime,
    method: PaymentMethod = PaymentMethod.CASH,
    note: str = "",
) -> Placed:
    """Sell tickets at the counter, paid there and then (free ones included); confirmed at once.

    Sales periods do not bind the box office, quotas do. The same ``client_id`` sent twice is one sale. ``note`` is the
    number of a terminal's slip. Raises SoldOut, UnknownTicketType, TooManyTickets, EditionIsCancelled, DrawerNeeded.
    """
    wanted = _checked({ticket_type_id: count}, MOST_AT_BOX_OFFICE)
    asked = Asked(client_id=client_id, edition_id=edition_id, counts=wanted, contact="")
    known = await placed_before(asked)
    if known is not None:
        return known

    async def make() -> int:
        await hold_edition_going_on(edition_id)
        order = await _create(
            edition_id=edition_id,
            client_id=client_id,
            counts=wanted,
            buyer=None,
            contact="",
            holder_name=holder_name,
            locale=actor.locale,
            channel=OrderChannel.BOX_OFFICE,
            now=now,
        )
        if order.total_minor == 0:
            await _confirm(order, wanted, now=now)
        else:
            await record_payment(
                document_id=await _bill(order, payer_name=holder_name or order.reference, now=now),
                method=method,
                amount=Money(order.total_minor, order.currency),
                actor=actor,
                note=note,
                now=now,
            )
        await audit.record(
            actor=actor,
            action="order.sell",
            subject_type="ticket_order",
            subject_id=order.id,
            edition_id=edition_id,
            after={"reference": order.reference, "count": count, "total_minor": order.total_minor},
            now=now,
        )
        return order.id

    return await place_once(asked, make)


async def settle_order(document: DocumentInfo, payment: PaymentInfo, now: datetime) -> Settlement:
    """What payments asks when an order's money came: the order is confirmed, or the money has to go back.

    An order that had expired, be it at this very moment, is confirmed too if its places can still be had, or equal
    ones in their place. Runs in the payment's transaction.
    """
    order = await _order(document.subject_id, document.edition_id)
    counts = await counts_of_order(order.id)
    if order.state == OrderState.HELD and await _confirm(order, counts, now=now):
        return Settlement.KEPT
    await hold_row("ticket_order", order.id, alone=True)
    order = await _order(document.subject_id, document.edition_id)
    edition = await edition_by_id(order.edition)
    if order.state != OrderState.EXPIRED or edition.state == EditionState.CANCELLED:
        return Settlement.REFUND
    places = await places_for(edition, counts, now)
    if places is None or not await _move(order, OrderState.EXPIRED, OrderState.HELD, closed_at=None):
        return Settlement.REFUND
    await move_to_types(order.id, places)
    counts = await counts_of_order(order.id)
    await hold_places(edition_id=order.edition, counts=counts, now=now, any_time=True)
    await _confirm(order, counts, now=now, places=places)
    return Settlement.KEPT if all(old == new for old, new in places.items()) else Settlement.REPLACED


async def settle_orders(paid: Sequence[Paid], now: datetime) -> list[Settlement]:
    """What :func:`settle_order` answers for each, in that order; those that are held are confirmed all at once."""
    chosen, ids = among(sorted({document.subject_id for document, _payment in paid}))
    rows = await hold_rows("ticket_order", f"id {chosen}", ids, alone=True)
    counts = await counts_of_orders([row["id"] for row in rows])
    editions = {document.subject_id: document.edition_id for document, _payment in paid}
    if all(row["state"] == OrderState.HELD for row in rows):
        await hold_types(type_id for one in counts.values() for type_id in one)
    else:  # what came late may get places of any type: all of them at once, in the order in which everybody takes them
        for edition_id in sorted(set(editions.values())):
            await hold_all_types(edition_id)
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


async def cancel_order(*, order_id: int, edition_id: int, actor: Actor, now: datetime) -> None:
    """Cancel an order: its places return, its passes are revoked, its money is owed back, its buyer is told.

    Twice changes nothing.

    Raises OrderNotFound, OrderNotOpen (it had expired), DocumentNotOpen (its money comes at this moment).
    """
    async with write_transaction():
        order = await _order(order_id, edition_id)
        if order.state == OrderState.CANCELLED:
            return
        if order.state == OrderState.EXPIRED:
            raise OrderNotOpen
        owed = None
        if order.payment_document is not None and order.state == OrderState.HELD:
            await _withdraw_bill(order, actor=actor, now=now, tell=False)
            owed = (await document_by_id(order.payment_document)).owed
        elif order.payment_document is not None:
            owed = await require_refund(document_id=order.payment_document, actor=actor, now=now)
        await _cancel(order, owed, actor=actor, now=now)


async def cancel_taken_back(document: DocumentInfo, owed: Money, actor: Actor | None, now: datetime) -> None:
    """Cancel a confirmed order whose bill finance took back, or whose money somebody gave back at its provider.

    What payments calls inside the transaction that does so; the money is owed back already. Raises OrderNotFound.
    """
    order = await _order(document.subject_id, document.edition_id)
    if order.state == OrderState.CONFIRMED:
        await _cancel(order, owed, actor=actor or SYSTEM, now=now)


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
                await give_back_places(await counts_of_order(order.id), were_sold=False)
        except (DocumentNotOpen, OrderNotOpen):
            continue  # paid or cancelled meanwhile
        gone += 1
    return gone


def _checked(counts: Mapping[int, int], most: int) -> dict[int, int]:
    wanted = {type_id: count for type_id, count in counts.items() if count > 0}
    if not wanted:
        raise NothingChosen
    if sum(wanted.values()) > most:
        raise TooManyTickets(limit=most)
    return wanted


async def _create(
    *,
    edition_id: int,
    client_id: str,
    counts: Mapping[int, int],
    buyer: Person | None,
    contact: str,
    holder_name: str,
    locale: str,
    channel: OrderChannel,
    now: datetime,
) -> TicketOrder:
    """Hold the places and write the order with its items, inside the caller's transaction."""
    await hold_places(edition_id=edition_id, counts=counts, now=now, any_time=channel is not OrderChannel.ONLINE)
    types = await TicketType.select(TicketType.id, TicketType.price_minor, TicketType.currency).where(
        TicketType.id.is_in(list(counts))
    )
    prices = {row["id"]: row["price_minor"] for row in types}
    order = TicketOrder(
        edition=edition_id,
        client_id=client_id,
        reference=order_reference(client_id),
        buyer=buyer.id if buyer else None,
        contact=contact,
        state=OrderState.HELD.value,
        channel=channel.value,
        total_minor=sum(prices[type_id] * count for type_id, count in counts.items()),
        currency=types[0]["currency"],
        secret_hash=hash_token(order_secret(client_id)),
        locale=locale,
        created_at=now,
        expires_at=now + timedelta(minutes=HOLD_MINUTES),
    )
    await order.save()
    await OrderItem.insert(
        *(
            OrderItem(ticket_order=order.id, ticket_type=type_id, holder_name=holder_name, price_minor=prices[type_id])
            for type_id in sorted(counts)
            for _number in range(counts[type_id])
        )
    )
    return order


async def _withdraw_bill(order: TicketOrder, *, actor: Actor | None, now: datetime, tell: bool = True) -> None:
    if order.payment_document is not None:
        await cancel_document(document_id=order.payment_document, actor=actor, now=now, tell=tell)


async def _bill(order: TicketOrder, *, payer_name: str, now: datetime, billed_to: BilledTo | None = None) -> int:
    """Open the payment document of an order; returns its id."""
    billed = billed_to or BilledTo(name=payer_name)
    document = await open_document(
        edition_id=order.edition,
        purpose=PURPOSE,
        subject_id=order.id,
        payer=Payer(
            name=billed.name,
            address=billed.address,
            tax_code=billed.tax_code,
            person_id=order.buyer,
            language=order.locale,
        ),
        description=order.reference,
        currency=order.currency,
        lines=await _lines(order),
        due_on=await day_of(order.edition, order.expires_at) if order.expires_at else None,
        now=now,
    )
    await TicketOrder.update({TicketOrder.payment_document: document.id}).where(TicketOrder.id == order.id)
    return document.id


async def _cancel(order: TicketOrder, owed: Money | None, *, actor: Actor, now: datetime) -> None:
    """Let an order go with its places and passes, and tell its buyer, in the caller's transaction.

    Her money is owed back already: ``owed``, if any. Raises OrderNotOpen when it changed.
    """
    if not await _move(order, order.state, OrderState.CANCELLED, closed_at=now):
        raise OrderNotOpen
    await give_back_places(await counts_of_order(order.id), were_sold=order.state == OrderState.CONFIRMED)
    await revoke_tickets(order_id=order.id, reason="order cancelled", actor=actor, now=now)
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


async def _lines(order: TicketOrder) -> list[Line]:
    """What an order is billed for: a line for each type of ticket that costs something."""
    rows = await fetch(
        "SELECT t.name AS name, i.price_minor AS price_minor, COUNT(*) AS count FROM order_item i "
        "JOIN ticket_type t ON t.id = i.ticket_type WHERE i.ticket_order = {} AND i.price_minor > 0 "
        "GROUP BY t.id, i.price_minor ORDER BY t.id",
        order.id,
    )
    return [
        Line(
            description=pick(json.loads(row["name"]), order.locale),
            unit_minor=row["price_minor"],
            quantity=row["count"],
            with_tax=True,
        )
        for row in rows
    ]


async def _confirm(
    order: TicketOrder, counts: Mapping[int, int], *, now: datetime, places: Mapping[int, int] = NO_PLACES
) -> bool:
    return order.id in await confirm_orders([order], {order.id: counts}, places=places, now=now)


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

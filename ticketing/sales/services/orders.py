"""Orders: placed from afar or sold at the counter, inside one transaction; :mod:`.outcomes` has what becomes of them.

Rows are taken in one order, so that nobody waits for each other: edition, payment document, order, ticket types by id.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain, repeat
from types import MappingProxyType
from typing import Any

from app.accounts.actor import ANONYMOUS, Actor
from app.accounts.services.people import find_or_create_by_one_contact
from app.accounts.tables import Person
from app.events.queries import EditionInfo, hold_edition_going_on
from app.kernel import audit
from app.kernel.database import fetch
from app.kernel.i18n import pick
from app.kernel.money import MOST, Money
from app.kernel.rows import add, insert_rows
from app.kernel.security import hash_token
from app.payments.enums import PaymentMethod
from app.payments.lines import Line
from app.payments.services.documents import open_document
from app.payments.services.issuing import Payer
from app.payments.services.ledger import day_of
from app.payments.services.recording import record_payment
from ticketing.sales.enums import OrderChannel, OrderState
from ticketing.sales.errors import (
    AmountUnfit,
    NothingChosen,
    TooFewOfType,
    TooManyOfType,
    TooManyTickets,
    UnknownTicketType,
)
from ticketing.sales.limits import count_order
from ticketing.sales.queries import types_asked_for
from ticketing.sales.schemas import MOST_AT_BOX_OFFICE, MOST_IN_ONE_ORDER
from ticketing.sales.schemas_group import MOST_IN_GROUP
from ticketing.sales.services.answers import Answers, keep_answers
from ticketing.sales.services.issuing import issue_ready, prepare_tickets
from ticketing.sales.services.messages import buyers_of, send_bill, send_tickets
from ticketing.sales.services.placing import Asked, BilledTo, Placed, place_once, placed_before
from ticketing.sales.services.quota import take_places, why_not
from ticketing.sales.services.redeeming import note_use, redeem, told_first
from ticketing.sales.services.references import order_reference, order_secret
from ticketing.sales.tables import OrderItem, TicketOrder

#: Name under which payments knows orders of tickets.
PURPOSE = "ticket_order"
HOLD_MINUTES = 20
#: So much may be said for one ticket that no order comes to more than any fair takes.
MOST_SAID = MOST // MOST_AT_BOX_OFFICE
NO_PRICES: Mapping[int, int] = MappingProxyType({})


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
    answers: Answers | None = None,
    prices: Mapping[int, int] = NO_PRICES,
    group: Sequence[str] | None = None,
    voucher: str = "",
) -> Placed:
    """Order tickets online. ``counts`` maps ticket types' ids to numbers. Free orders are confirmed at once.

    The same ``client_id`` sent twice is one order and gives the first answer. Phone and mail are normalised already;
    the mail address counts when both are given, and the passes go there. ``actor`` is whoever is signed in,
    ``browser`` what its page was opened with (``browser_of``); empty for the API. ``billed_to`` is who stands on the
    invoice in the buyer's place, ``answers`` are those to the questions of the ticket types, ``prices`` those that
    the buyer says of donations, by type, in minor units. With ``group`` it is a group's order, which types that are
    open to groups allow: these are the names on its first tickets. A group is asked no questions when it orders.
    ``voucher`` is a code as it was typed, if any.
    Raises OrderIdTaken, NothingChosen, TooManyTickets, TooManyOfType, TooFewOfType, SoldOut, SalesClosed,
    UnknownTicketType, ContactMissing, TooManyTries, OrdersSlowed, EditionIsCancelled, AmountUnfit, Invalid
    (answers), VoucherUnknown, VoucherOver, VoucherSpent, VoucherNotForThese.
    """
    wanted = _checked(counts, MOST_IN_ONE_ORDER if group is None else MOST_IN_GROUP)
    contact = email or phone or ""
    asked = Asked(client_id=client_id, edition_id=edition_id, counts=wanted, contact=contact, prices=prices)
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

    async def make() -> TicketOrder:
        edition = await hold_edition_going_on(edition_id)
        person = await find_or_create_by_one_contact(
            full_name=full_name, phone=phone, email=email, locale=locale, now=now
        )
        order = await _create(
            edition=edition,
            client_id=client_id,
            counts=wanted,
            buyer=person,
            contact=contact,
            holder_name=full_name,
            locale=locale,
            channel=OrderChannel.ONLINE,
            answers=answers,
            said=prices,
            group=group,
            voucher=voucher,
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
        await _take(order, edition, wanted, hidden_too=bool(voucher), now=now)
        if order.total_minor:
            await _bill(order, payer_name=full_name, billed_to=billed_to, now=now)
            await send_bill(order=order, client_id=client_id, name=full_name, now=now)
        return order

    return await place_once(asked, make)


async def sell_at_box_office(
    *,
    edition_id: int,
    client_id: str,
    counts: Mapping[int, int],
    holder_name: str,
    actor: Actor,
    now: datetime,
    method: PaymentMethod = PaymentMethod.CASH,
    note: str = "",
    prices: Mapping[int, int] = NO_PRICES,
) -> Placed:
    """Sell tickets at the counter, paid there and then (free ones included); confirmed at once.

    ``counts`` maps ticket types' ids to numbers: all of them are sold, or none. Sales periods do not bind the box
    office, quotas do. The same ``client_id`` sent twice is one sale. ``note`` is the number of a terminal's slip,
    ``prices`` are as in :func:`place_order`.
    Raises OrderIdTaken, NothingChosen, TooManyTickets, AmountUnfit, SoldOut, UnknownTicketType, EditionIsCancelled,
    DrawerNeeded.
    """
    wanted = _checked(counts, MOST_AT_BOX_OFFICE)
    asked = Asked(client_id=client_id, edition_id=edition_id, counts=wanted, contact="", prices=prices)
    known = await placed_before(asked)
    if known is not None:
        return known

    async def make() -> TicketOrder:
        edition = await hold_edition_going_on(edition_id)
        order = await _create(
            edition=edition,
            client_id=client_id,
            counts=wanted,
            buyer=None,
            contact="",
            holder_name=holder_name,
            locale=actor.locale,
            channel=OrderChannel.BOX_OFFICE,
            said=prices,
            now=now,
        )
        await _take(order, edition, wanted, now=now)
        if order.total_minor:
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
            after={"reference": order.reference, "count": sum(wanted.values()), "total_minor": order.total_minor},
            now=now,
        )
        return await TicketOrder.objects().get(TicketOrder.id == order.id) or order

    return await place_once(asked, make)


def _checked(counts: Mapping[int, int], most: int) -> dict[int, int]:
    wanted = {type_id: count for type_id, count in counts.items() if count > 0}
    if not wanted:
        raise NothingChosen
    if sum(wanted.values()) > most:
        raise TooManyTickets(limit=most)
    return wanted


async def _create(
    *,
    edition: EditionInfo,
    client_id: str,
    counts: Mapping[int, int],
    buyer: Person | None,
    contact: str,
    holder_name: str,
    locale: str,
    channel: OrderChannel,
    now: datetime,
    answers: Answers | None = None,
    said: Mapping[int, int] = NO_PRICES,
    group: Sequence[str] | None = None,
    voucher: str = "",
) -> TicketOrder:
    """Write the order with its items, inside the caller's transaction; :func:`_take` is to follow.

    One that costs nothing is confirmed at once.
    Raises TooManyOfType, TooFewOfType, SoldOut, SalesClosed, UnknownTicketType, AmountUnfit, Invalid, and what
    :func:`redeem` does.
    """
    types = await types_asked_for(edition.id, counts)
    prices = {type_id: _price(row, said.get(type_id)) for type_id, row in types.items()}
    redeemed = None
    if voucher and set(prices) == set(counts):
        sold = {one: count for one, count in counts.items() if not types[one]["donation"]}
        redeemed = await redeem(edition_id=edition.id, code=voucher, counts=sold, prices=prices, now=now)
        prices |= {type_id: redeemed.price(type_id) for type_id in redeemed.counts}
    revealed = redeemed.counts if redeemed and redeemed.offer.reveals else {}
    if any(type_id not in types or types[type_id]["left"] < count for type_id, count in counts.items()):
        any_time = channel is not OrderChannel.ONLINE
        raise await why_not(edition=edition, counts=counts, now=now, any_time=any_time, revealed=revealed)
    if channel is OrderChannel.ONLINE:
        for type_id, count in counts.items():
            _check_limits(types[type_id], count, is_group=group is not None, is_revealed=type_id in revealed)
    total = sum(prices[type_id] * count for type_id, count in counts.items())
    order = TicketOrder(
        edition=edition.id,
        client_id=client_id,
        reference=order_reference(client_id),
        buyer=buyer.id if buyer else None,
        contact=contact,
        state=(OrderState.HELD if total else OrderState.CONFIRMED).value,
        channel=channel.value,
        total_minor=total,
        currency=next(iter(types.values()))["currency"],
        secret_hash=hash_token(order_secret(client_id)),
        locale=locale,
        created_at=now,
        expires_at=now + timedelta(minutes=HOLD_MINUTES),
        confirmed_at=None if total else now,
    )
    await add(order)
    if redeemed:
        await note_use(order.id, redeemed)
    names = chain(group or (), repeat(holder_name))
    await insert_rows(
        OrderItem,
        [OrderItem.ticket_order, OrderItem.ticket_type, OrderItem.holder_name, OrderItem.price_minor],
        [
            (order.id, type_id, next(names), prices[type_id])
            for type_id in sorted(counts)
            for _number in range(counts[type_id])
        ],
    )
    if channel is OrderChannel.ONLINE and group is None and any(row["asks"] for row in types.values()):
        await keep_answers(order_id=order.id, answers=answers, now=now)
    return order


def _price(ticket_type: Mapping[str, Any], said: int | None) -> int:
    """What a ticket of a type costs, in minor units; of a donation what the buyer says. Raises AmountUnfit."""
    least: int = ticket_type["price_minor"]
    if not ticket_type["donation"]:
        return least
    if said is None or not least <= said <= MOST_SAID:
        raise AmountUnfit(name=pick(ticket_type["name"]), least=Money(least, ticket_type["currency"]))
    return said


def _check_limits(ticket_type: Mapping[str, Any], count: int, *, is_group: bool, is_revealed: bool) -> None:
    least, most = ticket_type["min_per_order"], ticket_type["group_most" if is_group else "max_per_order"]
    hidden = ticket_type["hidden"] and not is_revealed
    if hidden or (is_group and most is None):  # it is not told that there is one
        raise UnknownTicketType
    if most is not None and count > most:
        raise TooManyOfType(name=pick(ticket_type["name"]), limit=most)
    if least is not None and count < least:
        raise TooFewOfType(name=pick(ticket_type["name"]), limit=least)


async def _take(
    order: TicketOrder, edition: EditionInfo, counts: Mapping[int, int], *, now: datetime, hidden_too: bool = False
) -> None:
    """Hold the places of an order; sell those of one that costs nothing, and hand its tickets out.

    As late as can be, since nobody else gets places of the same types before the transaction ends: what can be read
    before is. Raises SoldOut, SalesClosed.
    """
    any_time = order.channel != OrderChannel.ONLINE
    if order.total_minor:
        await take_places(edition=edition, counts=counts, now=now, any_time=any_time, hidden_too=hidden_too)
        return
    ready = await prepare_tickets([order], edition=edition, now=now)
    buyers = await buyers_of([order]) if order.buyer else {}
    await take_places(edition=edition, counts=counts, now=now, any_time=any_time, hidden_too=hidden_too, sold=True)
    issued = await issue_ready(ready, now=now)
    await send_tickets(orders=[order], issued=issued, edition=edition, buyers=buyers, now=now)


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


async def _lines(order: TicketOrder) -> list[Line]:
    """What an order is billed for: a line for each type of ticket that costs something."""
    rows = await fetch(
        "SELECT t.name AS name, i.price_minor AS price_minor, u.first_minor, v.code, COUNT(*) AS count, "
        "CASE WHEN t.donation THEN t.exempt_reason ELSE '' END AS exempt_reason "
        "FROM order_item i JOIN ticket_type t ON t.id = i.ticket_type LEFT JOIN voucher_use u "
        "ON u.ticket_order = i.ticket_order AND u.ticket_type = i.ticket_type LEFT JOIN voucher v ON v.id = u.voucher "
        "WHERE i.ticket_order = {} AND i.price_minor > 0 "
        "GROUP BY t.id, i.price_minor, u.first_minor, v.code ORDER BY t.id",
        order.id,
    )
    return [
        Line(
            description=pick(json.loads(row["name"]), order.locale) + told_first(row, order),
            unit_minor=row["price_minor"],
            quantity=row["count"],
            exempt_reason=row["exempt_reason"],
            with_tax=True,
        )
        for row in rows
    ]

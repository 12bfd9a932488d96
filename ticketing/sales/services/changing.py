"""A ticket changed for one of another day or type, by whoever holds the order's link: at the same price, at once.

The place moves with it, and a pass with another code is made in place of the one that stood.
"""

from datetime import datetime
from typing import Any

from app.accounts.actor import SYSTEM, Actor
from app.events.passes.services import IssuedPass
from app.events.passes.states import replace_pass
from app.kernel import audit
from app.kernel.database import write_transaction
from app.kernel.i18n import pick
from ticketing.sales.enums import OrderState
from ticketing.sales.errors import ChangesOver, TicketsGone, TooManyOfType, TypeNotOffered
from ticketing.sales.queries import counts_of_order, ticket_types_of
from ticketing.sales.queries_own import rules_of, types_instead
from ticketing.sales.services.issuing import request_for
from ticketing.sales.services.own import hold_own, known, tickets_to_change
from ticketing.sales.services.own_messages import tell_changed
from ticketing.sales.services.quota import give_back_places, hold_types, take_places
from ticketing.sales.tables import OrderItem


async def change_ticket(
    *, order_id: int, edition_id: int, item_id: int, type_id: int, actor: Actor | None, now: datetime
) -> IssuedPass:
    """Change a ticket of a confirmed order for one of another type; gives the pass that stands from then on.

    Raises ChangesOver, TicketsGone, TicketUsed, TypeNotOffered, TooManyOfType, SoldOut, SalesClosed, OrderNotFound,
    OrderNotOpen, EditionIsCancelled.
    """
    async with write_transaction():
        held = await hold_own(order_id, edition_id, OrderState.CONFIRMED)
        if not (await rules_of(held.edition)).may_change(now):
            raise ChangesOver
        (item,) = await tickets_to_change(held, [item_id])
        old = item["ticket_type"]
        await hold_types([old, type_id])
        offered = {row["id"]: row for row in await types_instead(held.edition, item["price_minor"], old, now)}
        if type_id not in offered:
            raise TypeNotOffered
        limit = offered[type_id]["max_per_order"]
        if limit is not None and (await counts_of_order(order_id)).get(type_id, 0) >= limit:
            raise TooManyOfType(name=pick(offered[type_id]["name"]), limit=limit)
        # Given back first, for both may draw on one quota; whoever finds no place rolls that back.
        await give_back_places({old: 1}, were_sold=True)
        await take_places(edition=held.edition, counts={type_id: 1}, sold=True, now=now)
        types = {row["id"]: row for row in await ticket_types_of(edition_id)}
        issued = await replace_pass(
            pass_id=item["event_pass"],
            edition_id=edition_id,
            request=request_for(
                held.edition, types[type_id], holder_name=item["holder_name"], holder_id=held.order.buyer
            ),
            reason="changed for another ticket",
            actor=known(actor) or SYSTEM,
            now=now,
        )
        standing = (OrderItem.id == item_id) & (OrderItem.ticket_type == old) & OrderItem.cancelled_at.is_null()
        values: dict[Any, Any] = {OrderItem.ticket_type: type_id, OrderItem.event_pass: issued.id}
        if not await OrderItem.update(values).where(standing).returning(OrderItem.id):
            raise TicketsGone
        await audit.record(
            actor=known(actor),
            action="order.change_own",
            subject_type="ticket_order",
            subject_id=order_id,
            edition_id=edition_id,
            before={"ticket_type": pick(types[old]["name"])},
            after={"ticket_type": pick(types[type_id]["name"])},
            now=now,
        )
        await tell_changed(held.order, held.edition, types[type_id]["name"], issued, now)
        return issued

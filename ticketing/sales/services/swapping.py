"""One ticket is of another type from now on: its pass has another code, and the one that stood opens no gate."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.accounts.actor import SYSTEM, Actor
from app.events.passes.services import IssuedPass
from app.events.passes.states import replace_pass
from app.events.queries import EditionInfo
from app.kernel import audit
from app.kernel.i18n import pick
from app.kernel.money import Money
from ticketing.sales.errors import TicketsGone
from ticketing.sales.queries import ticket_types_of
from ticketing.sales.services.issuing import request_for
from ticketing.sales.services.own import known
from ticketing.sales.services.own_messages import tell_changed
from ticketing.sales.tables import OrderItem, TicketOrder


async def swap_type(
    order: TicketOrder,
    edition: EditionInfo,
    item: Mapping[str, Any],
    *,
    type_id: int,
    price_minor: int,
    actor: Actor | None,
    back: Money | None = None,
    undone: bool = False,
    now: datetime,
) -> IssuedPass:
    """Let a ticket, which the caller holds with its pass, be of a type at a price; the places move by themselves.

    ``back`` is what goes back for it, of which whoever ordered is told; ``undone`` says that it is what it was before
    she changed it. Raises TicketsGone, PassRevoked, PassIsBlocked.
    """
    old = item["ticket_type"]
    types = {row["id"]: row for row in await ticket_types_of(edition.id)}
    issued = await replace_pass(
        pass_id=item["event_pass"],
        edition_id=edition.id,
        request=request_for(edition, types[type_id], holder_name=item["holder_name"], holder_id=order.buyer),
        reason="changed for another ticket",
        actor=known(actor) or SYSTEM,
        now=now,
    )
    standing = (OrderItem.id == item["id"]) & (OrderItem.ticket_type == old) & OrderItem.cancelled_at.is_null()
    values: dict[Any, Any] = {
        OrderItem.ticket_type: type_id,
        OrderItem.price_minor: price_minor,
        OrderItem.event_pass: issued.id,
    }
    if not await OrderItem.update(values).where(standing).returning(OrderItem.id):
        raise TicketsGone
    after: dict[str, Any] = {"ticket_type": pick(types[type_id]["name"])}
    if back is not None and back.amount_minor:
        after["back_minor"] = back.amount_minor
    await audit.record(
        actor=known(actor),
        action="order.change_own",
        subject_type="ticket_order",
        subject_id=order.id,
        edition_id=edition.id,
        before={"ticket_type": pick(types[old]["name"])},
        after=after,
        now=now,
    )
    await tell_changed(order, edition, types[type_id]["name"], issued, back=back, undone=undone, now=now)
    return issued

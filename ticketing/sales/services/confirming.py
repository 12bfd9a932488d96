"""Orders become tickets: their places are sold, passes issued and messages written, for one order or for many."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from app.kernel.database import fetch
from app.kernel.rows import among
from ticketing.sales.enums import OrderState
from ticketing.sales.services.issuing import issue_tickets
from ticketing.sales.services.messages import NO_PLACES, send_tickets
from ticketing.sales.services.quota import sell_held_places
from ticketing.sales.tables import TicketOrder


async def confirm_orders(
    orders: Sequence[TicketOrder],
    counts: Mapping[int, Mapping[int, int]],
    *,
    places: Mapping[int, int] = NO_PLACES,
    now: datetime,
) -> set[int]:
    """Confirm held orders in the caller's transaction; gives the ids of those that were: of many at once one wins.

    ``counts`` are the numbers of tickets by order and ticket type; ``places`` what buyers who paid late got instead.
    """
    chosen, ids = among([order.id for order in orders])
    rows = await fetch(
        f"UPDATE ticket_order SET state = {{}}, confirmed_at = {{}} WHERE state = {{}} AND id {chosen} RETURNING id",
        OrderState.CONFIRMED.value,
        now,
        OrderState.HELD.value,
        ids,
    )
    confirmed = {row["id"] for row in rows}
    ours = [order for order in orders if order.id in confirmed]
    sold: Counter[int] = Counter()
    for order in ours:
        sold.update(counts[order.id])
    await sell_held_places(sold)
    issued = await issue_tickets(orders=ours, now=now)
    await send_tickets(orders=ours, issued=issued, places=places, now=now)
    return confirmed


async def confirm_order(
    order: TicketOrder, counts: Mapping[int, int], *, places: Mapping[int, int] = NO_PLACES, now: datetime
) -> bool:
    """As :func:`confirm_orders`, for one; false when it is not held any more."""
    return order.id in await confirm_orders([order], {order.id: counts}, places=places, now=now)

"""Money for an order whose time was over: its own places if they are free, equal ones if not.

Equal are tickets of another type that cost the same, admit as the same kind of pass on the same days, and are on sale.
There is none for a donation. The tickets of one type stay together: they all get their own places, or all those of
one other type.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.events.queries import EditionInfo
from app.kernel.database import hold_rows
from ticketing.sales.queries import quotas_of, room_of, ticket_types_of
from ticketing.sales.tables import OrderItem


async def places_for(edition: EditionInfo, counts: Mapping[int, int], now: datetime) -> dict[int, int] | None:
    """By ticket type of an order, the type whose places its tickets can have; None when not all can have some.

    ``counts`` maps the order's types to numbers of tickets. In the caller's transaction, which keeps all types of the
    edition to itself from here on: what is free stays free. Passes of days that are over are places no more.
    """
    await hold_all_types(edition.id)
    types = {row["id"]: row for row in await ticket_types_of(edition.id)}
    free = {quota["id"]: quota["left"] for quota in await quotas_of(edition.id)}
    found: dict[int, int] = {}
    for type_id, count in sorted(counts.items()):
        wanted = types[type_id]
        if _window(edition, wanted)[1] <= now:
            return None
        offered = [type_id, *(other for other, row in types.items() if _equal(edition, wanted, row, now))]
        chosen = next((other for other in offered if room_of(types[other], free) >= count), None)
        if chosen is None:
            return None
        for quota_id in types[chosen]["quotas"]:
            free[quota_id] -= count
        found[type_id] = chosen
    return found


async def move_to_types(order_id: int, places: Mapping[int, int]) -> None:
    """Let an order's tickets be of the types whose places they get, in the caller's transaction.

    Read before they are written: one type's tickets may get the places that another's gave up.
    """
    standing = (OrderItem.ticket_order == order_id) & OrderItem.cancelled_at.is_null()
    items = await OrderItem.select(OrderItem.id, OrderItem.ticket_type).where(standing)
    for item in items:
        if places[item["ticket_type"]] != item["ticket_type"]:
            await OrderItem.update({OrderItem.ticket_type: places[item["ticket_type"]]}).where(
                OrderItem.id == item["id"]
            )


async def hold_all_types(edition_id: int) -> None:
    """Keep everybody else from the places of an edition, in the order in which everybody takes them."""
    for table in ("ticket_type", "quota"):
        await hold_rows(table, "edition = {}", edition_id, alone=True)


def _equal(edition: EditionInfo, wanted: Mapping[str, Any], other: Mapping[str, Any], now: datetime) -> bool:
    on_sale = (
        other["active"]
        and not other["hidden"]
        and (other["sales_from"] is None or other["sales_from"] <= now)
        and (other["sales_until"] is None or other["sales_until"] > now)
    )
    same = not (wanted["donation"] or other["donation"]) and all(
        other[name] == wanted[name] for name in ("price_minor", "currency", "pass_kind")
    )
    return bool(
        other["id"] != wanted["id"] and on_sale and same and _window(edition, other) == _window(edition, wanted)
    )


def _window(edition: EditionInfo, row: Mapping[str, Any]) -> tuple[datetime, datetime]:
    return edition.window_of(row["first_day"], row["last_day"])

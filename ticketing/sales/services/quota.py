"""Places of ticket types: taken, sold and given back by conditional updates alone.

Invariant: ``sold + held`` never exceeds ``quota``. The condition stands in each statement that takes places; a check of
the database (constraint or trigger ``ticket_type_quota``) stands behind it.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from app.events.queries import edition_by_id
from app.kernel.database import fetch, hold_rows
from app.kernel.i18n import pick
from app.kernel.rows import among
from ticketing.sales.errors import SalesClosed, SoldOut, UnknownTicketType
from ticketing.sales.queries import texts
from ticketing.sales.tables import TicketType


async def hold_places(*, edition_id: int, counts: Mapping[int, int], now: datetime, any_time: bool = False) -> None:
    """Hold places of several ticket types, all or none; call it inside a transaction.

    ``counts`` maps a ticket type's id to a number of places. Nothing is sold online whose last day is over.
    Types are taken in the order of their ids, so that two orders never wait for each other. ``any_time`` sells
    outside the sales period (box office, uploaded sheets).
    Raises SoldOut, SalesClosed, UnknownTicketType.
    """
    window = (
        ""
        if any_time
        else "AND active = TRUE AND (sales_from IS NULL OR sales_from <= {}) "
        "AND (sales_until IS NULL OR sales_until > {}) AND (last_day IS NULL OR last_day >= {}) "
    )
    times = [] if any_time else [now, now, (await edition_by_id(edition_id)).today(now)]
    for type_id, count in sorted(counts.items()):
        rows = await fetch(
            "UPDATE ticket_type SET held = held + {} WHERE id = {} AND edition = {} "
            + window
            + "AND sold + held + {} <= quota RETURNING id",
            count,
            type_id,
            edition_id,
            *times,
            count,
        )
        if not rows:
            raise await _why_not(edition_id=edition_id, type_id=type_id, now=now, any_time=any_time)


async def hold_types(type_ids: Iterable[int]) -> None:
    """Hold ticket types in the order of their ids, before places of several orders change."""
    chosen, ids = among(sorted(set(type_ids)))
    await hold_rows("ticket_type", f"id {chosen}", ids, alone=True)


async def sell_held_places(counts: Mapping[int, int]) -> None:
    """Turn held places into sold ones; call it inside the transaction that confirms their order."""
    for type_id, count in sorted(counts.items()):
        await fetch(
            "UPDATE ticket_type SET held = held - {}, sold = sold + {} WHERE id = {} AND held >= {} RETURNING id",
            count,
            count,
            type_id,
            count,
        )


async def hold_sold_places(counts: Mapping[int, int]) -> None:
    """Turn sold places into held ones; call it inside the transaction that lets their order wait for money again."""
    for type_id, count in sorted(counts.items()):
        await fetch(
            "UPDATE ticket_type SET sold = sold - {}, held = held + {} WHERE id = {} AND sold >= {} RETURNING id",
            count,
            count,
            type_id,
            count,
        )


async def give_back_places(counts: Mapping[int, int], *, were_sold: bool) -> None:
    """Give held or sold places back; call it inside the transaction that closes their order."""
    column = "sold" if were_sold else "held"
    for type_id, count in sorted(counts.items()):
        await fetch(
            f"UPDATE ticket_type SET {column} = {column} - {{}} WHERE id = {{}} AND {column} >= {{}} RETURNING id",
            count,
            type_id,
            count,
        )


async def _why_not(*, edition_id: int, type_id: int, now: datetime, any_time: bool) -> Exception:
    found = await TicketType.objects().get((TicketType.id == type_id) & (TicketType.edition == edition_id))
    if found is None:
        return UnknownTicketType()
    name = pick(texts(found.name))
    closed = not found.active or (found.sales_from and found.sales_from > now)
    over = found.last_day and found.last_day < (await edition_by_id(edition_id)).today(now)
    if not any_time and (closed or over or (found.sales_until and found.sales_until <= now)):
        return SalesClosed(name=name)
    return SoldOut(name=name, left=max(0, found.quota - found.sold - found.held))

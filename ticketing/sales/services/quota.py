"""Places of quotas: taken, sold and given back by conditional updates alone, for all ticket types of an order at once.

Invariant: ``sold + held`` of a quota never exceeds its size. The condition stands in the statement that takes places; a
check of the database (constraint or trigger ``quota_holds``) stands behind it. A ticket type counts its own tickets
beside: its row is taken first, then those of its quotas, both in the order of their ids, so that nobody waits for each
other.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import datetime

from app.events.queries import EditionInfo
from app.kernel.database import dialect, fetch, hold_rows
from app.kernel.i18n import pick
from app.kernel.rows import among, given
from ticketing.sales.errors import SalesClosed, SoldOut, UnknownTicketType
from ticketing.sales.queries import quotas_of, room_of, ticket_types_of

_WANTED = {"its_type": "INTEGER", "its_count": "INTEGER"}
#: What lets an order have places of a quota, or not.
FITS = "sold + held + its_need <= size"


async def take_places(
    *,
    edition: EditionInfo,
    counts: Mapping[int, int],
    now: datetime,
    any_time: bool = False,
    hidden_too: bool = False,
    sold: bool = False,
) -> None:
    """Hold places of several ticket types, or sell them at once, all or none; call it inside a transaction.

    ``counts`` maps a ticket type's id to a number of places. Each takes that many of all of its quotas. Nothing is sold
    online whose last day is over. ``any_time`` sells outside the sales period (box office, uploaded sheets),
    ``hidden_too`` what a voucher reveals.
    Raises SoldOut, SalesClosed, UnknownTicketType.
    """
    where = "AND edition = {} AND EXISTS (SELECT 1 FROM quota_type q WHERE q.ticket_type = its_type)"
    values: list[object] = [edition.id]
    if not any_time:
        where += (
            f" AND active = TRUE{'' if hidden_too else ' AND hidden = FALSE'} "
            "AND (sales_from IS NULL OR sales_from <= {}) AND (sales_until IS NULL OR sales_until > {}) "
            "AND (last_day IS NULL OR last_day >= {})"
        )
        values += [now, now, edition.today(now)]
    change = {"sold" if sold else "held": 1}
    offered = await _count(counts, change, where=where, values=values)
    if offered != set(counts) or not await _take(counts, change, fits=FITS):
        raise await why_not(
            edition=edition, counts=counts, now=now, any_time=any_time, revealed=counts if hidden_too else ()
        )


async def hold_types(type_ids: Iterable[int]) -> None:
    """Hold ticket types and their quotas in the order of their ids, before places of several orders change."""
    chosen, ids = among(sorted(set(type_ids)))
    await hold_rows("ticket_type", f"id {chosen}", ids, alone=True)
    await hold_rows("quota", f"id IN (SELECT quota FROM quota_type WHERE ticket_type {chosen})", ids, alone=True)


async def sell_held_places(counts: Mapping[int, int]) -> None:
    """Turn held places into sold ones; call it inside the transaction that confirms their order."""
    await _move(counts, {"held": -1, "sold": 1})


async def hold_sold_places(counts: Mapping[int, int]) -> None:
    """Turn sold places into held ones; call it inside the transaction that lets their order wait for money again."""
    await _move(counts, {"sold": -1, "held": 1})


async def give_back_places(counts: Mapping[int, int], *, were_sold: bool) -> None:
    """Give held or sold places back; call it inside the transaction that closes their order."""
    await _move(counts, {"sold" if were_sold else "held": -1})


async def _move(counts: Mapping[int, int], change: Mapping[str, int]) -> None:
    if counts:
        column = next(column for column, sign in change.items() if sign < 0)
        await _count(counts, change, where=f"AND {column} >= its_count")
        await _take(counts, change, fits=f"{column} >= its_need")


async def _count(
    counts: Mapping[int, int], change: Mapping[str, int], *, where: str, values: Sequence[object] = ()
) -> set[int]:
    """Change what each type has held and sold by its number of tickets; gives the types that the condition let pass."""
    source, wanted = given("wanted", _WANTED, sorted(counts.items()))
    if len(counts) > 1:
        await _lock("ticket_type", "id {types}", counts)
    rows = await fetch(
        f"UPDATE ticket_type SET {_sums(change, 'its_count')} FROM {source} WHERE id = its_type {where} RETURNING id",
        *wanted,
        *values,
    )
    return {row["id"] for row in rows}


async def _take(counts: Mapping[int, int], change: Mapping[str, int], *, fits: str) -> bool:
    """Change all quotas that the types draw on, if each of them meets the condition, else none; whether they did.

    A row that somebody else has just changed is read as she left it: all are locked before, in the order of their ids.
    """
    source, wanted = given("wanted", _WANTED, sorted(counts.items()))
    await _lock("quota", "id IN (SELECT quota FROM quota_type WHERE ticket_type {types})", counts)
    rows = await fetch(
        "WITH needed AS (SELECT quota AS its_quota, CAST(SUM(its_count) AS INTEGER) AS its_need "
        f"FROM {source} JOIN quota_type ON ticket_type = its_type GROUP BY quota), "
        f"asked AS (SELECT its_quota, its_need, {fits} AS fits FROM needed JOIN quota ON quota.id = its_quota) "
        f"UPDATE quota SET {_sums(change, 'its_need')} FROM asked WHERE id = its_quota AND {fits} "
        "AND NOT EXISTS (SELECT 1 FROM asked other WHERE NOT other.fits) RETURNING id",
        *wanted,
    )
    return bool(rows)


async def _lock(table: str, chosen: str, counts: Mapping[int, int]) -> None:
    """Lock rows of types in the order of their ids, by a statement before the one that changes them.

    Within that one PostgreSQL would come to a row twice, as it is and as it was when the statement began, and two who
    do so can wait for each other.
    """
    if dialect() == "postgres":  # SQLite has one writer at a time anyway
        types, ids = among(sorted(counts))
        await hold_rows(table, chosen.format(types=types), ids, alone=True)


def _sums(change: Mapping[str, int], number: str) -> str:
    return ", ".join(f"{column} = {column} {'-' if sign < 0 else '+'} {number}" for column, sign in change.items())


async def why_not(
    *, edition: EditionInfo, counts: Mapping[int, int], now: datetime, any_time: bool, revealed: Container[int] = ()
) -> Exception:
    """Why an order cannot be had: of its types the first that is not there, not on sale, or not left in its number."""
    types = {row["id"]: row for row in await ticket_types_of(edition.id)}
    free = {quota["id"]: quota["left"] for quota in await quotas_of(edition.id)}
    today = edition.today(now)
    name, left = "", 0
    for type_id, count in sorted(counts.items()):
        found = types.get(type_id)
        if found is None or (found["hidden"] and not any_time and type_id not in revealed):
            return UnknownTicketType()
        name = pick(found["name"])
        closed = not found["active"] or (found["sales_from"] and found["sales_from"] > now)
        over = found["last_day"] and found["last_day"] < today
        if not any_time and (closed or over or (found["sales_until"] and found["sales_until"] <= now)):
            return SalesClosed(name=name)
        left = room_of(found, free)
        if left < count:
            break
        for quota_id in found["quotas"]:
            free[quota_id] -= count
    return SoldOut(name=name, left=left)

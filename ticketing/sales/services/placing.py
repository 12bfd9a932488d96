"""One order for one ``client_id``: what was placed, told again to whoever asks for the same once more."""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.accounts.errors import ContactTaken
from app.kernel.database import fetch, is_unique_violation, write_transaction
from app.kernel.errors import AppError
from app.kernel.money import Money
from ticketing.sales.enums import OrderState
from ticketing.sales.errors import OrderIdTaken
from ticketing.sales.services.references import order_secret
from ticketing.sales.tables import TicketOrder

#: What of an order is told to whoever placed it.
_TOLD = "id, reference, state, total_minor, currency, expires_at"


@dataclass(frozen=True, kw_only=True)
class Placed:
    """An order as its buyer holds it: ``secret`` opens its page. ``replayed`` when it had been placed before."""

    order_id: int
    reference: str
    secret: str
    state: OrderState
    total: Money
    expires_at: datetime | None
    replayed: bool = False


@dataclass(frozen=True, kw_only=True)
class BilledTo:
    """Who stands on an invoice: a company, say, with its address and tax code."""

    name: str
    address: str = ""
    tax_code: str = ""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What somebody orders: ``counts`` maps ticket types' ids to numbers, ``contact`` is empty at the box office.

    ``prices`` are those that the buyer says, by ticket type, in minor units.
    """

    client_id: str
    edition_id: int
    counts: Mapping[int, int]
    contact: str
    prices: Mapping[int, int] = field(default_factory=dict)


async def placed_before(asked: Asked) -> Placed | None:
    """The first answer to an order that was placed before.

    Raises OrderIdTaken when its ``client_id`` came with another order: its secret is not for whoever guesses the id.
    """
    rows = await fetch(f"SELECT edition, contact, {_TOLD} FROM ticket_order WHERE client_id = {{}}", asked.client_id)
    if not rows:
        return None
    if not await _is_what_was_asked(rows[0], asked):
        raise OrderIdTaken
    return placed_of(rows[0], order_secret(asked.client_id), replayed=True)


async def _is_what_was_asked(order: Mapping[str, Any], asked: Asked) -> bool:
    """Whether an order was placed as asked, whatever became of its tickets: cancelled, or changed for others.

    What a changed ticket was at first is not known any more: those count as any type.
    """
    rows = await fetch(
        "SELECT i.ticket_type AS type_id, i.price_minor AS price_minor, t.donation AS donation, "
        "p.replaces AS replaces FROM order_item i JOIN ticket_type t ON t.id = i.ticket_type "
        "LEFT JOIN pass p ON p.id = i.event_pass WHERE i.ticket_order = {}",
        order["id"],
    )
    first = (order["edition"], order["contact"], len(rows))
    given = [row for row in rows if row["donation"] and row["type_id"] in asked.prices]
    if any(asked.prices[row["type_id"]] != row["price_minor"] for row in given):
        return False
    unchanged = Counter(row["type_id"] for row in rows if row["replaces"] is None)
    return first == (asked.edition_id, asked.contact, sum(asked.counts.values())) and unchanged <= Counter(asked.counts)


async def place_once(asked: Asked, make: Callable[[], Awaitable[TicketOrder]]) -> Placed:
    """Make an order in one transaction, and give it as it was made.

    Whatever refuses it, the same order placed meanwhile is the answer.
    Another order of a new person, arriving at the same moment, is no reason to refuse: it is tried once more.
    """
    for attempt in range(2):
        try:
            async with write_transaction():
                order = await make()
            return placed_of(order.to_dict(), order_secret(asked.client_id))
        except Exception as error:
            known = await placed_before(asked)
            if known is not None and (isinstance(error, AppError) or is_unique_violation(error)):
                return known
            if attempt or not isinstance(error, ContactTaken):
                raise
    raise AssertionError("the second attempt gives an order or raises")


def placed_of(order: Mapping[str, Any], secret: str, *, replayed: bool = False) -> Placed:
    """An order by its row, told to who has its secret."""
    return Placed(
        order_id=order["id"],
        reference=order["reference"],
        secret=secret,
        state=OrderState(order["state"]),
        total=Money(order["total_minor"], order["currency"]),
        expires_at=order["expires_at"],
        replayed=replayed,
    )

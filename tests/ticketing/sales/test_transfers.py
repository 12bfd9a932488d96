"""Orders that transfers pay for, many at once: each is confirmed once, whatever else happens to it at that moment."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.kernel.database import fetch
from app.kernel.money import Money
from app.payments.bank_lines import BankLine
from app.payments.enums import EntrySource
from app.payments.errors import DocumentNotOpen
from app.payments.services.assigning import match_new
from app.payments.services.entries import keep_entries
from tests.conftest import NOW
from tests.support.factories_ticketing import make_order, make_ticket_type
from tests.support.queries import counted_queries
from tests.support.race import losers, race, winners
from ticketing.sales.errors import OrderNotOpen
from ticketing.sales.services.outcomes import cancel_order, expire_orders

pytestmark = pytest.mark.engines
LATER = NOW + timedelta(hours=1)


async def make_paid_for(edition: Any, count: int) -> list[int]:
    """Orders of two types, taken in both orders, for each of which its whole amount came by transfer."""
    types = [await make_ticket_type(edition.id, now=NOW, price_minor=50_000, quota=100) for _type in range(2)]
    orders = []
    for number in range(count):
        chosen = {types[number % 2]: 1, types[(number + 1) % 2]: 2} if number % 3 else {types[number % 2]: 1}
        orders.append((await make_order(edition.id, chosen, now=NOW)).order_id)
    rows = await fetch("SELECT reference, amount_minor FROM payment_document ORDER BY id DESC LIMIT {}", count)
    lines = [
        BankLine(
            account="0011",
            booked_at=NOW,
            day=NOW.date(),
            amount=Money(row["amount_minor"], "VND"),
            purpose=row["reference"],
            number=f"FT{row['reference']}",
        )
        for row in rows
    ]
    await keep_entries(lines, source=EntrySource.STATEMENT, now=NOW)
    return orders


async def check_places() -> None:
    """What is sold is what confirmed orders hold, each with its pass."""
    sold = await fetch(
        "SELECT t.id, t.sold, t.held, (SELECT COUNT(*) FROM order_item i JOIN ticket_order o ON o.id = i.ticket_order "
        "WHERE i.ticket_type = t.id AND o.state = 'confirmed' AND i.event_pass IS NOT NULL) AS has "
        "FROM ticket_type t ORDER BY t.id"
    )
    assert [(row["sold"], row["held"]) for row in sold] == [(row["has"], 0) for row in sold]
    assert await fetch("SELECT serial FROM pass GROUP BY serial HAVING COUNT(*) > 1") == []


async def test_orders_are_confirmed_with_their_passes_and_messages(edition: Any) -> None:
    orders = await make_paid_for(edition, 5)
    assert await match_new(NOW) == {"matched": 5}
    assert await fetch("SELECT DISTINCT state FROM ticket_order") == [{"state": "confirmed"}]
    await check_places()
    told = await fetch("SELECT unique_key, body_text FROM outbox_message WHERE unique_key LIKE 'ticket-order:%'")
    items = await fetch("SELECT ticket_order, COUNT(*) AS n FROM order_item GROUP BY ticket_order")
    wanted = {f"ticket-order:{row['ticket_order']}": row["n"] for row in items}
    assert {row["unique_key"]: row["body_text"].count("/pass/") for row in told} == wanted
    assert len(orders) == len(told)


async def test_many_orders_are_confirmed_by_as_few_statements_as_two(edition: Any) -> None:
    counts = []
    for count in (3, 20):
        await make_paid_for(edition, count)
        with counted_queries() as sent:
            assert await match_new(NOW) == {"matched": count}
        # what looks like another reference by chance is looked up, too
        counts.append(len([one for one in sent if not one.startswith('SELECT ALL "payment_document"')]))
    assert counts[0] == counts[1]


@pytest.mark.race
async def test_paid_expired_and_cancelled_at_once_an_order_is_one_of_them(edition: Any) -> None:
    orders = await make_paid_for(edition, 12)

    async def run(number: int) -> None:
        if number < 2:
            await match_new(NOW)
        elif number == 2:
            await expire_orders(now=LATER, at_most=6)
        else:
            await cancel_order(order_id=orders[-number], edition_id=edition.id, actor=SYSTEM, now=NOW)

    results = await race(6, run)
    losers(results, OrderNotOpen, DocumentNotOpen)
    assert len(winners(results[:3])) == 3
    await check_places()
    twice = await fetch("SELECT document FROM payment GROUP BY document HAVING COUNT(*) > 1")
    assert twice == []
    assert await fetch("SELECT id FROM bank_entry WHERE state <> 'matched'") == []

"""What ``orders`` sells, and what must never be afterwards; run in the environment of the installation.

``python -m tests.bench.places make`` prints the edition's address and its ticket types, ``python -m tests.bench.places
count FILE`` what is wrong; FILE holds the numbers of the orders that the service acknowledged, one a line.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from app.accounts.actor import SYSTEM
from app.kernel import clock
from app.kernel.database import close_database, fetch, open_database
from tests.bench.bills import the_edition
from ticketing.sales.services.quotas import QuotaValues, create_quota
from ticketing.sales.services.ticket_types import TicketTypeValues, create_ticket_type

#: How many tickets there are of the kind that everybody rushes for.
LAST = 100
WIDE = 1_000_000


async def make() -> dict[str, Any]:
    """Offer two free types that share a hall's quota: a wide one with places of its own, and one of few places."""
    edition = await the_edition()
    now = clock.now()
    hall = await create_quota(edition_id=edition.id, values=QuotaValues(name="Bench", size=WIDE), actor=SYSTEM, now=now)
    for code, size in (("BENCH", WIDE), ("LAST", LAST)):
        values = TicketTypeValues(
            code=code, name={"vi": f"Vé {code}"}, price_minor=0, currency=edition.currency, quota=size, quotas=[hall]
        )
        await create_ticket_type(edition_id=edition.id, values=values, actor=SYSTEM, now=now)
    return {"slug": edition.slug}


async def violations(acknowledged: Iterable[str]) -> dict[str, int]:
    """Count places sold beyond a quota, numbers that are not those of the orders, and orders that were lost."""
    stored = {row["reference"] for row in await fetch("SELECT reference FROM ticket_order WHERE state = 'confirmed'")}
    counted = {
        "oversold": (
            "SELECT COALESCE(SUM(n), 0) AS n FROM (SELECT COUNT(i.id) - q.size AS n FROM quota q "
            "JOIN quota_type j ON j.quota = q.id JOIN order_item i ON i.ticket_type = j.ticket_type "
            "JOIN ticket_order o ON o.id = i.ticket_order AND o.state IN ('held', 'confirmed') "
            "GROUP BY q.id, q.size) AS beyond WHERE n > 0"
        ),
        "quota_is_not_what_its_orders_have": (
            "SELECT COUNT(*) AS n FROM quota q WHERE q.sold + q.held <> (SELECT COUNT(*) FROM quota_type j "
            "JOIN order_item i ON i.ticket_type = j.ticket_type JOIN ticket_order o ON o.id = i.ticket_order "
            "WHERE j.quota = q.id AND o.state IN ('held', 'confirmed'))"
        ),
        "type_is_not_what_its_orders_have": (
            "SELECT COUNT(*) AS n FROM ticket_type t WHERE t.sold + t.held <> (SELECT COUNT(*) FROM order_item i "
            "JOIN ticket_order o ON o.id = i.ticket_order WHERE i.ticket_type = t.id "
            "AND o.state IN ('held', 'confirmed'))"
        ),
        "confirmed_without_pass": (
            "SELECT COUNT(*) AS n FROM order_item i JOIN ticket_order o ON o.id = i.ticket_order "
            "WHERE o.state = 'confirmed' AND i.event_pass IS NULL"
        ),
        "confirmed_without_message": (
            "SELECT COUNT(*) AS n FROM ticket_order o WHERE o.state = 'confirmed' AND o.client_id LIKE 'measured-%' "
            "AND NOT EXISTS (SELECT 1 FROM outbox_message m WHERE m.to_address = o.contact)"
        ),
    }
    found = {name: int((await fetch(sql))[0]["n"]) for name, sql in counted.items()}
    (last,) = await fetch("SELECT sold + held AS taken FROM ticket_type WHERE code = 'LAST'")
    return {
        **found,
        "last_places_not_sold": LAST - int(last["taken"]),
        "acknowledged_and_lost": len(set(acknowledged) - stored),
    }


async def main(what: str, *files: str) -> None:
    """Print what was made, or what was counted."""
    await open_database()
    try:
        said = [line for file in files for line in Path(file).read_text().split()]
        print(json.dumps(await make() if what == "make" else await violations(said)))
    finally:
        await close_database()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))

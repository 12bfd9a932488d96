"""What must hold of an edition's orders whatever happened: places, passes, bills and books say the same."""

from __future__ import annotations

from typing import Any

from app.kernel.database import fetch
from tests.payments.books import check_books
from ticketing.sales.queries import quotas_of

#: Where the bill of an order may stand, by where the order stands. Finance may take back what is held still.
BILLS = {
    "held": {"open", "written_off", "cancelled", "refund_due", "refunded"},
    "confirmed": {"paid"},
    "expired": {"cancelled", "refund_due", "refunded"},
    "cancelled": {"cancelled", "refund_due", "refunded"},
}
#: And of one with tickets that its buyer cancelled herself, or changed for some that cost nothing: a share of the price
#: may be kept, or all that cost is back.
OWN_BILLS = {
    "confirmed": {"paid", "refund_due", "refunded"},
    "cancelled": {"paid", "cancelled", "refund_due", "refunded"},
}


async def check_orders(edition: Any) -> None:
    """Each place is sold or held for an order, each paid bill bought valid passes, and the books balance.

    For orders that cost something.
    """
    orders = await fetch(
        "SELECT o.id, o.state, d.state AS bill, "
        "(SELECT COUNT(*) FROM order_item i WHERE i.ticket_order = o.id AND i.cancelled_at IS NULL) AS items, "
        "(SELECT COUNT(*) FROM order_item i WHERE i.ticket_order = o.id AND i.cancelled_at IS NOT NULL) AS cancelled, "
        "(SELECT COUNT(*) FROM order_item i WHERE i.ticket_order = o.id AND i.price_minor = 0) AS free, "
        "(SELECT COUNT(*) FROM order_item i JOIN pass p ON p.id = i.event_pass WHERE i.ticket_order = o.id "
        "AND p.state = 'issued') AS valid FROM ticket_order o JOIN payment_document d ON d.id = o.payment_document "
        "WHERE o.edition = {} ORDER BY o.id",
        edition.id,
    )
    for row in orders:
        own = OWN_BILLS.get(row["state"], set()) if row["cancelled"] or row["free"] else set()
        assert row["bill"] in BILLS[row["state"]] | own, row
        assert row["valid"] == (row["items"] if row["state"] == "confirmed" else 0), row
    types = await fetch(
        "SELECT t.id, t.sold, t.held, "
        "(SELECT COUNT(*) FROM order_item i JOIN ticket_order o ON o.id = i.ticket_order "
        "WHERE i.ticket_type = t.id AND o.state = 'confirmed' AND i.cancelled_at IS NULL) AS of_confirmed, "
        "(SELECT COUNT(*) FROM order_item i JOIN ticket_order o ON o.id = i.ticket_order "
        "WHERE i.ticket_type = t.id AND o.state = 'held' AND i.cancelled_at IS NULL) "
        "+ (SELECT COUNT(*) FROM ticket_change c WHERE c.ticket_type = t.id AND c.state = 'held') AS of_held "
        "FROM ticket_type t WHERE t.edition = {}",
        edition.id,
    )
    for row in types:
        assert (row["sold"], row["held"]) == (row["of_confirmed"], row["of_held"]), row
    await check_quotas(edition.id)
    await check_books(edition)


async def check_quotas(edition_id: int) -> None:
    """Each quota has sold and held what the types that draw on it have, and no more than its places."""
    types = {
        row["id"]: row for row in await fetch("SELECT id, sold, held FROM ticket_type WHERE edition = {}", edition_id)
    }
    for quota in await quotas_of(edition_id):
        drawn = [types[type_id] for type_id in quota["types"]]
        assert (quota["sold"], quota["held"]) == tuple(sum(one[key] for one in drawn) for key in ("sold", "held")), (
            quota
        )
        assert quota["sold"] + quota["held"] <= quota["size"], quota


async def places_of(quota_id: int) -> tuple[int, int, int]:
    """(size, sold, held) of a quota."""
    (row,) = await fetch("SELECT size, sold, held FROM quota WHERE id = {}", quota_id)
    return row["size"], row["sold"], row["held"]

"""Passes of an order's tickets: issued when it is confirmed, revoked when it is cancelled."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from app.accounts.actor import Actor
from app.events.enums import PassKind, PassReason
from app.events.passes.services import IssuedPass, PassRequest, issue_passes_bulk
from app.events.passes.states import revoke_pass
from app.events.queries import EditionInfo, hold_edition
from app.kernel.database import fetch
from app.kernel.rows import among, given
from ticketing.sales.queries import label_of, texts
from ticketing.sales.tables import OrderItem, TicketOrder


async def issue_tickets(
    *, orders: Sequence[TicketOrder], edition: EditionInfo | None = None, now: datetime
) -> dict[int, list[IssuedPass]]:
    """Issue a pass for each ticket of orders that has none, valid on its type's days; in the transaction, by order.

    ``edition`` is that of all of them, if the caller holds it already. The pass is labelled with the ticket type's name
    in the edition's first language.
    """
    issued: dict[int, list[IssuedPass]] = {order.id: [] for order in orders}
    for edition_id in sorted({order.edition for order in orders}):
        of_edition = {order.id: order for order in orders if order.edition == edition_id}
        await _issue_of_edition(edition or await hold_edition(edition_id), of_edition, issued, now)
    return issued


async def _issue_of_edition(
    edition: EditionInfo, orders: Mapping[int, TicketOrder], issued: dict[int, list[IssuedPass]], now: datetime
) -> None:
    chosen, ids = among(sorted(orders))
    items = await fetch(
        "SELECT i.id, i.ticket_order, i.holder_name, i.ticket_type, t.name AS type_name, t.pass_kind, t.first_day, "
        "t.last_day FROM order_item i JOIN ticket_type t ON t.id = i.ticket_type "
        f"WHERE i.ticket_order {chosen} AND i.event_pass IS NULL AND i.cancelled_at IS NULL "
        "ORDER BY i.ticket_order, i.id",
        ids,
    )
    requests = [
        request_for(
            edition,
            {**item, "id": item["ticket_type"], "name": item["type_name"]},
            holder_name=item["holder_name"],
            holder_id=orders[item["ticket_order"]].buyer,
        )
        for item in items
    ]
    made = await issue_passes_bulk(edition_id=edition.id, requests=requests, edition=edition, now=now)
    if not made:
        return
    source, values = given(
        "made",
        {"its_item": "INTEGER", "its_pass": "INTEGER"},
        [(item["id"], one.id) for item, one in zip(items, made, strict=True)],
    )
    await fetch(f"UPDATE order_item SET event_pass = its_pass FROM {source} WHERE id = its_item RETURNING id", *values)
    for item, one in zip(items, made, strict=True):
        issued[item["ticket_order"]].append(one)


def request_for(
    edition: EditionInfo, ticket_type: Mapping[str, Any], *, holder_name: str, holder_id: int | None
) -> PassRequest:
    """What a pass of a ticket type is asked for with: its kind, its days, its name in one language."""
    valid_from, valid_until = edition.window_of(ticket_type["first_day"], ticket_type["last_day"])
    return PassRequest(
        kind=PassKind(ticket_type["pass_kind"]),
        valid_from=valid_from,
        valid_until=valid_until,
        holder_name=holder_name,
        holder_id=holder_id,
        label=label_of(texts(ticket_type["name"])),
        type_no=ticket_type["id"],
    )


async def void_tickets(*, order_id: int, reason: str, actor: Actor, now: datetime) -> None:
    """As :func:`revoke_tickets`, for an order that waits for its money again: paid once more it gets other passes."""
    await revoke_tickets(order_id=order_id, reason=reason, reason_code=PassReason.UNPAID, actor=actor, now=now)
    await OrderItem.update({OrderItem.event_pass: None}).where(OrderItem.ticket_order == order_id)


async def revoke_tickets(*, order_id: int, reason: str, reason_code: PassReason, actor: Actor, now: datetime) -> None:
    """Withdraw the passes of an order, in the transaction that closes it."""
    rows = await fetch(
        "SELECT event_pass FROM order_item WHERE ticket_order = {} AND event_pass IS NOT NULL ORDER BY id", order_id
    )
    for row in rows:
        await revoke_pass(pass_id=row["event_pass"], reason=reason, reason_code=reason_code, actor=actor, now=now)

"""Passes of an order's tickets: issued when it is confirmed, revoked when it is cancelled."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.accounts.actor import Actor
from app.events.enums import PassKind, PassReason
from app.events.passes.services import IssuedPass, PassRequest, Prepared, issue_passes_bulk, prepare_passes
from app.events.passes.states import revoke_pass
from app.events.queries import EditionInfo, hold_edition
from app.kernel.database import fetch
from app.kernel.rows import among, given
from ticketing.sales.queries import label_of, texts
from ticketing.sales.tables import OrderItem, TicketOrder


@dataclass(frozen=True, kw_only=True)
class Ready:
    """Tickets of orders of one edition that have no pass yet, and what their passes are made with."""

    edition: EditionInfo
    items: Sequence[Mapping[str, Any]]
    requests: Sequence[PassRequest]
    prepared: Prepared | None


async def issue_tickets(*, orders: Sequence[TicketOrder], now: datetime) -> dict[int, list[IssuedPass]]:
    """Issue a pass for each ticket of orders that has none, valid on its type's days; in the transaction, by order.

    The pass is labelled with the ticket type's name in the edition's first language.
    """
    issued: dict[int, list[IssuedPass]] = {order.id: [] for order in orders}
    for edition_id in sorted({order.edition for order in orders}):
        of_edition = [order for order in orders if order.edition == edition_id]
        ready = await prepare_tickets(of_edition, edition=await hold_edition(edition_id), now=now)
        issued |= await issue_ready(ready, now=now)
    return issued


async def prepare_tickets(orders: Sequence[TicketOrder], *, edition: EditionInfo, now: datetime) -> Ready:
    """Read what the tickets of an edition's orders need, in the transaction that holds it."""
    buyers = {order.id: order.buyer for order in orders}
    chosen, ids = among(sorted(buyers))
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
            holder_id=buyers[item["ticket_order"]],
        )
        for item in items
    ]
    prepared = None
    if requests:
        prepared = await prepare_passes(edition_id=edition.id, count=len(requests), now=now)
    return Ready(edition=edition, items=items, requests=requests, prepared=prepared)


async def issue_ready(ready: Ready, *, now: datetime) -> dict[int, list[IssuedPass]]:
    """Issue the passes of tickets that are ready, by order; those of an order with none are left out."""
    made = await issue_passes_bulk(
        edition_id=ready.edition.id,
        requests=ready.requests,
        edition=ready.edition,
        prepared=ready.prepared,
        now=now,
    )
    issued: dict[int, list[IssuedPass]] = {}
    if not made:
        return issued
    source, values = given(
        "made",
        {"its_item": "INTEGER", "its_pass": "INTEGER"},
        [(item["id"], one.id) for item, one in zip(ready.items, made, strict=True)],
    )
    await fetch(f"UPDATE order_item SET event_pass = its_pass FROM {source} WHERE id = its_item RETURNING id", *values)
    for item, one in zip(ready.items, made, strict=True):
        issued.setdefault(item["ticket_order"], []).append(one)
    return issued


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

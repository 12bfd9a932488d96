"""Passes of an order's tickets: issued when it is confirmed, revoked when it is cancelled."""

from datetime import datetime

from app.accounts.actor import Actor
from app.events.enums import PassKind
from app.events.passes.services import IssuedPass, PassRequest, issue_passes_bulk, revoke_pass
from app.events.queries import hold_edition
from app.kernel.database import fetch
from ticketing.sales.queries import label_of, texts
from ticketing.sales.tables import OrderItem, TicketOrder


async def issue_tickets(*, order: TicketOrder, now: datetime) -> list[IssuedPass]:
    """Issue a pass for each ticket of an order that has none, valid on its type's days; in the transaction.

    The pass is labelled with the ticket type's name in the edition's first language.
    """
    edition = await hold_edition(order.edition)
    items = (
        await OrderItem.select(
            OrderItem.id,
            OrderItem.holder_name,
            OrderItem.ticket_type.name.as_alias("type_name"),
            OrderItem.ticket_type.pass_kind.as_alias("pass_kind"),
            OrderItem.ticket_type.first_day.as_alias("first_day"),
            OrderItem.ticket_type.last_day.as_alias("last_day"),
        )
        .where((OrderItem.ticket_order == order.id) & OrderItem.event_pass.is_null())
        .order_by(OrderItem.id)
    )
    requests = [
        PassRequest(
            kind=PassKind(item["pass_kind"]),
            valid_from=edition.window_of(item["first_day"], item["last_day"])[0],
            valid_until=edition.window_of(item["first_day"], item["last_day"])[1],
            holder_name=item["holder_name"],
            holder_id=order.buyer,
            label=label_of(texts(item["type_name"])),
        )
        for item in items
    ]
    issued = await issue_passes_bulk(edition_id=order.edition, requests=requests, now=now)
    for item, made in zip(items, issued, strict=True):
        await OrderItem.update({OrderItem.event_pass: made.id}).where(OrderItem.id == item["id"])
    return issued


async def revoke_tickets(*, order_id: int, reason: str, actor: Actor, now: datetime) -> None:
    """Withdraw the passes of an order, in the transaction that closes it."""
    rows = await fetch(
        "SELECT event_pass FROM order_item WHERE ticket_order = {} AND event_pass IS NOT NULL ORDER BY id", order_id
    )
    for row in rows:
        await revoke_pass(pass_id=row["event_pass"], reason=reason, actor=actor, now=now)

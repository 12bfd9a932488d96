"""The tickets of an edition that is cancelled: every order is cancelled with it, and nothing is sold any more."""

from collections.abc import Mapping
from datetime import datetime

from app.accounts.actor import Actor
from app.events.queries import EditionInfo
from app.kernel import audit
from ticketing.sales.enums import ChangeState, OrderState
from ticketing.sales.services.late import hold_all_types
from ticketing.sales.tables import Quota, TicketOrder, TicketType
from ticketing.sales.tables_own import TicketChange


async def close_sales(edition: EditionInfo, actor: Actor, now: datetime) -> Mapping[str, int]:
    """Cancel held and confirmed orders, in the transaction that cancels the edition; payments have their documents."""
    count = 0
    for state in (OrderState.HELD, OrderState.CONFIRMED):
        rows = (
            await TicketOrder.update({TicketOrder.state: OrderState.CANCELLED.value, TicketOrder.closed_at: now})
            .where((TicketOrder.edition == edition.id) & (TicketOrder.state == state.value))
            .returning(TicketOrder.id)
        )
        for row in rows:
            await audit.record(
                actor=actor,
                action="order.cancel",
                subject_type="ticket_order",
                subject_id=row["id"],
                edition_id=edition.id,
                before={"state": state},
                after={"state": OrderState.CANCELLED},
                now=now,
            )
        count += len(rows)
    # No order uses a place any more, nor does a dearer ticket that is not paid.
    await TicketChange.update({TicketChange.state: ChangeState.WITHDRAWN.value, TicketChange.closed_at: now}).where(
        (TicketChange.state == ChangeState.HELD.value)
        & TicketChange.ticket_type.is_in(TicketType.select(TicketType.id).where(TicketType.edition == edition.id))
    )
    await hold_all_types(edition.id)
    await TicketType.update({TicketType.sold: 0, TicketType.held: 0, TicketType.active: False}).where(
        TicketType.edition == edition.id
    )
    await Quota.update({Quota.sold: 0, Quota.held: 0}).where(Quota.edition == edition.id)
    return {"orders": count}

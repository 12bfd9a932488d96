"""Orders and passes of a sheet that stand ready: begun, shown once the sheet was taken over, else dropped.

A gate waits for nothing longer than a piece of it takes. A process that was killed leaves its sheet behind:
:func:`look_after_laid` goes on showing what was taken over, and drops what was not.
"""

import secrets
from datetime import datetime, timedelta
from typing import Any

from app.accounts.services.people_bulk import forget_added
from app.events.passes.laying import Serials, drop_passes, give_back, show_passes, take_serials_to_lay
from app.events.passes.services import prepare_signing
from app.kernel.clock import now as present
from app.kernel.database import fetch, write_transaction
from app.kernel.staging import Pace
from ticketing.sales.enums import LaidState, OrderState
from ticketing.sales.queries import newest_order
from ticketing.sales.tables import LaidSheet, OrderItem, TicketOrder

#: Whoever works on a sheet gives a sign of life with each piece. Without one for so long, nobody does any more.
SILENT = timedelta(minutes=2)


async def begin_laid(*, edition_id: int, count: int, now: datetime) -> tuple[LaidSheet, Serials]:
    """Note that orders of an edition are going to stand ready, and take serials for ``count`` passes of them.

    No two sheets have the same prefix. Raises EditionIsCancelled.
    """
    await prepare_signing(edition_id, now)
    laid = LaidSheet(
        edition=edition_id,
        prefix=f"sheet-{edition_id}-{secrets.token_hex(12)}-",
        newest_order=await newest_order(),
        laid_at=now,
        seen_at=present(),
    )
    async with write_transaction():
        serials = await take_serials_to_lay(edition_id=edition_id, count=count)
        laid.first_serial, laid.serials = serials.first, serials.count
        await laid.save()
    return laid, serials


def client_id_of(laid: LaidSheet, number: int) -> str:
    """What the order of a row is known by."""
    return f"{laid.prefix}{number:07d}"


async def still_laying(laid_id: int) -> bool:
    """Give a sign of life; false when the sheet was given up for dead, and dropped. Call it in the piece it is for."""
    return bool(
        await LaidSheet.update({LaidSheet.seen_at: present()})
        .where((LaidSheet.id == laid_id) & (LaidSheet.state == LaidState.LAYING.value))
        .returning(LaidSheet.id)
    )


async def claim_laid(laid_id: int) -> bool:
    """Decide that all of it is shown, in the transaction that takes it over; false when it was dropped."""
    return await _move(laid_id, LaidState.TAKEN_OVER, LaidState.LAYING)


async def show_laid(laid_id: int) -> None:
    """Let orders and passes that were taken over be seen, in pieces; doing it twice, or by two at once, is fine."""
    if (laid := await _find(laid_id, LaidState.TAKEN_OVER)) is None:
        return
    pace = Pace()
    after = laid.prefix
    while span := await _next(laid, after, pace.rows):
        async with pace.piece():
            await show_passes(
                "SELECT i.event_pass FROM ticket_order o JOIN order_item i ON i.ticket_order = o.id "
                "WHERE o.client_id BETWEEN {} AND {}",
                *span,
            )
            await fetch(
                "UPDATE ticket_order SET state = {} WHERE state = {} AND client_id BETWEEN {} AND {}",
                OrderState.CONFIRMED.value,
                OrderState.LAID.value,
                *span,
            )
        after = span[1]
        await pace.rest()
    async with write_transaction():
        await LaidSheet.delete().where(LaidSheet.id == laid_id)


async def drop_laid(laid_id: int) -> None:
    """Delete orders and passes that stand ready, and people who were added for them and are nothing else by now.

    Nothing happens to a sheet that was taken over.
    """
    async with write_transaction():
        await _move(laid_id, LaidState.DROPPED, LaidState.LAYING)
    if (laid := await _find(laid_id, LaidState.DROPPED)) is None:
        return
    pace = Pace()
    while span := await _next(laid, laid.prefix, pace.rows):
        async with pace.piece():
            mine = (TicketOrder.client_id >= span[0]) & (TicketOrder.client_id <= span[1])
            orders = await TicketOrder.select(TicketOrder.id, TicketOrder.buyer).where(mine)
            items: Any = OrderItem.ticket_order.is_in([row["id"] for row in orders] or [0])
            passes = await OrderItem.delete().where(items).returning(OrderItem.event_pass)
            await TicketOrder.delete().where(mine)
            await drop_passes([row["event_pass"] for row in passes])
            buyers = {row["buyer"] for row in orders if row["buyer"] is not None}
            await forget_added(sorted(buyers), added_at=laid.laid_at)
        await pace.rest()
    async with write_transaction():
        for row in await LaidSheet.delete().where(LaidSheet.id == laid_id).returning(LaidSheet.serials):
            if row["serials"]:
                await give_back(edition_id=laid.edition, first=laid.first_serial, count=laid.serials)


async def look_after_laid(*, now: datetime) -> int:
    """Go on where a process that was killed left off: show what was taken over, drop the rest; returns how many."""
    silent = await LaidSheet.select(LaidSheet.id, LaidSheet.state).where(LaidSheet.seen_at < now - SILENT)
    for row in silent:
        await (show_laid if row["state"] == LaidState.TAKEN_OVER.value else drop_laid)(row["id"])
    return len(silent)


async def _find(laid_id: int, state: LaidState) -> LaidSheet | None:
    return await LaidSheet.objects().where((LaidSheet.id == laid_id) & (LaidSheet.state == state.value)).first()


async def _move(laid_id: int, after: LaidState, before: LaidState) -> bool:
    return bool(
        await LaidSheet.update({LaidSheet.state: after.value})
        .where((LaidSheet.id == laid_id) & (LaidSheet.state == before.value))
        .returning(LaidSheet.id)
    )


async def _next(laid: LaidSheet, after: str, rows: int) -> tuple[str, str] | None:
    """The first and the last of the next orders, by what they are known by; None when there are no more."""
    found = await fetch(
        "SELECT client_id FROM ticket_order WHERE client_id > {} AND client_id < {} ORDER BY client_id LIMIT {}",
        after,
        client_id_of(laid, 10**7 - 1),
        rows,
    )
    return (found[0]["client_id"], found[-1]["client_id"]) if found else None

"""Whoever holds the link of an order changes something of it: what is held for that, and what is looked at first.

Rows are taken in one order, so that nobody waits for each other: edition, payment documents by id (the order's own
before those of its changes: whoever begins a change holds the order's, so that none comes in between), order, the
passes of its tickets, ticket types by id. Whoever else takes passes and types together holds their order before.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.accounts.actor import Actor
from app.events.queries import EditionInfo, hold_edition_going_on
from app.events.slots import pass_uses
from app.kernel.database import hold_row
from app.payments.queries import DocumentInfo, hold_document
from app.payments.services.documents import hold_documents
from ticketing.sales.enums import OrderState
from ticketing.sales.errors import OrderNotFound, OrderNotOpen, TicketsGone, TicketUsed
from ticketing.sales.queries_own import changes_of_order, items_of, order_of_edition
from ticketing.sales.tables import TicketOrder


@dataclass(frozen=True, kw_only=True)
class Held:
    """An order that nobody else changes before the transaction ends, with its edition and its bill.

    ``changes`` are those of its tickets for dearer ones, the oldest first, each with the bill over the difference.
    """

    edition: EditionInfo
    order: TicketOrder
    document: DocumentInfo | None
    changes: Sequence[tuple[dict[str, Any], DocumentInfo]] = ()

    @property
    def bills(self) -> list[DocumentInfo]:
        """The order's own bill and those of its changes; none of an order that cost nothing."""
        return [] if self.document is None else [self.document, *(bill for _change, bill in self.changes)]


async def hold_own(order_id: int, edition_id: int, *states: OrderState) -> Held:
    """Hold an order that stands in one of ``states``, in the caller's transaction.

    Raises EditionIsCancelled, OrderNotFound, OrderNotOpen.
    """
    edition = await hold_edition_going_on(edition_id)
    order = await order_of_edition(order_id, edition_id)
    if order is None:
        raise OrderNotFound
    document = await hold_document(order.payment_document) if order.payment_document is not None else None
    bills = await hold_bills_of_changes(order_id)
    await hold_row("ticket_order", order_id, alone=True)
    order = await order_of_edition(order_id, edition_id)
    if order is None or order.state not in states:
        raise OrderNotOpen
    changes = [(change, bills[change["payment_document"]]) for change in await changes_of_order(order_id)]
    return Held(edition=edition, order=order, document=document, changes=changes)


async def hold_bills_of_changes(order_id: int) -> dict[int, DocumentInfo]:
    """Hold the bills of an order's changes, by their ids; the caller holds the order's own, and not yet the order."""
    ids = [change["payment_document"] for change in await changes_of_order(order_id)]
    return await hold_documents(ids) if ids else {}


async def tickets_to_change(held: Held, item_ids: Sequence[int]) -> list[dict[str, Any]]:
    """The tickets of a held order with these numbers, their passes held too. Raises TicketsGone, TicketUsed."""
    items = await items_of(held.order.id, item_ids)
    if not items or len(items) != len(set(item_ids)):
        raise TicketsGone
    for item in items:
        if item["event_pass"] is not None:
            await hold_row("pass", item["event_pass"], alone=True)
            if await was_used(held.edition, item["event_pass"]):
                raise TicketUsed(name=item["holder_name"])
    return items


async def was_used(edition: EditionInfo, pass_id: int | None) -> bool:
    """Whether a pass ever opened a gate."""
    return pass_id is not None and any(use.tone != "refused" for use in await pass_uses(edition, pass_id))


def known(actor: Actor | None) -> Actor | None:
    """Who stands in the log: nobody for whoever holds a link and is not signed in."""
    return actor if actor is not None and actor.signed_in else None

"""Reads of what buyers do with their orders themselves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.events.queries import EditionInfo
from app.kernel.database import as_moment, fetch
from app.kernel.money import Money
from app.kernel.security import hash_token
from app.payments.enums import DocumentState
from app.payments.queries import DocumentInfo, document_by_id
from ticketing.sales.enums import HandoverState, OrderState
from ticketing.sales.queries import quotas_of, room_of, texts, ticket_types_on_sale
from ticketing.sales.tables import OrderItem, TicketOrder
from ticketing.sales.tables_own import Handover, OrderRules, RefundAccount, TicketChange

#: The times that rules give.
TIMES = ("names_until", "answers_until", "changes_until", "handing_until", "back_until", "later_until")
#: So many orders at most are sent again at once.
MOST_SENT_AGAIN = 10


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What buyers may do themselves, and until when; a time that is None: not at all.

    ``fee`` is kept of every ticket that is cancelled, beside what is not given back of its price.
    """

    fee: Money
    names_until: datetime | None = None
    answers_until: datetime | None = None
    changes_until: datetime | None = None
    handing_until: datetime | None = None
    back_until: datetime | None = None
    back_percent: int = 100
    later_until: datetime | None = None
    later_percent: int = 50

    def may_rename(self, now: datetime) -> bool:
        """Whether names may be changed at a time."""
        return self.names_until is not None and now < self.names_until

    def may_answer(self, now: datetime) -> bool:
        """Whether answers to questions may be changed at a time."""
        return self.answers_until is not None and now < self.answers_until

    def may_change(self, now: datetime) -> bool:
        """Whether tickets may be changed for others at a time."""
        return self.changes_until is not None and now < self.changes_until

    def may_hand_over(self, now: datetime) -> bool:
        """Whether tickets may be given away at a time."""
        return self.handing_until is not None and now < self.handing_until

    def percent(self, now: datetime) -> int | None:
        """What share of a price goes back to who cancels at a time; None when she may not any more."""
        for until, percent in ((self.back_until, self.back_percent), (self.later_until, self.later_percent)):
            if until is not None and now < until:
                return percent
        return None

    @property
    def cancel_until(self) -> datetime | None:
        """Until when tickets may be cancelled."""
        return max((until for until in (self.back_until, self.later_until) if until is not None), default=None)

    def back_of(self, price_minor: int, now: datetime) -> int:
        """What goes back, in minor units, of a ticket that cost so much and is cancelled at a time; never below 0."""
        return max(0, price_minor * (self.percent(now) or 0) // 100 - self.fee.amount_minor) if price_minor else 0


async def rules_of(edition: EditionInfo) -> Rules:
    """What buyers of an edition may do themselves; nothing while nobody has said so."""
    row = await OrderRules.select().where(OrderRules.edition == edition.id).first()
    if row is None:
        return Rules(fee=Money(0, edition.currency))
    kept = {name: row[name] for name in ("back_percent", "later_percent")}
    times = {name: row[name] for name in TIMES}
    return Rules(fee=Money(row["fee_minor"], edition.currency), **kept, **times)


async def account_of_order(document: DocumentInfo) -> str:
    """The bank account that the buyer of an invoice's order wants her money on, in words; empty without one."""
    return await _account(document.subject_id)


async def _account(order_id: int) -> str:
    row = await RefundAccount.select().where(RefundAccount.ticket_order == order_id).first()
    return f"{row['bank']} · {row['number']} · {row['holder']}" if row else ""


async def orders_to_send_again(edition_id: int, contact: str) -> list[dict[str, Any]]:
    """The newest orders of an edition that were made under a contact, or for whom has it where they have none."""
    return await fetch(
        "SELECT o.id AS id, o.client_id AS client_id, o.reference AS reference, o.locale AS locale, o.buyer AS buyer, "
        "o.edition AS edition, {} AS contact FROM ticket_order o LEFT JOIN person p ON p.id = o.buyer "
        "WHERE o.edition = {} AND o.state IN ({}, {}) AND (o.contact = {} OR (o.contact = '' "
        "AND (p.email = {} OR p.phone = {}))) ORDER BY o.id DESC LIMIT {}",
        contact,
        edition_id,
        OrderState.HELD.value,
        OrderState.CONFIRMED.value,
        contact,
        contact,
        contact,
        MOST_SENT_AGAIN,
    )


async def offers_of_tickets(item_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """The offer of each of these tickets that is being given away."""
    offered = Handover.order_item.is_in(list(item_ids) or [0]) & (Handover.state == HandoverState.OFFERED.value)
    return {row["order_item"]: row for row in await Handover.select().where(offered)}


async def offer_by_token(token: str) -> dict[str, Any] | None:
    """An offer of a ticket by its link, with order and edition."""
    rows = await fetch(
        "SELECT h.id AS id, h.order_item AS item_id, h.name AS name, h.contact AS contact, h.locale AS locale, "
        "h.state AS state, h.expires_at AS expires_at, i.ticket_order AS order_id, o.edition AS edition_id "
        "FROM ticket_handover h JOIN order_item i ON i.id = h.order_item JOIN ticket_order o ON o.id = i.ticket_order "
        "WHERE h.secret_hash = {}",
        hash_token(token),
    )
    return rows[0] if rows else None


async def items_of(order_id: int, item_ids: Sequence[int]) -> list[dict[str, Any]]:
    """Those of an order's tickets that its buyer has still, among some, in their order; the caller holds the order."""
    mine = (OrderItem.ticket_order == order_id) & OrderItem.id.is_in(list(item_ids) or [0])
    standing = OrderItem.cancelled_at.is_null() & OrderItem.given_at.is_null()
    return await OrderItem.select().where(mine & standing).order_by(OrderItem.id)


async def types_instead(
    edition: EditionInfo, price_minor: int, type_id: int, now: datetime, *, dearer: bool
) -> list[dict[str, Any]]:
    """The types that a ticket of a type, which cost so much, can be changed for: on sale, with a place left.

    A donation is changed for nothing. The place that it gives back counts as left, where both draw on one quota: not
    for a ``dearer`` one, whose place is held while the ticket keeps its own. Those are among them where there is an
    invoice to bill the difference after.
    """
    if type_id in await _donations(edition.id):
        return []
    types, quotas = await ticket_types_on_sale(edition, now), await quotas_of(edition.id)
    return _instead(types, quotas, price_minor, type_id, now, dearer=dearer)


async def changeable(
    edition: EditionInfo, tickets: Sequence[dict[str, Any]], now: datetime, *, dearer: bool
) -> set[int]:
    """The numbers of those tickets for which there is another that they can be changed for."""
    types, quotas = await ticket_types_on_sale(edition, now), await quotas_of(edition.id)
    donations = await _donations(edition.id)
    return {
        ticket["id"]
        for ticket in tickets
        if ticket["type_id"] not in donations
        and _instead(types, quotas, ticket["price_minor"], ticket["type_id"], now, dearer=dearer)
    }


async def _donations(edition_id: int) -> set[int]:
    """The ids of an edition's types of which buyers say the price."""
    rows = await fetch("SELECT id FROM ticket_type WHERE edition = {} AND donation = {}", edition_id, True)
    return {row["id"] for row in rows}


def may_be_dearer(document: DocumentInfo | None) -> bool:
    """Whether tickets of an order with this invoice are changed for dearer ones.

    Who paid nothing orders the other ticket anew, and cancels the one that she has.
    """
    return document is not None and document.state == DocumentState.PAID


def _instead(
    types: Sequence[dict[str, Any]],
    quotas: Sequence[dict[str, Any]],
    price_minor: int,
    type_id: int,
    now: datetime,
    *,
    dearer: bool,
) -> list[dict[str, Any]]:
    left = {quota["id"]: quota["left"] for quota in quotas}
    with_own = {quota["id"]: quota["left"] + (type_id in quota["types"]) for quota in quotas}
    return [
        row
        for row in types
        if row["id"] != type_id
        and not row["donation"]
        and (dearer or row["price_minor"] <= price_minor)
        and (row["sales_from"] is None or row["sales_from"] <= now)
        and room_of(row, left if row["price_minor"] > price_minor else with_own)
    ]


async def changes_of_order(order_id: int) -> list[dict[str, Any]]:
    """All changes of an order's tickets for dearer ones, the oldest first, each with the name of the dearer type."""
    rows = await fetch(
        "SELECT c.id, c.order_item, c.old_type, c.ticket_type, c.price_minor, c.state, c.payment_document, "
        "c.expires_at, t.name AS type_name FROM ticket_change c JOIN order_item i ON i.id = c.order_item "
        "JOIN ticket_type t ON t.id = c.ticket_type WHERE i.ticket_order = {} ORDER BY c.id",
        order_id,
    )
    return [{**row, "type_name": texts(row["type_name"]), "expires_at": as_moment(row["expires_at"])} for row in rows]


async def bills_of(order: Mapping[str, Any]) -> list[DocumentInfo]:
    """The invoice of an order, first, and those of its changes; none of one that cost nothing."""
    if order["payment_document"] is None:
        return []
    changes = [change["payment_document"] for change in await changes_of_order(order["id"])]
    return [await document_by_id(one) for one in (order["payment_document"], *changes)]


async def order_of_change(change_id: int) -> TicketOrder | None:
    """The order in which a ticket is changed for a dearer one."""
    order = TicketChange.order_item.ticket_order.as_alias("id")
    rows = await TicketChange.select(order).where(TicketChange.id == change_id)
    return await TicketOrder.objects().get(TicketOrder.id == rows[0]["id"]) if rows else None


async def account_of_change(document: DocumentInfo) -> str:
    """As :func:`account_of_order`, for the invoice over a difference."""
    order = await order_of_change(document.subject_id)
    return await _account(order.id) if order is not None else ""


async def changes_of_contact(edition_id: int, contact: str) -> list[int]:
    """Ids of the changes in orders of an edition that were made under a contact, the newest first."""
    rows = await fetch(
        "SELECT c.id FROM ticket_change c JOIN order_item i ON i.id = c.order_item "
        "JOIN ticket_order o ON o.id = i.ticket_order WHERE o.edition = {} AND o.contact = {} ORDER BY c.id DESC",
        edition_id,
        contact,
    )
    return [row["id"] for row in rows]


async def price_standing(order_id: int) -> int:
    """What those tickets of an order cost, in minor units, that were not cancelled by themselves."""
    (row,) = await fetch(
        "SELECT COALESCE(SUM(price_minor), 0) AS total FROM order_item WHERE ticket_order = {} "
        "AND cancelled_at IS NULL",
        order_id,
    )
    return int(row["total"])


async def order_of_edition(order_id: int, edition_id: int) -> TicketOrder | None:
    """One order of an edition as it stands."""
    return await TicketOrder.objects().get((TicketOrder.id == order_id) & (TicketOrder.edition == edition_id))

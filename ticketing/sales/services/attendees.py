"""Attendees from a sheet: orders and passes written in pieces that nobody sees, then taken over, all or none."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from app.accounts.actor import Actor
from app.accounts.services import people_bulk
from app.accounts.services.people_bulk import PersonValues, people_by_contact, people_to_lay, settle_people
from app.events.enums import PassKind
from app.events.passes import laying
from app.events.passes.laying import laid_passes_hold, note_unused, sign_passes_to_lay, stand_passes_ready
from app.events.passes.services import PassRequest, rename_holder
from app.events.queries import edition_by_id, hold_edition_going_on
from app.kernel import audit
from app.kernel.database import fetch, write_transaction
from app.kernel.security import hash_token
from app.kernel.sheets.model import TOLD_EVERY
from app.kernel.staging import LaidInVain, Pace, clear_away, lay_ready, make_ready
from ticketing.sales.enums import OrderChannel, OrderState
from ticketing.sales.queries import HeldTicket, label_of, newest_order, ticket_types_of, tickets_held
from ticketing.sales.services.laid import begin_laid, claim_laid, client_id_of, drop_laid, show_laid, still_laying
from ticketing.sales.services.quota import take_places
from ticketing.sales.services.references import order_reference, order_secret
from ticketing.sales.tables import LaidSheet, OrderItem

TABLE = "laid_attendee"
LAID = {
    "number": "BIGINT PRIMARY KEY",
    "ticket_type": "BIGINT",
    "holder_name": "TEXT",
    "client_id": "TEXT",
    "reference": "TEXT",
    "order_hash": "TEXT",
    "currency": "TEXT",
    "held": "BIGINT",
    **people_bulk.LAID,
    **laying.LAID,
}
#: Somebody who is to get a ticket: has none of the type yet, and is not in the sheet twice for it.
NEW = "held IS NULL"


@dataclass(frozen=True, kw_only=True, slots=True)
class Attendee:
    """Somebody who shall have a ticket of a type."""

    person: PersonValues
    ticket_type_id: int


async def lay_attendees(
    *, edition_id: int, attendees: Sequence[Attendee], now: datetime, report: Callable[[int, int], None]
) -> int:
    """Let an order and a signed pass stand ready for each attendee who has no ticket of the type yet.

    They are written in pieces, and nobody sees them; returns the number of what was laid. ``report`` hears how many
    are laid of how many. Raises EditionIsCancelled, and LaidInVain when a ticket was cancelled meanwhile.
    """
    edition = await edition_by_id(edition_id)
    types = {row["id"]: row for row in await ticket_types_of(edition_id)}
    known = await people_by_contact([one.person for one in attendees])
    held = await tickets_held(edition_id)
    without = [(person_id, one.ticket_type_id) not in held for person_id, one in zip(known, attendees, strict=True)]
    windows = {number: edition.window_of(row["first_day"], row["last_day"]) for number, row in types.items()}
    requests = (
        _request(types[one.ticket_type_id], windows[one.ticket_type_id], one) if wanted else None
        for wanted, one in zip(without, attendees, strict=True)
    )
    laid, serials = await begin_laid(edition_id=edition_id, count=sum(without), now=now)
    try:
        signed = await sign_passes_to_lay(serials=serials, requests=requests)
        await make_ready(TABLE, LAID)
        await fetch(f"CREATE INDEX {TABLE}_person ON {TABLE} (person, ticket_type, number)")
        pace, done = Pace(), 0
        rows = _rows(laid, attendees, types, signed, report)

        async def write(count: int) -> None:
            async with pace.piece():
                await _stand_ready(laid, f"number >= {done} AND number < {done + count}", now)

        chunk = list(islice(rows, pace.rows))
        while chunk:
            await lay_ready(TABLE, list(LAID), chunk)
            signing = asyncio.to_thread(list, islice(rows, pace.rows))  # the next ones, while these are written
            following, _written = await asyncio.gather(signing, write(len(chunk)))
            done += len(chunk)
            chunk = following
    except BaseException:
        await drop_laid(laid.id)
        raise
    return laid.id


def _request(ticket_type: dict[str, Any], window: tuple[datetime, datetime], one: Attendee) -> PassRequest:
    return PassRequest(
        kind=PassKind(ticket_type["pass_kind"]),
        valid_from=window[0],
        valid_until=window[1],
        holder_name=one.person.full_name,
        label=label_of(ticket_type["name"]),
        type_no=one.ticket_type_id,
    )


def _rows(
    laid: LaidSheet,
    attendees: Sequence[Attendee],
    types: dict[int, dict[str, Any]],
    signed: Iterator[tuple[Any, ...]],
    report: Callable[[int, int], None],
) -> Iterator[tuple[Any, ...]]:
    people = people_to_lay([one.person for one in attendees])
    for number, (one, person, own_pass) in enumerate(zip(attendees, people, signed, strict=True)):
        if not number % TOLD_EVERY:
            report(number, len(attendees))
        client_id = client_id_of(laid, number)
        yield (
            number,
            one.ticket_type_id,
            one.person.full_name,
            client_id,
            order_reference(client_id),
            hash_token(order_secret(client_id)),
            types[one.ticket_type_id]["currency"],
            None,
            *person,
            *own_pass,
        )


async def _stand_ready(laid: LaidSheet, where: str, now: datetime) -> None:
    """Write what was laid of some rows, in one transaction."""
    if not await still_laying(laid.id):
        raise LaidInVain
    await settle_people(TABLE, where=where, order="number", now=now)
    await _find_held(laid.edition, where)
    if await fetch(f"SELECT 1 FROM {TABLE} WHERE {NEW} AND serial IS NULL AND {where} LIMIT 1"):
        raise LaidInVain
    await stand_passes_ready(TABLE, edition_id=laid.edition, where=f"{NEW} AND {where}", now=now)
    await _order_laid(laid.edition, where, now)


async def take_over_attendees(*, laid_id: int, edition_id: int, actor: Actor, now: datetime) -> tuple[int, int, int]:
    """Sell the orders that stand ready: from here on all of them are going to be seen; (created, updated, unchanged).

    Who has a ticket of the type already keeps it, under the name that the sheet has now. Nobody is written to, and
    nothing is to be paid. Raises EditionIsCancelled, SoldOut when a quota has not enough places, and LaidInVain when
    the edition's key has changed since they were laid, or somebody's ticket was bought or cancelled.
    """
    key_ids = [row["key_id"] for row in await fetch(f"SELECT DISTINCT key_id FROM {TABLE} WHERE key_id IS NOT NULL")]
    counted = await fetch(f"SELECT ticket_type, COUNT(*) AS count FROM {TABLE} WHERE {NEW} GROUP BY ticket_type")
    counts = {row["ticket_type"]: row["count"] for row in counted}
    created = sum(counts.values())
    (whole,) = await fetch(f"SELECT COUNT(*) AS count FROM {TABLE}")
    begun = await LaidSheet.select(LaidSheet.newest_order, LaidSheet.serials).where(LaidSheet.id == laid_id).first()
    looked_at = await newest_order()  # most is looked through before the writer is taken
    if begun is None or await _changed_since(begun["newest_order"]):
        raise LaidInVain
    async with write_transaction():
        edition = await hold_edition_going_on(edition_id)
        if not await claim_laid(laid_id) or not await laid_passes_hold(key_ids, edition_id=edition_id):
            raise LaidInVain
        if await _bought_since(looked_at):
            raise LaidInVain
        updated = await _rename_held(edition_id, actor, now)
        if counts:
            await take_places(edition=edition, counts=counts, now=now, any_time=True, sold=True)
        # Rows that turned out to be of one person: the serials of the others are the last of nothing.
        await note_unused(edition_id=edition_id, count=begun["serials"] - created)
    return created, updated, whole["count"] - created - updated


async def show_attendees(laid_id: int) -> None:
    """Let the orders that were taken over be seen, and clear away what was laid for them."""
    await show_laid(laid_id)
    await clear_away(TABLE)


async def _changed_since(newest: int) -> bool:
    """Whether a ticket that somebody in the sheet had was cancelled or given away, or one she had not was bought."""
    gone = await fetch(
        f"SELECT 1 FROM {TABLE} laid JOIN order_item i ON i.id = laid.held "
        "JOIN ticket_order o ON o.id = i.ticket_order "
        "WHERE laid.held > 0 AND (o.state NOT IN ('held', 'confirmed') OR i.cancelled_at IS NOT NULL "
        "OR i.given_at IS NOT NULL) LIMIT 1"
    )
    return bool(gone) or await _bought_since(newest)


async def _bought_since(newest: int) -> bool:
    """Whether somebody who is to get a ticket has bought one since, with an order after this one."""
    return bool(
        await fetch(
            "SELECT 1 FROM ticket_order o JOIN order_item i ON i.ticket_order = o.id "
            f"JOIN {TABLE} laid ON laid.person = o.buyer AND laid.ticket_type = i.ticket_type "
            "WHERE o.id > {} AND o.state IN ('held', 'confirmed') " + f"AND laid.{NEW} LIMIT 1",
            newest,
        )
    )


async def _find_held(edition_id: int, where: str) -> None:
    """Note who has a ticket of the type already, or stands further up in the sheet for it (as 0).

    The signs keep SQLite from walking through all orders of the edition, or of the type, for each row.
    """
    await fetch(
        f"UPDATE {TABLE} SET held = (SELECT MIN(i.id) FROM ticket_order o JOIN order_item i ON i.ticket_order = o.id "
        f"WHERE o.buyer = {TABLE}.person AND +i.ticket_type = {TABLE}.ticket_type AND +o.edition = {{}} "
        f"AND i.cancelled_at IS NULL AND i.given_at IS NULL AND o.state IN ('held', 'confirmed')) WHERE {where}",
        edition_id,
    )
    await fetch(
        f"UPDATE {TABLE} SET held = 0 WHERE {NEW} AND {where} AND EXISTS (SELECT 1 FROM {TABLE} earlier "
        f"WHERE earlier.person = {TABLE}.person AND earlier.ticket_type = {TABLE}.ticket_type "
        f"AND earlier.number < {TABLE}.number)"
    )


async def _rename_held(edition_id: int, actor: Actor, now: datetime) -> int:
    """Put the sheet's names on tickets that stand under others; returns how many."""
    rows = await fetch(
        "SELECT i.id AS item_id, i.ticket_order AS order_id, i.event_pass AS pass_id, i.holder_name AS holder_name, "
        f"laid.holder_name AS name FROM {TABLE} laid JOIN order_item i ON i.id = laid.held "
        "WHERE i.holder_name <> laid.holder_name ORDER BY laid.number"
    )
    for row in rows:
        ticket = HeldTicket(row["item_id"], row["order_id"], row["pass_id"], row["holder_name"])
        await _rename(edition_id, ticket, row["name"], actor, now)
    return len(rows)


async def _rename(edition_id: int, ticket: HeldTicket, name: str, actor: Actor, now: datetime) -> None:
    """Put another name on a ticket and its pass."""
    await OrderItem.update({OrderItem.holder_name: name}).where(OrderItem.id == ticket.item_id)
    if ticket.pass_id is not None:
        await rename_holder(pass_id=ticket.pass_id, holder_name=name)
    await audit.record(
        actor=actor,
        action="order.rename",
        subject_type="ticket_order",
        subject_id=ticket.order_id,
        edition_id=edition_id,
        before={"holder_name": ticket.holder_name},
        after={"holder_name": name},
        now=now,
    )


async def _order_laid(edition_id: int, where: str, now: datetime) -> None:
    await fetch(
        "INSERT INTO ticket_order (edition, client_id, reference, buyer, state, channel, total_minor, currency, "
        "secret_hash, locale, created_at, confirmed_at) SELECT {}, client_id, reference, person, {}, {}, 0, currency, "
        f"order_hash, locale, {{}}, {{}} FROM {TABLE} WHERE {NEW} AND {where} ORDER BY number",
        edition_id,
        OrderState.LAID.value,
        OrderChannel.SHEET.value,
        now,
        now,
    )
    await fetch(
        "INSERT INTO order_item (ticket_order, ticket_type, event_pass, holder_name, price_minor) "
        f"SELECT o.id, laid.ticket_type, p.id, laid.holder_name, 0 FROM {TABLE} laid "
        "JOIN ticket_order o ON o.client_id = laid.client_id "
        f"JOIN pass p ON p.edition = {{}} AND p.serial = laid.serial WHERE laid.{NEW} AND {where} ORDER BY laid.number",
        edition_id,
    )

"""Attendees from a sheet: thousands of orders and passes in a few statements each, all of them or none."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.accounts.actor import Actor
from app.accounts.services.people_bulk import PersonValues, find_or_create_people
from app.events.enums import PassKind
from app.events.passes.services import PassRequest, issue_passes_bulk, rename_holder
from app.events.queries import EditionInfo, hold_edition_going_on
from app.kernel import audit
from app.kernel.database import write_transaction
from app.kernel.i18n import pick
from app.kernel.security import hash_token
from ticketing.sales.enums import OrderChannel, OrderState
from ticketing.sales.queries import HeldTicket, ticket_types_of, tickets_held
from ticketing.sales.services.quota import hold_places, sell_held_places
from ticketing.sales.services.references import order_reference, order_secret
from ticketing.sales.tables import OrderItem, TicketOrder

CHUNK = 400


@dataclass(frozen=True, kw_only=True)
class Attendee:
    """Somebody who shall have a ticket of a type."""

    person: PersonValues
    ticket_type_id: int


async def load_attendees(
    *, edition_id: int, attendees: Sequence[Attendee], actor: Actor, now: datetime
) -> tuple[int, int, int]:
    """Give each attendee an order and a pass; returns how many were (created, updated, unchanged).

    Who has a ticket of the type already keeps it, under the name that the sheet has now. Nobody is written to, and
    nothing is to be paid. Raises EditionIsCancelled, and SoldOut when a quota has not enough places.
    """
    async with write_transaction():
        edition = await hold_edition_going_on(edition_id)
        people = await find_or_create_people([one.person for one in attendees], now=now)
        held = await tickets_held(edition_id)
        fresh: dict[tuple[int, int], Attendee] = {}
        updated = unchanged = 0
        for person_id, one in zip(people, attendees, strict=True):
            key = (person_id, one.ticket_type_id)
            if key in fresh:
                unchanged += 1
            elif key not in held:
                fresh[key] = one
            elif held[key].holder_name == one.person.full_name:
                unchanged += 1
            else:
                await _rename(edition_id, held[key], one.person.full_name, actor, now)
                updated += 1
        if fresh:
            await _create(edition, fresh, now)
    return len(fresh), updated, unchanged


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


async def _create(edition: EditionInfo, fresh: dict[tuple[int, int], Attendee], now: datetime) -> None:
    edition_id = edition.id
    counts = Counter(type_id for _person_id, type_id in fresh)
    await hold_places(edition_id=edition_id, counts=counts, now=now, any_time=True)
    await sell_held_places(counts)
    types = {row["id"]: row for row in await ticket_types_of(edition_id)}
    windows = {
        type_id: edition.window_of(types[type_id]["first_day"], types[type_id]["last_day"]) for type_id in counts
    }
    passes = await issue_passes_bulk(
        edition_id=edition_id,
        requests=[
            PassRequest(
                kind=PassKind(types[type_id]["pass_kind"]),
                valid_from=windows[type_id][0],
                valid_until=windows[type_id][1],
                holder_name=one.person.full_name,
                holder_id=person_id,
                label=pick(types[type_id]["name"], "vi"),
            )
            for (person_id, type_id), one in fresh.items()
        ],
        now=now,
    )
    orders = [_order(edition_id, person_id, type_id, one, types, now) for (person_id, type_id), one in fresh.items()]
    ids: dict[str, int] = {}
    for start in range(0, len(orders), CHUNK):
        made = await TicketOrder.insert(*orders[start : start + CHUNK]).returning(TicketOrder.id, TicketOrder.client_id)
        ids |= {row["client_id"]: row["id"] for row in made}
    items = [
        OrderItem(
            ticket_order=ids[order.client_id],
            ticket_type=type_id,
            event_pass=issued.id,
            holder_name=one.person.full_name,
            price_minor=0,
        )
        for order, issued, ((_person_id, type_id), one) in zip(orders, passes, fresh.items(), strict=True)
    ]
    for start in range(0, len(items), CHUNK):
        await OrderItem.insert(*items[start : start + CHUNK])


def _order(
    edition_id: int, person_id: int, type_id: int, one: Attendee, types: dict[int, dict[str, str]], now: datetime
) -> TicketOrder:
    client_id = f"sheet-{edition_id}-{type_id}-{person_id}-{now.timestamp():.0f}"
    return TicketOrder(
        edition=edition_id,
        client_id=client_id,
        reference=order_reference(client_id),
        buyer=person_id,
        state=OrderState.CONFIRMED.value,
        channel=OrderChannel.SHEET.value,
        total_minor=0,
        currency=types[type_id]["currency"],
        secret_hash=hash_token(order_secret(client_id)),
        locale=one.person.locale,
        created_at=now,
        confirmed_at=now,
    )

"""Visitors who register themselves before a poster: by name and phone number, for a free ticket of one type.

A registration is an order. Its ``client_id`` is made here, of the day, the phone number and what tells the browser
apart: the same number in the same browser on the same day is the same order, and shows the same pass again. Whoever
types somebody else's number in a browser of her own gets a pass of her own, and learns nothing of any other.
"""

import hmac
from datetime import datetime

from app.accounts.actor import Actor
from app.events.queries import EditionInfo, hold_edition_going_on
from app.kernel import audit
from app.kernel.database import fetch, write_transaction
from app.kernel.security import limit
from app.kernel.settings import secret_key
from ticketing.sales.errors import NotForRegistering, RegisteringClosed
from ticketing.sales.queries import ticket_types_of
from ticketing.sales.services.orders import place_order
from ticketing.sales.services.placing import Placed
from ticketing.sales.tables import TicketOrder
from ticketing.sales.tables_registering import Registering

#: So many passes a day are given for one phone number: each is a message to whoever has it.
PER_PHONE = 5
DAY = 24 * 3600


async def registering_type(edition_id: int) -> int | None:
    """The ticket type that visitors get who register themselves; None where they cannot."""
    rows = await fetch("SELECT ticket_type FROM registering WHERE edition = {}", edition_id)
    return int(rows[0]["ticket_type"]) if rows else None


async def types_for_registering(edition_id: int) -> dict[int, dict[str, str]]:
    """The names by language of the ticket types that visitors can register for, by id: free, offered and shown, one by
    one, and without a question that has to be answered.
    """
    asking = await fetch(
        "SELECT DISTINCT a.ticket_type FROM ticket_question_type a JOIN ticket_question q ON q.id = a.question "
        "WHERE q.edition = {} AND q.required = {} AND q.active = {}",
        edition_id,
        True,
        True,
    )
    left_out = {row["ticket_type"] for row in asking}
    return {
        row["id"]: row["name"]
        for row in await ticket_types_of(edition_id)
        if not (row["price_minor"] or row["donation"] or row["hidden"] or row["id"] in left_out)
        and row["active"]
        and (row["min_per_order"] or 1) == 1
    }


async def set_registering(*, edition_id: int, ticket_type: int | None, actor: Actor, now: datetime) -> None:
    """Let visitors register themselves for a ticket type from now on; None: let nobody.

    Raises NotForRegistering, EditionIsCancelled.
    """
    async with write_transaction():
        await hold_edition_going_on(edition_id, alone=True)
        if ticket_type is not None and ticket_type not in await types_for_registering(edition_id):
            raise NotForRegistering
        before = await registering_type(edition_id)
        if before == ticket_type:
            return
        await Registering.delete().where(Registering.edition == edition_id)
        if ticket_type is not None:
            await Registering(edition=edition_id, ticket_type=ticket_type).save()
        await audit.record(
            actor=actor,
            action="registering.update",
            subject_type="registering",
            subject_id=edition_id,
            edition_id=edition_id,
            before={"ticket_type": before},
            after={"ticket_type": ticket_type},
            now=now,
        )


async def register_visitor(
    *, edition: EditionInfo, full_name: str, phone: str, locale: str, browser: str, now: datetime
) -> Placed:
    """Give a visitor a pass; the same phone number in the same browser on the same day gets the same one again.

    ``phone`` is normalised already, ``browser`` is what ``browser_of`` says. The pass goes to that phone, too.
    Raises RegisteringClosed, TooManyTries, OrdersSlowed, SoldOut, SalesClosed, UnknownTicketType, EditionIsCancelled.
    """
    type_id = await registering_type(edition.id)
    if type_id is None or type_id not in await types_for_registering(edition.id):
        raise RegisteringClosed
    said = "\0".join((str(edition.id), str(type_id), edition.today(now).isoformat(), phone, browser))
    client_id = "register-" + hmac.digest(secret_key(), b"registering\0" + said.encode(), "sha256").hex()[:40]
    if not await TicketOrder.exists().where(TicketOrder.client_id == client_id):
        await limit(f"register:{edition.id}:{phone}", times=PER_PHONE, seconds=DAY, now=now)
    return await place_order(
        edition_id=edition.id,
        client_id=client_id,
        counts={type_id: 1},
        full_name=full_name,
        phone=phone,
        email=None,
        locale=locale,
        browser=browser,
        now=now,
    )

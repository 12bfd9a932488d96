"""A ticket given to somebody else: offered by whoever holds the order's link, hers until the other one accepts.

Only then a pass with another code is made and the old one is withdrawn: a wrong address, found in time, costs nothing.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from app.accounts.actor import SYSTEM, Actor
from app.accounts.services.people import find_or_create_by_one_contact
from app.events.passes.services import IssuedPass
from app.events.passes.states import replace_pass
from app.kernel import audit
from app.kernel.database import is_unique_violation, write_transaction
from app.kernel.security import hash_token, limit, new_token
from app.kernel.settings import settings
from ticketing.sales.enums import HandoverState, OrderState
from ticketing.sales.errors import ChangesOver, HandoverClosed, HandoverOpen, OrderNotOpen, TicketsGone, TicketUsed
from ticketing.sales.queries_own import offer_by_token, offers_of_tickets, rules_of
from ticketing.sales.services.answers import forget_answers
from ticketing.sales.services.dearer import withdraw_changes
from ticketing.sales.services.issuing import request_for
from ticketing.sales.services.own import hold_own, known, tickets_to_change
from ticketing.sales.services.own_messages import send_given, tell_offered, tell_taken
from ticketing.sales.tables import OrderItem, TicketOrder, TicketType
from ticketing.sales.tables_own import Handover

#: How long somebody has to accept, at most until tickets may be given away.
OPEN_FOR = timedelta(days=7)
#: So many offers an hour of one order, and to one contact: nobody's mailbox or phone is filled.
PER_ORDER = 30
PER_CONTACT = 10
HOUR = 3600


async def offer_ticket(
    *,
    order_id: int,
    edition_id: int,
    item_id: int,
    name: str,
    phone: str | None,
    email: str | None,
    locale: str,
    actor: Actor | None,
    now: datetime,
) -> None:
    """Offer a ticket of a confirmed order to somebody, who is sent a link to accept it; her pass stays until then.

    Phone and mail are normalised already. Raises TooManyTries, ChangesOver, HandoverOpen, TicketsGone, TicketUsed,
    OrderNotFound, OrderNotOpen, EditionIsCancelled.
    """
    contact = email or phone or ""
    await limit(f"handover:{order_id}", times=PER_ORDER, seconds=HOUR, now=now)
    await limit(f"handover-contact:{edition_id}:{contact}", times=PER_CONTACT, seconds=HOUR, now=now)
    token = new_token()
    try:
        async with write_transaction():
            held = await hold_own(order_id, edition_id, OrderState.CONFIRMED)
            rules = await rules_of(held.edition)
            if not rules.may_hand_over(now) or rules.handing_until is None:
                raise ChangesOver
            await tickets_to_change(held, [item_id])
            await _let_lapse(item_id, now)
            offer: dict[str, Any] = {
                "order_item": item_id,
                "name": name,
                "contact": contact,
                "locale": locale,
                "state": HandoverState.OFFERED.value,
                "secret_hash": hash_token(token),
                "offered_at": now,
                "expires_at": min(now + OPEN_FOR, rules.handing_until),
            }
            await Handover(**offer).save()
            await audit.record(
                actor=known(actor),
                action="order.offer_ticket",
                subject_type="ticket_order",
                subject_id=order_id,
                edition_id=edition_id,
                after={"holder_name": name},
                now=now,
            )
            link = f"{settings().base_url}{held.edition.path}/tickets/given/{token}"
            await tell_offered(held.order, held.edition, offer, link, now)
    except Exception as error:
        if is_unique_violation(error):
            standing = (await offers_of_tickets([item_id])).get(item_id)
            raise HandoverOpen(name=standing["name"] if standing else name) from error
        raise


async def withdraw_offer(*, order_id: int, edition_id: int, item_id: int, actor: Actor | None, now: datetime) -> None:
    """Take back the offer of a ticket; its link opens nothing any more. Twice changes nothing.

    Raises HandoverClosed when it was accepted, OrderNotFound, OrderNotOpen, EditionIsCancelled.
    """
    async with write_transaction():
        await hold_own(order_id, edition_id, OrderState.CONFIRMED)
        mine = (OrderItem.id == item_id) & (OrderItem.ticket_order == order_id)
        item = await OrderItem.select(OrderItem.given_at).where(mine).first()
        if item is None or item["given_at"] is not None:
            raise HandoverClosed
        if await _close(item_id, HandoverState.WITHDRAWN, now):
            await audit.record(
                actor=known(actor),
                action="order.withdraw_offer",
                subject_type="ticket_order",
                subject_id=order_id,
                edition_id=edition_id,
                now=now,
            )


async def accept_ticket(*, token: str, name: str, actor: Actor | None, now: datetime) -> IssuedPass:
    """Take a ticket that was offered: a pass with another code is made, and the one that stood before is withdrawn.

    Whoever gave it is told, and the new pass is sent to the contact of the offer. Of many at once one wins.
    Raises HandoverClosed, EditionIsCancelled.
    """
    offer = await offer_by_token(token)
    if offer is None:
        raise HandoverClosed
    async with write_transaction():
        try:
            held = await hold_own(offer["order_id"], offer["edition_id"], OrderState.CONFIRMED)
            (item,) = await tickets_to_change(held, [offer["item_id"]])
        except (OrderNotOpen, TicketsGone, TicketUsed) as error:  # accepted, cancelled or used: who has it is not said
            raise HandoverClosed from error
        if offer["expires_at"] <= now or not await _close(offer["item_id"], HandoverState.ACCEPTED, now, offer["id"]):
            raise HandoverClosed
        await withdraw_changes(held, [item["id"]], [], now)
        email, phone = (offer["contact"], None) if "@" in offer["contact"] else (None, offer["contact"])
        person = await find_or_create_by_one_contact(
            full_name=name, phone=phone, email=email, locale=offer["locale"], now=now
        )
        ticket_type = await TicketType.objects().get(TicketType.id == item["ticket_type"])
        assert ticket_type is not None
        issued = await replace_pass(
            pass_id=item["event_pass"],
            edition_id=held.edition.id,
            request=request_for(held.edition, ticket_type.to_dict(), holder_name=name, holder_id=person.id),
            reason="given to somebody else",
            actor=known(actor) or SYSTEM,
            now=now,
        )
        await _give(item, issued, name, offer["contact"], now)
        await forget_answers(item["id"])  # they were of whoever gave it
        await _note(held.order, item, name, actor, now)
        await tell_taken(held.order, held.edition, name, ticket_type.name, now)
        await send_given(
            held.edition,
            contact=offer["contact"],
            name=name,
            locale=offer["locale"],
            issued=issued,
            now=now,
        )
        return issued


async def _give(item: Mapping[str, Any], issued: IssuedPass, name: str, contact: str, now: datetime) -> None:
    values: dict[Any, Any] = {
        OrderItem.event_pass: issued.id,
        OrderItem.holder_name: name,
        OrderItem.given_at: now,
        OrderItem.given_contact: contact,
    }
    await OrderItem.update(values).where(OrderItem.id == item["id"])


async def _note(order: TicketOrder, item: Mapping[str, Any], name: str, actor: Actor | None, now: datetime) -> None:
    await audit.record(
        actor=known(actor),
        action="order.give_ticket",
        subject_type="ticket_order",
        subject_id=order.id,
        edition_id=order.edition,
        before={"holder_name": item["holder_name"]},
        after={"holder_name": name},
        now=now,
    )


async def _let_lapse(item_id: int, now: datetime) -> None:
    """Close an offer whose time is over, so that another one can be made."""
    lapsed = (Handover.order_item == item_id) & (Handover.state == HandoverState.OFFERED.value)
    await Handover.update({Handover.state: HandoverState.WITHDRAWN.value, Handover.closed_at: now}).where(
        lapsed & (Handover.expires_at <= now)
    )


async def _close(item_id: int, state: HandoverState, now: datetime, offer_id: int | None = None) -> bool:
    """Change the offer of a ticket that is open; one of many at once wins."""
    chosen = (Handover.order_item == item_id) & (Handover.state == HandoverState.OFFERED.value)
    if offer_id is not None:
        chosen = chosen & (Handover.id == offer_id)
    values: dict[Any, Any] = {Handover.state: state.value, Handover.closed_at: now}
    return bool(await Handover.update(values).where(chosen).returning(Handover.id))

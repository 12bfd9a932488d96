"""What buyers are told: their tickets, with the secret links."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from app.accounts.tables import Person
from app.events.enums import PassState
from app.events.passes.attaching import MOST_IN_A_PDF, attachments_of
from app.events.passes.services import IssuedPass
from app.events.queries import EditionInfo, edition_by_id
from app.kernel.database import fetch
from app.kernel.i18n import _, format_datetime, format_number, ngettext, pick, use_locale
from app.kernel.money import Money, format_money
from app.kernel.outbox import NewMessage, free_key, is_on_its_way, send_message, send_messages, way_to
from app.kernel.rows import among
from app.kernel.settings import settings
from app.payments.queries import DocumentInfo
from app.payments.services.telling import Reached
from ticketing.sales.enums import OrderState
from ticketing.sales.queries import texts, tickets_of_order
from ticketing.sales.services.references import order_secret
from ticketing.sales.tables import TicketOrder, TicketType

#: Names of a ticket type by language, and those of the one that stands in its place.
Moved = tuple[Mapping[str, str], Mapping[str, str]]
NO_PLACES: Mapping[int, int] = {}
#: Rows of people, by order.
Buyers = Mapping[int, Mapping[str, Any]]
#: A message to a phone leads to the order's page where it would be longer than these links.
MOST_LINKS = 3


async def send_bill(*, order: TicketOrder, client_id: str, name: str, now: datetime) -> None:
    """Tell what an order costs and where its page is, in the transaction that places it."""
    if not order.contact:
        return
    edition = await edition_by_id(order.edition)
    by_mail = "@" in order.contact
    channel, address = way_to(email=order.contact if by_mail else None, phone=order.contact)
    with use_locale(order.locale):
        if by_mail:
            body = _(
                "Dear {name},\n\nyour order {reference} for {edition} ({when}, {where}) is held until {until}. "
                "It costs {amount}. How to pay stands here, and your passes will as soon as you have paid:\n\n"
                "{link}\n\nKeep the link to yourself: who has it has your tickets."
            )
        else:
            body = _(
                "{edition}: order {reference}, {amount}, is held until {until}. To pay, and for your passes: {link}"
            )
        await send_message(
            channel=channel,
            to=address,
            person_id=order.buyer,
            subject=_("Your order {reference} waits for payment").format(reference=order.reference),
            body=body.format(
                name=name,
                reference=order.reference,
                edition=edition.title,
                when=edition.when,
                where=edition.where,
                until=format_datetime(order.expires_at, edition.timezone),
                amount=format_money(Money(order.total_minor, order.currency)),
                link=page_of(edition, client_id),
            ),
            locale=order.locale,
            unique_key=f"ticket-order-bill:{order.id}",
            edition_id=order.edition,
            secret=True,
            now=now,
        )


async def send_tickets(
    *,
    orders: Sequence[TicketOrder],
    issued: Mapping[int, Sequence[IssuedPass]],
    places: Mapping[int, int] = NO_PLACES,
    edition: EditionInfo | None = None,
    buyers: Buyers | None = None,
    now: datetime,
) -> None:
    """Send the links of orders' passes by mail, else to the phone, in the transaction that confirms them.

    ``edition`` is that of all of them, and ``buyers`` are theirs (:func:`buyers_of`), if the caller has read them
    already. ``places`` maps ticket types of an order that was paid late to those whose places it got: where they differ
    the buyer is told which.

    They go to the contact that was written into the order, under the name written there: whose it is in the records
    is nothing that the buyer has shown to be hers. An order out of a sheet has none, and goes to the person's own.
    """
    told = [order for order in orders if order.buyer is not None and issued.get(order.id)]
    if not told:
        return
    buyers = await buyers_of(told) if buyers is None else buyers
    editions = {edition.id: edition} if edition else {}
    for edition_id in {order.edition for order in told} - editions.keys():
        editions[edition_id] = await edition_by_id(edition_id)
    moved = await _moved(places)
    messages = [
        _tickets_message(order, editions[order.edition], buyers[order.id], issued[order.id], moved)
        for order in told
        if order.id in buyers
    ]
    await send_messages(messages, now=now)


async def buyers_of(orders: Sequence[TicketOrder]) -> Buyers:
    """Who bought, by order, each with the name on the first ticket; orders of nobody are left out."""
    chosen, ids = among([order.id for order in orders])
    rows = await fetch(
        "SELECT o.id AS order_id, p.id, p.full_name, p.email, p.phone, (SELECT i.holder_name FROM order_item i "
        "WHERE i.ticket_order = o.id ORDER BY i.id LIMIT 1) AS first_name FROM ticket_order o "
        f"JOIN person p ON p.id = o.buyer WHERE o.id {chosen}",
        ids,
    )
    return {row["order_id"]: row for row in rows}


def _tickets_message(
    order: TicketOrder,
    edition: EditionInfo,
    buyer: Mapping[str, Any],
    issued: Sequence[IssuedPass],
    moved: Sequence[Moved],
) -> NewMessage:
    contact = order.contact or buyer["email"] or buyer["phone"] or ""
    by_mail = "@" in contact
    with use_locale(order.locale):
        page = page_of(edition, order.client_id)
        links = page if not by_mail and len(issued) > MOST_LINKS else "\n".join(_link(edition, one) for one in issued)
        if by_mail and len(issued) > MOST_IN_A_PDF:
            links += "\n\n" + _("All of them, and as one PDF: {page}").format(page=page)
        subject = ngettext("Your ticket: {edition}", "Your tickets: {edition}", len(issued)).format(
            edition=edition.title
        )
        if by_mail:
            body = _(
                "Dear {name},\n\nhere is what opens the gate of {edition} ({when}, {where}):\n\n{links}\n\n"
                "Show the code on your phone, or print it. Keep the link to yourself: who has it has your ticket."
            )
        else:
            body = _("{edition}, {when}. Your ticket: {links}")
        channel, address = way_to(email=contact if by_mail else None, phone=contact)
        return NewMessage(
            channel=channel,
            to=address,
            person_id=buyer["id"],
            subject=subject,
            body=body.format(
                name=buyer["first_name"] or buyer["full_name"],
                edition=edition.title,
                when=edition.when,
                where=edition.where,
                links=links,
            )
            + _replaced(moved, "\n\n" if by_mail else " "),
            locale=order.locale,
            unique_key=_tickets_key(order.id),
            edition_id=order.edition,
            attachments=attachments_of(edition, [one.id for one in issued]) if by_mail else (),
            secret=True,
        )


async def is_told_of_tickets(order_id: int) -> bool:
    """Whether the message with an order's passes was sent, or goes out as soon as its turn comes."""
    return await is_on_its_way(_tickets_key(order_id))


def _tickets_key(order_id: int) -> str:
    """By what the message with an order's passes is known."""
    return f"ticket-order:{order_id}"


async def send_cancelled(*, order: TicketOrder, owed: Money | None, now: datetime) -> None:
    """Tell a buyer that her order was cancelled and what goes back to her, in the transaction that cancels it.

    ``order`` is as it stood before. One out of a sheet has no contact, and goes to the person's own.
    """
    person = await Person.objects().get(Person.id == order.buyer) if order.buyer else None
    contact = order.contact or (person and (person.email or person.phone)) or ""
    if not contact:
        return
    edition = await edition_by_id(order.edition)
    by_mail = "@" in contact
    channel, address = way_to(email=contact if by_mail else None, phone=contact)
    with use_locale(order.locale):
        said = [_("{edition}: your order {reference} was cancelled.")]
        if order.state == OrderState.CONFIRMED:
            said.append(_("Its passes open no gate any more."))
        elif order.payment_document is not None:
            said.append(_("Please do not pay it."))
        if owed is not None and owed.amount_minor:
            said.append(
                _("{owed} goes back to you: the organisers see to it, and you are told when it has gone.").format(
                    owed=format_money(owed)
                )
            )
        await send_message(
            channel=channel,
            to=address,
            person_id=order.buyer,
            subject=_("Your order {reference} was cancelled").format(reference=order.reference),
            body=" ".join(said).format(edition=edition.title, reference=order.reference),
            locale=order.locale,
            unique_key=f"ticket-order-cancelled:{order.id}",
            edition_id=order.edition,
            now=now,
        )


async def send_open_again(*, order: TicketOrder, due: Money, until: datetime, now: datetime) -> bool:
    """Tell a buyer that what was recorded for her order was not for it, and until when she can pay; false without her.

    In the transaction that lets the order wait again; ``order`` is as it stood before. Other passes are sent anew.
    """
    key = f"ticket-order-open:{order.id}"
    for told in (_tickets_key(order.id), key):
        await free_key(told)
    if not order.contact:
        return False
    edition = await edition_by_id(order.edition)
    by_mail = "@" in order.contact
    channel, address = way_to(email=order.contact if by_mail else None, phone=order.contact)
    with use_locale(order.locale):
        body = _(
            "{edition}: the payment that was recorded for your order {reference} was not for it. Its passes open no "
            "gate any more. Your places are held until {until}: once {due} has come you get new passes. How to pay "
            "stands here: {page}"
        ).format(
            edition=edition.title,
            reference=order.reference,
            until=format_datetime(until, edition.timezone),
            due=format_money(due),
            page=page_of(edition, order.client_id),
        )
        await send_message(
            channel=channel,
            to=address,
            person_id=order.buyer,
            subject=_("Your order {reference} is not paid after all").format(reference=order.reference),
            body=body,
            locale=order.locale,
            unique_key=key,
            edition_id=order.edition,
            secret=True,
            now=now,
        )
    return True


def news_of_order(document: DocumentInfo) -> tuple[str, ...]:
    """How the keys of messages about a document's order look, with what was freed of them behind."""
    return f"ticket-order%:{document.subject_id}", f"ticket-order%:{document.subject_id}:%"


async def reach_buyer(document: DocumentInfo) -> Reached | None:
    """How payments reach the buyer of an order: by the contact in it, with the address of its page."""
    order = await TicketOrder.objects().get(TicketOrder.id == document.subject_id)
    if order is None or not order.contact:
        return None
    page = page_of(await edition_by_id(order.edition), order.client_id)
    email, phone = (order.contact, None) if "@" in order.contact else (None, order.contact)
    return Reached(email=email, phone=phone, page=page, secret=True, held_only=order.state == OrderState.HELD)


async def passes_stay(document: DocumentInfo) -> str:
    """What a credit note over a part of an order leaves: its passes, each of which still opens the gates."""
    tickets = await tickets_of_order(document.subject_id)
    valid = sum(ticket["pass_state"] == PassState.ISSUED for ticket in tickets)
    said = ngettext(
        "Over a part it takes back money alone: the pass of this order stays valid.",
        "Over a part it takes back money alone: all {num} passes of this order stay valid.",
        valid,
    )
    return said.format(num=format_number(valid)) if valid else ""


async def _moved(places: Mapping[int, int]) -> list[Moved]:
    """The names of ticket types that were gone, each with the name of the one that stands in its place."""
    changed = {old: new for old, new in places.items() if old != new}
    if not changed:
        return []
    rows = await TicketType.select(TicketType.id, TicketType.name).where(
        TicketType.id.is_in([*changed, *changed.values()])
    )
    names = {row["id"]: texts(row["name"]) for row in rows}
    return [(names[old], names[new]) for old, new in sorted(changed.items())]


def _replaced(moved: Sequence[Moved], before: str) -> str:
    """What stands in the place of tickets that were gone, each after ``before``; empty when none was."""
    told = _(
        "When your money came, the tickets “{old}” were gone. You have tickets “{new}” instead, at the same price and "
        "for the same days."
    )
    return "".join(before + told.format(old=pick(old), new=pick(new)) for old, new in moved)


def page_of(edition: EditionInfo, client_id: str) -> str:
    """The address of an order's page."""
    return f"{settings().base_url}{edition.path}/tickets/done/{order_secret(client_id)}"


def _link(edition: EditionInfo, issued: IssuedPass) -> str:
    """The holder's link, behind the days of a pass that does not count on all of the edition's."""
    link = f"{settings().base_url}{issued.path}"
    window = (issued.valid_from, issued.valid_until)
    return link if window == edition.window else f"{edition.days_within(*window)}: {link}"

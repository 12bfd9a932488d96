"""What buyers are told: their tickets, with the secret links."""

from collections.abc import Mapping
from datetime import datetime

from app.accounts.tables import Person
from app.events.passes.services import IssuedPass
from app.events.queries import EditionInfo, edition_by_id
from app.kernel.i18n import _, format_datetime, ngettext, pick, use_locale
from app.kernel.money import Money, format_money
from app.kernel.outbox import send_message, way_to
from app.kernel.settings import settings
from app.payments.queries import DocumentInfo
from app.payments.services.telling import Reached
from ticketing.sales.enums import OrderState
from ticketing.sales.queries import texts
from ticketing.sales.services.references import order_secret
from ticketing.sales.tables import OrderItem, TicketOrder, TicketType


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
                link=_page(edition, client_id),
            ),
            locale=order.locale,
            unique_key=f"ticket-order-bill:{order.id}",
            edition_id=order.edition,
            secret=True,
            now=now,
        )


async def send_tickets(
    *, order: TicketOrder, issued: list[IssuedPass], places: Mapping[int, int], now: datetime
) -> None:
    """Send the links of an order's passes by mail, else to the phone, in the transaction that confirms it.

    ``places`` maps ticket types of an order that was paid late to those whose places it got: where they differ she is
    told which.

    They go to the contact that was written into the order, under the name written there: whose it is in the records
    is nothing that the buyer has shown to be hers. An order out of a sheet has none, and goes to the person's own.
    """
    if order.buyer is None or not issued:
        return
    person = await Person.objects().get(Person.id == order.buyer)
    if person is None:
        return
    contact = order.contact or person.email or person.phone or ""
    first = await OrderItem.select(OrderItem.holder_name).where(OrderItem.ticket_order == order.id).first()
    name = (first or {}).get("holder_name") or person.full_name
    by_mail = "@" in contact
    edition = await edition_by_id(order.edition)
    with use_locale(order.locale):
        links = "\n".join(_link(edition, one) for one in issued)
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
        await send_message(
            channel=channel,
            to=address,
            person_id=person.id,
            subject=subject,
            body=body.format(name=name, edition=edition.title, when=edition.when, where=edition.where, links=links)
            + await _replaced(places, "\n\n" if by_mail else " "),
            locale=order.locale,
            unique_key=f"ticket-order:{order.id}",
            edition_id=order.edition,
            secret=True,
            now=now,
        )


async def send_refund(document: DocumentInfo, refund_id: int, amount: Money, now: datetime) -> None:
    """Tell a buyer that money went back to her card, in the transaction that books it."""
    order = await TicketOrder.objects().get(TicketOrder.id == document.subject_id)
    if order is None or not order.contact:
        return
    edition = await edition_by_id(order.edition)
    by_mail = "@" in order.contact
    channel, address = way_to(email=order.contact if by_mail else None, phone=order.contact)
    with use_locale(order.locale):
        body = _(
            "{edition}, order {reference}: {amount} went back to the card that you paid with. "
            "Banks take up to ten days to show it."
        )
        await send_message(
            channel=channel,
            to=address,
            person_id=order.buyer,
            subject=_("Your money for order {reference} went back").format(reference=order.reference),
            body=body.format(reference=order.reference, edition=edition.title, amount=format_money(amount)),
            locale=order.locale,
            unique_key=f"ticket-order-refund:{refund_id}",
            edition_id=order.edition,
            now=now,
        )


async def reach_buyer(document: DocumentInfo) -> Reached | None:
    """How payments reach the buyer of an order: by the contact in it, with the address of its page."""
    order = await TicketOrder.objects().get(TicketOrder.id == document.subject_id)
    if order is None or not order.contact:
        return None
    page = _page(await edition_by_id(order.edition), order.client_id)
    email, phone = (order.contact, None) if "@" in order.contact else (None, order.contact)
    return Reached(email=email, phone=phone, page=page, secret=True, held_only=order.state == OrderState.HELD)


async def _replaced(places: Mapping[int, int], before: str) -> str:
    """What stands in the place of tickets that were gone, each after ``before``; empty when none was."""
    changed = {old: new for old, new in places.items() if old != new}
    if not changed:
        return ""
    rows = await TicketType.select(TicketType.id, TicketType.name).where(
        TicketType.id.is_in([*changed, *changed.values()])
    )
    names = {row["id"]: pick(texts(row["name"])) for row in rows}
    told = _(
        "When your money came, the tickets “{old}” were gone. You have tickets “{new}” instead, at the same price and "
        "for the same days."
    )
    return "".join(before + told.format(old=names[old], new=names[new]) for old, new in sorted(changed.items()))


def _page(edition: EditionInfo, client_id: str) -> str:
    return f"{settings().base_url}{edition.path}/tickets/done/{order_secret(client_id)}"


def _link(edition: EditionInfo, issued: IssuedPass) -> str:
    """The holder's link, behind the days of a pass that does not count on all of the edition's."""
    link = f"{settings().base_url}{issued.path}"
    window = (issued.valid_from, issued.valid_until)
    return link if window == edition.window else f"{edition.days_within(*window)}: {link}"

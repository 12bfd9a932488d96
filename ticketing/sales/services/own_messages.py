"""What buyers, and those whom they give tickets to, are told of what was done through an order's link."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from app.accounts.tables import Person
from app.events.passes.services import IssuedPass
from app.events.queries import EditionInfo, edition_by_id
from app.kernel.database import fetch
from app.kernel.i18n import _, format_datetime, format_number, ngettext, pick, use_locale
from app.kernel.money import Money, format_money
from app.kernel.outbox import send_message, way_to
from app.kernel.settings import settings
from app.payments.queries import DocumentInfo
from app.payments.services.telling import Reached
from ticketing.sales.enums import ChangeState, HandoverState
from ticketing.sales.queries import texts
from ticketing.sales.queries_own import order_of_change
from ticketing.sales.services.messages import page_of
from ticketing.sales.tables import TicketOrder
from ticketing.sales.tables_own import TicketChange

#: So many names at most are named in a message.
MOST_NAMED = 5


def change_page(edition: EditionInfo, client_id: str, change_id: int) -> str:
    """The address of the page on which the difference for a dearer ticket is paid."""
    return f"{page_of(edition, client_id)}/pay/{change_id}"


async def reach_of_change(document: DocumentInfo) -> Reached | None:
    """How payments reach whoever pays the difference for a dearer ticket: by the order's contact, with its page."""
    order = await order_of_change(document.subject_id)
    if order is None or not order.contact:
        return None
    email, phone = (order.contact, None) if "@" in order.contact else (None, order.contact)
    page = change_page(await edition_by_id(order.edition), order.client_id, document.subject_id)
    waits = await TicketChange.exists().where(
        (TicketChange.id == document.subject_id) & (TicketChange.state == ChangeState.HELD.value)
    )
    return Reached(email=email, phone=phone, page=page, secret=True, held_only=waits)


async def tell_renamed(order: TicketOrder, edition: EditionInfo, names: Sequence[str], now: datetime) -> None:
    """Tell whoever ordered that tickets carry other names, in the transaction that writes them."""
    with use_locale(order.locale):
        count = len(names)
        named = ", ".join(names[:MOST_NAMED]) + (" …" if count > MOST_NAMED else "")
        body = ngettext(
            "{edition}: a ticket of your order {reference} has another name now: {names}. Its pass stays valid, under "
            "the code that it has. If you did not do this, somebody else has your link: please tell the organisers. "
            "Your order: {page}",
            "{edition}: {num} tickets of your order {reference} have other names now: {names}. Their passes stay "
            "valid, under the codes that they have. If you did not do this, somebody else has your link: please tell "
            "the organisers. Your order: {page}",
            count,
        )
        await _tell(
            order,
            edition,
            subject=_("Other names on your order {reference}"),
            body=body,
            values={"names": named, "num": format_number(count)},
            now=now,
        )


async def tell_cancelled(
    order: TicketOrder, edition: EditionInfo, *, count: int, whole: bool, back: Money, now: datetime
) -> None:
    """Tell whoever ordered which of her tickets she cancelled and what goes back, in the transaction that does so."""
    with use_locale(order.locale):
        said = [
            _("{edition}: you cancelled your order {reference}. Its passes open no gate any more.")
            if whole
            else ngettext(
                "{edition}: you cancelled a ticket of your order {reference}. Its pass opens no gate any more.",
                "{edition}: you cancelled {num} tickets of your order {reference}. Their passes open no gate any more.",
                count,
            )
        ]
        if back.amount_minor:
            said.append(_("{back} goes back to you, and you are told when it has gone."))
        said.append(_("Your order: {page}"))
        await _tell(
            order,
            edition,
            subject=_("Your order {reference} was cancelled") if whole else _("Cancelled tickets: {reference}"),
            body=" ".join(said),
            values={"back": format_money(back), "num": format_number(count)},
            now=now,
        )


async def tell_changed(
    order: TicketOrder,
    edition: EditionInfo,
    type_name: Any,
    issued: IssuedPass,
    *,
    back: Money | None,
    undone: bool,
    now: datetime,
) -> None:
    """Tell whoever ordered what a ticket was changed for, with its new pass, in the transaction that changes it.

    ``back`` is what goes back for it; ``undone``: it is what it was before, since the difference was taken back.
    """
    with use_locale(order.locale):
        body = _(
            "{edition}: you changed a ticket of your order {reference} for “{ticket}” ({days}). Its new pass: "
            "{link} The old one opens no gate any more."
        )
        if undone:
            body = _(
                "{edition}: what was paid for a dearer ticket of your order {reference} was taken back, so it is "
                "“{ticket}” ({days}) again. Its new pass: {link} The old one opens no gate any more."
            )
        if back is not None and back.amount_minor:
            body += " " + _("{back} goes back to you, and you are told when it has gone.")
        await _tell(
            order,
            edition,
            subject=_("A ticket of your order {reference} was changed"),
            body=body,
            values={
                "back": format_money(back) if back is not None else "",
                "ticket": pick(texts(type_name)),
                "days": edition.days_within(issued.valid_from, issued.valid_until),
                "link": f"{settings().base_url}{issued.path}",
            },
            now=now,
        )


async def tell_to_pay(
    order: TicketOrder, edition: EditionInfo, change: Mapping[str, Any], type_name: Any, due: Money, now: datetime
) -> None:
    """Tell whoever ordered what is to be paid for a dearer ticket, in the transaction that holds its place."""
    with use_locale(order.locale):
        await _tell(
            order,
            edition,
            subject=_("A ticket of your order {reference} waits for payment"),
            body=_(
                "{edition}: “{ticket}” is held until {until} in place of a ticket of your order {reference}. The "
                "difference is {due}. How to pay stands here: {page} Until it has come, the ticket and its pass stay "
                "as they are."
            ),
            values={
                "ticket": pick(texts(type_name)),
                "until": format_datetime(change["expires_at"], edition.timezone),
                "due": format_money(due),
                "page": change_page(edition, order.client_id, change["id"]),
            },
            now=now,
        )


async def send_again(order: Mapping[str, Any], edition: EditionInfo, now: datetime) -> None:
    """Send the link of an order's page again, to the contact that ``order`` says."""
    with use_locale(order["locale"]):
        await _send(
            order["contact"],
            edition,
            subject=_("Your order {reference}: its page").format(reference=order["reference"]),
            body=_(
                "{edition}: this page opens your order {reference} and its passes: {page} Keep the link to yourself: "
                "who has it has your tickets."
            ).format(edition=edition.title, reference=order["reference"], page=page_of(edition, order["client_id"])),
            person_id=order["buyer"],
            locale=order["locale"],
            now=now,
        )


async def tell_offered(
    order: TicketOrder, edition: EditionInfo, offer: Mapping[str, Any], link: str, now: datetime
) -> None:
    """Tell whom a ticket is given to how she accepts it, in the transaction that offers it."""
    with use_locale(offer["locale"]):
        await _send(
            offer["contact"],
            edition,
            subject=_("A ticket for you: {edition}").format(edition=edition.title),
            body=_(
                "{name}, somebody gives you a ticket for {edition} ({when}, {where}). Accept it by {until} and you get "
                "a pass of your own: {link} If you do not want it, do nothing."
            ).format(
                name=offer["name"],
                edition=edition.title,
                when=edition.when,
                where=edition.where,
                until=format_datetime(offer["expires_at"], edition.timezone),
                link=link,
            ),
            person_id=None,
            locale=offer["locale"],
            now=now,
        )


async def send_given(
    edition: EditionInfo,
    *,
    contact: str,
    name: str,
    locale: str,
    issued: IssuedPass,
    now: datetime,
) -> None:
    """Send the pass of a ticket to whom it was given, in the transaction in which she accepts it."""
    with use_locale(locale):
        await _send(
            contact,
            edition,
            subject=_("Your ticket: {edition}").format(edition=edition.title),
            body=_(
                "{name}, here is your pass for {edition} ({when}, {where}): {link} Show the code on your phone, or "
                "print it. Keep the link to yourself: who has it has your ticket."
            ).format(
                name=name,
                edition=edition.title,
                when=edition.days_within(issued.valid_from, issued.valid_until),
                where=edition.where,
                link=f"{settings().base_url}{issued.path}",
            ),
            person_id=None,
            locale=locale,
            now=now,
        )


async def tell_taken(order: TicketOrder, edition: EditionInfo, name: str, type_name: Any, now: datetime) -> None:
    """Tell whoever gave a ticket away that it was accepted, in the transaction in which it is."""
    with use_locale(order.locale):
        await _tell(
            order,
            edition,
            subject=_("Your ticket was given away: {reference}"),
            body=_(
                "{edition}: {name} accepted the ticket “{ticket}” of your order {reference}. The pass that you had of "
                "it opens no gate any more. Your order: {page}"
            ),
            values={"name": name, "ticket": pick(texts(type_name))},
            now=now,
        )


async def tell_given_cancelled(order_id: int, edition_id: int, now: datetime) -> None:
    """Tell those whom an order's tickets were given to that these are cancelled, in the transaction that does so."""
    given = await fetch(
        "SELECT i.given_contact AS contact, h.locale AS locale FROM order_item i JOIN ticket_handover h "
        "ON h.order_item = i.id AND h.state = {} WHERE i.ticket_order = {} AND i.given_contact <> '' "
        "AND i.cancelled_at IS NULL ORDER BY i.id",
        HandoverState.ACCEPTED.value,
        order_id,
    )
    edition = await edition_by_id(edition_id)
    for one in given:
        with use_locale(one["locale"]):
            await _send(
                one["contact"],
                edition,
                subject=_("Your ticket was cancelled: {edition}").format(edition=edition.title),
                body=_("{edition}: your ticket was cancelled. Its pass opens no gate any more.").format(
                    edition=edition.title
                ),
                person_id=None,
                locale=one["locale"],
                now=now,
            )


async def _tell(
    order: TicketOrder, edition: EditionInfo, *, subject: str, body: str, values: Mapping[str, str], now: datetime
) -> None:
    """Write to whoever ordered: to the order's contact, or where it has none (a sheet) to her own."""
    person = await Person.objects().get(Person.id == order.buyer) if order.buyer and not order.contact else None
    contact = order.contact or (person and (person.email or person.phone)) or ""
    if contact:
        said = {
            "edition": edition.title,
            "reference": order.reference,
            "page": page_of(edition, order.client_id),
            **values,
        }
        await _send(
            contact,
            edition,
            subject=subject.format(**said),
            body=body.format(**said),
            person_id=order.buyer,
            locale=order.locale,
            now=now,
        )


async def _send(
    contact: str,
    edition: EditionInfo,
    *,
    subject: str,
    body: str,
    person_id: int | None,
    locale: str,
    now: datetime,
) -> None:
    channel, address = way_to(email=contact if "@" in contact else None, phone=contact)
    await send_message(
        channel=channel,
        to=address,
        person_id=person_id,
        subject=subject,
        body=body,
        locale=locale,
        edition_id=edition.id,
        secret=True,
        now=now,
    )

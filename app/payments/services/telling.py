"""What payers are told of their money, in the transaction in which it happens.

A module that sells says how the payers of its purpose are reached and where their page is. Of a purpose for which
nobody says so the payer is told by the contact of her record, if she has one, and no page is named.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from app.accounts.tables import Person
from app.events.queries import edition_by_id
from app.kernel.i18n import _, format_date, use_locale
from app.kernel.money import Money, format_money
from app.kernel.outbox import send_message, way_to
from app.payments.enums import METHOD_NAMES, SERVICE_PURPOSE, DocumentState, PaymentMethod
from app.payments.late import may_stand_again
from app.payments.queries import DocumentInfo, parts_of, to_pay_by, to_pay_next


@dataclass(frozen=True, kw_only=True)
class Reached:
    """Where a payer is written to, and the address of her page, which is empty when she has none.

    ``secret``: whoever has the address has what was bought, so that the message is cleared once it is sent.
    ``tells_gone``: the module that sells tells by itself that what was paid for is gone, when it is asked.
    ``held_only``: what is billed is held for minutes, and nobody is reminded of it.
    """

    email: str | None = None
    phone: str | None = None
    page: str = ""
    secret: bool = False
    held_only: bool = False
    tells_gone: bool = False


Reach = Callable[[DocumentInfo], Awaitable[Reached | None]]
_reach: dict[str, Reach] = {}


def register_payers(purpose: str, reach: Reach) -> None:
    """Say how the payers of a purpose are reached; ``reach(document)`` gives None for one who is not to be told.

    Raises ValueError when the purpose is taken.
    """
    if _reach.setdefault(purpose, reach) != reach:
        raise ValueError(f"payers of {purpose} are reached by another module already")


async def payer_of(document: DocumentInfo) -> Reached | None:
    """How the payer of a document is reached; None when she cannot be."""
    reach = _reach.get(document.purpose)
    reached = await reach(document) if reach else await _by_record(document)
    return reached if reached and (reached.email or reached.phone) else None


async def _by_record(document: DocumentInfo) -> Reached | None:
    if document.payer_id is None:
        return None
    person = await Person.objects().get(Person.id == document.payer_id)
    return Reached(email=person.email, phone=person.phone) if person else None


async def tell_owed(
    document: DocumentInfo, came: Money, owed: Money, payment_id: int, now: datetime, *, beyond: Money
) -> None:
    """Tell that of the money that came some has to go back: what it was for is gone, or more came than was due.

    ``document`` is as it stands now, with its refund due in the first case. Its seller was asked about all of the
    money but ``beyond``: that alone is told where she tells the rest.
    """
    gone = document.state == DocumentState.REFUND_DUE
    reached = await payer_of(document)
    if reached is None:
        return
    if gone and reached.tells_gone:
        gone, owed = beyond == came, beyond
        if not owed.amount_minor:
            return
    with use_locale(document.payer_language):
        if (
            gone
            and document.purpose != SERVICE_PURPOSE
            and may_stand_again(document.state, document.due, document.owed)
        ):
            mail = _(
                "Dear {name},\n\n{came} came for {what} (invoice {number}, {edition}), which had been taken back. "
                "{owed} goes back to you, unless the rest comes before that and it can still be had. The organisers "
                "see to it, and you are told."
            )
            short = _(
                "{edition}: {came} came for invoice {number}, which had been taken back. {owed} goes back to you, "
                "unless the rest comes before that and it can still be had."
            )
        elif gone:
            mail = _(
                "Dear {name},\n\n{came} came for {what} (invoice {number}, {edition}), when it could not be had any "
                "more. {owed} goes back to you: the organisers see to it, and you are told when it has gone."
            )
            short = _(
                "{edition}: your {came} for invoice {number} came when it could not be had any more. "
                "{owed} goes back to you."
            )
        else:
            mail = _(
                "Dear {name},\n\n{came} came for {what} (invoice {number}, {edition}), more than was to be paid. "
                "{owed} goes back to you: the organisers see to it, and you are told when it has gone."
            )
            short = _("{edition}: {came} came for invoice {number}, more than was to be paid. {owed} goes back to you.")
        await send_to_payer(
            document,
            subject=_("Your payment for {number} goes back to you"),
            mail=mail,
            short=short,
            values={"came": format_money(came), "owed": format_money(owed)},
            key=f"payment-owed:{payment_id}",
            now=now,
        )


async def tell_taken_back(document: DocumentInfo, owed: Money, now: datetime) -> None:
    """Tell that an invoice was taken back as a whole, and that what had come for it goes back.

    Of what is held for minutes the rest may be on its way: she is told that it counts. ``document`` is as it stands.
    """
    reached = await payer_of(document)
    if reached is None:
        return
    rest_counts = reached.held_only and may_stand_again(document.state, document.due, document.owed)
    with use_locale(document.payer_language):
        if rest_counts:
            mail = _(
                "Dear {name},\n\ninvoice {number} for {what} ({edition}) was taken back before all of it had come. "
                "{owed} goes back to you, unless the rest comes before that and it can still be had. The organisers "
                "see to it, and you are told."
            )
            short = _(
                "{edition}: invoice {number} was taken back before all of it had come. {owed} goes back to you, "
                "unless the rest comes before that and it can still be had."
            )
        else:
            mail = _(
                "Dear {name},\n\ninvoice {number} for {what} ({edition}) was taken back: nothing more is to be paid. "
                "{owed} goes back to you: the organisers see to it, and you are told when it has gone."
            )
            short = _(
                "{edition}: invoice {number} was taken back: nothing more is to be paid. {owed} goes back to you."
            )
        await send_to_payer(
            document,
            subject=_("Your payment for {number} goes back to you"),
            mail=mail,
            short=short,
            values={"owed": format_money(owed)},
            key=None,
            now=now,
        )


async def tell_void(document: DocumentInfo, now: datetime) -> None:
    """Tell that an invoice for which nothing came was taken back; not of what is billed as it is held for minutes."""
    reached = await payer_of(document)
    if reached is None or reached.held_only:
        return
    with use_locale(document.payer_language):
        if document.is_borne:
            await send_to_payer(
                document,
                subject=_("Invoice {number} was taken back"),
                mail=_(
                    "Dear {name},\n\ninvoice {number} for {what} ({edition}), on which you had nothing to pay, was "
                    "taken back. What is billed in its place, if anything, comes with a message of its own."
                ),
                short=_("{edition}: invoice {number}, on which you had nothing to pay, was taken back."),
                values={},
                key=None,
                now=now,
            )
            return
        await send_to_payer(
            document,
            subject=_("Invoice {number} was taken back: please do not pay it"),
            mail=_(
                "Dear {name},\n\ninvoice {number} over {amount} for {what} ({edition}) was taken back: please do not "
                "pay it. What is billed in its place, if anything, comes with a message of its own."
            ),
            short=_("{edition}: invoice {number} over {amount} was taken back: please do not pay it."),
            values={"amount": format_money(document.left)},
            key=None,
            now=now,
        )


async def tell_credited(document: DocumentInfo, credited: Money, owed: Money, now: datetime) -> None:
    """Tell that a part of an invoice was taken back, and what goes back for it of what had come."""
    with use_locale(document.payer_language):
        await send_to_payer(
            document,
            subject=_("Your payment for {number} goes back to you"),
            mail=_(
                "Dear {name},\n\n{credited} of invoice {number} for {what} ({edition}) was taken back. {owed} goes "
                "back to you: the organisers see to it, and you are told when it has gone."
            ),
            short=_("{edition}: {credited} of invoice {number} was taken back. {owed} goes back to you."),
            values={"credited": format_money(credited), "owed": format_money(owed)},
            key=None,
            now=now,
        )


async def tell_part(document: DocumentInfo, came: Money, payment_id: int, now: datetime) -> None:
    """Tell that a part of what is due came, and what is still to be paid; ``document`` is as it stands since."""
    with use_locale(document.payer_language):
        await send_to_payer(
            document,
            subject=_("{came} has come for {number}"),
            mail=_("Dear {name},\n\n{came} has come for {what} (invoice {number}, {edition}). Thank you. {rest}"),
            short=_("{edition}: {came} has come for invoice {number}. {rest}"),
            values={"came": format_money(came), "rest": await _rest_of(document)},
            key=f"payment-part:{payment_id}",
            now=now,
        )


async def tell_less(document: DocumentInfo, credited: Money, note_id: int, now: datetime) -> None:
    """Tell that a part of an invoice need not be paid any more, and what is still to be paid."""
    with use_locale(document.payer_language):
        await send_to_payer(
            document,
            subject=_("{credited} of {number} need not be paid any more"),
            mail=_(
                "Dear {name},\n\n{credited} of invoice {number} for {what} ({edition}) was taken back by a credit "
                "note. {rest}"
            ),
            short=_("{edition}: {credited} of invoice {number} was taken back by a credit note. {rest}"),
            values={"credited": format_money(credited), "rest": await _rest_of(document)},
            key=f"payment-less:{note_id}",
            now=now,
        )


async def _rest_of(document: DocumentInfo) -> str:
    """What is still to be paid of an open document, and by when; of what is held for minutes its page says that."""
    reached = await payer_of(document)
    parts = await parts_of(document)
    due, part, day = document.due, to_pay_next(document, parts), to_pay_by(document, parts)
    sentence = _("{due} is still to be paid.")
    if day is not None and not (reached and reached.held_only):
        sentence = _("{due} is still to be paid by {day}.")
        if part != due:
            sentence = _("{due} is still to be paid, of it {part} by {day}.")
    return sentence.format(due=format_money(due), part=format_money(part), day=format_date(day) if day else "")


async def tell_taken_off(document: DocumentInfo, came: Money, payment_id: int, now: datetime) -> None:
    """Tell that a payment which was recorded for an invoice was not for it; ``document`` is as it stands without it."""
    with use_locale(document.payer_language):
        subject = _("A payment recorded for {number} was not for it")
        if document.state == DocumentState.OPEN:
            subject = _("Invoice {number} is open again")
            mail = _(
                "Dear {name},\n\nthe payment of {came} that was recorded for {what} (invoice {number}, {edition}) was "
                "not for it. The invoice is open again: {due} is to be paid. If you have paid, please tell the "
                "organisers when and how. We are sorry for the mistake."
            )
            short = _(
                "{edition}: the payment of {came} recorded for invoice {number} was not for it. It is open again: "
                "{due} is to be paid."
            )
        elif document.owed.amount_minor:
            mail = _(
                "Dear {name},\n\nthe payment of {came} that was recorded for {what} (invoice {number}, {edition}) was "
                "not for it. Nothing more is to be paid, and {owed} goes back to you. We are sorry for the mistake."
            )
            short = _(
                "{edition}: the payment of {came} recorded for invoice {number} was not for it. Nothing more is to be "
                "paid, and {owed} goes back to you."
            )
        else:
            mail = _(
                "Dear {name},\n\nthe payment of {came} that was recorded for {what} (invoice {number}, {edition}) was "
                "not for it. Nothing more is to be paid, and nothing goes back to you. We are sorry for the mistake."
            )
            short = _(
                "{edition}: the payment of {came} recorded for invoice {number} was not for it. Nothing more is to be "
                "paid, and nothing goes back to you."
            )
        await send_to_payer(
            document,
            subject=subject,
            mail=mail,
            short=short,
            values={
                "came": format_money(came),
                "due": format_money(document.due),
                "owed": format_money(document.owed),
            },
            key=f"payment-taken-off:{payment_id}",
            now=now,
        )


async def tell_returned(
    document: DocumentInfo, amount: Money, method: PaymentMethod, payment_id: int, now: datetime
) -> None:
    """Tell that money went back, where the desk wrote it down; of cards see :func:`tell_back_on_card`."""
    with use_locale(document.payer_language):
        await send_to_payer(
            document,
            subject=_("Your money for {number} went back"),
            mail=_("Dear {name},\n\n{amount} of what you paid for {what} ({edition}) went back to you. How: {method}."),
            short=_("{edition}: {amount} for invoice {number} went back to you. How: {method}."),
            values={"amount": format_money(amount), "method": _(METHOD_NAMES[method])},
            key=f"payment-returned:{payment_id}",
            now=now,
        )


async def tell_back_on_card(document: DocumentInfo, refund_id: int, amount: Money, now: datetime) -> None:
    """Tell that money went back to the card that it came from."""
    with use_locale(document.payer_language):
        await send_to_payer(
            document,
            subject=_("Your money for {number} went back"),
            mail=_(
                "Dear {name},\n\n{amount} of what you paid for {what} ({edition}) went back to the card that you paid "
                "with. Banks take up to ten days to show it."
            ),
            short=_(
                "{edition}: {amount} for invoice {number} went back to the card that you paid with. "
                "Banks take up to ten days to show it."
            ),
            values={"amount": format_money(amount)},
            key=f"card-refund:{refund_id}",
            now=now,
        )


async def tell_not_on_card(document: DocumentInfo, refund_id: int, amount: Money, now: datetime) -> None:
    """Tell that money which went back to a card did not arrive, to who heard that it had gone."""
    with use_locale(document.payer_language):
        await send_to_payer(
            document,
            subject=_("Your money for {number} has not arrived"),
            mail=_(
                "Dear {name},\n\nthe bank of your card did not take the {amount} that went back to you, of what you "
                "paid for {what} ({edition}). The organisers send it again, and you are told when it has gone."
            ),
            short=_(
                "{edition}: the bank of your card did not take the {amount} for invoice {number} that went back to "
                "you. The organisers send it again, and you are told when it has gone."
            ),
            values={"amount": format_money(amount)},
            key=f"card-refund-failed:{refund_id}",
            now=now,
        )


async def tell_by_claim(document: DocumentInfo, amount: Money, payment_id: int, now: datetime) -> None:
    """Tell that what has to go back is with her already, since her bank took it back for her."""
    with use_locale(document.payer_language):
        await send_to_payer(
            document,
            subject=_("Your bank has given you the money for {number}"),
            mail=_(
                "Dear {name},\n\nof what you paid for {what} (invoice {number}, {edition}), {amount} has to go back to "
                "you. Your bank has given it to you already, as you claimed it there: it does not come a second time."
            ),
            short=_(
                "{edition}: your bank has given you {amount} of invoice {number} already, as you claimed it there. It "
                "does not come a second time."
            ),
            values={"amount": format_money(amount)},
            key=f"payment-by-claim:{payment_id}",
            now=now,
        )


async def tell_claim_won(document: DocumentInfo, amount: Money, payment_id: int, now: datetime) -> None:
    """Tell that what her bank had taken back for her is here again, and has to go back to her."""
    with use_locale(document.payer_language):
        await send_to_payer(
            document,
            subject=_("Your payment for {number} goes back to you"),
            mail=_(
                "Dear {name},\n\nyour bank has decided on your claim of {amount} for {what} (invoice {number}, "
                "{edition}): the money is with us again. It has to go back to you: the organisers see to it, and you "
                "are told when it has gone."
            ),
            short=_(
                "{edition}: your bank has decided on your claim of {amount} for invoice {number}: the money is with us "
                "again. It goes back to you."
            ),
            values={"amount": format_money(amount)},
            key=f"payment-claim-won:{payment_id}",
            now=now,
        )


async def send_to_payer(
    document: DocumentInfo,
    *,
    subject: str,
    mail: str,
    short: str | None,
    values: dict[str, str],
    key: str | None,
    now: datetime,
) -> bool:
    """Send a document's payer one of two texts, with the address of her page below; false when she cannot be reached.

    In the caller's transaction and in the reader's language. The texts may name ``name``, ``what``, ``number``,
    ``edition``, and ``values``. Without a ``short`` one who is known by phone alone is sent nothing. A ``key`` that was
    used before sends nothing and is no failure.
    """
    reached = await payer_of(document)
    if reached is None or (short is None and not reached.email):
        return False
    edition = await edition_by_id(document.edition_id)
    known = {
        "name": document.payer_name,
        "what": document.description,
        "number": document.number,
        "edition": edition.title,
        **values,
    }
    channel, address = way_to(email=reached.email, phone=reached.phone)
    text = (mail if reached.email or short is None else short).format(**known)
    below = ("\n\n" if reached.email else " ") + _("Your page: {page}").format(page=reached.page)
    await send_message(
        channel=channel,
        to=address,
        person_id=document.payer_id,
        subject=subject.format(**known),
        body=text + below if reached.page else text,
        locale=document.payer_language,
        unique_key=key,
        edition_id=document.edition_id,
        secret=reached.secret,
        now=now,
    )
    return True

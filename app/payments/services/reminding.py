"""Reminders of what is to be paid: one some days before a day of payment, one when it is over, each once.

Each goes out at eight in the morning where the edition is, or later when nobody was there to send it. Whether the
present stage was told is said by ``reminded_at`` alone; a new document counts as told of all that lies before it.
Claimed by a conditional update in the transaction that queues the message, a stage is told once by however many.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.accounts.actor import Actor
from app.events.queries import edition_by_id, hold_edition
from app.kernel import audit
from app.kernel.database import fetch, write_transaction
from app.kernel.i18n import _, format_date, use_locale
from app.kernel.money import Money, format_money
from app.payments.enums import DocumentKind, DocumentState
from app.payments.errors import DocumentNotOpen, PayerNotReached, RemindedToday
from app.payments.lines import Terms
from app.payments.queries import DocumentInfo, PartInfo, document_by_id, document_info, parts_by_document
from app.payments.services.telling import payer_of, send_to_payer
from app.payments.tables import PaymentDocument

MORNING = time(8)
#: No edition reminds earlier than so many days before.
MOST_DAYS = 60
AT_ONCE = 500


@dataclass(frozen=True, kw_only=True)
class Due:
    """By which day how much has to have come in all that has not."""

    on: date
    amount: Money


def dues_of(document: DocumentInfo, parts: Sequence[PartInfo]) -> list[Due]:
    """What is still to be paid of a document, in the order of the days: each day with all that is due by then."""
    if not parts:
        return [Due(on=document.due_on, amount=document.due)] if document.due_on else []
    found, due = [], 0
    for part in parts:
        if part.due.amount_minor:
            due += part.due.amount_minor
            found.append(Due(on=part.due_on, amount=Money(due, document.amount.currency)))
    return found


def stage_of(dues: Sequence[Due], *, days: int, zone: ZoneInfo, now: datetime) -> tuple[datetime, Due] | None:
    """The newest stage that has begun, with when that was, an edition reminding ``days`` before; None before the first.

    Each day of payment has two: so many days before it, and the day after it.
    """
    begun = [
        (since, number)
        for number, due in enumerate(dues)
        for day in (due.on - timedelta(days=days), due.on + timedelta(days=1))
        if (since := datetime.combine(day, MORNING, zone)) <= now
    ]
    if not begun:
        return None
    since, number = max(begun)
    return since, dues[number]


async def remind_payers(now: datetime) -> int:
    """Remind everybody whose stage has not been told; returns how many messages that were. Runs as a job."""
    sent = last = 0
    while rows := await fetch(
        "SELECT d.id AS id, COALESCE(t.remind_days, {}) AS days FROM payment_document d "
        "LEFT JOIN payment_terms t ON t.edition = d.edition WHERE d.state = {} AND d.kind = {} AND d.id > {} "
        "AND d.due_on <= {} ORDER BY d.id LIMIT {}",
        Terms().remind_days,
        DocumentState.OPEN.value,
        DocumentKind.INVOICE.value,
        last,
        now.date() + timedelta(days=MOST_DAYS + 1),
        AT_ONCE,
    ):
        last = rows[-1]["id"]
        days = {row["id"]: row["days"] for row in rows if row["days"]}
        chosen = PaymentDocument.id.is_in(list(days) or [0])
        documents = [document_info(row) for row in await PaymentDocument.select().where(chosen)]
        parts = await parts_by_document(documents)
        for document in documents:
            dues = dues_of(document, parts[document.id])
            sent += await _remind_in_time(document, dues, days[document.id], now)
    return sent


async def _remind_in_time(document: DocumentInfo, dues: Sequence[Due], days: int, now: datetime) -> bool:
    zone = (await edition_by_id(document.edition_id)).zone
    stage = stage_of(dues, days=days, zone=zone, now=now)
    if stage is None or (document.reminded_at or document.created_at) >= stage[0]:
        return False
    async with write_transaction():
        await hold_edition(document.edition_id)
        return await _remind(document, stage[1], zone, now)


async def remind_now(*, document_id: int, actor: Actor, now: datetime) -> None:
    """Remind a document's payer because somebody asks for it, whatever the edition's terms; at most once a day.

    Raises DocumentNotFound, DocumentNotOpen, RemindedToday, PayerNotReached.
    """
    async with write_transaction():
        edition = await hold_edition((await document_by_id(document_id)).edition_id)
        document = await document_by_id(document_id)
        dues = dues_of(document, (await parts_by_document([document]))[document_id])
        if document.state != DocumentState.OPEN or document.kind != DocumentKind.INVOICE or not dues:
            raise DocumentNotOpen(number=document.number)
        today = edition.today(now)
        if document.reminded_at and edition.today(document.reminded_at) == today:
            raise RemindedToday(number=document.number)
        reached = await payer_of(document)
        if reached is None or reached.held_only:
            raise PayerNotReached(number=document.number)
        due = [dues[0], *(one for one in dues if one.on <= today)][-1]
        if not await _remind(document, due, edition.zone, now):
            raise RemindedToday(number=document.number)
        await audit.record(
            actor=actor,
            action="payment.remind",
            subject_type="payment_document",
            subject_id=document_id,
            edition_id=document.edition_id,
            after={"amount_minor": due.amount.amount_minor},
            now=now,
        )


async def _remind(document: DocumentInfo, due: Due, zone: ZoneInfo, now: datetime) -> bool:
    """Claim a reminder and queue its message, in the caller's transaction; false when nobody is to be told of it."""
    reached = await payer_of(document)
    if reached is None or reached.held_only or not await _claim(document, now):
        return False
    with use_locale(document.payer_language):
        over = due.on < now.astimezone(zone).date()
        if over:
            subject = _("Invoice {number} was to be paid by {day}")
            mail = _(
                "Dear {name},\n\ninvoice {number} for {what} ({edition}): {due} was to be paid by {day} and has not "
                "come. Have you paid in the last days? Then nothing is left to be done. Transfers are recognised by "
                "{reference}."
            )
            short = _("{edition}: {due} of invoice {number} was to be paid by {day}. Reference: {reference}.")
        else:
            subject = _("Invoice {number} is to be paid by {day}")
            mail = _(
                "Dear {name},\n\ninvoice {number} for {what} ({edition}): {due} is to be paid by {day}. Transfers are "
                "recognised by {reference}."
            )
            short = _("{edition}: {due} of invoice {number} is to be paid by {day}. Reference: {reference}.")
        return await send_to_payer(
            document,
            subject=subject,
            mail=mail,
            short=short,
            values={"due": format_money(due.amount), "day": format_date(due.on), "reference": document.reference},
            key=None,
            now=now,
        )


async def _claim(document: DocumentInfo, now: datetime) -> bool:
    """Take the right to remind by one conditional update: since it was read nobody has, and no money came."""
    unchanged: Any = (
        PaymentDocument.reminded_at.is_null()
        if document.reminded_at is None
        else PaymentDocument.reminded_at == document.reminded_at
    )
    claimed = (
        await PaymentDocument.update({PaymentDocument.reminded_at: now})
        .where(
            (PaymentDocument.id == document.id)
            & (PaymentDocument.state == DocumentState.OPEN.value)
            & (PaymentDocument.paid_minor == document.paid.amount_minor)
            & (PaymentDocument.credited_minor == document.credited.amount_minor)
            & unchanged
        )
        .returning(PaymentDocument.id)
    )
    return bool(claimed)

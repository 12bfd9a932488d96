"""Invoices for services and sponsors: made by finance, known to their payers by a secret link.

They are paid, taken back and reminded of like any other; there is nothing to deliver, so that money is kept while the
invoice stands.
"""

import hmac
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from app.accounts.actor import Actor
from app.events.queries import EditionInfo, edition_by_id, hold_edition_going_on
from app.kernel import audit
from app.kernel.database import write_transaction
from app.kernel.i18n import _, format_date, use_locale
from app.kernel.money import Money, format_money
from app.kernel.security import hash_token
from app.kernel.settings import secret_key, settings
from app.payments.enums import SERVICE_PURPOSE, TAKES, Settlement
from app.payments.errors import DocumentNotFound, InvoiceIdTaken
from app.payments.lines import Line, borne_whole, taxed, total_of
from app.payments.queries import DocumentInfo, PaymentInfo, invoices_for, lines_of, parts_of, terms_of
from app.payments.services.documents import open_document
from app.payments.services.issuing import Part, Payer, in_two, payer_on
from app.payments.services.telling import Reached, send_to_payer
from app.payments.tables_service import ServiceInvoice


async def issue_service_invoice(
    *,
    edition_id: int,
    client_id: str,
    payer: Payer,
    email: str | None,
    phone: str | None,
    description: str,
    lines: Sequence[Line],
    due_on: date | None,
    first_percent: int = 100,
    rest_due_on: date | None = None,
    actor: Actor,
    now: datetime,
) -> DocumentInfo:
    """Bill a service or a sponsor, and send its payer the link of its page; asked for twice it gives the first.

    Without ``due_on`` it is due as the edition's terms have it. With ``rest_due_on`` that is the day of the first part
    alone, of so many percent. One of which others bear all is over 0: it is paid as it is issued, and has no days.
    Raises EditionIsCancelled, AmountOutOfRange, DocumentNotFound for the ``client_id`` of another edition,
    InvoiceIdTaken where it came before with other values.
    """
    async with write_transaction():
        edition = await hold_edition_going_on(edition_id)
        parts = await _parts(edition, lines, due_on, first_percent, rest_due_on, now)
        row = ServiceInvoice(
            edition=edition_id,
            client_id=client_id,
            secret_hash=hash_token(invoice_secret(client_id)),
            email=email or "",
            phone=phone or "",
            made_at=now,
            made_by=actor.person_id,
        )
        made = await ServiceInvoice.insert(row).on_conflict(action="DO NOTHING").returning(ServiceInvoice.id)
        if not made:
            known, reached = await _known(edition_id, client_id)
            terms, today = await terms_of(edition_id), edition.today(now)
            same = (
                (reached, known.description, payer_on(known)) == ((row.email, row.phone), description, payer)
                and await lines_of(known.id) == [taxed(line, terms, today) for line in lines]
                and (known.is_borne or known.due_on == (due_on or today + timedelta(days=terms.due_days)))
                and [(one.due_on, one.amount.amount_minor) for one in await parts_of(known)]
                == [(one.due_on, one.amount_minor) for one in parts]
            )
            if not same:
                raise InvoiceIdTaken(number=known.number)
            return known
        document = await open_document(
            edition_id=edition_id,
            purpose=SERVICE_PURPOSE,
            subject_id=made[0]["id"],
            payer=payer,
            description=description,
            currency=edition.currency,
            lines=lines,
            due_on=due_on,
            parts=parts,
            may_be_borne=True,
            now=now,
        )
        await audit.record(
            actor=actor,
            action="payment.invoice",
            subject_type="payment_document",
            subject_id=document.id,
            edition_id=edition_id,
            after={"amount_minor": document.amount.amount_minor, "state": document.state},
            now=now,
        )
        await _tell_billed(document, now)
    return document


async def _parts(
    edition: EditionInfo,
    lines: Sequence[Line],
    due_on: date | None,
    first_percent: int,
    rest_due_on: date | None,
    now: datetime,
) -> Sequence[Part]:
    if rest_due_on is None:
        return ()
    terms, today = await terms_of(edition.id), edition.today(now)
    first_on = due_on or today + timedelta(days=terms.due_days)
    total = total_of(lines, terms, today)
    return in_two(total, first_percent, first_on, rest_due_on) if total else ()


async def settle_service(document: DocumentInfo, payment: PaymentInfo, now: datetime) -> Settlement:
    """What payments asks when all has come: kept, unless finance had taken the invoice back. The payer is told."""
    if document.state not in TAKES:
        return Settlement.REFUND
    with use_locale(document.payer_language):
        await send_to_payer(
            document,
            subject=_("Invoice {number} is paid"),
            mail=_("Dear {name},\n\nall of {amount} for {what} ({edition}) has come. Thank you."),
            short=_("{edition}: all of {amount} for invoice {number} has come. Thank you."),
            values={"amount": format_money(document.left)},
            key=f"service-paid:{document.id}:{payment.id}",
            now=now,
        )
    return Settlement.KEPT


async def reach_service_payer(document: DocumentInfo) -> Reached | None:
    """How the payer of such an invoice is reached: as finance wrote it, with the secret link of its page."""
    row = await ServiceInvoice.select().where(ServiceInvoice.id == document.subject_id).first()
    if row is None:
        return None
    edition = await edition_by_id(document.edition_id)
    page = f"{settings().base_url}{edition.path}/invoices/done/{invoice_secret(row['client_id'])}"
    return Reached(email=row["email"] or None, phone=row["phone"] or None, page=page, secret=True)


async def document_by_secret(edition_id: int, secret: str) -> DocumentInfo:
    """The invoice that a secret link names. Raises DocumentNotFound."""
    named = (ServiceInvoice.secret_hash == hash_token(secret)) & (ServiceInvoice.edition == edition_id)
    return await _invoice_of(await ServiceInvoice.select(ServiceInvoice.id).where(named).first())


def invoice_secret(client_id: str) -> str:
    """The secret of an invoice's link, found again from the form's own id for every message that names it."""
    return hmac.digest(secret_key(), b"service-invoice\0" + client_id.encode(), "sha256").hex()[:40]


async def _known(edition_id: int, client_id: str) -> tuple[DocumentInfo, tuple[str, str]]:
    """The invoice that a form made, and the addresses of its payer. Raises DocumentNotFound."""
    same = (ServiceInvoice.client_id == client_id) & (ServiceInvoice.edition == edition_id)
    columns = (ServiceInvoice.id, ServiceInvoice.email, ServiceInvoice.phone)
    row = await ServiceInvoice.select(*columns).where(same).first()
    document = await _invoice_of(row)
    assert row is not None  # it has an invoice
    return document, (row["email"], row["phone"])


async def _invoice_of(row: dict[str, Any] | None) -> DocumentInfo:
    found = await invoices_for(SERVICE_PURPOSE, [row["id"]] if row else [])
    if not found:
        raise DocumentNotFound
    return found[0]


async def _tell_borne(document: DocumentInfo, now: datetime) -> None:
    names, amount = borne_whole(await lines_of(document.id))
    with use_locale(document.payer_language):
        await send_to_payer(
            document,
            subject=_("Invoice {number}: you have nothing to pay"),
            mail=_(
                "Dear {name},\n\n{what} ({edition}) costs {amount}. {bearer} bears all of it: you have nothing to pay. "
                "The invoice to print stands on your page. Keep its address to yourself."
            ),
            short=_("{edition}: {bearer} bears all of invoice {number} over {amount}. You have nothing to pay."),
            values={"amount": format_money(Money(amount, document.amount.currency)), "bearer": names},
            key=f"service-invoice:{document.id}",
            now=now,
        )


async def _tell_billed(document: DocumentInfo, now: datetime) -> None:
    if document.due_on is None:
        await _tell_borne(document, now)
        return
    parts = await parts_of(document)
    with use_locale(document.payer_language):
        mail = _(
            "Dear {name},\n\nyou are billed {due} for {what} ({edition}), to be paid by {day}. How to pay, and the "
            "invoice to print, stand on your page. Keep its address to yourself."
        )
        short = _("{edition}: invoice {number} over {due} is to be paid by {day}.")
        if len(parts) > 1:
            mail = _(
                "Dear {name},\n\nyou are billed {amount} for {what} ({edition}), in two parts: {due} is to be paid by "
                "{day}, and the rest by {last_day}. How to pay, and the invoice to print, stand on your page. Keep its "
                "address to yourself."
            )
            short = _(
                "{edition}: invoice {number} over {amount}: {due} is to be paid by {day}, and the rest by {last_day}."
            )
        await send_to_payer(
            document,
            subject=_("Invoice {number}: {due} to be paid by {day}"),
            mail=mail,
            short=short,
            values={
                "amount": format_money(document.amount),
                "due": format_money(parts[0].amount if parts else document.amount),
                "day": format_date(document.due_on),
                "last_day": format_date(parts[-1].due_on if parts else document.due_on),
            },
            key=f"service-invoice:{document.id}",
            now=now,
        )

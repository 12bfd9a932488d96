"""The e-invoice that a certified provider issued for a document: what names it there stands beside ours.

One e-invoice stands on one document: series and number are one seller's. Whoever writes one holds the document first,
and then waits for all others who write one, so that two of them see one another on either engine.
"""

from datetime import datetime

from app.accounts.actor import Actor
from app.kernel import audit
from app.kernel.database import dialect, fetch, write_transaction
from app.kernel.i18n import _, use_locale
from app.kernel.names import clean_text
from app.payments.errors_legal import LegalInvoiceEmpty, LegalNumberTaken
from app.payments.queries import DocumentInfo, LegalInvoice, hold_document
from app.payments.services.telling import send_to_payer
from app.payments.tables import PaymentDocument

#: PostgreSQL's advisory lock of those who write down e-invoices; any number that nothing else uses.
NUMBERS = 2_026_112_802


def legal_values(legal: LegalInvoice) -> dict[str, str]:
    """What names an e-invoice, by the names of the document's columns."""
    return {
        "legal_provider": clean_text(legal.provider),
        "legal_series": clean_text(legal.series),
        "legal_number": clean_text(legal.number),
        "legal_lookup": clean_text(legal.lookup),
    }


async def note_legal_invoice(*, document_id: int, legal: LegalInvoice, actor: Actor, now: datetime) -> None:
    """Note under which series and number a provider issued it, and the code by which it is looked up.

    The payer is told of its number, once. Emptied, what was noted is taken away again. Raises DocumentNotFound,
    LegalInvoiceEmpty where there is nothing to note or to take away, LegalNumberTaken.
    """
    values = legal_values(legal)
    async with write_transaction():
        was = await hold_document(document_id)
        if not any(values.values()) and was.legal == LegalInvoice(provider="", series="", number="", lookup=""):
            raise LegalInvoiceEmpty
        named = (values["legal_series"], values["legal_number"])
        if named != (was.legal.series, was.legal.number) and (other := await bearer_of(was, *named)):
            raise LegalNumberTaken(number=" ".join(filter(None, named)), document=other)
        await PaymentDocument.update({getattr(PaymentDocument, name): text for name, text in values.items()}).where(
            PaymentDocument.id == document_id
        )
        await audit.record(
            actor=actor,
            action="payment.legal_invoice",
            subject_type="payment_document",
            subject_id=document_id,
            edition_id=was.edition_id,
            before={name: getattr(was.legal, name.removeprefix("legal_")) for name in values},
            after=values,
            now=now,
        )
        await tell_legal_invoice(was, values, now)


async def bearer_of(document: DocumentInfo, series: str, number: str) -> str | None:
    """The number of the other document of this one's seller on which an e-invoice stands already, if there is one.

    Blanks, zeros in front of the number and the case of letters make no difference. In the caller's transaction, in
    which the document is held; until it ends nobody else asks.
    """
    if not number:
        return None
    if dialect() == "postgres":  # SQLite has one writer at a time anyway
        await fetch("SELECT pg_advisory_xact_lock({}::bigint)", NUMBERS)
    rows = await fetch(
        "SELECT number FROM payment_document WHERE id <> {} AND seller_tax_code = {} AND legal_number <> '' "
        "AND UPPER(REPLACE(legal_series, ' ', '')) = {} "
        "AND LTRIM(UPPER(REPLACE(legal_number, ' ', '')), '0') = {} ORDER BY id LIMIT 1",
        document.id,
        document.seller_tax_code,
        _bare(series),
        _bare(number).lstrip("0"),
    )
    return str(rows[0]["number"]) if rows else None


async def tell_legal_invoice(document: DocumentInfo, values: dict[str, str], now: datetime) -> None:
    """Tell the payer once by mail that her e-invoice is there, in the transaction that notes its number.

    Not by phone, where each message costs money and says nothing to do: it stands on her page.
    """
    if not values["legal_number"]:
        return
    named = " ".join(filter(None, (values["legal_series"], values["legal_number"])))
    with use_locale(document.payer_language):
        if values["legal_lookup"]:
            named = _("{named}, lookup code {code}").format(named=named, code=values["legal_lookup"])
        await send_to_payer(
            document,
            subject=_("The e-invoice for {number} is there"),
            mail=_(
                "Dear {name},\n\nthe e-invoice for {what} ({number}, {edition}) was issued: {legal}. Its files stand "
                "on your page as soon as they are here."
            ),
            short=None,
            values={"legal": named},
            key=f"e-invoice:{document.id}",
            now=now,
        )


def _bare(text: str) -> str:
    return text.replace(" ", "").upper()

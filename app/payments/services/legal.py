"""The e-invoice that a certified provider issued for a document: what names it there stands beside ours."""

from datetime import datetime

from app.accounts.actor import Actor
from app.kernel import audit
from app.kernel.database import write_transaction
from app.kernel.names import clean_text
from app.payments.queries import LegalInvoice, document_by_id
from app.payments.tables import PaymentDocument


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

    Raises DocumentNotFound.
    """
    values = legal_values(legal)
    async with write_transaction():
        was = await document_by_id(document_id)
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

"""The money of an edition that is cancelled: nothing is to be paid any more, and what was paid has to go back."""

from collections.abc import Mapping
from datetime import datetime

from app.accounts.actor import Actor
from app.events.queries import EditionInfo
from app.payments.enums import TAKES, DocumentKind, DocumentState
from app.payments.services.documents import cancel_document, require_refund
from app.payments.tables import PaymentDocument


async def owe_all_back(edition: EditionInfo, actor: Actor, now: datetime) -> Mapping[str, int]:
    """Cancel what is open or written off and owe back all that came, in the transaction that cancels the edition."""
    invoices = (PaymentDocument.edition == edition.id) & (PaymentDocument.kind == DocumentKind.INVOICE.value)
    columns = (PaymentDocument.id, PaymentDocument.state, PaymentDocument.paid_minor)
    rows = await PaymentDocument.select(*columns).where(invoices).order_by(PaymentDocument.id)
    refunds = 0
    for row in rows:
        if row["state"] in TAKES:
            await cancel_document(document_id=row["id"], actor=actor, now=now, tell=False)  # the cancelling tells it
            refunds += row["paid_minor"] > 0
        elif row["state"] == DocumentState.PAID.value:
            await require_refund(document_id=row["id"], actor=actor, now=now)
            refunds += 1
    return {"refunds": refunds}

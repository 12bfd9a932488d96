"""The money of an edition that is cancelled: nothing is to be paid any more, and what was paid has to go back."""

from collections.abc import Mapping
from datetime import datetime

from app.accounts.actor import Actor
from app.events.queries import EditionInfo
from app.payments.enums import SERVICE_PURPOSE, TAKES, DocumentKind, DocumentState
from app.payments.queries import document_by_id
from app.payments.services.documents import cancel_document, require_refund
from app.payments.services.telling import tell_taken_back
from app.payments.tables import PaymentDocument


async def owe_all_back(edition: EditionInfo, actor: Actor, now: datetime) -> Mapping[str, int]:
    """Cancel what is open or written off and owe back all that came, in the transaction that cancels the edition.

    Payers of services and sponsors are told of their money here: the cancelling tells those who take part.
    """
    invoices = (PaymentDocument.edition == edition.id) & (PaymentDocument.kind == DocumentKind.INVOICE.value)
    columns = (
        *(PaymentDocument.id, PaymentDocument.state, PaymentDocument.purpose),
        *(PaymentDocument.amount_minor, PaymentDocument.paid_minor),
    )
    rows = await PaymentDocument.select(*columns).where(invoices).order_by(PaymentDocument.id)
    refunds = 0
    for row in rows:
        if row["state"] in TAKES:
            await cancel_document(document_id=row["id"], actor=actor, now=now, tell=row["purpose"] == SERVICE_PURPOSE)
            refunds += row["paid_minor"] > 0
        elif row["state"] == DocumentState.PAID.value and not row["amount_minor"]:  # others bear all of it
            await cancel_document(document_id=row["id"], actor=actor, now=now, tell=row["purpose"] == SERVICE_PURPOSE)
        elif row["state"] == DocumentState.PAID.value:
            owed = await require_refund(document_id=row["id"], actor=actor, now=now)
            if owed is not None and owed.amount_minor and row["purpose"] == SERVICE_PURPOSE:
                await tell_taken_back(await document_by_id(row["id"]), owed, now)
            refunds += owed is not None and owed.amount_minor > 0
    return {"refunds": refunds}

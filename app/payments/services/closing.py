"""The money of an edition that is cancelled: nothing is to be paid any more, and what was paid has to go back."""

from collections.abc import Mapping
from datetime import datetime

from app.accounts.actor import Actor
from app.events.queries import EditionInfo
from app.kernel import audit
from app.payments.enums import DocumentState, Settlement
from app.payments.tables import Payment, PaymentDocument

CHUNK = 500


async def owe_back(edition: EditionInfo, actor: Actor, now: datetime) -> Mapping[str, int]:
    """Cancel what is open and owe back what is paid, in the transaction that cancels the edition."""
    await _move(edition, DocumentState.OPEN, DocumentState.CANCELLED, "payment.cancel", actor, now)
    owed = await _move(edition, DocumentState.PAID, DocumentState.REFUND_DUE, "payment.owe_back", actor, now)
    kept = [Settlement.KEPT.value, Settlement.REPLACED.value]
    for start in range(0, len(owed), CHUNK):
        await Payment.update({Payment.outcome: Settlement.REFUND.value}).where(
            Payment.document.is_in(owed[start : start + CHUNK]) & Payment.outcome.is_in(kept)
        )
    return {"refunds": len(owed)}


async def _move(
    edition: EditionInfo, before: DocumentState, after: DocumentState, action: str, actor: Actor, now: datetime
) -> list[int]:
    rows = (
        await PaymentDocument.update({PaymentDocument.state: after.value})
        .where((PaymentDocument.edition == edition.id) & (PaymentDocument.state == before.value))
        .returning(PaymentDocument.id)
    )
    for row in rows:
        await audit.record(
            actor=actor,
            action=action,
            subject_type="payment_document",
            subject_id=row["id"],
            edition_id=edition.id,
            before={"state": before},
            after={"state": after},
            now=now,
        )
    return [row["id"] for row in rows]

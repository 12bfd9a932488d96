"""What of a document's money has to go back: taken out of its payments, and entered."""

from datetime import datetime
from typing import Any

from app.payments.enums import Account, DocumentState, Posting, Settlement
from app.payments.queries import DocumentInfo
from app.payments.services.ledger import post
from app.payments.tables import Payment, PaymentDocument


async def owe_back(document: DocumentInfo, amount_minor: int, now: datetime, *, first: int | None = None) -> None:
    """Let a part of what came for a document go back, in the caller's transaction.

    Out of the payment ``first`` if one is named, then the newest ones first.
    """
    left = amount_minor
    rows = await Payment.select(Payment.id, Payment.amount_minor, Payment.owed_minor).where(
        (Payment.document == document.id)
        & (Payment.amount_minor > 0)
        & Payment.returns.is_null()
        & (Payment.bearer == "")
    )
    for row in sorted(rows, key=lambda one: (one["id"] != first, -one["id"])):
        part = min(left, row["amount_minor"] - row["owed_minor"])
        if part > 0:
            whole = row["owed_minor"] + part == row["amount_minor"]
            values: dict[Any, Any] = {Payment.owed_minor: Payment.owed_minor + part}
            if whole:
                values[Payment.outcome] = Settlement.REFUND.value
            await Payment.update(values).where(Payment.id == row["id"])
            left -= part
    await enter_owed(document, amount_minor - left, now)


async def enter_owed(document: DocumentInfo, minor: int, now: datetime) -> None:
    """Enter that so much of what a document took has to go back; below nothing, that it does not after all."""
    await PaymentDocument.update(
        {
            PaymentDocument.paid_minor: PaymentDocument.paid_minor - minor,
            PaymentDocument.owed_minor: PaymentDocument.owed_minor + minor,
        }
    ).where(PaymentDocument.id == document.id)
    await post(
        Posting.OWE_BACK,
        {Account.RECEIVABLE: minor, Account.PAYABLE: -minor},
        edition_id=document.edition_id,
        currency=document.amount.currency,
        document_id=document.id,
        now=now,
    )


async def enter_returned(document_id: int, payment_id: int | None, minor: int) -> None:
    """Note that so much of a payment went back, or below nothing is here again, in the caller's transaction."""
    await Payment.update({Payment.returned_minor: Payment.returned_minor + minor}).where(Payment.id == payment_id)
    await PaymentDocument.update({PaymentDocument.owed_minor: PaymentDocument.owed_minor - minor}).where(
        PaymentDocument.id == document_id
    )
    here, gone = DocumentState.REFUND_DUE.value, DocumentState.REFUNDED.value
    if minor < 0:
        here, gone = gone, here
    moved = (PaymentDocument.id == document_id) & (PaymentDocument.state == here)
    if minor >= 0:
        moved &= PaymentDocument.owed_minor == 0
    await PaymentDocument.update({PaymentDocument.state: gone}).where(moved)

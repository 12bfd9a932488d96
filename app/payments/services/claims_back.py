"""What a cardholder's bank took back counts as money that went back to her, as far as any has to.

It is recorded as a payment that returns what she paid, and comes off the loss that the claim was entered as; it stands
against that again when the claim is won after all.
"""

from datetime import datetime
from typing import Any

from app.kernel import audit
from app.kernel.database import fetch
from app.kernel.money import Money
from app.payments.enums import Account, PaymentMethod, Posting, Settlement
from app.payments.queries import BY_CLAIM, DocumentInfo, PaymentInfo, payments_of
from app.payments.queries_card import payments_of_intent, under_way
from app.payments.services.card_telling import tell_by_claim, tell_claim_won
from app.payments.services.ledger import post
from app.payments.services.owing import enter_returned
from app.payments.tables import Payment


async def count_claims(document: DocumentInfo, now: datetime) -> Money:
    """Let what lost claims took of a document count as gone back, where money of it has to; gives how much it was.

    In the caller's transaction, which holds the document. The payer is told.
    """
    counted = 0
    for claim in await _lost(document.id):
        mine = [one for one in await payments_of(document.id) if _is_of(one, claim["id"])]
        left = int(claim["lost_minor"]) + sum(one.amount.amount_minor for one in mine)
        intent = str(claim["provider_reference"]).partition(":")[2]
        for payment in await payments_of_intent(intent):
            part = min(left, payment.due_back.amount_minor - await under_way(payment.id))
            if part > 0:
                name = f"{BY_CLAIM}{claim['id']}:{len(mine) + 1}"
                row_id = await _record(document, payment.id, -part, name, now)
                await tell_by_claim(document, Money(part, document.amount.currency), row_id, now)
                mine = [one for one in await payments_of(document.id) if _is_of(one, claim["id"])]
                left, counted = left - part, counted + part
    return Money(counted, document.amount.currency)


async def stop_counting(document: DocumentInfo, claim_id: int, now: datetime) -> None:
    """Let nothing count as gone back by a claim that was won after all, in the caller's transaction: it has to go back.

    Nothing that was recorded changes: a payment stands against each. The payer is told.
    """
    payments = await payments_of(document.id)
    undone = {one.returns_id for one in payments if one.amount.amount_minor > 0 and one.returns_id}
    for one in payments:
        if _is_of(one, claim_id) and one.amount.amount_minor < 0 and one.id not in undone:
            back = Money(-one.amount.amount_minor, one.amount.currency)
            name = f"{one.provider_reference}:won"
            row_id = await _record(document, one.returns_id, back.amount_minor, name, now, of=one)
            await tell_claim_won(document, back, row_id, now)


async def _lost(document_id: int) -> list[dict[str, Any]]:
    """The claims of a document that were lost, with what the claimed payment is known by at Stripe."""
    return await fetch(
        "SELECT c.id, c.lost_minor, p.provider_reference FROM card_dispute c JOIN payment p ON p.id = c.payment "
        "WHERE p.document = {} AND c.lost_minor > 0 ORDER BY c.id",
        document_id,
    )


def _is_of(payment: PaymentInfo, claim_id: int) -> bool:
    return (payment.provider_reference or "").startswith(f"{BY_CLAIM}{claim_id}:")


async def _record(
    document: DocumentInfo,
    payment_id: int | None,
    minor: int,
    name: str,
    now: datetime,
    *,
    of: PaymentInfo | None = None,
) -> int:
    """Record that so much of a payment went back by a claim (below nothing), or that what went so is here again."""
    row = Payment(
        document=document.id,
        method=PaymentMethod.CARD.value,
        amount_minor=minor,
        currency=document.amount.currency,
        outcome=Settlement.RETURNED.value,
        returns=of.id if of else payment_id,
        provider_reference=name,
        received_at=now,
    )
    await row.save()
    await enter_returned(document.id, payment_id, -minor)
    await post(
        Posting.DISPUTE,
        {Account.PAYABLE: -minor, Account.DISPUTES: minor},
        edition_id=document.edition_id,
        currency=document.amount.currency,
        document_id=document.id,
        payment_id=row.id,
        now=now,
    )
    await audit.record(
        actor=None,
        action="payment.refund_failed" if of else "payment.refund",
        subject_type="payment_document",
        subject_id=document.id,
        edition_id=document.edition_id,
        before={"payment_id": payment_id},
        after={"method": PaymentMethod.CARD, "amount_minor": abs(minor)},
        now=now,
    )
    return int(row.id)

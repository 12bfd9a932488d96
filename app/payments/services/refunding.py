"""Money that went back: never more than has to, whole or in parts, once."""

from datetime import datetime
from typing import Any

from app.accounts.actor import Actor
from app.kernel import audit
from app.kernel.database import fetch, write_transaction
from app.kernel.money import Money
from app.kernel.names import clean_text
from app.payments.enums import Account, DocumentState, PaymentMethod, Posting, Settlement
from app.payments.errors import CurrencyDiffers, DocumentNotOpen, MoreThanOwed
from app.payments.errors_card import GoesBackToCard
from app.payments.queries import DocumentInfo, PaymentInfo, hold_document, payment_by_id, payment_info
from app.payments.queries_card import under_way
from app.payments.queries_sent import payment_sent_before
from app.payments.services.drawers import drawer_for
from app.payments.services.ledger import post_payment
from app.payments.services.recording import known_payment
from app.payments.services.telling import tell_returned
from app.payments.tables import Payment, PaymentDocument

#: What stands behind the name of a refund in that of the money which is here again.
FAILED = ":failed"


async def record_refund(
    *,
    payment_id: int,
    method: PaymentMethod,
    actor: Actor | None,
    now: datetime,
    amount: Money | None = None,
    note: str = "",
    provider_reference: str | None = None,
    stood: str = "",
) -> int:
    """Record that money which had to go back has gone back, as a whole or in parts; returns the row's id.

    The payer is told, unless a provider did it: who books that tells her. The same ``provider_reference`` again gives
    the first answer, and so does a form sent again from a page that was opened when the document ``stood`` there;
    what else happened since raises StandsElsewhere. Raises DocumentNotFound for a payment that is not there,
    DocumentNotOpen when nothing of it has to go back any more, MoreThanOwed, CurrencyDiffers, DrawerNeeded, RefundShort
    for more cash than lies in the drawer, and GoesBackToCard for money that a person (without a
    ``provider_reference``) gave back while some of it is on its way to its card.
    """
    async with write_transaction():
        payment = await payment_by_id(payment_id)
        document = await hold_document(payment.document_id)
        payment = await payment_by_id(payment_id)
        if provider_reference is not None and (known := await known_payment(provider_reference)):
            return known.payment_id
        if stood and amount is not None:
            given_back: dict[str, Any] = {"method": method, "note": note, "actor": actor, "returns": payment_id}
            if sent := await payment_sent_before(document, stood, -amount.amount_minor, **given_back):
                return sent.id
        if provider_reference is None and await under_way(payment_id):
            raise GoesBackToCard
        left = payment.due_back
        given = amount or left
        if left.amount_minor <= 0:
            raise DocumentNotOpen(number=document.number)
        if given.currency != left.currency:
            raise CurrencyDiffers(number=document.number, due=left.currency, given=given.currency)
        if not 0 < given.amount_minor <= left.amount_minor:
            raise MoreThanOwed(owed=left, given=given)
        row_id = await _give_back(document, payment_id, given, method, actor, now, note, provider_reference)
        if provider_reference is None:
            await tell_returned(document, given, method, row_id, now)
        return row_id


async def reverse_refund(*, provider_reference: str, reason: str, now: datetime) -> None:
    """Record that money which had gone back is here again, since its provider says now that the refund failed.

    In the caller's transaction. Nothing that was recorded changes: a payment stands against each of the refund, and the
    money has to go back anew. Recorded twice, or never refunded, it changes nothing.
    """
    for row in await Payment.select().where(Payment.provider_reference == provider_reference):
        payment = await payment_by_id(row["returns"])
        document = await hold_document(payment.document_id)
        failed = f"{provider_reference}{FAILED}"
        if await known_payment(failed) is None:
            await _take_again(document, payment, payment_info(row), failed, clean_text(reason)[:200], now)


async def _take_again(
    document: DocumentInfo, payment: PaymentInfo, refund: PaymentInfo, name: str, reason: str, now: datetime
) -> None:
    minor = -refund.amount.amount_minor
    row = Payment(
        document=document.id,
        method=refund.method.value,
        amount_minor=minor,
        currency=refund.amount.currency,
        outcome=Settlement.RETURNED.value,
        returns=refund.id,
        provider_reference=name,
        note=reason,
        received_at=now,
    )
    await row.save()
    await Payment.update({Payment.returned_minor: Payment.returned_minor - minor}).where(Payment.id == payment.id)
    await PaymentDocument.update({PaymentDocument.owed_minor: PaymentDocument.owed_minor + minor}).where(
        PaymentDocument.id == document.id
    )
    await PaymentDocument.update({PaymentDocument.state: DocumentState.REFUND_DUE.value}).where(
        (PaymentDocument.id == document.id) & (PaymentDocument.state == DocumentState.REFUNDED.value)
    )
    await post_payment(
        Posting.REFUND,
        Money(minor, refund.amount.currency),
        Account.PAYABLE,
        method=refund.method,
        edition_id=document.edition_id,
        document_id=document.id,
        payment_id=row.id,
        now=now,
    )
    await audit.record(
        actor=None,
        action="payment.refund_failed",
        subject_type="payment_document",
        subject_id=document.id,
        edition_id=document.edition_id,
        before={"payment_id": payment.id},
        after={"method": refund.method, "amount_minor": minor},
        now=now,
    )


async def _claim_back(payment_id: int, minor: int) -> bool:
    """Give back by one conditional update: never more than has to go back, however many do so at once."""
    claimed = await fetch(
        "UPDATE payment SET returned_minor = returned_minor + {} WHERE id = {} AND returned_minor + {} <= owed_minor "
        "RETURNING id",
        minor,
        payment_id,
        minor,
    )
    return bool(claimed)


async def _give_back(
    document: DocumentInfo,
    payment_id: int,
    given: Money,
    method: PaymentMethod,
    actor: Actor | None,
    now: datetime,
    note: str,
    provider_reference: str | None,
) -> int:
    minor = given.amount_minor
    row = Payment(
        document=document.id,
        method=method.value,
        amount_minor=-minor,
        currency=given.currency,
        outcome=Settlement.RETURNED.value,
        returns=payment_id,
        provider_reference=provider_reference,
        drawer=await drawer_for(document, method, actor, out=given),
        note=clean_text(note)[:200],
        received_at=now,
        recorded_by=actor.person_id if actor else None,
    )
    await row.save()
    if not await _claim_back(payment_id, minor):
        raise DocumentNotOpen(number=document.number)
    await PaymentDocument.update({PaymentDocument.owed_minor: PaymentDocument.owed_minor - minor}).where(
        PaymentDocument.id == document.id
    )
    await PaymentDocument.update({PaymentDocument.state: DocumentState.REFUNDED.value}).where(
        (PaymentDocument.id == document.id)
        & (PaymentDocument.state == DocumentState.REFUND_DUE.value)
        & (PaymentDocument.owed_minor == 0)
    )
    await post_payment(
        Posting.REFUND,
        Money(-minor, given.currency),
        Account.PAYABLE,
        method=method,
        edition_id=document.edition_id,
        document_id=document.id,
        payment_id=row.id,
        now=now,
    )
    await audit.record(
        actor=actor,
        action="payment.refund",
        subject_type="payment_document",
        subject_id=document.id,
        edition_id=document.edition_id,
        before={"payment_id": payment_id},
        after={"method": method, "amount_minor": minor},
        now=now,
    )
    return int(row.id)

"""Payment documents: opened by whoever sells, settled once, cancelled, refunded.

A module that sells registers ``settle`` for its purpose. It is called inside the transaction that records the money,
and says whether the payer keeps what the document was for, gets something in its place, or gets the money back.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from app.accounts.actor import Actor
from app.events.queries import hold_edition
from app.events.typed_codes import new_code
from app.kernel import audit
from app.kernel.database import fetch, is_unique_violation, write_transaction
from app.kernel.money import Money
from app.kernel.names import clean_text, search_text
from app.payments.enums import DocumentKind, DocumentState, PaymentMethod, Settlement
from app.payments.errors import (
    AlreadyPaid,
    AmountDiffers,
    DocumentDiffers,
    DocumentNotOpen,
    NothingSettles,
)
from app.payments.queries import (
    DocumentInfo,
    PaymentInfo,
    document_by_id,
    document_info,
    payment_by_id,
    payment_info,
)
from app.payments.tables import Payment, PaymentDocument

REFERENCE_LENGTH = 8
Settle = Callable[[DocumentInfo, PaymentInfo, datetime], Awaitable[Settlement]]
_settlements: dict[str, Settle] = {}


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """What came of a payment: its row, what the seller said, and where the document stands now."""

    payment_id: int
    outcome: Settlement
    state: DocumentState


def register_settlement(purpose: str, settle: Settle) -> None:
    """Say what a paid document of a purpose leads to.

    ``settle(document, payment, now)`` runs inside the transaction that records the payment: what it writes and the
    payment stand or fall together. It must call nothing outside. Raises ValueError when the purpose is taken.
    """
    if _settlements.setdefault(purpose, settle) != settle:
        raise ValueError(f"payments for {purpose} are settled by another module already")


async def open_document(
    *,
    edition_id: int,
    purpose: str,
    subject_id: int,
    amount: Money,
    payer_name: str,
    description: str,
    now: datetime,
    payer_id: int | None = None,
) -> DocumentInfo:
    """Bill something, in the caller's transaction; billing it again gives the open document.

    Raises DocumentDiffers when it is open with another amount, NothingSettles for a purpose nobody registered,
    ValueError for an amount of nothing.
    """
    if amount.amount_minor <= 0:
        raise ValueError("only an amount above zero is billed")
    if purpose not in _settlements:
        raise NothingSettles(number=purpose)
    async with write_transaction():
        number = await _next_number(edition_id)  # its row locks: one opener of an edition at a time
        same = (PaymentDocument.purpose == purpose) & (PaymentDocument.subject_id == subject_id)
        rows = await PaymentDocument.select().where(same & (PaymentDocument.state == DocumentState.OPEN.value))
        if rows:
            await _give_back_number(edition_id)
            found = document_info(rows[0])
            if found.amount != amount:
                raise DocumentDiffers(number=found.number)
            return found
        reference = "FG" + new_code(REFERENCE_LENGTH)
        row = PaymentDocument(
            edition=edition_id,
            number=f"{edition_id}-{number:06d}",
            kind=DocumentKind.INVOICE.value,
            payer=payer_id,
            payer_name=clean_text(payer_name)[:200],
            search_text=search_text(payer_name, f"{edition_id}-{number:06d}", reference, description)[:400],
            amount_minor=amount.amount_minor,
            currency=amount.currency,
            purpose=purpose,
            subject_id=subject_id,
            description=clean_text(description)[:300],
            state=DocumentState.OPEN.value,
            reference=reference,
            created_at=now,
        )
        await row.save()
    return await document_by_id(row.id)


async def _next_number(edition_id: int) -> int:
    """The next dense number, by one statement: two never get the same, and a rolled-back one is given again."""
    rows = await fetch(
        "INSERT INTO payment_document_counter (edition, issued) VALUES ({}, 1) "
        "ON CONFLICT (edition) DO UPDATE SET issued = payment_document_counter.issued + 1 RETURNING issued",
        edition_id,
    )
    return int(rows[0]["issued"])


async def _give_back_number(edition_id: int) -> None:
    await fetch(
        "UPDATE payment_document_counter SET issued = issued - 1 WHERE edition = {} RETURNING issued", edition_id
    )


async def record_payment(
    *,
    document_id: int,
    method: PaymentMethod,
    amount: Money,
    actor: Actor | None,
    now: datetime,
    provider_reference: str | None = None,
    note: str = "",
) -> Recorded:
    """Record money that came and settle the document, once, in one transaction.

    A cancelled document may be paid late: its seller then says what becomes of the money. ``provider_reference`` names
    the payment at its provider; the same one again gives the first answer. A second payment of a paid document is
    refused when a person records it, and kept for a refund when a provider (``actor`` None) already took it.
    Raises DocumentNotFound, AmountDiffers, AlreadyPaid, NothingSettles, and whatever the seller's settle raises.
    """
    try:
        async with write_transaction():
            if provider_reference is not None and (known := await _known(provider_reference)):
                return known
            return await _record(document_id, method, amount, actor, now, provider_reference, note)
    except Exception as error:
        if (
            provider_reference is not None
            and is_unique_violation(error)
            and (known := await _known(provider_reference))
        ):
            return known
        raise


async def _record(
    document_id: int,
    method: PaymentMethod,
    amount: Money,
    actor: Actor | None,
    now: datetime,
    provider_reference: str | None,
    note: str,
) -> Recorded:
    document = await document_by_id(document_id)
    await hold_edition(document.edition_id)  # before the document: who cancels an edition takes them in this order
    if document.amount != amount:
        raise AmountDiffers(number=document.number, due=document.amount, given=amount)
    claimed = await _claim(document_id, now)
    if not claimed and actor is not None:
        raise AlreadyPaid(number=document.number)
    row = Payment(
        document=document_id,
        method=method.value,
        amount_minor=amount.amount_minor,
        currency=amount.currency,
        outcome=(Settlement.KEPT if claimed else Settlement.REFUND).value,
        provider_reference=provider_reference,
        note=clean_text(note)[:200],
        received_at=now,
        recorded_by=actor.person_id if actor else None,
    )
    await row.save()
    outcome, state = Settlement.REFUND, document.state
    if claimed:
        settle = _settlements.get(document.purpose)
        if settle is None:
            raise NothingSettles(number=document.number)
        outcome = await settle(document, payment_info(row.to_dict()), now)
        state = DocumentState.REFUND_DUE if outcome == Settlement.REFUND else DocumentState.PAID
        await Payment.update({Payment.outcome: outcome.value}).where(Payment.id == row.id)
        await PaymentDocument.update({PaymentDocument.state: state.value}).where(PaymentDocument.id == document_id)
    await audit.record(
        actor=actor,
        action="payment.record",
        subject_type="payment_document",
        subject_id=document_id,
        edition_id=document.edition_id,
        before={"state": document.state},
        after={"state": state, "method": method, "amount_minor": amount.amount_minor, "outcome": outcome},
        now=now,
    )
    return Recorded(payment_id=row.id, outcome=outcome, state=state)


async def _claim(document_id: int, now: datetime) -> bool:
    """Take the right to settle: of many payments of one document a single one gets it."""
    claimed = (
        await PaymentDocument.update({PaymentDocument.state: DocumentState.PAID.value, PaymentDocument.settled_at: now})
        .where(
            (PaymentDocument.id == document_id)
            & PaymentDocument.state.is_in([DocumentState.OPEN.value, DocumentState.CANCELLED.value])
        )
        .returning(PaymentDocument.id)
    )
    return bool(claimed)


async def _known(provider_reference: str) -> Recorded | None:
    rows = await Payment.select(Payment.id, Payment.outcome, Payment.document.state.as_alias("state")).where(
        Payment.provider_reference == provider_reference
    )
    if not rows:
        return None
    return Recorded(
        payment_id=rows[0]["id"], outcome=Settlement(rows[0]["outcome"]), state=DocumentState(rows[0]["state"])
    )


async def cancel_document(*, document_id: int, actor: Actor | None, now: datetime) -> None:
    """Take back an open document; cancelled twice changes nothing. Raises DocumentNotFound, DocumentNotOpen."""
    async with write_transaction():
        changed = (
            await PaymentDocument.update({PaymentDocument.state: DocumentState.CANCELLED.value})
            .where((PaymentDocument.id == document_id) & (PaymentDocument.state == DocumentState.OPEN.value))
            .returning(PaymentDocument.edition)
        )
        if not changed:
            found = await document_by_id(document_id)
            if found.state != DocumentState.CANCELLED:
                raise DocumentNotOpen(number=found.number)
            return
        await audit.record(
            actor=actor,
            action="payment.cancel",
            subject_type="payment_document",
            subject_id=document_id,
            edition_id=changed[0]["edition"],
            before={"state": DocumentState.OPEN},
            after={"state": DocumentState.CANCELLED},
            now=now,
        )


async def require_refund(*, document_id: int, actor: Actor | None, now: datetime) -> None:
    """Say that the money of a paid document has to go back, since what it was for was taken back.

    In the caller's transaction; a document that is not paid is left as it is. Raises DocumentNotFound.
    """
    async with write_transaction():
        changed = (
            await PaymentDocument.update({PaymentDocument.state: DocumentState.REFUND_DUE.value})
            .where((PaymentDocument.id == document_id) & (PaymentDocument.state == DocumentState.PAID.value))
            .returning(PaymentDocument.edition)
        )
        if not changed:
            await document_by_id(document_id)
            return
        kept = [Settlement.KEPT.value, Settlement.REPLACED.value]
        await Payment.update({Payment.outcome: Settlement.REFUND.value}).where(
            (Payment.document == document_id) & Payment.outcome.is_in(kept)
        )
        await audit.record(
            actor=actor,
            action="payment.owe_back",
            subject_type="payment_document",
            subject_id=document_id,
            edition_id=changed[0]["edition"],
            before={"state": DocumentState.PAID},
            after={"state": DocumentState.REFUND_DUE},
            now=now,
        )


async def record_refund(*, payment_id: int, method: PaymentMethod, actor: Actor, now: datetime, note: str = "") -> None:
    """Record that money which had to go back has gone back; a unique index lets that happen once.

    Raises DocumentNotFound for a payment that is not there, DocumentNotOpen for one that is kept or went back already.
    """
    try:
        async with write_transaction():
            payment = await payment_by_id(payment_id)
            document = await document_by_id(payment.document_id)
            if payment.outcome != Settlement.REFUND:
                raise DocumentNotOpen(number=document.number)
            await Payment(
                document=document.id,
                method=method.value,
                amount_minor=-payment.amount.amount_minor,
                currency=payment.amount.currency,
                outcome=Settlement.RETURNED.value,
                returns=payment_id,
                note=clean_text(note)[:200],
                received_at=now,
                recorded_by=actor.person_id,
            ).save()
            await PaymentDocument.update({PaymentDocument.state: DocumentState.REFUNDED.value}).where(
                (PaymentDocument.id == document.id) & (PaymentDocument.state == DocumentState.REFUND_DUE.value)
            )
            await audit.record(
                actor=actor,
                action="payment.refund",
                subject_type="payment_document",
                subject_id=document.id,
                edition_id=document.edition_id,
                before={"payment_id": payment_id, "outcome": payment.outcome},
                after={"method": method, "amount_minor": payment.amount.amount_minor},
                now=now,
            )
    except Exception as error:
        if is_unique_violation(error):
            raise DocumentNotOpen(number=document.number) from error
        raise

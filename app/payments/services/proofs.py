"""Proofs of transfers: what a payer shows while her money has not come.

Nothing of what is uploaded is kept as it came: a picture is decoded and encoded anew, and of a PDF the first page is
drawn, in a child that is gone afterwards. So no script, no second file inside, no place where a photo was taken.
"""

from datetime import datetime

from app.accounts.actor import Actor
from app.kernel import audit
from app.kernel.database import write_transaction
from app.kernel.documents.pages import first_page
from app.kernel.images import clean_picture
from app.kernel.security import limit
from app.payments.enums import MAY_BE_PAID, DocumentKind
from app.payments.errors import DocumentNotOpen, ProofNotFound, ProofsFull, ProofTooLarge
from app.payments.queries import document_by_id, hold_document
from app.payments.tables_proof import PaymentProof

MOST_BYTES = 8 * 2**20
MOST_PROOFS = 3
PER_HOUR = 10
SIDE = 1_600


async def send_proof(*, document_id: int, data: bytes, actor: Actor | None, now: datetime) -> int:
    """Keep a picture or PDF that shows a transfer for a document whose money has not come; returns its id.

    ``actor`` is None for who holds the secret link alone. Outside of any transaction.
    Raises DocumentNotFound, DocumentNotOpen, TooManyTries, ProofTooLarge, NotAPicture, PictureTooLarge, PageNotRead,
    ProofsFull.
    """
    await limit(f"payment-proof:{document_id}", times=PER_HOUR, seconds=3600, now=now)
    if len(data) > MOST_BYTES:
        raise ProofTooLarge(megabytes=MOST_BYTES // 2**20)
    await _check_open(document_id)
    drawn = await first_page(data) if data.lstrip()[:5] == b"%PDF-" else data
    content, mime = await clean_picture(drawn, side=SIDE)
    async with write_transaction():
        await hold_document(document_id)
        edition_id = await _check_open(document_id)
        row = PaymentProof(
            document=document_id,
            content=content,
            mime=mime,
            size_bytes=len(content),
            sent_at=now,
            sent_by=actor.person_id if actor else None,
        )
        await row.save()
        await audit.record(
            actor=actor if actor and actor.signed_in else None,
            action="payment.proof",
            subject_type="payment_document",
            subject_id=document_id,
            edition_id=edition_id,
            now=now,
        )
    return int(row.id)


async def _check_open(document_id: int) -> int:
    """The edition of a document that takes one more proof. Raises DocumentNotFound, DocumentNotOpen, ProofsFull."""
    document = await document_by_id(document_id)
    if document.kind != DocumentKind.INVOICE or document.state not in MAY_BE_PAID:
        raise DocumentNotOpen(number=document.number)
    if await PaymentProof.count().where(PaymentProof.document == document_id) >= MOST_PROOFS:
        raise ProofsFull(limit=MOST_PROOFS)
    return document.edition_id


async def note_looked_at(*, proof_id: int, document_id: int, actor: Actor, now: datetime) -> None:
    """Say that the finance desk is done with a proof; a second time changes nothing. Raises ProofNotFound."""
    async with write_transaction():
        document = await document_by_id(document_id)
        mine = (PaymentProof.id == proof_id) & (PaymentProof.document == document_id)
        changed = (
            await PaymentProof.update({PaymentProof.looked_at: now, PaymentProof.looked_by: actor.person_id})
            .where(mine & PaymentProof.looked_at.is_null())
            .returning(PaymentProof.id)
        )
        if not changed:
            if not await PaymentProof.exists().where(mine):
                raise ProofNotFound
            return
        await audit.record(
            actor=actor,
            action="payment.proof_looked_at",
            subject_type="payment_document",
            subject_id=document_id,
            edition_id=document.edition_id,
            now=now,
        )

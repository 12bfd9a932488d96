"""Reads of proofs of transfers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.kernel.database import as_moment, fetch
from app.kernel.money import Money
from app.kernel.rows import among
from app.payments.enums import MAY_BE_PAID
from app.payments.errors import ProofNotFound
from app.payments.tables_proof import PaymentProof

#: So many documents are shown whose proofs wait.
MOST_WAITING = 50


@dataclass(frozen=True, kw_only=True)
class ProofInfo:
    """A proof without its picture; ``looked_at`` is None while it waits for the finance desk."""

    id: int
    document_id: int
    size_bytes: int
    sent_at: datetime
    looked_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class WaitingProof:
    """A document whose money has not come, of which a payer says that it was sent."""

    document_id: int
    number: str
    payer_name: str
    reference: str
    due: Money
    sent_at: datetime


async def proofs_of(document_id: int) -> list[ProofInfo]:
    """Proofs of a document, the oldest first."""
    columns = (
        PaymentProof.id,
        PaymentProof.document,
        PaymentProof.size_bytes,
        PaymentProof.sent_at,
        PaymentProof.looked_at,
    )
    rows = await PaymentProof.select(*columns).where(PaymentProof.document == document_id).order_by(PaymentProof.id)
    return [
        ProofInfo(
            id=row["id"],
            document_id=row["document"],
            size_bytes=row["size_bytes"],
            sent_at=row["sent_at"],
            looked_at=row["looked_at"],
        )
        for row in rows
    ]


async def proof_picture(proof_id: int, document_id: int) -> tuple[bytes, str]:
    """The picture of a proof and its type. Raises ProofNotFound, also when it is of another document."""
    rows = await PaymentProof.select(PaymentProof.content, PaymentProof.mime).where(
        (PaymentProof.id == proof_id) & (PaymentProof.document == document_id)
    )
    if not rows:
        raise ProofNotFound
    return bytes(rows[0]["content"]), rows[0]["mime"]


async def waiting_proofs(edition_id: int) -> list[WaitingProof]:
    """Documents of an edition with proofs that nobody has looked at and money still to come, the oldest first."""
    chosen, states = among([state.value for state in MAY_BE_PAID], "VARCHAR")
    rows = await fetch(
        "SELECT d.id AS id, d.number AS number, d.payer_name AS payer_name, d.reference AS reference, "
        "d.amount_minor - d.credited_minor - d.paid_minor AS due_minor, d.currency AS currency, "
        "MIN(p.sent_at) AS sent_at FROM payment_proof p JOIN payment_document d ON d.id = p.document "
        "WHERE d.edition = {} AND p.looked_at IS NULL "
        f"AND d.state {chosen} "
        "GROUP BY d.id, d.number, d.payer_name, d.reference, d.amount_minor, d.credited_minor, d.paid_minor, "
        "d.currency ORDER BY MIN(p.sent_at), d.id LIMIT {}",
        edition_id,
        states,
        MOST_WAITING,
    )
    return [
        WaitingProof(
            document_id=row["id"],
            number=row["number"],
            payer_name=row["payer_name"],
            reference=row["reference"],
            due=Money(row["due_minor"], row["currency"]),
            sent_at=as_moment(row["sent_at"]),
        )
        for row in rows
    ]


async def with_waiting_proofs(document_ids: Sequence[int]) -> set[int]:
    """Which of some documents have a proof that nobody has looked at and money still to come."""
    if not document_ids:
        return set()
    rows = await (
        PaymentProof.select(PaymentProof.document)
        .where(
            PaymentProof.document.is_in(list(document_ids))
            & PaymentProof.looked_at.is_null()
            & PaymentProof.document.state.is_in([state.value for state in MAY_BE_PAID])
        )
        .order_by(PaymentProof.id)
    )
    return {row["document"] for row in rows}

"""Reads of payments."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.events.queries import Page
from app.kernel.database import contains, fetch
from app.kernel.money import Money
from app.payments.enums import DocumentState, PaymentMethod, Settlement
from app.payments.errors import DocumentNotFound
from app.payments.tables import Payment, PaymentDocument, PaymentEvent


@dataclass(frozen=True, kw_only=True)
class DocumentInfo:
    """A payment document as callbacks and pages get it."""

    id: int
    edition_id: int
    number: str
    payer_id: int | None
    payer_name: str
    amount: Money
    purpose: str
    subject_id: int
    description: str
    state: DocumentState
    reference: str
    created_at: datetime
    settled_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class PaymentInfo:
    """Money that came (positive) or went back (negative)."""

    id: int
    document_id: int
    method: PaymentMethod
    amount: Money
    outcome: Settlement
    note: str
    provider_reference: str | None
    returns_id: int | None
    received_at: datetime
    recorded_by_id: int | None


async def document_by_id(document_id: int, edition_id: int | None = None) -> DocumentInfo:
    """One document. Raises DocumentNotFound, also when it is of another edition."""
    rows = await PaymentDocument.select().where(PaymentDocument.id == document_id)
    if not rows or (edition_id is not None and rows[0]["edition"] != edition_id):
        raise DocumentNotFound
    return document_info(rows[0])


async def documents(
    edition_id: int, *, state: DocumentState | None = None, search: str = "", offset: int = 0, limit: int | None = None
) -> Page:
    """Documents of an edition, the newest first; ``search`` is already without diacritics (``names.search_text``)."""
    chosen: Any = PaymentDocument.edition == edition_id
    if state is not None:
        chosen = chosen & (PaymentDocument.state == state.value)
    if search:
        chosen = chosen & contains(search, "payment_document.search_text")
    query = PaymentDocument.select().where(chosen).order_by(PaymentDocument.id, ascending=False)
    if limit is not None:
        query = query.limit(limit).offset(offset)
    rows = await query
    total = len(rows) if limit is None else await PaymentDocument.count().where(chosen)
    return Page([document_info(row) for row in rows], total, offset + 1, limit or total)


async def counts_by_state(edition_id: int) -> dict[DocumentState, int]:
    """How many documents of an edition stand in each state."""
    rows = await fetch(
        "SELECT state, COUNT(*) AS count FROM payment_document WHERE edition = {} GROUP BY state", edition_id
    )
    return dict.fromkeys(DocumentState, 0) | {DocumentState(row["state"]): row["count"] for row in rows}


async def payment_by_id(payment_id: int, document_id: int | None = None) -> PaymentInfo:
    """One payment. Raises DocumentNotFound, also when it is of another document."""
    rows = await Payment.select().where(Payment.id == payment_id)
    if not rows or (document_id is not None and rows[0]["document"] != document_id):
        raise DocumentNotFound
    return payment_info(rows[0])


async def payments_of(document_id: int) -> list[PaymentInfo]:
    """Payments of a document in the order in which they were recorded."""
    rows = await Payment.select().where(Payment.document == document_id).order_by(Payment.id)
    return [payment_info(row) for row in rows]


async def waiting_events(limit: int = 100) -> list[dict[str, Any]]:
    """Events of the inbox that have not been applied, the oldest first."""
    query = PaymentEvent.select().where(PaymentEvent.handled_at.is_null())
    return await query.order_by(PaymentEvent.id).limit(limit)


def document_info(row: Mapping[str, Any]) -> DocumentInfo:
    """A row of the table as the record that others get."""
    return DocumentInfo(
        id=row["id"],
        edition_id=row["edition"],
        number=row["number"],
        payer_id=row["payer"],
        payer_name=row["payer_name"],
        amount=Money(row["amount_minor"], row["currency"]),
        purpose=row["purpose"],
        subject_id=row["subject_id"],
        description=row["description"],
        state=DocumentState(row["state"]),
        reference=row["reference"],
        created_at=row["created_at"],
        settled_at=row["settled_at"],
    )


def payment_info(row: Mapping[str, Any]) -> PaymentInfo:
    """A row of the table as the record that others get."""
    return PaymentInfo(
        id=row["id"],
        document_id=row["document"],
        method=PaymentMethod(row["method"]),
        amount=Money(row["amount_minor"], row["currency"]),
        outcome=Settlement(row["outcome"]),
        note=row["note"],
        provider_reference=row["provider_reference"],
        returns_id=row["returns"],
        received_at=row["received_at"],
        recorded_by_id=row["recorded_by"],
    )

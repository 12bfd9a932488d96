"""Reads of e-invoices: which are still to be issued, and what of one is here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from app.kernel.database import fetch
from app.kernel.rows import among
from app.payments.enums_legal import LegalFileKind, LegalState
from app.payments.legal_reasons import is_ours, reason_said
from app.payments.queries import DocumentInfo
from app.payments.tables_legal import LegalFile, LegalOrder
from app.payments.tax import rates_ending


@dataclass(frozen=True, kw_only=True)
class LegalPart:
    """What a document's pages show of its e-invoice; ``state`` is None where no provider is to be asked.

    ``not_sent``: what refused it is our own check, and no provider was asked.
    """

    state: LegalState | None
    not_sent: bool
    error: str
    files: tuple[LegalFileKind, ...]


@dataclass(frozen=True, kw_only=True)
class EndingRate:
    """A rate of tax at which invoices are open, and the last day on which it holds."""

    percent: float
    last: date
    invoices: int


#: So many times a provider may leave a document without an answer before somebody is told.
MANY_TRIES = 3
_WITHOUT = (
    "FROM payment_document d LEFT JOIN payment_legal_order o ON o.document = d.id "
    "LEFT JOIN payment_document c ON c.id = d.corrects WHERE d.legal_number = '' "
)
#: Paid invoices, but those that a test card paid, and credit notes over invoices that have an e-invoice.
_DUE = (
    "((d.kind = 'invoice' AND d.state = 'paid' AND NOT EXISTS (SELECT 1 FROM payment p JOIN card_attempt a "
    "ON p.provider_reference = 'stripe:' || a.payment_intent WHERE p.document = d.id AND a.live IS FALSE)) "
    "OR (d.kind = 'credit_note' AND d.state = 'issued' AND c.legal_number <> ''))"
)


async def documents_to_issue(since: date | None, asked_before: datetime, limit: int) -> list[int]:
    """Ids of documents that a provider is to be asked for, the oldest first.

    Those that were settled (or, credit notes, made) before a day are left out, and those that were refused, or asked
    for since ``asked_before``. What was asked for without an answer stays due though it was taken back meanwhile: it
    may have been issued.
    """
    begin = datetime.combine(since or date(2000, 1, 1), time(), UTC)
    rows = await fetch(
        f"SELECT d.id {_WITHOUT} AND (o.id IS NOT NULL OR {_DUE}) AND COALESCE(d.settled_at, d.created_at) >= {{}} "
        "AND (o.id IS NULL OR (o.state = 'waiting' AND (o.asked_at IS NULL OR o.asked_at < {}))) "
        "ORDER BY d.id LIMIT {}",
        begin,
        asked_before,
        limit,
    )
    return [int(row["id"]) for row in rows]


async def is_to_issue(document_id: int) -> bool | None:
    """Whether a document that has no e-invoice is to have one, as it stands; None when it has one."""
    rows = await fetch(f"SELECT CASE WHEN {_DUE} THEN 1 ELSE 0 END AS due {_WITHOUT} AND d.id = {{}}", document_id)
    return bool(rows[0]["due"]) if rows else None


async def is_legal(document_id: int) -> bool:
    """Whether a document has an e-invoice, or may have one since a provider was asked for it and did not refuse it."""
    rows = await fetch(
        "SELECT d.id FROM payment_document d LEFT JOIN payment_legal_order o ON o.document = d.id "
        "WHERE d.id = {} AND (d.legal_number <> '' OR o.state <> 'refused')",
        document_id,
    )
    return bool(rows)


async def orders_without_files(asked_before: datetime, limit: int) -> list[dict[str, Any]]:
    """Issued e-invoices whose files were not all loaded yet, but for those that were asked for since ``asked_before``.

    Those come first that were asked for the longest ago: however many have none, the others have their turn.
    """
    return await fetch(
        "SELECT o.*, d.number FROM payment_legal_order o JOIN payment_document d ON d.id = o.document "
        "WHERE o.state = 'issued' AND o.files_at IS NULL AND o.asked_at < {} ORDER BY o.asked_at, o.id LIMIT {}",
        asked_before,
        limit,
    )


async def legal_part(document_id: int) -> LegalPart:
    """What is here of a document's e-invoice."""
    order: Mapping[str, Any] | None = await LegalOrder.select().where(LegalOrder.document == document_id).first()
    files = await LegalFile.select(LegalFile.kind).where(LegalFile.document == document_id).order_by(LegalFile.kind)
    return LegalPart(
        state=LegalState(order["state"]) if order else None,
        not_sent=is_ours(order["error"]) if order else False,
        error=reason_said(order["error"]) if order else "",
        files=tuple(LegalFileKind(row["kind"]) for row in files),
    )


async def legal_files_of(documents: Sequence[DocumentInfo]) -> list[tuple[DocumentInfo, LegalFileKind]]:
    """Files that are here of the e-invoices of some documents, in their order, each with what it is of."""
    rows = await LegalFile.select(LegalFile.document, LegalFile.kind).where(
        LegalFile.document.is_in([one.id for one in documents])
    )
    here = {(row["document"], row["kind"]) for row in rows}
    return [(one, kind) for one in documents for kind in LegalFileKind if (one.id, kind.value) in here]


async def refused_in(edition_id: int) -> list[dict[str, Any]]:
    """Documents of an edition whose e-invoice was refused, the oldest first.

    Each with ``id``, ``number``, ``error``, and ``not_sent`` as in ``LegalPart``.
    """
    rows = await fetch(
        "SELECT d.id, d.number, o.error FROM payment_legal_order o JOIN payment_document d ON d.id = o.document "
        "WHERE d.edition = {} AND o.state = 'refused' AND d.legal_number = '' ORDER BY d.id",
        edition_id,
    )
    return [{**row, "error": reason_said(row["error"]), "not_sent": is_ours(row["error"])} for row in rows]


async def open_at_ending_rates(edition_id: int, today: date) -> list[EndingRate]:
    """Rates that end soon, or have ended, at which invoices of an edition are still open."""
    ending = rates_ending(today)
    if not ending:
        return []
    chosen, values = among(list(ending))
    rows = await fetch(
        "SELECT i.tax_rate, COUNT(DISTINCT d.id) AS count FROM payment_document d JOIN payment_line i "
        "ON i.document = d.id WHERE d.edition = {} AND d.kind = 'invoice' AND d.state = 'open' "
        f"AND i.tax_rate {chosen} GROUP BY i.tax_rate ORDER BY i.tax_rate",
        edition_id,
        values,
    )
    return [
        EndingRate(percent=row["tax_rate"] / 100, last=ending[row["tax_rate"]], invoices=row["count"]) for row in rows
    ]


async def unanswered_in(edition_id: int) -> list[dict[str, Any]]:
    """Documents of an edition whose e-invoice was asked for again and again without an answer, the oldest first.

    Each with ``id``, ``number``, ``tries`` and ``asked_at``, when it was asked for last.
    """
    return await fetch(
        "SELECT d.id, d.number, o.tries, o.asked_at FROM payment_legal_order o JOIN payment_document d "
        "ON d.id = o.document WHERE d.edition = {} AND o.state = 'waiting' AND d.legal_number = '' AND o.tries >= {} "
        "ORDER BY d.id",
        edition_id,
        MANY_TRIES,
    )

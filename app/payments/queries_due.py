"""Who owes what, and since when: open invoices in the order of their days, and those whose day is over."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from piccolo.columns.combination import WhereRaw
from piccolo.query import OrderByRaw

from app.events.queries import Page
from app.kernel.database import contains
from app.kernel.money import Money
from app.kernel.rows import among
from app.payments.enums import TAKES, DocumentState
from app.payments.queries import (
    DocumentInfo,
    document_info,
    page_of_documents,
    parts_by_document,
    to_pay_by,
    to_pay_next,
)
from app.payments.tables import PaymentDocument

#: The day of what is to be paid next of a document, as :func:`app.payments.queries.to_pay_by` finds it: of the first
#: part up to which more is billed than came or was taken back; its own day when it has no parts.
_NEXT_ON = (
    "COALESCE((SELECT MIN(part.due_on) FROM payment_instalment part WHERE part.document = payment_document.id AND "
    "(SELECT SUM(before.amount_minor) FROM payment_instalment before WHERE before.document = part.document "
    "AND before.position <= part.position) > payment_document.paid_minor + payment_document.credited_minor), "
    "payment_document.due_on)"
)


@dataclass(frozen=True)
class NextDay:
    """By when what is due next of an open document is to be paid, and whether that day is over."""

    on: date | None
    late: bool


async def open_by_day(
    edition_id: int, *, overdue_on: date | None = None, search: str = "", offset: int = 0, limit: int | None = None
) -> Page:
    """Open documents of an edition, what is due first before the rest; those alone that are late on a day.

    ``search`` is already without diacritics (``names.search_text``).
    """
    chosen = _open(edition_id, overdue_on)
    if search:
        chosen = chosen & contains(search, "payment_document.search_text")
    query = PaymentDocument.select().where(chosen).order_by(OrderByRaw(f"{_NEXT_ON} IS NULL"), OrderByRaw(_NEXT_ON))
    return await page_of_documents(query.order_by(PaymentDocument.id), chosen, offset, limit)


async def count_overdue(edition_id: int, today: date) -> int:
    """Of how many open documents a day of payment is over."""
    count: int = await PaymentDocument.count().where(_open(edition_id, today))
    return count


async def next_days(documents: Sequence[DocumentInfo], today: date) -> dict[int, NextDay]:
    """The next day of payment of those documents that are open."""
    parts = await parts_by_document(documents)
    found = {one.id: to_pay_by(one, parts[one.id]) for one in documents if one.state == DocumentState.OPEN}
    return {key: NextDay(on, late=on is not None and on < today) for key, on in found.items()}


async def due_now(document_ids: Sequence[int]) -> dict[int, Money]:
    """What is to be paid next of those of some documents that take money: of one in parts its first one not paid."""
    if not document_ids:
        return {}
    chosen, ids = among(sorted(document_ids))
    rows = await PaymentDocument.select().where(
        WhereRaw(f"payment_document.id {chosen}", ids) & PaymentDocument.state.is_in([one.value for one in TAKES])
    )
    documents = [document_info(row) for row in rows]
    parts = await parts_by_document(documents)
    return {one.id: to_pay_next(one, parts[one.id]) for one in documents}


def _open(edition_id: int, overdue_on: date | None) -> Any:
    chosen: Any = (PaymentDocument.edition == edition_id) & (PaymentDocument.state == DocumentState.OPEN.value)
    if overdue_on is None:
        return chosen
    begun = PaymentDocument.due_on < overdue_on  # a document's own day is its first: parts of few others are looked at
    return chosen & begun & WhereRaw(f"{_NEXT_ON} < {{}}", overdue_on)

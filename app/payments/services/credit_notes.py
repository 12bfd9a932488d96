"""Credit notes: issued over an invoice or a part of it, and forgotten when all of it is taken back."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from app.payments.enums import DocumentKind, DocumentState, Posting
from app.payments.lines import TaxedLine, left_of, shares_of
from app.payments.queries import DocumentInfo, credit_notes_of, lines_of
from app.payments.services.issuing import Content, Seller, issue, next_number, payer_on, post_content, sides_of_lines
from app.payments.services.ledger import day_of, post
from app.payments.tables import PaymentDocument

WhatStays = Callable[[DocumentInfo], Awaitable[str]]
_stays: dict[str, WhatStays] = {}


def register_what_stays(purpose: str, stays: WhatStays) -> None:
    """Say what a credit note over a part of a purpose's invoice leaves as it is.

    ``stays(document)`` gives sentences for who enters the note, empty where nothing is left. Raises ValueError when the
    purpose is taken.
    """
    if _stays.setdefault(purpose, stays) != stays:
        raise ValueError(f"what stays of {purpose} is said by another module already")


async def what_stays(document: DocumentInfo) -> str:
    """What a credit note over a part of an invoice leaves as it is, in sentences; empty where nobody says so."""
    stays = _stays.get(document.purpose)
    return await stays(document) if stays else ""


async def issue_credit(document: DocumentInfo, lines: Sequence[TaxedLine], description: str, now: datetime) -> int:
    """Issue a credit note over lines of an invoice, in the caller's transaction; returns its id."""
    content = Content(
        kind=DocumentKind.CREDIT_NOTE,
        edition_id=document.edition_id,
        purpose=document.purpose,
        subject_id=document.subject_id,
        description=description,
        currency=document.amount.currency,
        payer=payer_on(document),
        seller=Seller(name=document.seller_name, address=document.seller_address, tax_code=document.seller_tax_code),
        lines=lines,
        state=DocumentState.ISSUED,
        corrects=document.id,
    )
    number = await next_number(content, await day_of(document.edition_id, now))
    note_id = await issue(content, number, now)
    await PaymentDocument.update(
        {PaymentDocument.credited_minor: PaymentDocument.credited_minor + content.amount_minor}
    ).where(PaymentDocument.id == document.id)
    await post(
        Posting.CREDIT,
        sides_of_lines(lines, -1),
        edition_id=document.edition_id,
        currency=document.amount.currency,
        document_id=note_id,
        now=now,
    )
    return note_id


async def part_of_rest(document: DocumentInfo, gross_minor: int, description: str) -> list[TaxedLine]:
    """Lines over a part of what credit notes have left of an invoice; over all that is left, exactly that."""
    return shares_of(await lines_of(document.id), await _credited(document), gross_minor, description)


async def lines_left(document: DocumentInfo) -> list[TaxedLine]:
    """The lines of an invoice, each with what credit notes have left of it."""
    return left_of(await lines_of(document.id), await _credited(document))


async def _credited(document: DocumentInfo) -> list[TaxedLine]:
    notes = await credit_notes_of(document.id, DocumentState.ISSUED)
    return [line for note in notes for line in await lines_of(note.id)]


async def forget_credits(document: DocumentInfo, now: datetime) -> None:
    """Cancel the credit notes over an invoice: what they took back is not taken back again with the whole."""
    for note in await credit_notes_of(document.id, DocumentState.ISSUED):
        await post_content(Posting.CANCEL, note, now, sign=1)
    issued = (PaymentDocument.corrects == document.id) & (PaymentDocument.state == DocumentState.ISSUED.value)
    await PaymentDocument.update({PaymentDocument.state: DocumentState.CANCELLED.value}).where(issued)
    await PaymentDocument.update({PaymentDocument.credited_minor: 0}).where(PaymentDocument.id == document.id)

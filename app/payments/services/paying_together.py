"""Many transfers that each pay exactly what is due of open documents: booked by a few statements for all of them.

What comes of it is what comes of one after the other (:mod:`app.payments.services.recording`), which is slower and is
for everything else: a part, too much, what is cancelled, paid or written off.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.kernel import audit
from app.kernel.database import fetch, hold_rows
from app.kernel.names import clean_text
from app.kernel.rows import among, given, insert_rows
from app.payments.enums import Account, DocumentKind, DocumentState, EntryState, PaymentMethod, Posting, Settlement
from app.payments.queries import DocumentInfo, PaymentInfo, payment_info
from app.payments.queries_bank import EntryInfo, documents_typed
from app.payments.services.documents import hold_documents, settle_all
from app.payments.services.ledger import ACCOUNT_OF, Entered, post_all
from app.payments.services.matching import Share, Verdict
from app.payments.services.recording import follow, say_owed
from app.payments.tables import Payment
from app.payments.tables_bank import BankMatch

NOTE_LENGTH = 200
METHOD = PaymentMethod.TRANSFER
PAYMENT = (
    *(Payment.document, Payment.method, Payment.amount_minor, Payment.currency, Payment.outcome),
    *(Payment.provider_reference, Payment.owed_minor, Payment.returned_minor, Payment.note, Payment.received_at),
)
MATCH = (BankMatch.entry, BankMatch.document, BankMatch.payment, BankMatch.amount_minor)


class PaidMeanwhile(Exception):
    """Documents took money although they were held: a mistake of the program."""


@dataclass(frozen=True)
class _Part:
    """A transfer, or a part of it, that pays all that is due of a document; ``document`` as it was before."""

    entry: EntryInfo
    share: Share
    document: DocumentInfo


def provider_reference(entry: EntryInfo, document_id: int) -> str:
    """By what the payment of a document by a transfer is known: nothing is recorded twice."""
    return f"bank:{entry.fingerprint}:{document_id}"


async def reference_anew(entry: EntryInfo, document_id: int, line_id: int | None = None) -> str:
    """As :func:`provider_reference`; what was taken off the document and is assigned to it again is another payment.

    ``line_id`` names who bears a part of the document, where it is her payment (``Borne.line_id``).
    """
    name = provider_reference(entry, document_id) + (f":{line_id}" if line_id else "")
    same = (Payment.provider_reference == name) | Payment.provider_reference.like(f"{name}:again%")
    before = await Payment.count().where((Payment.document == document_id) & same)
    return f"{name}:again{before}" if before else name


async def keep_match(entry_id: int, document_id: int, payment_id: int, minor: int, *, bearer: str = "") -> None:
    """Write how much of a transfer a document got, as which payment, in the transaction that claimed the transfer.

    In place of what was taken off that document before: a transfer and a document have one row, and one for each
    ``bearer`` of a part of it.
    """
    same = (BankMatch.entry == entry_id) & (BankMatch.document == document_id) & (BankMatch.payment.bearer == bearer)
    rows = await BankMatch.select(BankMatch.id, BankMatch.payment.outcome.as_alias("outcome")).where(same)
    if rows and rows[0]["outcome"] == Settlement.MISTAKEN:
        values: dict[Any, Any] = {BankMatch.payment: payment_id, BankMatch.amount_minor: minor}
        await BankMatch.update(values).where(BankMatch.id == rows[0]["id"])
    else:
        await BankMatch(entry=entry_id, document=document_id, payment=payment_id, amount_minor=minor).save()


async def pay_together(decided: Sequence[tuple[EntryInfo, Verdict]], now: datetime) -> set[int]:
    """Pay what transfers are for, in the caller's transaction, where each share is exactly what is due of its document.

    No two transfers may name one document. Gives the ids of those that are dealt with, here or by somebody else
    meanwhile; the others are as they were. Raises NothingSettles, PaidMeanwhile, and what sellers raise: then nothing
    of it may stand.
    """
    new = await _hold_new([entry.id for entry, _verdict in decided])
    ours = [(entry, verdict) for entry, verdict in decided if entry.id in new]
    documents = await hold_documents(share.document_id for _entry, one in ours for share in one.shares)
    typed = await documents_typed()  # perhaps as the very transfer that the bank tells of now
    parts: list[_Part] = []
    others: set[int] = set()
    for entry, verdict in ours:
        shares = sorted(verdict.shares, key=lambda one: one.document_id)
        written = any(share.document_id in typed for share in shares)
        if not written and all(_is_due(documents.get(share.document_id), share) for share in shares):
            parts += [_Part(entry, share, documents[share.document_id]) for share in shares]
        else:
            others.add(entry.id)
    if parts:
        await _pay(parts, now)
    return {entry.id for entry, _verdict in decided} - others


def _is_due(document: DocumentInfo | None, share: Share) -> bool:
    """Whether a share is exactly what an open invoice waits for."""
    return (
        document is not None
        and (document.kind, document.state) == (DocumentKind.INVOICE, DocumentState.OPEN)
        and document.due == share.amount
    )


async def _hold_new(entry_ids: Sequence[int]) -> set[int]:
    """Take the right to deal with transfers that nobody has dealt with; gives which."""
    chosen, ids = among(entry_ids)
    rows = await hold_rows("bank_entry", f"id {chosen} AND state = {{}}", ids, EntryState.NEW.value, alone=True)
    return {row["id"] for row in rows}


async def _pay(parts: Sequence[_Part], now: datetime) -> None:
    await _claim_documents(parts, now)
    payments = await _save_payments(parts)
    await post_all(Posting.PAYMENT, [_entered(part, payments[part.document.id]) for part in parts], now=now)
    async with audit.gathered():
        answers = await settle_all([(part.document, payments[part.document.id]) for part in parts], now)
        for part, answer in zip(parts, answers, strict=True):
            await _follow(part, payments[part.document.id], answer, now)
    await insert_rows(
        BankMatch,
        MATCH,
        [
            (part.entry.id, part.document.id, payments[part.document.id].id, part.share.amount.amount_minor)
            for part in parts
        ],
    )
    await _say_matched(parts, now)


async def _claim_documents(parts: Sequence[_Part], now: datetime) -> None:
    """Let every document take what is due of it by one conditional update: all of them, or PaidMeanwhile."""
    source, values = given(
        "came",
        {"paid_document": "INTEGER", "came_minor": "BIGINT"},
        [(part.document.id, part.share.amount.amount_minor) for part in parts],
    )
    claimed = await fetch(
        f"UPDATE payment_document SET paid_minor = paid_minor + came_minor, state = {{}}, settled_at = {{}} "
        f"FROM {source} WHERE id = paid_document AND state = {{}} "
        "AND amount_minor - credited_minor - paid_minor = came_minor RETURNING id",
        DocumentState.PAID.value,
        now,
        *values,
        DocumentState.OPEN.value,
    )
    if len(claimed) != len(parts):
        raise PaidMeanwhile


async def _save_payments(parts: Sequence[_Part]) -> dict[int, PaymentInfo]:
    """Write the payments; gives them by document."""
    await insert_rows(
        Payment,
        PAYMENT,
        [
            (
                *(part.document.id, METHOD.value, part.share.amount.amount_minor, part.share.amount.currency),
                *(Settlement.KEPT.value, provider_reference(part.entry, part.document.id), 0, 0),
                *(clean_text(part.entry.purpose[:NOTE_LENGTH])[:200], part.entry.booked_at),
            )
            for part in parts
        ],
    )
    chosen, names = among([provider_reference(part.entry, part.document.id) for part in parts], "VARCHAR")
    rows = await fetch(f"SELECT * FROM payment WHERE provider_reference {chosen}", names)
    return {row["document"]: payment_info(row) for row in rows}


def _entered(part: _Part, payment: PaymentInfo) -> Entered:
    amount = part.share.amount
    return Entered(
        edition_id=part.document.edition_id,
        currency=amount.currency,
        sides={ACCOUNT_OF[METHOD]: amount.amount_minor, Account.RECEIVABLE: -amount.amount_minor},
        document_id=part.document.id,
        payment_id=payment.id,
    )


async def _follow(part: _Part, payment: PaymentInfo, answer: Settlement, now: datetime) -> None:
    """Do what the seller said, and write the log."""
    recorded = await follow(part.document, payment.id, answer, actor=None, now=now)
    await audit.record(
        actor=None,
        action="payment.record",
        subject_type="payment_document",
        subject_id=part.document.id,
        edition_id=part.document.edition_id,
        before={"state": part.document.state},
        after={
            "state": recorded.state,
            "method": METHOD,
            "amount_minor": part.share.amount.amount_minor,
            "outcome": recorded.outcome,
        },
        now=now,
    )
    if recorded.outcome == Settlement.REFUND:
        await say_owed(part.document, part.share.amount, payment.id, now)


async def _say_matched(parts: Sequence[_Part], now: datetime) -> None:
    """A transfer belongs from now on to the edition of what it paid: of several documents the first."""
    edition_of: dict[int, int] = {}
    for part in parts:
        edition_of.setdefault(part.entry.id, part.document.edition_id)
    source, values = given("ours", {"our_entry": "INTEGER", "our_edition": "INTEGER"}, list(edition_of.items()))
    await fetch(
        "UPDATE bank_entry SET state = {}, settled_at = {}, settled_by = NULL, reason = '', edition = our_edition "
        f"FROM {source} WHERE id = our_entry RETURNING id",
        EntryState.MATCHED.value,
        now,
        *values,
    )

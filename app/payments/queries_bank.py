"""Reads of transfers on the bank account."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from piccolo.query import OrderByRaw

from app.events.queries import Page
from app.kernel.database import fetch
from app.kernel.money import Money
from app.kernel.rows import among
from app.payments.enums import (
    ENTRY_STATE_NAMES,
    TAKES,
    DocumentKind,
    DocumentState,
    EntrySource,
    EntryState,
    PaymentMethod,
    Settlement,
)
from app.payments.errors_bank import TransferNotFound
from app.payments.late import may_stand_again
from app.payments.searching import invoices_where, transfers_where
from app.payments.tables import Payment, PaymentDocument
from app.payments.tables_bank import BankEntry, BankMatch

CHUNK = 500
#: Outcomes of what is no transfer that somebody wrote down, or is none any more.
NOT_TYPED = [Settlement.MISTAKEN.value, Settlement.COUNTED.value]
PAGE = 1_000
#: What of a document is compared with transfers.
COMPARED = (
    *(PaymentDocument.id, PaymentDocument.edition, PaymentDocument.reference, PaymentDocument.number),
    *(PaymentDocument.payer_name, PaymentDocument.description, PaymentDocument.state, PaymentDocument.currency),
    *(PaymentDocument.amount_minor, PaymentDocument.credited_minor, PaymentDocument.paid_minor),
    PaymentDocument.owed_minor,
)


@dataclass(frozen=True, kw_only=True)
class EntryInfo:
    """A transfer as pages get it; ``edition_id`` is None for a notice for which nothing was found.

    ``left`` is what of it is not assigned: all of it while it waits, or less once a share was taken off a document.
    ``reversed_at``: when the same amount went out again, perhaps since the bank took it back.
    """

    id: int
    edition_id: int | None
    account: str
    booked_at: datetime
    amount: Money
    purpose: str
    payer_name: str
    payer_account: str
    bank_reference: str
    source: EntrySource
    confirmed: bool
    fingerprint: str
    state: EntryState
    reason: str
    left: Money
    reversed_at: datetime | None = None
    reversal_purpose: str = ""
    reversal_number: str = ""

    def booked_on(self, timezone: str) -> datetime | date:
        """When it was booked: the day alone where a statement gave no time."""
        return self.booked_at.astimezone(ZoneInfo(timezone)).date() if self.has_day_alone(timezone) else self.booked_at

    def has_day_alone(self, timezone: str) -> bool:
        """Whether a statement gave the day and no time, which then is midnight there."""
        local = self.booked_at.astimezone(ZoneInfo(timezone))
        return self.source == EntrySource.STATEMENT and local.time() == time()


@dataclass(frozen=True, kw_only=True)
class MatchInfo:
    """How much of a transfer went to a document, for its payer or for the ``bearer`` of a part of it.

    ``taken_off`` once it was found not to be for it, and why.
    """

    entry_id: int
    document_id: int
    payment_id: int
    number: str
    edition_id: int
    amount: Money
    bearer: str
    taken_off: bool
    why: str


@dataclass(frozen=True, kw_only=True)
class TypedTransfer:
    """A transfer that somebody wrote down by hand, and that no transfer of the bank was found to be yet.

    ``payer_name`` is whose money it is: the document's payer, or who bears a part of it.
    """

    payment_id: int
    document_id: int
    number: str
    payer_name: str
    amount: Money
    outcome: Settlement
    received_at: datetime
    note: str
    bearer: str


@dataclass(frozen=True, kw_only=True)
class PayableDocument:
    """A document as transfers are compared with it: what is still to be paid, and what came and has to go back."""

    id: int
    edition_id: int
    reference: str
    number: str
    payer_name: str
    description: str
    due: Money
    owed: Money
    state: DocumentState

    @property
    def takes(self) -> Money:
        """What it takes of money that comes now; all that is more goes back.

        Of one that was taken back it is what makes up its amount with what came and has not gone back.
        """
        due, owed = self.due.amount_minor, self.owed.amount_minor
        if self.state in TAKES:
            return self.due
        again = may_stand_again(self.state, self.due, self.owed)
        return Money((due - owed if owed < due else due) if again else 0, self.due.currency)

    @property
    def stand(self) -> str:
        """What a form carries of it, to see later whether it still takes what was shown."""
        return f"{self.state}:{self.takes.amount_minor}"


#: What lies ready of a statement that is being loaded is seen nowhere.
SHOWN = BankEntry.state != EntryState.LAID.value


def _seen_in(edition_id: int) -> Any:
    """What a desk of an edition sees: its own, and notices of which nobody knows yet whose they are."""
    return SHOWN & ((BankEntry.edition == edition_id) | BankEntry.edition.is_null())


async def entries(
    edition_id: int, *, state: EntryState | None = None, search: str = "", offset: int = 0, limit: int | None = None
) -> Page:
    """Transfers that a desk sees, the newest first; ``search`` is already without diacritics."""
    chosen: Any = _seen_in(edition_id)
    if state is not None:
        chosen = chosen & (BankEntry.state == state.value)
    if search:
        chosen = chosen & await transfers_where(edition_id, search)
    query = BankEntry.select().where(chosen).order_by(BankEntry.booked_at, ascending=False)
    query = query.order_by(BankEntry.id, ascending=False)
    if limit is not None:
        query = query.limit(limit).offset(offset)
    rows = await query
    total = len(rows) if limit is None else await BankEntry.count().where(chosen)
    assigned = await _assigned([row["id"] for row in rows if row["state"] == EntryState.LEFT])
    return Page([entry_info(row, assigned.get(row["id"], 0)) for row in rows], total, offset + 1, limit or total)


async def counts_of_entries(edition_id: int) -> dict[EntryState, int]:
    """How many transfers that a desk sees stand in each state."""
    rows = await fetch(
        "SELECT state, COUNT(*) AS count FROM bank_entry WHERE (edition = {} OR edition IS NULL) AND state <> 'laid' "
        "GROUP BY state",
        edition_id,
    )
    return dict.fromkeys(ENTRY_STATE_NAMES, 0) | {EntryState(row["state"]): row["count"] for row in rows}


async def counts_not_assigned(edition_id: int) -> tuple[int, int]:
    """How many transfers an edition's books hold as not assigned, those set aside among them; and how many its desk
    sees that are in no edition's books yet.
    """
    rows = await fetch(
        "SELECT COALESCE(SUM(CASE WHEN books = {} THEN 1 ELSE 0 END), 0) AS held, "
        "COALESCE(SUM(CASE WHEN books IS NULL AND state = {} AND (edition = {} OR edition IS NULL) THEN 1 ELSE 0 END), "
        "0) AS outside FROM bank_entry WHERE state IN ({}, {})",
        edition_id,
        EntryState.LEFT.value,
        edition_id,
        EntryState.LEFT.value,
        EntryState.IGNORED.value,
    )
    return int(rows[0]["held"]), int(rows[0]["outside"])


async def entry_by_id(entry_id: int, edition_id: int | None = None) -> EntryInfo:
    """One transfer. Raises TransferNotFound, also when the desk of ``edition_id`` does not see it."""
    chosen: Any = (BankEntry.id == entry_id) & SHOWN
    if edition_id is not None:
        chosen = chosen & _seen_in(edition_id)
    rows = await BankEntry.select().where(chosen)
    if not rows:
        raise TransferNotFound
    return entry_info(rows[0], (await _assigned([entry_id])).get(entry_id, 0))


async def _assigned(entry_ids: Sequence[int]) -> dict[int, int]:
    """How much of some transfers is assigned, without what was taken off again."""
    if not entry_ids:
        return {}
    chosen, ids = among(list(entry_ids))
    rows = await fetch(
        "SELECT m.entry AS entry, SUM(m.amount_minor) AS minor FROM bank_match m JOIN payment p ON p.id = m.payment "
        f"WHERE m.entry {chosen} AND p.outcome <> {{}} GROUP BY m.entry",
        ids,
        Settlement.MISTAKEN.value,
    )
    return {row["entry"]: int(row["minor"]) for row in rows}


async def new_entries(limit: int) -> list[EntryInfo]:
    """Transfers that nobody has looked at, the oldest first."""
    rows = await BankEntry.select().where(BankEntry.state == EntryState.NEW.value).order_by(BankEntry.id).limit(limit)
    return [entry_info(row) for row in rows]


async def matches_of(entry_ids: Sequence[int]) -> list[MatchInfo]:
    """Which documents some transfers paid, or were taken off again, in the order in which they were assigned."""
    if not entry_ids:
        return []
    chosen, ids = among(list(entry_ids))
    return await _matches(f"m.entry {chosen}", ids)


async def match_of(payment_id: int) -> MatchInfo | None:
    """The transfer that a payment is, and the document; None for what no transfer of the bank is."""
    found = await _matches("m.payment = {}", payment_id)
    return found[0] if found else None


async def _matches(condition: str, value: Any) -> list[MatchInfo]:
    rows = await fetch(
        "SELECT m.entry, m.document, m.payment, m.amount_minor, d.number, d.edition, d.currency, p.outcome, p.bearer, "
        "o.note AS why FROM bank_match m JOIN payment_document d ON d.id = m.document "
        "JOIN payment p ON p.id = m.payment LEFT JOIN payment o ON o.returns = p.id AND o.outcome = {} "
        f"WHERE {condition} ORDER BY m.id",
        Settlement.MISTAKEN.value,
        value,
    )
    return [
        MatchInfo(
            entry_id=row["entry"],
            document_id=row["document"],
            payment_id=row["payment"],
            number=row["number"],
            edition_id=row["edition"],
            amount=Money(row["amount_minor"], row["currency"]),
            bearer=row["bearer"],
            taken_off=row["outcome"] == Settlement.MISTAKEN,
            why=row["why"] or "",
        )
        for row in rows
    ]


async def typed_transfers(
    document_ids: Iterable[int] | None = None,
    amount: Money | None = None,
    *,
    since: datetime | None = None,
    edition_id: int | None = None,
    of_payers: bool = False,
) -> list[TypedTransfer]:
    """Transfers written down by hand that are none of the bank's yet, the oldest first; all bounds are optional.

    ``of_payers``: without those of who bears a part of a document.
    """
    document = Payment.document
    chosen: Any = (Payment.method == PaymentMethod.TRANSFER.value) & Payment.provider_reference.is_null()
    chosen = chosen & (Payment.amount_minor > 0) & Payment.outcome.not_in(NOT_TYPED)
    if document_ids is not None:
        ids = sorted(set(document_ids))
        if not ids:
            return []
        chosen = chosen & document.is_in(ids)
    if edition_id is not None:
        chosen = chosen & (document.edition == edition_id)
    if amount is not None:
        chosen = chosen & (Payment.amount_minor == amount.amount_minor) & (Payment.currency == amount.currency)
    if since is not None:
        chosen = chosen & (Payment.received_at >= since)
    if of_payers:
        chosen = chosen & (Payment.bearer == "")
    rows = await (
        Payment.select(
            *(Payment.id, document, Payment.amount_minor, Payment.currency, Payment.outcome),
            *(Payment.received_at, Payment.note, Payment.bearer),
            document.number.as_alias("number"),
            document.payer_name.as_alias("payer_name"),
        )
        .where(chosen)
        .order_by(Payment.id)
    )
    if not rows:
        return []
    found = await BankMatch.select(BankMatch.payment).where(BankMatch.payment.is_in([row["id"] for row in rows]))
    known = {row["payment"] for row in found}
    return [
        TypedTransfer(
            payment_id=row["id"],
            document_id=row["document"],
            number=row["number"],
            payer_name=row["bearer"] or row["payer_name"],
            amount=Money(row["amount_minor"], row["currency"]),
            outcome=Settlement(row["outcome"]),
            received_at=row["received_at"],
            note=row["note"],
            bearer=row["bearer"],
        )
        for row in rows
        if row["id"] not in known
    ]


async def is_told_of(document_id: int, amount: Money, *, since: datetime, bearer: str = "") -> bool:
    """Whether the bank told of a transfer of which just this amount went to a document, since an instant.

    Of its payer, or of the ``bearer`` who is named.
    """
    told = (BankMatch.document == document_id) & (BankMatch.amount_minor == amount.amount_minor)
    told = told & (BankMatch.entry.booked_at >= since) & (BankMatch.entry.currency == amount.currency)
    told = told & (BankMatch.payment.bearer == bearer)
    told = told & (BankMatch.payment.outcome != Settlement.MISTAKEN.value)
    return await BankMatch.exists().where(told)


async def documents_typed() -> set[int]:
    """The ids of documents with a transfer that somebody wrote down by hand and that is none of the bank's yet."""
    rows = await fetch(
        "SELECT DISTINCT p.document AS document FROM payment p LEFT JOIN bank_match m ON m.payment = p.id "
        "WHERE p.method = {} AND p.provider_reference IS NULL AND p.amount_minor > 0 AND p.outcome <> {} "
        "AND p.bearer = '' "
        "AND m.id IS NULL",
        PaymentMethod.TRANSFER.value,
        Settlement.MISTAKEN.value,
    )
    return {row["document"] for row in rows}


async def payable_documents(edition_id: int | None = None) -> list[PayableDocument]:
    """All open documents, or those of an edition, in the order of their ids."""
    found: list[PayableDocument] = []
    after = 0
    while True:  # in pages: between them others in this process go on
        chosen: Any = (PaymentDocument.state == DocumentState.OPEN.value) & (PaymentDocument.id > after)
        if edition_id is not None:
            chosen = chosen & (PaymentDocument.edition == edition_id)
        rows = await PaymentDocument.select(*COMPARED).where(chosen).order_by(PaymentDocument.id).limit(PAGE)
        found += [payable_of(row) for row in rows]
        if len(rows) < PAGE:
            return found
        after = rows[-1]["id"]


async def documents_with(references: Iterable[str], edition_id: int | None = None) -> list[PayableDocument]:
    """The documents, open or not, that have one of the references, of all editions or of one."""
    wanted = sorted(references)
    found: list[PayableDocument] = []
    for start in range(0, len(wanted), CHUNK):
        chosen: Any = PaymentDocument.reference.is_in(wanted[start : start + CHUNK])
        if edition_id is not None:
            chosen = chosen & (PaymentDocument.edition == edition_id)
        found += [payable_of(row) for row in await PaymentDocument.select().where(chosen)]
    return found


async def documents_of_ids(ids: Sequence[int], edition_id: int) -> list[PayableDocument]:
    """Documents of an edition, in the order of ``ids``; ids of others are passed over."""
    if not ids:
        return []
    chosen = PaymentDocument.id.is_in(list(ids)) & (PaymentDocument.edition == edition_id)
    found = {row["id"]: payable_of(row) for row in await PaymentDocument.select().where(chosen)}
    return [found[one] for one in ids if one in found]


async def invoices_like(edition_id: int, search: str, limit: int) -> list[PayableDocument]:
    """Invoices of an edition that ``search`` may mean, whatever became of them: the open ones first, then the newest.

    Money may come for one that is paid already, or that was taken back.
    """
    chosen: Any = (PaymentDocument.edition == edition_id) & (PaymentDocument.kind == DocumentKind.INVOICE.value)
    chosen = chosen & await invoices_where(edition_id, search)
    open_first = OrderByRaw(f"CASE WHEN payment_document.state = '{DocumentState.OPEN}' THEN 0 ELSE 1 END")
    query = PaymentDocument.select().where(chosen).order_by(open_first)
    query = query.order_by(PaymentDocument.id, ascending=False).limit(limit)
    return [payable_of(row) for row in await query]


def payable_of(row: Mapping[str, Any]) -> PayableDocument:
    """A row of the table, or ``COMPARED`` of it, as transfers are compared with it."""
    due = row["amount_minor"] - row["credited_minor"] - row["paid_minor"]
    return PayableDocument(
        id=row["id"],
        edition_id=row["edition"],
        reference=row["reference"],
        number=row["number"],
        payer_name=row["payer_name"],
        description=row["description"],
        due=Money(due, row["currency"]),
        owed=Money(row["owed_minor"], row["currency"]),
        state=DocumentState(row["state"]),
    )


def entry_info(row: Mapping[str, Any], assigned_minor: int = 0) -> EntryInfo:
    """A row of the table as the record that others get; ``assigned_minor`` of one that waits is not free any more."""
    return EntryInfo(
        id=row["id"],
        edition_id=row["edition"],
        account=row["account"],
        booked_at=row["booked_at"],
        amount=Money(row["amount_minor"], row["currency"]),
        purpose=row["purpose"],
        payer_name=row["payer_name"],
        payer_account=row["payer_account"],
        bank_reference=row["bank_reference"],
        source=EntrySource(row["source"]),
        confirmed=row["confirmed_by"] is not None,
        fingerprint=row["fingerprint"],
        state=EntryState(row["state"]),
        reason=row["reason"],
        left=Money(row["amount_minor"] - assigned_minor, row["currency"]),
        reversed_at=row["reversed_at"],
        reversal_purpose=row["reversal_purpose"] or "",
        reversal_number=row["reversal_number"] or "",
    )

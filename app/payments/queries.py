"""Reads of payments."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from app.events.queries import Page, hold_edition
from app.kernel.database import fetch, hold_rows
from app.kernel.money import Money
from app.payments.enums import DocumentKind, DocumentState, PaymentMethod, Settlement, TaxMode
from app.payments.errors import DocumentNotFound
from app.payments.lines import TaxedLine, Terms
from app.payments.searching import invoices_where
from app.payments.tables import Instalment, Payment, PaymentDocument, PaymentEvent, PaymentLine, PaymentTerms

#: Of one payment at a provider, what its document does not take is a payment of its own, named so behind the name.
OVER = ":over"
#: What stands before the name of money that a cardholder's bank gave back to her by a claim.
BY_CLAIM = "stripe:claim:"

#: So many ids are named in one query; databases take some 32,000.
AT_ONCE = 5_000


@dataclass(frozen=True, kw_only=True)
class LegalInvoice:
    """The e-invoice that a certified provider issued; all empty while there is none."""

    provider: str
    series: str
    number: str
    lookup: str


@dataclass(frozen=True, kw_only=True)
class Billed:
    """What was billed, what of it credit notes took back, and what of it has come."""

    amount: Money
    credited: Money
    paid: Money

    @property
    def left(self) -> Money:
        """What credit notes have left of it."""
        return Money(self.amount.amount_minor - self.credited.amount_minor, self.amount.currency)

    @property
    def due(self) -> Money:
        """What is still to come, if it stands."""
        return Money(self.left.amount_minor - self.paid.amount_minor, self.amount.currency)


@dataclass(frozen=True, kw_only=True)
class DocumentInfo(Billed):
    """A payment document as callbacks and pages get it."""

    id: int
    edition_id: int
    number: str
    kind: DocumentKind
    payer_id: int | None
    payer_name: str
    payer_address: str
    payer_tax_code: str
    payer_language: str
    seller_name: str
    seller_address: str
    seller_tax_code: str
    tax: Money
    owed: Money
    purpose: str
    subject_id: int
    description: str
    state: DocumentState
    reference: str
    created_at: datetime
    settled_at: datetime | None
    due_on: date | None
    corrects_id: int | None
    legal: LegalInvoice
    reminded_at: datetime | None = None

    @property
    def is_borne(self) -> bool:
        """Whether it is an invoice of which others bear all, so that its payer has nothing to pay."""
        return self.kind == DocumentKind.INVOICE and self.amount.amount_minor == 0


@dataclass(frozen=True, kw_only=True)
class PartInfo(Billed):
    """A part of a document with a day of its own."""

    due_on: date


@dataclass(frozen=True, kw_only=True)
class PaymentInfo:
    """Money that came (positive) or went back (negative).

    One that is positive and ``returns`` a refund is what that refund was over: it failed after it had been recorded.
    ``bearer`` is who paid it where that is not the document's payer but who bears a part of it.
    One that is negative and ``mistaken`` takes off what it ``returns``, which was not for this document.
    """

    id: int
    document_id: int
    method: PaymentMethod
    amount: Money
    outcome: Settlement
    note: str
    provider_reference: str | None
    returns_id: int | None
    owed: Money
    returned: Money
    received_at: datetime
    recorded_by_id: int | None
    drawer_id: int | None
    bearer: str = ""

    @property
    def by_claim(self) -> bool:
        """Whether it went back since a cardholder's bank took it, or is here again since that claim was won."""
        return (self.provider_reference or "").startswith(BY_CLAIM)

    @property
    def due_back(self) -> Money:
        """What of it has to go back, and has not yet."""
        return Money(self.owed.amount_minor - self.returned.amount_minor, self.amount.currency)


async def document_by_id(document_id: int, edition_id: int | None = None) -> DocumentInfo:
    """One document. Raises DocumentNotFound, also when it is of another edition."""
    rows = await PaymentDocument.select().where(PaymentDocument.id == document_id)
    if not rows or (edition_id is not None and rows[0]["edition"] != edition_id):
        raise DocumentNotFound
    return document_info(rows[0])


async def invoice_by_number(number: str, edition_id: int) -> DocumentInfo | None:
    """The invoice of an edition that has a number, as somebody types it."""
    named = (PaymentDocument.edition == edition_id) & (PaymentDocument.number == number.strip().upper())
    rows = await PaymentDocument.select().where(named & (PaymentDocument.kind == DocumentKind.INVOICE.value))
    return document_info(rows[0]) if rows else None


async def hold_document(document_id: int) -> DocumentInfo:
    """One document that nobody else changes before the caller's transaction ends, as it stands then.

    Its edition is held before it: who cancels an edition takes them in this order. Raises DocumentNotFound.
    """
    await hold_edition((await document_by_id(document_id)).edition_id)
    rows = await hold_rows("payment_document", "id = {}", document_id, alone=True)
    if not rows:
        raise DocumentNotFound
    return document_info(rows[0])


async def open_document_for(purpose: str, subject_id: int) -> DocumentInfo | None:
    """The document that is open for something, if there is one."""
    same = (PaymentDocument.purpose == purpose) & (PaymentDocument.subject_id == subject_id)
    rows = await PaymentDocument.select().where(same & (PaymentDocument.state == DocumentState.OPEN.value))
    return document_info(rows[0]) if rows else None


async def documents(
    edition_id: int, *, state: DocumentState | None = None, search: str = "", offset: int = 0, limit: int | None = None
) -> Page:
    """Documents of an edition, the newest first; ``search`` is already without diacritics (``names.search_text``)."""
    chosen: Any = PaymentDocument.edition == edition_id
    if state == DocumentState.REFUND_DUE:  # a paid one may have got too much
        chosen = chosen & (PaymentDocument.owed_minor > 0)
    elif state is not None:
        chosen = chosen & (PaymentDocument.state == state.value)
    if search:
        chosen = chosen & await invoices_where(edition_id, search)
    query = PaymentDocument.select().where(chosen).order_by(PaymentDocument.id, ascending=False)
    return await page_of_documents(query, chosen, offset, limit)


async def page_of_documents(query: Any, chosen: Any, offset: int, limit: int | None) -> Page:
    """A page of an ordered query of documents that are ``chosen``; all of them without a limit."""
    rows = await (query if limit is None else query.limit(limit).offset(offset))
    total = len(rows) if limit is None else await PaymentDocument.count().where(chosen)
    return Page([document_info(row) for row in rows], total, offset + 1, limit or total)


async def counts_by_state(edition_id: int) -> dict[DocumentState, int]:
    """How many documents of an edition stand in each state; "refund due" is all for which something has to go back."""
    rows = await fetch(
        "SELECT state, COUNT(*) AS count FROM payment_document WHERE edition = {} GROUP BY state", edition_id
    )
    owed = (PaymentDocument.edition == edition_id) & (PaymentDocument.owed_minor > 0)
    found = dict.fromkeys(DocumentState, 0) | {DocumentState(row["state"]): row["count"] for row in rows}
    return found | {DocumentState.REFUND_DUE: await PaymentDocument.count().where(owed)}


async def payment_by_id(payment_id: int, document_id: int | None = None) -> PaymentInfo:
    """One payment. Raises DocumentNotFound, also when it is of another document."""
    rows = await Payment.select().where(Payment.id == payment_id)
    if not rows or (document_id is not None and rows[0]["document"] != document_id):
        raise DocumentNotFound
    return payment_info(rows[0])


async def payments_of(document_id: int) -> list[PaymentInfo]:
    """Payments of a document's payer in the order in which they were recorded; not those of who bears a part of it."""
    own = (Payment.document == document_id) & (Payment.bearer == "")
    rows = await Payment.select().where(own).order_by(Payment.id)
    return [payment_info(row) for row in rows]


async def waiting_events(limit: int = 100, received_until: datetime | None = None) -> list[dict[str, Any]]:
    """Events of the inbox that have not been applied, those tried least often first, of these the oldest.

    So that none stands in the way of one that could be applied. ``received_until`` leaves later ones out.
    """
    query = PaymentEvent.select().where(PaymentEvent.handled_at.is_null())
    if received_until is not None:
        query = query.where(PaymentEvent.received_at <= received_until)
    return await query.order_by(PaymentEvent.tries).order_by(PaymentEvent.id).limit(limit)


async def waiting_event(event_id: int) -> dict[str, Any] | None:
    """One event of the inbox that has not been applied, if it is one."""
    chosen = (PaymentEvent.id == event_id) & PaymentEvent.handled_at.is_null()
    return await PaymentEvent.select().where(chosen).first()


def document_info(row: Mapping[str, Any]) -> DocumentInfo:
    """A row of the table as the record that others get."""
    return DocumentInfo(
        id=row["id"],
        edition_id=row["edition"],
        number=row["number"],
        kind=DocumentKind(row["kind"]),
        payer_id=row["payer"],
        payer_name=row["payer_name"],
        payer_address=row["payer_address"],
        payer_tax_code=row["payer_tax_code"],
        payer_language=row["payer_language"],
        seller_name=row["seller_name"],
        seller_address=row["seller_address"],
        seller_tax_code=row["seller_tax_code"],
        amount=Money(row["amount_minor"], row["currency"]),
        tax=Money(row["tax_minor"], row["currency"]),
        paid=Money(row["paid_minor"], row["currency"]),
        credited=Money(row["credited_minor"], row["currency"]),
        owed=Money(row["owed_minor"], row["currency"]),
        purpose=row["purpose"],
        subject_id=row["subject_id"],
        description=row["description"],
        state=DocumentState(row["state"]),
        reference=row["reference"],
        created_at=row["created_at"],
        settled_at=row["settled_at"],
        due_on=row["due_on"],
        corrects_id=row["corrects"],
        legal=LegalInvoice(
            provider=row["legal_provider"],
            series=row["legal_series"],
            number=row["legal_number"],
            lookup=row["legal_lookup"],
        ),
        reminded_at=row["reminded_at"],
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
        owed=Money(row["owed_minor"], row["currency"]),
        returned=Money(row["returned_minor"], row["currency"]),
        received_at=row["received_at"],
        recorded_by_id=row["recorded_by"],
        drawer_id=row["drawer"],
        bearer=row["bearer"],
    )


async def is_taxed(edition_id: int) -> bool:
    """Whether an edition takes tax on what it sells: in its prices, or added to them."""
    return (await terms_of(edition_id)).tax_mode != TaxMode.NONE


async def terms_of(edition_id: int) -> Terms:
    """Who sells at an edition, and on what terms; the usual ones while nobody has written any."""
    rows = await PaymentTerms.select().where(PaymentTerms.edition == edition_id)
    if not rows:
        return Terms()
    (row,) = rows
    return Terms(
        seller_name=row["seller_name"],
        seller_address=row["seller_address"],
        seller_tax_code=row["seller_tax_code"],
        tax_mode=TaxMode(row["tax_mode"]),
        tax_name=row["tax_name"],
        exempt_reason=row["exempt_reason"],
        due_days=row["due_days"],
        use_drawers=row["use_drawers"],
        remind_days=row["remind_days"],
        qris=row["qris"],
        live=None if row["live"] is None else bool(row["live"]),
    )


async def lines_of(document_id: int) -> list[TaxedLine]:
    """Lines of a document in their order."""
    rows = await PaymentLine.select().where(PaymentLine.document == document_id).order_by(PaymentLine.position)
    names = [one.name for one in fields(TaxedLine)]
    return [TaxedLine(**{name: row[name] for name in names}) for row in rows]


async def parts_of(document: DocumentInfo) -> list[PartInfo]:
    """Parts of a document in their order, filled by what came for it; none when it is due as a whole."""
    return (await parts_by_document([document]))[document.id]


async def parts_by_document(documents: Sequence[DocumentInfo]) -> dict[int, list[PartInfo]]:
    """Parts of several documents, as :func:`parts_of` gives those of one."""
    found: dict[int, list[dict[str, Any]]] = {document.id: [] for document in documents}
    ids = list(found)
    for start in range(0, len(ids), AT_ONCE):
        chosen = Instalment.document.is_in(ids[start : start + AT_ONCE])
        for row in await Instalment.select().where(chosen).order_by(Instalment.position):
            found[row["document"]].append(row)
    return {document.id: _filled(document, found[document.id]) for document in documents}


def _filled(document: DocumentInfo, rows: Sequence[Mapping[str, Any]]) -> list[PartInfo]:
    # Credit notes first: what is asked for a part changes by them alone, never because money came.
    currency = document.amount.currency
    to_credit, to_fill = document.credited.amount_minor, document.paid.amount_minor
    parts = []
    for row in rows:
        credited = min(to_credit, row["amount_minor"])
        paid = min(to_fill, row["amount_minor"] - credited)
        to_credit -= credited
        to_fill -= paid
        parts.append(
            PartInfo(
                due_on=row["due_on"],
                amount=Money(row["amount_minor"], currency),
                credited=Money(credited, currency),
                paid=Money(paid, currency),
            )
        )
    return parts


async def next_due(document: DocumentInfo) -> Money:
    """What is to be paid next, as :func:`to_pay_next` finds it."""
    return to_pay_next(document, await parts_of(document))


def to_pay_next(document: DocumentInfo, parts: Sequence[PartInfo]) -> Money:
    """What is to be paid next: the rest of the first part that is not paid yet, or all that is due without parts."""
    return next((part.due for part in parts if part.due.amount_minor), document.due)


def to_pay_by(document: DocumentInfo, parts: Sequence[PartInfo]) -> date | None:
    """The day of what is to be paid next: of the first part that is not paid yet, or the document's own."""
    return next((part.due_on for part in parts if part.due.amount_minor), document.due_on)


def is_overdue(document: DocumentInfo, parts: Sequence[PartInfo], today: date) -> bool:
    """Whether the day of all that is still to come is over: of its last part, too."""
    last = next((part.due_on for part in reversed(parts) if part.due.amount_minor), document.due_on)
    return last is not None and last < today


async def invoices_for(purpose: str, subject_ids: Iterable[int]) -> list[DocumentInfo]:
    """Every invoice that was made for some subjects of a purpose, in whatever state, the oldest first."""
    wanted = sorted(set(subject_ids))
    if not wanted:
        return []
    rows = (
        await PaymentDocument.select()
        .where(
            (PaymentDocument.purpose == purpose)
            & PaymentDocument.subject_id.is_in(wanted)
            & (PaymentDocument.kind == DocumentKind.INVOICE.value)
        )
        .order_by(PaymentDocument.id)
    )
    return [document_info(row) for row in rows]


async def credit_notes_of(document_id: int, state: DocumentState | None = None) -> list[DocumentInfo]:
    """Credit notes that correct an invoice, the oldest first; those in a state alone if one is given."""
    query = PaymentDocument.select().where(PaymentDocument.corrects == document_id)
    query = query if state is None else query.where(PaymentDocument.state == state.value)
    return [document_info(row) for row in await query.order_by(PaymentDocument.id)]


async def balances(edition_id: int, *, day: date | None = None) -> list[dict[str, Any]]:
    """What the ledger's accounts of an edition come to, by currency and who bears it; of one day if one is given."""
    of_day, values = ("AND day = {} ", [day]) if day else ("", [])
    return await fetch(
        "SELECT account, detail, currency, SUM(amount_minor) AS amount_minor, COUNT(*) AS entries FROM ledger_entry "
        f"WHERE edition = {{}} {of_day}GROUP BY account, detail, currency ORDER BY account, detail, currency",
        edition_id,
        *values,
    )

"""What a document says, and how it comes to stand: numbered without a gap, written with its lines, in the ledger."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from app.kernel.database import fetch
from app.kernel.names import clean_text, search_text
from app.payments.enums import Account, DocumentKind, DocumentState, Posting
from app.payments.lines import TaxedLine
from app.payments.queries import DocumentInfo, lines_of
from app.payments.references import new_reference
from app.payments.services.ledger import Side, post
from app.payments.tables import Instalment, PaymentDocument, PaymentLine


@dataclass(frozen=True, kw_only=True)
class Payer:
    """Who pays: shown on the document as she is now. ``language`` is the document's."""

    name: str
    person_id: int | None = None
    address: str = ""
    tax_code: str = ""
    language: str = "vi"


@dataclass(frozen=True, kw_only=True)
class Seller:
    """Who sells: shown on the document as the terms name her now, or her edition where they name nobody."""

    name: str
    address: str = ""
    tax_code: str = ""


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of a document that is due on a day of its own."""

    due_on: date
    amount_minor: int


def in_two(total_minor: int, first_percent: int, first_on: date, rest_on: date | None) -> list[Part]:
    """The parts of what is due in two: a share in percent, rounded down, and the rest, never due before that.

    It is one part without a day for the rest, or where one of the two would be nothing.
    """
    first = total_minor * first_percent // 100
    if rest_on is None or not 0 < first < total_minor:
        return [Part(due_on=first_on, amount_minor=total_minor)]
    return [
        Part(due_on=first_on, amount_minor=first),
        Part(due_on=max(first_on, rest_on), amount_minor=total_minor - first),
    ]


@dataclass(frozen=True, kw_only=True)
class Content:
    """What a document says, numbered or not."""

    kind: DocumentKind
    edition_id: int
    purpose: str
    subject_id: int
    description: str
    currency: str
    payer: Payer
    seller: Seller
    lines: Sequence[TaxedLine]
    state: DocumentState
    due_on: date | None = None
    parts: Sequence[Part] = field(default=())
    corrects: int | None = None

    @property
    def tax_minor(self) -> int:
        """What of it is tax."""
        return sum(line.tax_minor for line in self.lines)

    @property
    def amount_minor(self) -> int:
        """What it comes to in all."""
        return sum(line.net_minor for line in self.lines) + self.tax_minor


async def issue(content: Content, number: str, now: datetime) -> int:
    """Write a document with its lines and parts; returns its id."""
    reference = new_reference()
    payer_name, description = clean_text(content.payer.name)[:200], clean_text(content.description)[:300]
    row = PaymentDocument(
        edition=content.edition_id,
        number=number,
        kind=content.kind.value,
        payer=content.payer.person_id,
        payer_name=payer_name,
        payer_address=clean_text(content.payer.address)[:300],
        payer_tax_code=clean_text(content.payer.tax_code)[:20],
        payer_language=content.payer.language,
        seller_name=clean_text(content.seller.name)[:200],
        seller_address=clean_text(content.seller.address)[:300],
        seller_tax_code=clean_text(content.seller.tax_code)[:20],
        search_text=search_text(payer_name, number, reference, description)[:400],
        amount_minor=content.amount_minor,
        tax_minor=content.tax_minor,
        currency=content.currency,
        purpose=content.purpose,
        subject_id=content.subject_id,
        description=description,
        state=content.state.value,
        reference=reference,
        corrects=content.corrects,
        due_on=content.due_on,
        created_at=now,
        settled_at=now if content.state == DocumentState.PAID else None,
    )
    await row.save()
    await PaymentLine.insert(
        *(
            PaymentLine(
                document=row.id,
                position=position,
                description=clean_text(line.description)[:300],
                quantity=line.quantity,
                unit_minor=line.unit_minor,
                net_minor=line.net_minor,
                tax_minor=line.tax_minor,
                tax_rate=line.tax_rate,
                exempt_reason=clean_text(line.exempt_reason)[:120],
                funded_by=clean_text(line.funded_by)[:120],
                corrects=line.corrects,
            )
            for position, line in enumerate(content.lines, start=1)
        )
    )
    if content.parts:
        await Instalment.insert(
            *(
                Instalment(document=row.id, position=position, due_on=part.due_on, amount_minor=part.amount_minor)
                for position, part in enumerate(content.parts, start=1)
            )
        )
    return int(row.id)


def payer_on(document: DocumentInfo) -> Payer:
    """Who pays a document, as it says."""
    return Payer(
        name=document.payer_name,
        person_id=document.payer_id,
        address=document.payer_address,
        tax_code=document.payer_tax_code,
        language=document.payer_language,
    )


def _series(content: Content) -> str:
    return f"{'HD' if content.kind == DocumentKind.INVOICE else 'GC'}{content.edition_id}"


async def next_number(content: Content, today: date) -> str:
    """The next number of the series and year, by one statement: never given twice, a rolled-back one given again."""
    series = _series(content)
    rows = await fetch(
        "INSERT INTO payment_series (series, year, issued) VALUES ({}, {}, 1) "
        "ON CONFLICT (series, year) DO UPDATE SET issued = payment_series.issued + 1 RETURNING issued",
        series,
        today.year,
    )
    return f"{series}-{today.year}-{rows[0]['issued']:05d}"


async def give_back_number(content: Content, today: date) -> None:
    """Take back the number that this transaction took, since nothing is issued under it."""
    await fetch(
        "UPDATE payment_series SET issued = issued - 1 WHERE series = {} AND year = {} RETURNING issued",
        _series(content),
        today.year,
    )


def sides_of_lines(lines: Sequence[TaxedLine], sign: int = 1) -> dict[Side, int]:
    """What lines put into the ledger; what somebody else bears is her debt and lowers no sales."""
    sides: dict[Side, int] = {}

    def add(side: Side, amount: int) -> None:
        sides[side] = sides.get(side, 0) + sign * amount

    for line in lines:
        gross = line.net_minor + line.tax_minor
        add(Account.RECEIVABLE, gross)
        if line.funded_by:
            add((Account.SUBSIDY, line.funded_by), -gross)
        else:
            add(Account.REVENUE, -line.net_minor)
            add(Account.TAX, -line.tax_minor)
    return sides


async def post_content(kind: Posting, document: DocumentInfo, now: datetime, *, sign: int) -> None:
    """Enter what a document says, or (``sign`` -1) take it back, in the caller's transaction."""
    await post(
        kind,
        sides_of_lines(await lines_of(document.id), sign),
        edition_id=document.edition_id,
        currency=document.amount.currency,
        document_id=document.id,
        now=now,
    )

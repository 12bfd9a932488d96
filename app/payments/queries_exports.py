"""Reads for exports of the books. Sales and tax are taken from the ledger's postings, so that they come to the same.

A posting that enters what a document says (or takes it back) enters all of its lines: how often a document counts in
some days is how often it was entered less how often it was taken back. Its lines say at which rates.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from app.kernel.database import as_day, as_moment, fetch
from app.kernel.money import Money
from app.payments.enums import Account, DocumentKind, DocumentState, Posting


@dataclass(frozen=True, kw_only=True)
class Span:
    """Days of the ledger, both included, and a series; what is empty is not limited."""

    since: date | None = None
    until: date | None = None
    series: str = ""

    def condition(self, day: str, number: str) -> tuple[str, list[Any]]:
        """An SQL condition over the columns of a day and of a document's number, with its values."""
        parts: list[str] = ["1 = 1"]
        values: list[Any] = []
        if self.since:
            parts.append(f"{day} >= {{}}")
            values.append(self.since)
        if self.until:
            parts.append(f"{day} <= {{}}")
            values.append(self.until)
        if self.series:
            parts.append(f"SUBSTR({number}, 1, {len(self.series) + 1}) = {{}}")
            values.append(f"{self.series}-")
        return " AND ".join(parts), values


@dataclass(frozen=True, kw_only=True)
class EntryRow:
    """One side of a posting; debits are positive."""

    day: date
    posting: str
    kind: Posting
    account: Account
    detail: str
    amount: Money
    document: str
    payer: str


@dataclass(frozen=True, kw_only=True)
class LineRow:
    """A line of a document, and how often it counts: 1, or -1 for a credit note; 0 when it was taken back."""

    number: str
    kind: DocumentKind
    state: DocumentState
    issued_at: datetime
    payer: str
    payer_tax_code: str
    legal: str
    corrects: str
    position: int
    description: str
    quantity: int
    unit: Money
    net: Money
    tax: Money
    rate: int | None
    exempt_reason: str
    funded_by: str
    counts: int


@dataclass(frozen=True, kw_only=True)
class RateRow:
    """What was sold at a rate in a series, less what was taken back; borne by others: what they bear, below zero."""

    series: str
    rate: int | None
    exempt_reason: str
    funded_by: str
    documents: int
    net: Money
    tax: Money

    @property
    def gross(self) -> Money:
        """Tax and all."""
        return Money(self.net.amount_minor + self.tax.amount_minor, self.net.currency)


@dataclass(frozen=True, kw_only=True)
class RateTotal:
    """What rows of one currency come to: what was sold, as the ledger has it, or what others bear of that."""

    borne: bool
    net: Money
    tax: Money

    @property
    def gross(self) -> Money:
        """Tax and all."""
        return Money(self.net.amount_minor + self.tax.amount_minor, self.net.currency)


def series_of(number: str) -> str:
    """The series and year of a document's number: ``HD3-2026`` of ``HD3-2026-00017``."""
    return number.rpartition("-")[0]


async def series_in(edition_id: int) -> list[str]:
    """Every series in which an edition has a document."""
    rows = await fetch("SELECT number FROM payment_document WHERE edition = {}", edition_id)
    return sorted({series_of(row["number"]) for row in rows})


async def ledger_rows(edition_id: int, span: Span) -> list[EntryRow]:
    """Entries of an edition's ledger in the order in which they were made."""
    condition, values = span.condition("l.day", "d.number")
    rows = await fetch(
        "SELECT l.*, d.number AS document_number, d.payer_name FROM ledger_entry l "
        f"LEFT JOIN payment_document d ON d.id = l.document WHERE l.edition = {{}} AND {condition} ORDER BY l.id",
        edition_id,
        *values,
    )
    return [
        EntryRow(
            day=as_day(row["day"]),
            posting=row["posting"],
            kind=Posting(row["kind"]),
            account=Account(row["account"]),
            detail=row["detail"],
            amount=Money(row["amount_minor"], row["currency"]),
            document=row["document_number"] or "",
            payer=row["payer_name"] or "",
        )
        for row in rows
    ]


async def line_rows(edition_id: int, span: Span) -> list[LineRow]:
    """Lines of the documents that were entered or taken back in some days, in the order of documents and lines."""
    condition, values = span.condition("l.day", "d.number")
    rows = await fetch(
        "SELECT d.number, d.kind, d.state, d.created_at, d.payer_name, d.payer_tax_code, d.currency, d.legal_series, "
        "d.legal_number, c.number AS corrected, i.*, t.times FROM ("
        # what others bear as a whole is owed by nobody else: then its sales say whether it was entered or taken back
        "SELECT e.document, SUM(CASE WHEN e.owed > 0 OR (e.owed = 0 AND e.sold > 0) THEN 1 ELSE -1 END) AS times FROM ("
        "SELECT l.posting, l.document, SUM(CASE WHEN l.account = 'receivable' THEN l.amount_minor ELSE 0 END) AS owed, "
        "SUM(CASE WHEN l.account IN ('revenue', 'tax') THEN -l.amount_minor ELSE 0 END) AS sold "
        "FROM ledger_entry l JOIN payment_document d ON d.id = l.document WHERE l.edition = {} "
        f"AND l.kind IN ('invoice', 'cancel', 'restore', 'credit') AND {condition} GROUP BY l.posting, l.document "
        "HAVING SUM(CASE WHEN l.account IN ('revenue', 'tax', 'subsidy') THEN 1 ELSE 0 END) > 0) e "
        "GROUP BY e.document) t JOIN payment_document d ON d.id = t.document "
        "JOIN payment_line i ON i.document = d.id LEFT JOIN payment_document c ON c.id = d.corrects "
        "ORDER BY d.id, i.position",
        edition_id,
        *values,
    )
    return [_line(row) for row in rows]


def by_rate(lines: Iterable[LineRow]) -> list[RateRow]:
    """What lines come to in each series at each rate, the highest rate first and what is exempt last."""
    sums: dict[tuple[str, str, int | None, str, str], tuple[int, int, set[str]]] = {}
    for line in lines:
        key = (series_of(line.number), line.net.currency, line.rate, line.exempt_reason, line.funded_by)
        net, tax, numbers = sums.get(key, (0, 0, set()))
        counted = {line.number} if line.counts else set()
        sums[key] = (
            net + line.counts * line.net.amount_minor,
            tax + line.counts * line.tax.amount_minor,
            numbers | counted,
        )
    ordered = sorted(sums.items(), key=lambda one: (one[0][0], -1 if one[0][2] is None else -one[0][2], one[0][3:]))
    last = sorted(ordered, key=lambda one: (one[0][0], one[0][2] is None))
    return [
        RateRow(
            series=series,
            rate=rate,
            exempt_reason=reason,
            funded_by=bearer,
            documents=len(numbers),
            net=Money(net, currency),
            tax=Money(tax, currency),
        )
        for (series, currency, rate, reason, bearer), (net, tax, numbers) in last
    ]


def with_totals(rows: Iterable[RateRow]) -> list[RateRow | RateTotal]:
    """What was sold, with what it comes to below it; then what others bear of it, which is no sale, with the same."""
    found: list[RateRow | RateTotal] = []
    known = list(rows)
    for borne in (False, True):
        some = [row for row in known if bool(row.funded_by) == borne]
        found += some
        for currency in dict.fromkeys(row.net.currency for row in some):
            of_it = [row for row in some if row.net.currency == currency]
            net, tax = (sum(getattr(row, name).amount_minor for row in of_it) for name in ("net", "tax"))
            found.append(RateTotal(borne=borne, net=Money(net, currency), tax=Money(tax, currency)))
    return found


def _line(row: Mapping[str, Any]) -> LineRow:
    return LineRow(
        number=row["number"],
        kind=DocumentKind(row["kind"]),
        state=DocumentState(row["state"]),
        issued_at=as_moment(row["created_at"]),
        payer=row["payer_name"],
        payer_tax_code=row["payer_tax_code"],
        legal=f"{row['legal_series']} {row['legal_number']}".strip(),
        corrects=row["corrected"] or "",
        position=row["position"],
        description=row["description"],
        quantity=row["quantity"],
        unit=Money(row["unit_minor"], row["currency"]),
        net=Money(row["net_minor"], row["currency"]),
        tax=Money(row["tax_minor"], row["currency"]),
        rate=row["tax_rate"],
        exempt_reason=row["exempt_reason"],
        funded_by=row["funded_by"],
        counts=int(row["times"]),
    )

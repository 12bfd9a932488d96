"""Sheets of the books: ledger, documents with their lines, what was sold at which rate of tax, payouts, bearers."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.events.queries import EditionInfo
from app.kernel.i18n import N_, _
from app.kernel.money import Money
from app.kernel.sheets import Cell
from app.payments.enums import ACCOUNT_NAMES, KIND_NAMES, PAYOUT_STATE_NAMES, POSTING_NAMES, STATE_NAMES
from app.payments.queries_borne import Borne, borne_in, by_bearer
from app.payments.queries_exports import (
    EntryRow,
    LineRow,
    RateRow,
    RateTotal,
    Span,
    by_rate,
    ledger_rows,
    line_rows,
    series_of,
    with_totals,
)
from app.payments.queries_payouts import PayoutInfo, payouts_of

EXEMPT = N_("Exempt")
SALES_IN_ALL = N_("Sales in all, as in the ledger")
BORNE_IN_ALL = N_("Of that, borne by others")


@dataclass(frozen=True)
class Sheet:
    """A sheet: what it is called, the names of its columns, its rows."""

    title: str
    headers: Sequence[str]
    rows: Sequence[Sequence[Cell]]


async def ledger_sheet(edition: EditionInfo, span: Span) -> Sheet:
    """Every entry of an edition's ledger in some days."""
    headers = [
        *(_("Day"), _("Posting"), _("Kind of posting"), _("Ledger account"), _("Borne by"), _("Debit"), _("Credit")),
        *(_("Currency"), _("Document"), _("Payer")),
    ]
    return Sheet(_("Ledger"), headers, [_entry(row) for row in await ledger_rows(edition.id, span)])


async def documents_sheet(edition: EditionInfo, span: Span) -> Sheet:
    """Every line of the documents that were entered or taken back in some days.

    The last but one column says how often it counts in the books, and net, tax and amount are that many times the
    line's own: over all lines they come to what the ledger holds for the payers. The last is the net of what was sold,
    and nothing for what others bear: it comes to the ledger's sales.
    """
    headers = [
        *(_("Document"), _("Series"), _("Kind of document"), _("State"), _("Made on"), _("Payer"), _("Tax code")),
        *(_("Number of the e-invoice"), _("It corrects"), _("Line"), _("Goods or service"), _("Quantity")),
        *(_("Unit price"), _("Net"), _("Tax rate in %"), _("Tax"), _("Amount"), _("Currency")),
        *(_("Why no tax is taken"), _("Borne by"), _("Counts in the books"), _("Sales in the ledger")),
    ]
    return Sheet(_("Documents"), headers, [_line(row) for row in await line_rows(edition.id, span)])


async def tax_sheet(edition: EditionInfo, span: Span) -> Sheet:
    """What was sold in each series at each rate of tax in some days, less what was taken back, and what others bear."""
    headers = [
        *(_("Series"), _("Tax rate in %"), _("Why no tax is taken"), _("Borne by"), _("Documents")),
        *(_("Net"), _("Tax"), _("Amount"), _("Currency")),
    ]
    return Sheet(_("Tax"), headers, [_rate(row) for row in with_totals(by_rate(await line_rows(edition.id, span)))])


async def payouts_sheet(edition: EditionInfo, span: Span) -> Sheet:
    """Every payout of which some is an edition's, that arrived in some days, or of which no day is known."""
    headers = [
        *(_("Number"), _("Ledger account"), _("Day"), _("Before fees"), _("Fees"), _("Arrives at the bank")),
        *(_("Arrives for all festivals"), _("Currency"), _("State")),
        *(_("On the bank account"), _("Note"), _("Taken back for"), _("Taken back by"), _("Taken back on")),
    ]
    return Sheet(_("Payouts"), headers, [_payout(row) for row in await payouts_of(edition.id) if _in(span, row)])


async def bearers_sheet(edition: EditionInfo, span: Span) -> Sheet:
    """What others bear of the invoices that were made in some days, and what came of it, as it stands now."""
    headers = [
        *(_("Borne by"), _("Invoice"), _("Payer"), _("Made on"), _("Bears"), _("Has come"), _("Still to come")),
        *(_("To give back"), _("Currency")),
    ]
    found = [row for bearer in by_bearer(await borne_in(edition.id)) for row in bearer.of]
    return Sheet(_("What others bear"), headers, [_borne(row) for row in found if _is_made_in(span, row, edition)])


def _entry(row: EntryRow) -> list[Cell]:
    size = Money(abs(row.amount.amount_minor), row.amount.currency)
    sides = (size, None) if row.amount.amount_minor > 0 else (None, size)
    return [
        *(row.day, row.posting, _(POSTING_NAMES[row.kind]), _(ACCOUNT_NAMES[row.account]), row.detail, *sides),
        *(row.amount.currency, row.document, row.payer),
    ]


def _line(row: LineRow) -> list[Cell]:
    net, tax = (Money(row.counts * one.amount_minor, one.currency) for one in (row.net, row.tax))
    return [
        *(row.number, series_of(row.number), _(KIND_NAMES[row.kind]), _(STATE_NAMES[row.state]), row.issued_at),
        *(row.payer, row.payer_tax_code, row.legal, row.corrects, row.position, row.description, row.quantity),
        *(row.unit, net, _percent(row.rate), tax, _sum(net, tax), row.net.currency),
        *(row.exempt_reason, row.funded_by, row.counts),
        Money(0, row.net.currency) if row.funded_by else net,
    ]


def _rate(row: RateRow | RateTotal) -> list[Cell]:
    amounts: tuple[Cell, ...] = (row.net, row.tax, row.gross, row.net.currency)
    if isinstance(row, RateTotal):
        return [_(BORNE_IN_ALL) if row.borne else _(SALES_IN_ALL), "", "", "", None, *amounts]
    return [row.series, _percent(row.rate), row.exempt_reason, row.funded_by, row.documents, *amounts]


def _sum(one: Money, two: Money) -> Money:
    return Money(one.amount_minor + two.amount_minor, one.currency)


def _percent(rate: int | None) -> Cell:
    return _(EXEMPT) if rate is None else rate / 100


def _is_made_in(span: Span, row: Borne, edition: EditionInfo) -> bool:
    day = row.made_at.astimezone(edition.zone).date()
    series = not span.series or series_of(row.number) == span.series
    return series and (span.since or day) <= day <= (span.until or day)


def _borne(row: Borne) -> list[Cell]:
    back = row.due_back if row.due_back.amount_minor else None
    return [
        *(row.bearer, row.number, row.payer_name, row.made_at, row.share, row.came, row.due, back),
        row.owed.currency,
    ]


def _in(span: Span, row: PayoutInfo) -> bool:
    day = row.arrives_on
    return day is None or ((span.since or day) <= day <= (span.until or day))


def _payout(row: PayoutInfo) -> list[Cell]:
    return [
        *(row.name, _(ACCOUNT_NAMES[row.account]), row.arrives_on, row.taken, row.fee, row.here, row.whole),
        *(row.whole.currency, _(PAYOUT_STATE_NAMES[row.state]), row.entry_id is not None, row.note),
        *(row.taken_back_for, row.taken_back_by, row.taken_back_at),
    ]

"""Invoices, credit notes and receipts as PDFs, each in its payer's language.

What is shown is what is given: nothing is looked up or reckoned here but sums of the totals and of the payments. All
amounts are counts of the currency's minor unit.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from app.kernel.documents.pdf import Copy, compile_each
from app.kernel.i18n import _, format_date, format_number, use_locale
from app.kernel.money import Money, format_money
from app.payments.enums import METHOD_NAMES, DocumentState, PaymentMethod

MOST_AT_ONCE = 200  # a child's memory grows by some 25 MiB per 100
SECONDS_PER_CHUNK = 180
CODE = "code-{number}.svg"


class PaperKind(StrEnum):
    """What a paper is. An invoice asks for money, a credit note takes back, a receipt says that money came."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    RECEIPT = "receipt"


@dataclass(frozen=True, kw_only=True)
class Side:
    """Seller or payer. ``tax_code`` is empty for somebody who has none; a household's may be its personal number."""

    name: str
    address: str = ""
    tax_code: str = ""


@dataclass(frozen=True, kw_only=True)
class PaperLine:
    """One line. ``tax_rate`` in percent, None where ``exemption`` gives the reason why no tax is due.

    ``unit_price`` is as agreed (with or without tax); ``gross`` is ``net`` plus ``tax``. A fee that is waived or
    subsidised is a line of its own, its amounts negative, with the name of who pays it in ``funded_by``.
    """

    description: str
    quantity: Decimal
    unit_price: int
    tax_rate: Decimal | None
    net: int
    tax: int
    gross: int
    exemption: str = ""
    funded_by: str = ""


@dataclass(frozen=True, kw_only=True)
class RateTotal:
    """The totals of one tax rate, or (``tax_rate`` None) of what is exempt, or of what no tax is taken on."""

    tax_rate: Decimal | None
    net: int
    tax: int
    exempt: bool = False


@dataclass(frozen=True, kw_only=True)
class Due:
    """One instalment."""

    due: date
    amount: int


@dataclass(frozen=True, kw_only=True)
class Received:
    """Money that came, or went back (negative)."""

    received: date
    method: PaymentMethod
    amount: int
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class OneTransfer:
    """What is sent at once. ``picture`` is the code to scan, as SVG, PNG or JPEG; empty where there is none."""

    amount: int
    picture: bytes = b""


@dataclass(frozen=True, kw_only=True)
class TransferDetails:
    """How to pay by transfer: by one, or by as many as there are in ``transfers``, all under one reference."""

    bank: str
    account: str
    holder: str
    reference: str
    transfers: Sequence[OneTransfer]

    @property
    def amount(self) -> int:
        """What all transfers come to."""
        return sum(one.amount for one in self.transfers)


@dataclass(frozen=True, kw_only=True)
class PaperLegal:
    """The e-invoice that a certified provider issued for it."""

    series: str
    number: str
    lookup_code: str
    lookup_address: str = ""
    provider: str = ""


@dataclass(frozen=True, kw_only=True)
class Paper:
    """One invoice, credit note or receipt as it is printed.

    ``number`` and ``series`` are ours; ``corrects`` is the number of the document that this one corrects. ``language``
    is ``vi``, ``id`` or ``en``, ``currency`` an ISO 4217 code. ``credited`` is what credit notes took back of it,
    ``owed`` what has to go back to the payer, ``still_due`` what is to be paid, None where nothing is asked for.
    """

    kind: PaperKind
    number: str
    series: str
    issued: date
    seller: Side
    payer: Side
    lines: Sequence[PaperLine]
    totals: Sequence[RateTotal]
    currency: str
    language: str
    due: date | None = None
    instalments: Sequence[Due] = ()
    payments: Sequence[Received] = ()
    transfer: TransferDetails | None = None
    legal: PaperLegal | None = None
    corrects: str = ""
    note: str = ""
    state: DocumentState = DocumentState.OPEN
    credited: int = 0
    owed: int = 0
    still_due: int | None = None

    @property
    def net(self) -> int:
        """All rates' totals before tax."""
        return sum(total.net for total in self.totals)

    @property
    def tax(self) -> int:
        """All rates' tax."""
        return sum(total.tax for total in self.totals)

    @property
    def total(self) -> int:
        """What the paper is over, tax and all."""
        return self.net + self.tax

    @property
    def paid(self) -> int:
        """What came in all."""
        return sum(payment.amount for payment in self.payments)


async def render_invoices(papers: Sequence[Paper]) -> list[bytes]:
    """One PDF for each paper, in their order. Raises DocumentFailed for all when one cannot be set."""
    made: list[bytes] = []
    for start in range(0, len(papers), MOST_AT_ONCE):
        copies = [_copy(paper) for paper in papers[start : start + MOST_AT_ONCE]]
        made += await compile_each("payments/invoice.typ", copies, seconds=SECONDS_PER_CHUNK)
    return made


def _copy(paper: Paper) -> Copy:
    sent = paper.transfer.transfers if paper.transfer else ()
    images = {CODE.format(number=number): one.picture for number, one in enumerate(sent) if one.picture}
    with use_locale(paper.language):
        return Copy(locale=paper.language, data=_data(paper), images=images)


def _data(paper: Paper) -> dict[str, Any]:
    """What the template shows, every amount and date as people of the language write it."""
    transfer, legal = paper.transfer, paper.legal
    return {
        "title": _title(paper.kind),
        "number": paper.number,
        "seller": vars(paper.seller),
        "payer": vars(paper.payer),
        "facts": _facts(paper),
        "lines": [_line(line, paper.currency) for line in paper.lines],
        "rates": [
            {
                "rate": _rate(total),
                "net": _figures(total.net, paper.currency),
                "tax": _figures(total.tax, paper.currency),
            }
            for total in paper.totals
        ],
        "sums": _sums(paper),
        "instalments": [
            {"due": format_date(part.due), "amount": _money(part.amount, paper.currency)} for part in paper.instalments
        ],
        "payments": [
            {
                "received": format_date(payment.received),
                "method": _(METHOD_NAMES[payment.method]),
                "note": payment.note,
                "amount": _money(payment.amount, paper.currency),
            }
            for payment in paper.payments
        ],
        "transfer": {
            "rows": [
                (_("Bank"), transfer.bank),
                (_("Account number"), transfer.account),
                (_("Account holder"), transfer.holder),
                (_("Amount"), _money(transfer.amount, paper.currency)),
            ],
            "reference": transfer.reference,
            "transfers": [
                {
                    "amount": _money(one.amount, paper.currency),
                    "picture": CODE.format(number=number) if one.picture else None,
                }
                for number, one in enumerate(transfer.transfers)
            ],
        }
        if transfer
        else None,
        "legal": [
            *([(_("Provider"), legal.provider)] if legal.provider else []),
            (_("Series"), legal.series),
            (_("Number"), legal.number),
            (_("Lookup code"), legal.lookup_code),
            *([(_("Look it up at"), legal.lookup_address)] if legal.lookup_address else []),
        ]
        if legal
        else [],
        "state": _state(paper),
        "note": paper.note,
    }


def _title(kind: PaperKind) -> str:
    names = {
        PaperKind.INVOICE: _("Invoice"),
        PaperKind.CREDIT_NOTE: _("Credit note"),
        PaperKind.RECEIPT: _("Receipt"),
    }
    return names[kind]


def _state(paper: Paper) -> str:
    """What became of a paper that is not what it was any more; empty for one that stands."""
    if paper.kind == PaperKind.CREDIT_NOTE:
        return _("This credit note was cancelled.") if paper.state == DocumentState.CANCELLED else ""
    sentences = {
        DocumentState.CANCELLED: _("This invoice was cancelled. Nothing is to be paid."),
        DocumentState.WRITTEN_OFF: _("What was still due of this invoice is not asked for any more."),
        DocumentState.REFUND_DUE: _("This invoice was taken back. What was paid has to go back to the payer."),
        DocumentState.REFUNDED: _("This invoice was taken back. What was paid went back to the payer."),
    }
    return sentences.get(paper.state, "")


def _facts(paper: Paper) -> list[tuple[str, str]]:
    facts = [(_("Number"), paper.number), (_("Series"), paper.series), (_("Issued on"), format_date(paper.issued))]
    if paper.due:
        facts.append((_("Due on"), format_date(paper.due)))
    if paper.corrects:
        facts.append((_("Corrects"), paper.corrects))
    return [*facts, (_("Currency"), paper.currency)]


def _line(line: PaperLine, currency: str) -> dict[str, Any]:
    below = []
    if line.exemption:
        below.append(_("Exempt from tax: {reason}").format(reason=line.exemption))
    if line.funded_by and line.funded_by not in line.description:
        below.append(_("Paid by {source}").format(source=line.funded_by))
    return {
        "description": line.description,
        "below": below,
        "quantity": format_number(float(line.quantity)),
        "price": _figures(line.unit_price, currency),
        "net": _figures(line.net, currency),
        "rate": "–" if line.tax_rate is None else _percent(line.tax_rate),
        "tax": _figures(line.tax, currency),
        "gross": _figures(line.gross, currency),
    }


def _sums(paper: Paper) -> list[dict[str, Any]]:
    """The sums below the lines; the one that matters most is strong."""
    asks = paper.kind == PaperKind.INVOICE
    sums = [(_("Net"), paper.net, False), (_("Tax"), paper.tax, False), (_("Total"), paper.total, True)]
    if paper.credited:
        sums.append((_("Taken back by credit notes"), -paper.credited, False))
    if paper.payments and paper.kind != PaperKind.CREDIT_NOTE:
        sums.append((_("Paid so far"), paper.paid, not asks))
    if paper.owed:
        sums.append((_("Has to go back"), paper.owed, True))
    if paper.still_due is not None:
        sums.append((_("Still to pay"), paper.still_due, True))
    return [{"name": name, "amount": _money(amount, paper.currency), "strong": strong} for name, amount, strong in sums]


def _rate(total: RateTotal) -> str:
    if total.tax_rate is not None:
        return _percent(total.tax_rate)
    return _("exempt") if total.exempt else _("No tax")


def _percent(rate: Decimal) -> str:
    return f"{format_number(float(rate))}%"


def _money(amount: int, currency: str) -> str:
    return format_money(Money(amount, currency))


def _figures(amount: int, currency: str) -> str:
    """The amount without its currency, which stands once above all lines."""
    return re.sub(r"[^\d.,-]", "", _money(amount, currency))

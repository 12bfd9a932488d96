"""A payment document as it is printed: what its rows say, the seller as she was named then, and how to pay it."""

from collections.abc import Sequence
from decimal import Decimal

from app.events.queries import edition_by_id
from app.kernel.documents.qr import qr_svg
from app.kernel.i18n import _, pick, use_locale
from app.kernel.money import Money, format_money
from app.payments.enums import DocumentKind, DocumentState, Settlement
from app.payments.lines import TaxedLine, borne_whole
from app.payments.pdf import (
    Due,
    OneTransfer,
    Paper,
    PaperKind,
    PaperLegal,
    PaperLine,
    RateTotal,
    Received,
    Side,
    TransferDetails,
    render_invoices,
)
from app.payments.queries import DocumentInfo, document_by_id, lines_of, parts_of, payments_of, to_pay_by, to_pay_next
from app.payments.transfers import lacks_ways_to_pay, transfer_of, transfers_on

HUNDRED = Decimal(100)


async def invoice_pdf(document: DocumentInfo) -> bytes:
    """A document as a PDF in its payer's language. Raises DocumentFailed."""
    (content,) = await render_invoices([await paper_of(document)])
    return content


async def paper_of(document: DocumentInfo) -> Paper:
    """What is printed of a document. An invoice that is paid is its receipt."""
    edition = await edition_by_id(document.edition_id)
    lines, parts = await lines_of(document.id), await parts_of(document)
    corrected = await document_by_id(document.corrects_id) if document.corrects_id else None
    kind = PaperKind.INVOICE if document.kind == DocumentKind.INVOICE else PaperKind.CREDIT_NOTE
    if document.state == DocumentState.PAID and not document.is_borne:
        kind = PaperKind.RECEIPT
    is_open = document.kind == DocumentKind.INVOICE and document.state == DocumentState.OPEN
    stands, asked = is_open or document.state == DocumentState.PAID, to_pay_next(document, parts)
    return Paper(
        kind=kind,
        number=document.number,
        series=document.number.rsplit("-", 1)[0],
        issued=document.created_at.astimezone(edition.zone).date(),
        seller=Side(
            name=document.seller_name or pick(edition.name, document.payer_language),
            address=document.seller_address,
            tax_code=document.seller_tax_code,
        ),
        payer=Side(name=document.payer_name, address=document.payer_address, tax_code=document.payer_tax_code),
        lines=[_line(line) for line in lines],
        totals=_totals(lines),
        currency=document.amount.currency,
        language=document.payer_language,
        due=to_pay_by(document, parts) if is_open else None,
        instalments=[Due(due=part.due_on, amount=part.left.amount_minor) for part in parts] if stands else [],
        payments=[
            Received(
                received=payment.received_at.astimezone(edition.zone).date(),
                method=payment.method,
                amount=payment.amount.amount_minor,
            )
            for payment in await payments_of(document.id)
            if payment.outcome != Settlement.MISTAKEN
        ],
        transfer=_transfer(document, asked) if is_open else None,
        legal=PaperLegal(
            provider=document.legal.provider,
            series=document.legal.series,
            number=document.legal.number,
            lookup_code=document.legal.lookup,
        )
        if document.legal.number
        else None,
        corrects=corrected.number if corrected else "",
        state=document.state,
        credited=document.credited.amount_minor,
        owed=document.owed.amount_minor,
        still_due=document.due.amount_minor if is_open or (stands and document.is_borne) else None,
        note=_who_bears(document, lines)
        if stands and document.is_borne
        else await _other_ways(document, asked, is_open=is_open),
    )


async def _other_ways(document: DocumentInfo, amount: Money, *, is_open: bool) -> str:
    """Where it says how to pay an amount that is open, if there is no account for transfers; in the payer's language.

    Where her page has no way for it either, that the organisers say how.
    """
    if not is_open or transfers_on(document.amount.currency):
        return ""
    with use_locale(document.payer_language):
        if await lacks_ways_to_pay(document.edition_id, amount):
            return _("The organisers say how to pay. Please name invoice {number}.").format(number=document.number)
        return _("How to pay stands on the page of this invoice.")


def _who_bears(document: DocumentInfo, lines: Sequence[TaxedLine]) -> str:
    """That nothing is to be paid, and who bears all of it, in the payer's language."""
    names, amount = borne_whole(lines)
    with use_locale(document.payer_language):
        said = {"name": names, "amount": format_money(Money(amount, document.amount.currency))}
        return _("Nothing is to be paid on this invoice: {name} bears all of {amount}.").format(**said)


def _line(line: TaxedLine) -> PaperLine:
    return PaperLine(
        description=line.description,
        quantity=Decimal(line.quantity),
        unit_price=line.unit_minor,
        tax_rate=None if line.tax_rate is None else line.tax_rate / HUNDRED,
        net=line.net_minor,
        tax=line.tax_minor,
        gross=line.net_minor + line.tax_minor,
        exemption=line.exempt_reason,
        funded_by=line.funded_by,
    )


def _totals(lines: list[TaxedLine]) -> list[RateTotal]:
    """The totals of each rate, the highest first, then what is exempt for a reason, then what no tax is taken on."""
    sums: dict[tuple[int, bool], tuple[int, int]] = {}
    for line in lines:
        key = (-1 if line.tax_rate is None else line.tax_rate, bool(line.exempt_reason))
        net, tax = sums.get(key, (0, 0))
        sums[key] = (net + line.net_minor, tax + line.tax_minor)
    return [
        RateTotal(tax_rate=None if rate < 0 else rate / HUNDRED, net=net, tax=tax, exempt=exempt)
        for (rate, exempt), (net, tax) in sorted(sums.items(), reverse=True)
    ]


def _transfer(document: DocumentInfo, amount: Money) -> TransferDetails | None:
    """How to pay an amount by transfer, by several where banks do not take it at once; None without an account."""
    found = transfer_of(document, amount)
    if found is None:
        return None
    coded = [OneTransfer(amount=part.amount.amount_minor, picture=qr_svg(part.code).encode()) for part in found.codes]
    return TransferDetails(
        bank=found.bank,
        account=found.bank_account,
        holder=found.account_name,
        reference=found.reference,
        transfers=coded or [OneTransfer(amount=found.amount.amount_minor)],
    )

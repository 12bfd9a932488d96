"""E-invoices of documents that were paid, and of credit notes over them: a provider is asked until it answers.

The row that says that it is asked is committed before, and what it answered is stored after: never in a transaction. A
fall in between, or no answer, leaves the row waiting; the next one looks up first what was issued under the number.
For a document that was taken back meanwhile that is all: it gets what was issued, or is not asked for any more.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from app.events.queries import EditionInfo, edition_by_id
from app.kernel import audit
from app.kernel.database import fetch, write_transaction
from app.kernel.i18n import pick
from app.kernel.money import decimals
from app.kernel.settings import settings
from app.payments.enums import DocumentKind
from app.payments.enums_legal import LegalFileKind, LegalState
from app.payments.errors_legal import (
    LegalFileThere,
    LegalFileUnreadable,
    LegalNotRefused,
    ProviderNotReached,
    ProviderRefused,
)
from app.payments.legal_reasons import why_not
from app.payments.lines import TaxedLine
from app.payments.queries import DocumentInfo, LegalInvoice, document_by_id, hold_document, lines_of
from app.payments.queries_legal import documents_to_issue, is_to_issue, legal_part, orders_without_files
from app.payments.services.legal import bearer_of, legal_values, tell_legal_invoice
from app.payments.services.legal_files import keep_legal_file
from app.payments.services.legal_provider import Issued, Provider, provider
from app.payments.tables import PaymentDocument
from app.payments.tables_legal import LegalOrder

#: How long one who asks is left alone; then another may ask again.
LEASE = timedelta(minutes=5)
AT_ONCE = 50
#: So long the provider is asked for a file that does not come.
FILES_LATE = timedelta(days=1)
#: Tries are counted so far: what is tried every five minutes gets there in a month, and the column holds two bytes.
MOST_TRIES = 30_000

log = logging.getLogger("fairground.payments")


async def issue_due(now: datetime) -> dict[str, int]:
    """Ask for the e-invoices that are due and load their files; gives how many of each. Nothing without a provider.

    What was refused waits for a person; when the provider does not answer the next run goes on.
    """
    done = {"issued": 0, "refused": 0, "files": 0}
    found = provider()
    if found is None:
        return done
    try:
        for document_id in await documents_to_issue(settings().einvoices_from, now - LEASE, AT_ONCE):
            state = await issue_one(document_id, found, now)
            if state in (LegalState.ISSUED, LegalState.REFUSED):
                done[state.value] += 1
        for order in await orders_without_files(now - LEASE, AT_ONCE):
            done["files"] += await _load_files(order, found, now)
    except ProviderNotReached:
        log.warning("the provider of e-invoices is asked again later")
    return done


async def issue_one(document_id: int, asked: Provider, now: datetime) -> LegalState | None:
    """Ask for one e-invoice; gives where it stands, None when somebody else is at it or none is due any more.

    Raises ProviderNotReached.
    """
    claimed = await _claim(document_id, now)
    if claimed is None:
        return None
    document = await document_by_id(document_id)
    try:
        known = await asked.find(document.number) if claimed["tries"] > 1 else None
        if known is None and not claimed["due"]:
            await _let_go(claimed["id"])
            return None
        if known is None and (reason := await _reason_here(document)):
            await _end(claimed["id"], LegalState.REFUSED, reason)
            return LegalState.REFUSED
        issued = known or await asked.issue(await order_of(document))
    except ProviderRefused as error:
        await _end(claimed["id"], LegalState.REFUSED, str(error.params["reason"]))
        return LegalState.REFUSED
    await _keep(document, asked.name, issued, now)
    order = {"id": claimed["id"], "document": document_id, "number": document.number, "issued_at": now}
    await _load_files(order, asked, now)
    return LegalState.ISSUED


async def ask_again(*, document_id: int, now: datetime) -> None:
    """Let a provider be asked again for what it refused. Raises LegalNotRefused."""
    async with write_transaction():
        values: dict[Any, Any] = {LegalOrder.state: LegalState.WAITING.value, LegalOrder.asked_at: None}
        refused = (LegalOrder.document == document_id) & (LegalOrder.state == LegalState.REFUSED.value)
        if not await LegalOrder.update(values).where(refused).returning(LegalOrder.id):
            raise LegalNotRefused


async def order_of(document: DocumentInfo) -> dict[str, Any]:
    """What a provider is asked with, as JSON: amounts are whole minor units, of which a unit has ``decimals``; rates
    are in percent, null when exempt; ``corrects`` names the e-invoice that a credit note takes back. Who sells is whom
    the document names, whatever the terms say by now.

    ``lines``, ``net``, ``tax`` and ``total`` are what is sold, as in the books: who pays for it lowers no tax. What
    others bear of the total stands beside them in ``borne``, and what is left for the buyer in ``to_pay``.
    """
    edition = await edition_by_id(document.edition_id)
    lines = await lines_of(document.id)
    sold = [line for line in lines if not line.funded_by]
    net, tax = sum(line.net_minor for line in sold), sum(line.tax_minor for line in sold)
    corrected = await document_by_id(document.corrects_id) if document.corrects_id else None
    return {
        "key": document.number,
        "kind": document.kind.value,
        "issued_on": _day_of(document, edition).isoformat(),
        "currency": document.amount.currency,
        "decimals": decimals(document.amount.currency),
        "seller": {
            "name": document.seller_name or pick(edition.name, document.payer_language),
            "address": document.seller_address,
            "tax_code": document.seller_tax_code,
        },
        "buyer": {
            "name": document.payer_name,
            "address": document.payer_address,
            "tax_code": document.payer_tax_code,
        },
        "lines": _lines(sold),
        "net": net,
        "tax": tax,
        "total": net + tax,
        "borne": _borne(lines),
        "to_pay": document.amount.amount_minor,
        "corrects": {"series": corrected.legal.series, "number": corrected.legal.number} if corrected else None,
    }


def _day_of(document: DocumentInfo, edition: EditionInfo) -> date:
    return edition.today(document.settled_at or document.created_at)


async def _reason_here(document: DocumentInfo) -> str:
    """Why we do not ask for an invoice's e-invoice; a credit note takes back what was issued, at its rate then."""
    if document.kind != DocumentKind.INVOICE:
        return ""
    return why_not(await lines_of(document.id), _day_of(document, await edition_by_id(document.edition_id)))


def _lines(lines: Sequence[TaxedLine]) -> list[dict[str, Any]]:
    return [
        {
            "description": line.description,
            "quantity": line.quantity,
            "net": line.net_minor,
            "tax": line.tax_minor,
            "tax_rate": None if line.tax_rate is None else line.tax_rate / 100,
            "exempt_reason": line.exempt_reason,
        }
        for line in lines
    ]


def _borne(lines: Sequence[TaxedLine]) -> list[dict[str, Any]]:
    """What each who bears something of a document bears, tax and all."""
    amounts: dict[str, int] = {}
    for line in lines:
        if line.funded_by:
            amounts[line.funded_by] = amounts.get(line.funded_by, 0) - line.net_minor - line.tax_minor
    return [{"by": name, "amount": amount} for name, amount in amounts.items()]


async def _claim(document_id: int, now: datetime) -> dict[str, Any] | None:
    """Take the right to ask for a document: of many one gets it, and another once that one has had its time.

    With ``tries`` and whether it is ``due``: when it is not, it was asked for before it was taken back.
    """
    async with write_transaction():
        await hold_document(document_id)
        due = await is_to_issue(document_id)
        if due is None:
            return None
        if due:
            await LegalOrder.insert(LegalOrder(document=document_id)).on_conflict(action="DO NOTHING")
        rows = await fetch(
            "UPDATE payment_legal_order SET asked_at = {}, tries = CASE WHEN tries < {} THEN tries + 1 ELSE tries END "
            "WHERE document = {} AND state = {} AND (asked_at IS NULL OR asked_at < {}) RETURNING id, tries",
            now,
            MOST_TRIES,
            document_id,
            LegalState.WAITING.value,
            now - LEASE,
        )
        return {**rows[0], "due": due} if rows else None


async def _let_go(order_id: int) -> None:
    """Forget that a document was asked for which nothing was issued for: should it be paid again, it is asked anew."""
    await LegalOrder.delete().where((LegalOrder.id == order_id) & (LegalOrder.state == LegalState.WAITING.value))


async def _keep(document: DocumentInfo, name: str, issued: Issued, now: datetime) -> None:
    """Store what a provider issued, and tell the payer.

    What somebody typed meanwhile stays, on this document or the same number on another, and the provider's is said
    beside it.
    """
    values = legal_values(LegalInvoice(provider=name, series=issued.series, number=issued.number, lookup=issued.lookup))
    async with write_transaction():
        await hold_document(document.id)
        taken = await bearer_of(document, values["legal_series"], values["legal_number"])
        stored = (
            []
            if taken
            else (
                await PaymentDocument.update({getattr(PaymentDocument, key): text for key, text in values.items()})
                .where((PaymentDocument.id == document.id) & (PaymentDocument.legal_number == ""))
                .returning(PaymentDocument.id)
            )
        )
        told: dict[Any, Any] = {
            LegalOrder.state: LegalState.ISSUED.value,
            LegalOrder.issued_at: now,
            LegalOrder.error: "" if stored else f"{name}: {issued.series} {issued.number}",
        }
        await LegalOrder.update(told).where(LegalOrder.document == document.id)
        if stored:
            await audit.record(
                actor=None,
                action="payment.legal_invoice",
                subject_type="payment_document",
                subject_id=document.id,
                edition_id=document.edition_id,
                before=dict.fromkeys(values, ""),
                after=values,
                now=now,
            )
            await tell_legal_invoice(document, values, now)


async def _end(order_id: int, state: LegalState, error: str) -> None:
    values: dict[Any, Any] = {LegalOrder.state: state.value, LegalOrder.error: error[:300]}
    waiting = (LegalOrder.id == order_id) & (LegalOrder.state == LegalState.WAITING.value)
    await LegalOrder.update(values).where(waiting)


async def _load_files(order: Mapping[str, Any], asked: Provider, now: datetime) -> bool:
    """Load the files of an e-invoice that are not here; whether one came. Raises ProviderNotReached.

    It is done with when all are here, or have not come for a day.
    """
    await LegalOrder.update({LegalOrder.asked_at: now}).where(LegalOrder.id == order["id"])
    here = set((await legal_part(order["document"])).files)
    loaded = False
    for kind in LegalFileKind:
        content = None if kind in here else await asked.file(order["number"], kind)
        if content is None:
            continue
        try:
            here.add(await keep_legal_file(document_id=order["document"], content=content, actor=None, now=now))
        except LegalFileThere:  # somebody loaded one up meanwhile, and hers stays
            here.add(kind)
            continue
        except LegalFileUnreadable:
            log.warning("a file of an e-invoice is neither PDF nor XML")
            continue
        loaded = True
    if here == set(LegalFileKind) or now - order["issued_at"] >= FILES_LATE:
        await LegalOrder.update({LegalOrder.files_at: now}).where(LegalOrder.id == order["id"])
    return loaded

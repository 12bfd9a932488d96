"""E-invoices come to the export by rates of tax: what is sold is invoiced whole, whoever bears it."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.events.queries import EditionInfo
from app.kernel.database import fetch
from app.kernel.money import Money
from app.payments.enums import TAKES, DocumentState, PaymentMethod, Settlement, TaxMode
from app.payments.lines import Line, Terms
from app.payments.queries import DocumentInfo, credit_notes_of, document_by_id
from app.payments.queries_exports import Span, by_rate, line_rows
from app.payments.services.corrections import credit_document
from app.payments.services.documents import cancel_document
from app.payments.services.legal_issuing import issue_due
from app.payments.services.recording import record_payment
from app.payments.services.terms import set_terms
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.payments.books import check_books
from tests.payments.factories import Seller, make_document
from tests.payments.test_exports import random_history
from tests.support.legal_provider import LegalServer

pytestmark = [pytest.mark.slow, pytest.mark.engines, pytest.mark.usefixtures("database")]
LATER = NOW + timedelta(days=30)
NOTHING = {"issued": 0, "refused": 0, "files": 0}
Sums = dict[tuple[float | None, str], list[int]]


def invoiced(orders: Sequence[dict[str, Any]]) -> Sums:
    """What e-invoices come to at each rate and reason: net and tax, less their credit notes."""
    sums: Sums = defaultdict(lambda: [0, 0])
    for order in orders:
        sign = -1 if order["kind"] == "credit_note" else 1
        for line in order["lines"]:
            of_it = sums[line["tax_rate"], line["exempt_reason"]]
            of_it[0] += sign * line["net"]
            of_it[1] += sign * line["tax"]
    return {key: amounts for key, amounts in sums.items() if any(amounts)}


async def exported(edition: EditionInfo) -> Sums:
    """What the export by rates says of sales."""
    sums: Sums = defaultdict(lambda: [0, 0])
    for row in by_rate(await line_rows(edition.id, Span())):
        if not row.funded_by:
            of_it = sums[None if row.rate is None else row.rate / 100, row.exempt_reason]
            of_it[0] += row.net.amount_minor
            of_it[1] += row.tax.amount_minor
    return {key: amounts for key, amounts in sums.items() if any(amounts)}


async def pay_all(edition: EditionInfo, now: datetime) -> None:
    """Let whoever still has something to pay pay it."""
    for row in await fetch("SELECT id FROM payment_document WHERE edition = {} AND kind = 'invoice'", edition.id):
        document = await document_by_id(row["id"])
        if document.state in TAKES:
            await record_payment(
                document_id=document.id, method=PaymentMethod.CASH, amount=document.due, actor=SYSTEM, now=now
            )


@pytest.mark.parametrize("seed", range(4))
async def test_e_invoices_come_to_the_export_by_rates(provider: LegalServer, seller: Seller, seed: int) -> None:
    edition, chance = await make_edition(), random.Random(seed)

    async def now_and_then(now: datetime) -> None:
        if chance.random() < 0.4:
            await issue_due(now)

    await random_history(edition, seller, chance, meanwhile=now_and_then)
    seller.answer = Settlement.KEPT
    await pay_all(edition, LATER)
    while await issue_due(LATER) != NOTHING:
        pass
    orders = provider.orders()
    assert {order["kind"] for order in orders} == {"invoice", "credit_note"}
    assert any(order["borne"] for order in orders)
    assert invoiced(orders) == await exported(edition)
    for order in orders:
        assert order["total"] == order["net"] + order["tax"]
        assert order["to_pay"] == order["total"] - sum(one["amount"] for one in order["borne"])


async def borne_fee(edition: EditionInfo, *, own_minor: int) -> DocumentInfo:
    """A fee of 2.160.000 with its tax, of which a fund bears all but a part."""
    terms = Terms(tax_mode=TaxMode.ADDED, tax_name="vn_reduced")
    await set_terms(edition_id=edition.id, terms=terms, actor=SYSTEM, now=NOW)
    lines = [
        Line(description="Gian", unit_minor=2_000_000),
        Line(description="Hỗ trợ", unit_minor=own_minor - 2_160_000, with_tax=True, funded_by="Quỹ"),
    ]
    return await make_document(edition, lines=lines, may_be_borne=True)


async def test_a_credit_note_takes_back_what_was_sold_and_says_what_others_bore(
    provider: LegalServer, seller: Seller
) -> None:
    document = await borne_fee(await make_edition(), own_minor=1_620_000)
    await record_payment(document_id=document.id, method=PaymentMethod.CASH, amount=document.due, actor=SYSTEM, now=NOW)
    await issue_due(NOW)
    await credit_document(document_id=document.id, amount=Money(162_000, "VND"), reason="Bớt", actor=SYSTEM, now=NOW)
    await issue_due(NOW)
    note = provider.orders()[1]
    told = [note[name] for name in ("net", "tax", "total", "borne", "to_pay")]
    assert told == [200_000, 16_000, 216_000, [{"by": "Quỹ", "amount": 54_000}], 162_000]


@pytest.mark.parametrize("issued", [True, False])
async def test_a_fee_borne_whole_has_its_e_invoice_and_one_that_takes_it_back(
    provider: LegalServer, seller: Seller, issued: bool
) -> None:
    edition = await make_edition()
    document = await borne_fee(edition, own_minor=0)
    if issued:
        await issue_due(NOW)
    await cancel_document(document_id=document.id, actor=SYSTEM, now=NOW)
    assert (await document_by_id(document.id)).state == DocumentState.CANCELLED
    await issue_due(NOW)
    borne = [{"by": "Quỹ", "amount": 2_160_000}]
    told = [(order["kind"], order["total"], order["borne"], order["to_pay"]) for order in provider.orders()]
    assert told == ([("invoice", 2_160_000, borne, 0), ("credit_note", 2_160_000, borne, 0)] if issued else [])
    assert len(await credit_notes_of(document.id)) == len(told) // 2
    assert invoiced(provider.orders()) == await exported(edition) == {}
    await check_books(edition)

"""Credit notes over parts: each rate and each bearer has its share, and the books balance at each step."""

from __future__ import annotations

import random
from collections import defaultdict

import pytest

from app.accounts.actor import SYSTEM
from app.events.queries import EditionInfo
from app.kernel.database import fetch
from app.kernel.money import Money
from app.payments.enums import Account, DocumentState, PaymentMethod, TaxMode
from app.payments.lines import Line, TaxedLine, Terms
from app.payments.queries import DocumentInfo, credit_notes_of, document_by_id, lines_of
from app.payments.services.corrections import credit_document
from app.payments.services.recording import record_payment
from app.payments.services.terms import set_terms
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.payments.books import account, check_books
from tests.payments.factories import make_document
from tests.payments.test_lines import by_rate, check_within

pytestmark = [pytest.mark.engines, pytest.mark.usefixtures("database", "seller")]
FUND = "Quỹ vì phụ nữ"


async def taxed_edition() -> EditionInfo:
    """Return an edition that adds tax to its prices."""
    edition = await make_edition()
    terms = Terms(tax_mode=TaxMode.ADDED, tax_name="vn_standard")
    await set_terms(edition_id=edition.id, terms=terms, actor=SYSTEM, now=NOW)
    return edition


async def invoice(edition: EditionInfo, chance: random.Random, subject_id: int = 1) -> DocumentInfo:
    """Return an invoice over lines of several rates, one of them borne by a fund; paid or still open."""
    rates = ["vn_standard", "vn_reduced", "vn_five"]
    lines = [
        Line(description="Gian", unit_minor=chance.randrange(1, 10**6), tax_name=chance.choice(rates))
        for _line in range(chance.randrange(1, 5))
    ]
    lines.append(Line(description="Sách", unit_minor=chance.randrange(1, 10**5), exempt_reason="Dạy nghề"))
    lines.append(Line(description="Hỗ trợ", unit_minor=-chance.randrange(1, lines[0].unit_minor + 1), funded_by=FUND))
    document = await make_document(edition, subject_id=subject_id, lines=lines)
    if chance.random() < 0.7:
        await record_payment(
            document_id=document.id, method=PaymentMethod.CASH, amount=document.amount, actor=SYSTEM, now=NOW
        )
    return document


async def credited_lines(document: DocumentInfo) -> list[TaxedLine]:
    """Return the lines of all credit notes over an invoice."""
    return [line for note in await credit_notes_of(document.id) for line in await lines_of(note.id)]


@pytest.mark.parametrize("seed", range(5))
async def test_an_invoice_taken_back_in_random_parts_leaves_nothing_in_any_account(seed: int) -> None:
    chance = random.Random(seed)
    edition = await taxed_edition()
    document = await invoice(edition, chance)
    paid = (await document_by_id(document.id)).state == DocumentState.PAID
    billed = by_rate(await lines_of(document.id))
    left = document.amount.amount_minor
    while left:
        part = left if chance.random() < 0.2 else chance.randrange(1, left + 1)
        await credit_document(document_id=document.id, amount=Money(part, "VND"), reason="Bớt", actor=SYSTEM, now=NOW)
        left -= part
        await check_books(edition)
        for key, (net, tax) in by_rate(await credited_lines(document)).items():
            check_within(net, billed[key][0])
            check_within(tax, billed[key][1])
    for name in (Account.REVENUE, Account.TAX, Account.SUBSIDY, Account.RECEIVABLE):
        assert await account(edition, name) == 0, name
    if paid:
        assert by_rate(await credited_lines(document)) == {key: pair for key, pair in billed.items() if any(pair)}


async def test_the_note_shows_each_rate_and_the_fund_bears_less() -> None:
    edition = await taxed_edition()
    lines = [
        Line(description="Gian 3x3", unit_minor=2_000_000),
        Line(description="Sách", unit_minor=1_000_000, tax_name="vn_five"),
        Line(description="Hỗ trợ hộ nghèo", unit_minor=-500_000, funded_by=FUND),
    ]
    document = await make_document(edition, lines=lines)
    assert document.amount.amount_minor == 2_200_000 + 1_050_000 - 550_000
    await credit_document(
        document_id=document.id, amount=Money(1_350_000, "VND"), reason="Một ngày", actor=SYSTEM, now=NOW
    )
    (note,) = await credit_notes_of(document.id)
    shown = [(line.tax_rate, line.net_minor, line.tax_minor, line.funded_by) for line in await lines_of(note.id)]
    assert shown == [(1_000, 1_000_000, 100_000, ""), (500, 500_000, 25_000, ""), (1_000, -250_000, -25_000, FUND)]
    assert {line.description for line in await lines_of(note.id)} == {"Một ngày"}
    sums: dict[str, int] = defaultdict(int)
    for row in await fetch("SELECT account, amount_minor FROM ledger_entry WHERE edition = {}", edition.id):
        sums[row["account"]] += row["amount_minor"]
    assert dict(sums) == {"receivable": 1_350_000, "revenue": -1_500_000, "tax": -125_000, "subsidy": 275_000}

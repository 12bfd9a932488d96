"""Credit notes over parts: each rate and each bearer has its share, and the books balance at each step."""

from __future__ import annotations

import random
from collections import defaultdict
from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.events.queries import EditionInfo
from app.kernel.database import fetch
from app.kernel.money import Money
from app.payments.enums import Account, DocumentState, PaymentMethod, TaxMode
from app.payments.errors import DocumentNotFound, MoreThanBilled, MoreThanLine, RestOnOthers
from app.payments.errors_sent import StandsElsewhere
from app.payments.lines import Line, TaxedLine, Terms
from app.payments.papers import paper_of
from app.payments.queries import DocumentInfo, balances, credit_notes_of, document_by_id, lines_of
from app.payments.queries_borne import borne_of
from app.payments.queries_sent import stand_of
from app.payments.services.corrections import credit_document
from app.payments.services.credit_notes import lines_left
from app.payments.services.documents import cancel_document
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


async def three_lines(edition: EditionInfo) -> DocumentInfo:
    """Return a paid invoice over a booth at 10 %, of which a fund bears some, and a banner at 8 %."""
    lines = [
        Line(description="Gian 3x3", unit_minor=2_000_000),
        Line(description="Băng rôn", unit_minor=300_000, tax_name="vn_reduced"),
        Line(description="Hỗ trợ hộ nghèo", unit_minor=-500_000, funded_by=FUND),
    ]
    document = await make_document(edition, lines=lines)
    await record_payment(
        document_id=document.id, method=PaymentMethod.CASH, amount=document.amount, actor=SYSTEM, now=NOW
    )
    return await document_by_id(document.id)


async def take(document: DocumentInfo, amount: int, line: int | None = None, **more: Any) -> int:
    """Take an amount of an invoice back, of one of its lines if one is said; gives the note's id."""
    given: dict[str, Any] = {"reason": "Không giao", "actor": SYSTEM, "now": NOW, **more}
    return await credit_document(document_id=document.id, amount=Money(amount, "VND"), line=line, **given)


async def test_a_note_over_one_line_is_at_its_rate_and_leaves_what_others_bear() -> None:
    edition = await taxed_edition()
    document = await three_lines(edition)
    before = {row["detail"]: row["amount_minor"] for row in await balances(edition.id) if row["account"] == "subsidy"}
    with pytest.raises(MoreThanLine):
        await take(document, 324_001, 2)
    for wrong in (0, 4):
        with pytest.raises(DocumentNotFound):
            await take(document, 1_000, wrong)
    stood = await stand_of(document)
    noted = [await take(document, 108_000, 2, stood=stood) for _time in range(2)]  # its answer was lost
    with pytest.raises(StandsElsewhere):
        await take(document, 108_000, 1, stood=stood)  # another line is another note
    assert noted[0] == noted[1]
    (line,) = await lines_of(noted[0])
    assert (line.description, line.tax_rate, line.net_minor, line.tax_minor, line.corrects) == (
        *("Băng rôn – Không giao", 800, 100_000, 8_000),
        2,
    )
    (shown,) = (await paper_of(await document_by_id(noted[0]))).lines
    assert (shown.description, shown.gross) == ("Băng rôn – Không giao", 108_000)
    await check_books(edition)
    await take(document, 216_000, 2)
    with pytest.raises(MoreThanLine):
        await take(document, 1, 2)
    after = {row["detail"]: row["amount_minor"] for row in await balances(edition.id) if row["account"] == "subsidy"}
    assert (after, (await document_by_id(document.id)).owed) == (before, Money(324_000, "VND"))
    await check_books(edition)


async def test_a_note_over_what_somebody_bears_lowers_price_and_debt_and_nothing_that_the_payer_owes() -> None:
    edition = await taxed_edition()
    document = await three_lines(edition)
    billed = {row["account"]: row["amount_minor"] for row in await balances(edition.id)}
    with pytest.raises(MoreThanLine):
        await take(document, 550_001, 3)
    stood = await stand_of(document)
    noted = [await take(document, 110_000, 3, stood=stood) for _time in range(2)]  # its answer was lost
    assert noted[0] == noted[1]
    for other in ((110_001, 3), (110_000, None)):
        with pytest.raises(StandsElsewhere):
            await take(document, *other, stood=stood)
    note = await document_by_id(noted[0])
    lines = [
        (one.funded_by, one.tax_rate, one.net_minor, one.tax_minor, one.corrects) for one in await lines_of(note.id)
    ]
    assert (note.amount.amount_minor, lines) == (
        0,
        [(FUND, 1_000, -100_000, -10_000, 3), ("", 1_000, 100_000, 10_000, None)],
    )
    said = [one.description for one in (await paper_of(note)).lines]
    assert said == ["Hỗ trợ hộ nghèo – Không giao", "Không giao"]
    after = {row["account"]: row["amount_minor"] for row in await balances(edition.id)}
    moved = {account: after[account] - minor for account, minor in billed.items() if after[account] != minor}
    assert moved == {"revenue": 100_000, "tax": 10_000, "subsidy": -110_000}
    stands = await document_by_id(document.id)
    assert (stands.state, stands.left, stands.owed.amount_minor) == (DocumentState.PAID, document.left, 0)
    assert [one.gross_minor for one in await lines_left(stands)] == [2_090_000, 324_000, -440_000]
    assert [one.due.amount_minor for one in await borne_of(document.id)] == [440_000]
    await check_books(edition)
    await take(document, document.left.amount_minor)  # all of it: the rest of her debt, too
    assert [one.due.amount_minor for one in await borne_of(document.id)] == [0]
    assert {row["account"] for row in await balances(edition.id) if row["amount_minor"]} == {"cash", "payable"}
    await check_books(edition)


async def test_an_open_invoice_with_such_a_note_is_cancelled_to_nothing() -> None:
    edition = await taxed_edition()
    lines = [Line(description="Gian", unit_minor=90_000), Line(description="x", unit_minor=-30_000, funded_by=FUND)]
    document = await make_document(edition, lines=lines)
    await take(document, 11_000, 2)
    await cancel_document(document_id=document.id, actor=SYSTEM, now=NOW)
    assert not [row for row in await balances(edition.id) if row["amount_minor"]]
    await check_books(edition)


async def test_what_somebody_bears_is_not_taken_back_of_prices_at_another_rate() -> None:
    edition = await taxed_edition()
    lines = [
        Line(description="Gian", unit_minor=20_000),
        Line(description="Băng rôn", unit_minor=90_000, tax_name="vn_reduced"),
        Line(description="x", unit_minor=-30_000, funded_by=FUND),
    ]
    document = await make_document(edition, lines=lines)
    with pytest.raises(MoreThanLine) as refused:
        await take(document, 22_001, 3)
    assert refused.value.params["left"] == Money(22_000, "VND")
    await take(document, 22_000, 3)
    await check_books(edition)


async def test_a_line_has_left_what_neither_notes_over_it_nor_shares_took_back() -> None:
    edition = await taxed_edition()
    lines = [Line(description=name, unit_minor=100_000) for name in ("Một", "Hai")]
    document = await make_document(edition, lines=lines)
    await take(document, 110_000)
    assert [one.gross_minor for one in await lines_left(document)] == [55_000, 55_000]
    await take(document, 55_000, 1)
    assert [one.gross_minor for one in await lines_left(document)] == [0, 55_000]
    with pytest.raises(MoreThanLine):
        await take(document, 1, 1)
    assert await take(document, 55_000, 2) == document.id  # nothing is left: the open invoice is cancelled
    assert (await document_by_id(document.id)).state == DocumentState.CANCELLED
    await check_books(edition)


async def test_a_line_takes_nothing_that_others_would_be_left_to_bear_alone() -> None:
    edition = await taxed_edition()
    lines = [Line(description="Gian", unit_minor=90_000), Line(description="x", unit_minor=-30_000, funded_by=FUND)]
    document = await make_document(edition, lines=lines)
    with pytest.raises(RestOnOthers):
        await take(document, 66_000, 1)
    with pytest.raises(MoreThanBilled):
        await take(document, 66_001, 1)
    await take(document, 65_999, 1)
    await check_books(edition)


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
        line = chance.randrange(1, len(await lines_of(document.id)))
        if chance.random() < 0.5 and 0 < (there := (await lines_left(document))[line - 1].gross_minor) < left:
            part = min(part, there)
            await take(document, part, line)
            left -= part
            await check_books(edition)
            continue
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

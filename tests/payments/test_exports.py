"""Exports of the books come to what the ledger says, whatever happened, and compute nothing."""

from __future__ import annotations

import contextlib
import csv
import random
import re
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from io import BytesIO, StringIO
from typing import Any

import pytest
from openpyxl import load_workbook

from app.accounts.actor import SYSTEM
from app.events.queries import EditionInfo
from app.kernel.database import fetch
from app.kernel.errors import AppError
from app.kernel.i18n import use_locale
from app.kernel.money import Money
from app.kernel.sheets import write_csv
from app.payments.enums import Account, DocumentState, PaymentMethod, Settlement, TaxMode
from app.payments.exports import BORNE_IN_ALL, SALES_IN_ALL, Sheet, documents_sheet, ledger_sheet, tax_sheet
from app.payments.lines import Line, Terms
from app.payments.queries import document_by_id, payments_of
from app.payments.queries_exports import Span, by_rate, ledger_rows, line_rows, series_in
from app.payments.services.corrections import credit_document, write_off
from app.payments.services.documents import cancel_document, require_refund
from app.payments.services.payouts import record_payout
from app.payments.services.recording import record_payment
from app.payments.services.refunding import record_refund
from app.payments.services.terms import set_terms
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.payments.factories import Seller, make_document
from tests.support.client import Browser, sign_in
from tests.support.factories import make_owner

pytestmark = pytest.mark.engines
RATES = ["vn_standard", "vn_reduced", "vn_five"]
FUND = "=SUM(A1) Quỹ"


async def random_history(
    edition: EditionInfo,
    seller: Seller,
    chance: random.Random,
    steps: int = 50,
    meanwhile: Callable[[datetime], Awaitable[object]] | None = None,
) -> None:
    """Let an edition bill, be paid, cancel, credit and give back for some days, with what happens before each step."""
    terms = Terms(tax_mode=TaxMode.ADDED, tax_name="vn_standard")
    await set_terms(edition_id=edition.id, terms=terms, actor=SYSTEM, now=NOW)
    ids: list[int] = []
    for step in range(steps):
        now = NOW + timedelta(hours=3 * step)
        if meanwhile is not None:
            await meanwhile(now)
        seller.answer = chance.choice([Settlement.KEPT, Settlement.REPLACED, Settlement.REFUND])
        what = chance.choice(["bill", "bill", "pay", "pay", "late", "cancel", "credit", "write_off", "owe", "back"])
        if what == "bill" or not ids:
            lines = [
                Line(description="Gian", unit_minor=chance.randrange(50_000, 900_000), tax_name=chance.choice(RATES)),
                Line(description="Sách", unit_minor=chance.randrange(1, 90_000), exempt_reason="Dạy nghề"),
            ]
            if chance.random() < 0.2:
                whole = [replace(line, unit_minor=-line.unit_minor, funded_by=FUND) for line in lines]
                document = await make_document(
                    edition, subject_id=len(ids) + 1, lines=[*lines, *whole], may_be_borne=True
                )
                assert document.state == DocumentState.PAID
                ids.append(document.id)
                continue
            if chance.random() < 0.4:
                lines.append(Line(description="Miễn", unit_minor=-chance.randrange(1, 40_000), funded_by=FUND))
            document = await make_document(edition, subject_id=len(ids) + 1, lines=lines)
            ids.append(document.id)
            continue
        document = await document_by_id(chance.choice(ids))
        part = Money(max(1, int(document.amount.amount_minor * chance.choice([0.3, 0.7, 1]))), "VND")
        with contextlib.suppress(AppError):
            if what == "pay":
                await record_payment(
                    document_id=document.id, method=PaymentMethod.CASH, amount=part, actor=SYSTEM, now=now
                )
            elif what == "late":
                await record_payment(
                    document_id=document.id,
                    method=PaymentMethod.TRANSFER,
                    amount=document.amount,
                    actor=None,
                    provider_reference=f"bank:{step}",
                    now=now,
                )
            elif what == "cancel":
                await cancel_document(document_id=document.id, actor=SYSTEM, now=now)
            elif what == "credit":
                line = (None, 1, None, 2, 3)[step % 5]
                given: dict[str, Any] = {"reason": "Bớt", "line": line, "actor": SYSTEM, "now": now}
                await credit_document(document_id=document.id, amount=part, **given)
            elif what == "write_off":
                await write_off(document_id=document.id, actor=SYSTEM, now=now + timedelta(days=90))
            elif what == "owe":
                await require_refund(document_id=document.id, actor=SYSTEM, now=now)
            else:
                for payment in await payments_of(document.id):
                    if payment.due_back.amount_minor:
                        await record_refund(payment_id=payment.id, method=PaymentMethod.TRANSFER, actor=SYSTEM, now=now)


async def in_the_ledger(edition: EditionInfo, since: date | None = None, until: date | None = None) -> dict[str, int]:
    """Return what sales, tax and subsidies come to in the ledger, as amounts that were sold."""
    sums: dict[str, int] = defaultdict(int)
    for row in await fetch("SELECT account, day, amount_minor FROM ledger_entry WHERE edition = {}", edition.id):
        day = row["day"] if isinstance(row["day"], date) else date.fromisoformat(row["day"])
        if (since is None or since <= day) and (until is None or day <= until):
            sums[row["account"]] -= row["amount_minor"]
    return {name: sums[name] for name in ("revenue", "tax", "subsidy")}


async def exported(edition: EditionInfo, span: Span) -> dict[str, int]:
    """Return the same of the export by rates."""
    rows = by_rate(await line_rows(edition.id, span))
    return {
        "revenue": sum(row.net.amount_minor for row in rows if not row.funded_by),
        "tax": sum(row.tax.amount_minor for row in rows if not row.funded_by),
        "subsidy": sum(row.net.amount_minor + row.tax.amount_minor for row in rows if row.funded_by),
    }


@pytest.mark.parametrize("seed", range(5))
async def test_exports_come_to_the_ledger_in_all_and_on_each_day(database: str, seller: Seller, seed: int) -> None:
    edition = await make_edition()
    await random_history(edition, seller, random.Random(seed))
    assert await exported(edition, Span()) == await in_the_ledger(edition)
    days = {row.day for row in await ledger_rows(edition.id, Span())}
    assert len(days) > 3
    for day in days:
        assert await exported(edition, Span(since=day, until=day)) == await in_the_ledger(edition, day, day)
    middle = sorted(days)[len(days) // 2]
    assert await exported(edition, Span(until=middle)) == await in_the_ledger(edition, until=middle)
    by_series = [await exported(edition, Span(series=one)) for one in await series_in(edition.id)]
    assert len(by_series) == 2  # invoices and credit notes
    together = {name: sum(one[name] for one in by_series) for name in by_series[0]}
    assert together == await in_the_ledger(edition)
    postings: dict[str, int] = defaultdict(int)
    for row in await ledger_rows(edition.id, Span()):
        postings[row.posting] += row.amount.amount_minor
    assert set(postings.values()) == {0}


def column(sheet: Sheet, name: str) -> list[Any]:
    """Return a column of a sheet by its header."""
    place = list(sheet.headers).index(name)
    return [row[place] for row in sheet.rows]


async def test_the_three_sheets_say_the_same(database: str, seller: Seller) -> None:
    edition = await make_edition()
    await random_history(edition, seller, random.Random(9))
    with use_locale("en"):
        ledger = await ledger_sheet(edition, Span())
        documents = await documents_sheet(edition, Span())
        tax = await tax_sheet(edition, Span())
    debit, credit = [
        sum(one.amount_minor for one in column(ledger, name) if one is not None) for name in ("Debit", "Credit")
    ]
    assert debit == credit > 0
    sold = sum(one.amount_minor for one in column(documents, "Sales in the ledger"))
    entered = await in_the_ledger(edition)
    assert sold == entered["revenue"] > 0
    assert sum(one.amount_minor for one in column(documents, "Amount")) == sum(entered.values()) > 0
    totals = {row[0]: row for row in tax.rows if row[3:5] == ["", None]}
    net, tax_in_all = (column(tax, name)[tax.rows.index(totals[SALES_IN_ALL])] for name in ("Net", "Tax"))
    assert (net.amount_minor, tax_in_all.amount_minor) == (entered["revenue"], entered["tax"])
    borne = column(tax, "Amount")[tax.rows.index(totals[BORNE_IN_ALL])]
    assert borne.amount_minor == entered["subsidy"] < 0
    assert set(column(documents, "Counts in the books")) == {-1, 0, 1}
    assert {5, 8, 10, "Exempt", ""} >= set(column(tax, "Tax rate in %")) > {"Exempt", ""}


@pytest.mark.parametrize("seed", range(5))
async def test_the_amounts_of_the_list_come_to_the_ledger(
    client: Browser, database: str, seller: Seller, seed: int
) -> None:
    edition = await make_edition()
    await random_history(edition, seller, random.Random(seed))
    await sign_in(client, (await make_owner()).id)
    content = (await client.get(f"/manage/{edition.id}/payments/export.xlsx?lang=en")).content
    header, *rows = load_workbook(BytesIO(content)).active.iter_rows(values_only=True)
    amounts = {row[header.index("Invoice")]: (row[header.index("State")], row[header.index("Amount")]) for row in rows}
    assert sum(amount for _state, amount in amounts.values()) == sum((await in_the_ledger(edition)).values())
    assert not any(amount for state, amount in amounts.values() if state == "Cancelled")


async def test_a_cancelled_invoice_with_an_e_invoice_counts_beside_its_credit_note(
    client: Browser, database: str, seller: Seller
) -> None:
    edition = await make_edition()
    document = await make_document(edition)
    await fetch("UPDATE payment_document SET legal_number = '1' WHERE id = {}", document.id)
    await cancel_document(document_id=document.id, actor=SYSTEM, now=NOW)
    await sign_in(client, (await make_owner()).id)
    content = (await client.get(f"/manage/{edition.id}/payments/export.xlsx?lang=en")).content
    header, *rows = load_workbook(BytesIO(content)).active.iter_rows(values_only=True)
    assert sorted(row[header.index("Amount")] for row in rows) == [-50_000, 50_000]
    assert sum((await in_the_ledger(edition)).values()) == 0


async def test_the_check_notices_a_line_that_is_in_no_book(database: str, seller: Seller) -> None:
    edition = await make_edition()
    await make_document(edition)
    assert await exported(edition, Span()) == await in_the_ledger(edition)
    await fetch("UPDATE payment_line SET net_minor = net_minor + 1")
    assert await exported(edition, Span()) != await in_the_ledger(edition)


async def test_sheets_are_loaded_over_http_and_compute_nothing(client: Browser, seller: Seller) -> None:
    await sign_in(client, (await make_owner()).id)
    edition, other = await make_edition(), await make_edition("other")
    base = f"/manage/{edition.id}/payments/exports"
    assert "Nothing is entered" in (await client.get(f"{base}?lang=en")).text
    lines = [
        Line(description="@cmd|' /C calc'!A0", unit_minor=100_000),
        Line(description="Miễn", unit_minor=-20_000, funded_by=FUND),
    ]
    document = await make_document(edition, lines=lines, payer="=HYPERLINK(1)")
    await make_document(other, subject_id=2)
    await record_payout(
        edition_id=edition.id,
        account=Account.TERMINAL,
        taken=Money(50_000, "VND"),
        fee=Money(500, "VND"),
        reference="=1+1",
        arrives_on=NOW.date(),
        actor=SYSTEM,
        now=NOW,
        more=True,
    )
    shown = (await client.get(f"{base}?lang=en")).text
    text = " ".join(re.sub(r"<[^>]*>", " ", shown).split())
    assert "Sales in all, as in the ledger 100.000 ₫ 0 ₫ 100.000 ₫" in text
    assert "Of that, borne by others -20.000 ₫ 0 ₫ -20.000 ₫" in text
    assert ("100.000\xa0₫" in shown, f"HD{edition.id}-2026" in shown, f"HD{other.id}-2026" in shown) == (
        True,
        True,
        False,
    )
    for name, texts in (
        ("ledger", ["'=HYPERLINK(1)", f"'{FUND}"]),
        ("documents", ["'@cmd|' /C calc'!A0", "'=HYPERLINK(1)"]),
        ("tax", [f"'{FUND}"]),
        ("payouts", ["'=1+1"]),
    ):
        answer = await client.get(f"{base}/{name}?format=csv")
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        assert answer.content.startswith(b"\xef\xbb\xbf")
        rows = list(csv.reader(StringIO(answer.content.decode("utf-8-sig"))))
        cells = [cell for row in rows for cell in row]
        assert set(texts) <= set(cells)
        assert not [cell for cell in cells if cell.startswith(("=", "@", "+"))]
        assert f"HD{other.id}-2026" not in answer.text
        book = load_workbook(BytesIO((await client.get(f"{base}/{name}")).content))
        found = [cell for row in book.active.iter_rows() for cell in row]
        assert {cell.data_type for cell in found} <= {"s", "n", "d"}  # no "f"
        assert set(texts) <= {cell.value for cell in found}
        assert len(rows) == book.active.max_row
        empty = await client.get(f"{base}/{name}?format=csv&since=2030-01-01")
        assert len(empty.content.decode().strip().splitlines()) == 1
    some = await client.get(f"{base}/documents?format=csv&series=HD{edition.id}-2026&since=never")
    assert document.number in some.text
    assert (await client.get(f"{base}?series=%27--&lang=en")).status_code == 200


def test_csv_has_plain_numbers_and_days() -> None:
    rows: list[list[Any]] = [
        [Money(-1_250, "EUR"), Money(-50_000, "VND"), date(2026, 10, 16), NOW, None, True, "-1+1", "+84 912 345 678", 3]
    ]
    with use_locale("en"):
        lines = write_csv(["=a", "b"], rows).decode("utf-8-sig").split("\r\n")
    assert lines == [
        "'=a,b",
        "-12.50,-50000,2026-10-16,2026-10-16 08:30:00,,yes,'-1+1,+84 912 345 678,3",
        "",
    ]

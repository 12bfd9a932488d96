"""The list of invoices: what is still to come of which and by when, who is late, and what has to go back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta
from html import unescape
from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.accounts.enums import Role
from app.events.queries import EditionInfo
from app.kernel.database import fetch
from app.kernel.money import Money
from app.kernel.sheets import read_table
from app.payments.enums import PaymentMethod
from app.payments.lines import Line
from app.payments.queries import DocumentInfo, document_by_id, parts_by_document, to_pay_by
from app.payments.queries_due import count_overdue, open_by_day
from app.payments.services.corrections import credit_document
from app.payments.services.issuing import Part
from app.payments.services.recording import record_payment
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.payments.factories import Seller, make_document
from tests.support.client import Browser, sign_in
from tests.support.factories import make_holder, make_owner
from tests.support.queries import counted_queries

pytestmark = pytest.mark.engines
TODAY = NOW.date()


def in_days(*parts: tuple[int, int]) -> list[Part]:
    """Parts, each so many days from today, over so much."""
    return [Part(due_on=TODAY + timedelta(days=days), amount_minor=amount) for days, amount in parts]


async def pay(document: DocumentInfo, amount: int) -> None:
    """Let money come in cash."""
    await record_payment(
        document_id=document.id, method=PaymentMethod.CASH, amount=Money(amount, "VND"), actor=SYSTEM, now=NOW
    )


async def take_back(document: DocumentInfo, amount: int) -> None:
    """Issue a credit note."""
    await credit_document(document_id=document.id, amount=Money(amount, "VND"), reason="Bớt", actor=SYSTEM, now=NOW)


async def some_invoices(edition: EditionInfo) -> list[DocumentInfo]:
    """Late ones, some that come later, one as the terms say, and one that was paid and then made cheaper."""
    plans: Sequence[tuple[str, Sequence[Part]]] = (
        ("Sau này", in_days((20, 50_000))),
        ("Trễ một nửa", in_days((-4, 20_000), (9, 30_000))),
        ("Trả trước một nửa", in_days((-6, 20_000), (3, 30_000))),
        ("Theo điều khoản", ()),
        ("Trễ cả", in_days((-9, 20_000), (-2, 30_000))),
        ("Hôm nay", in_days((0, 50_000))),
        ("Đã giảm", in_days((-3, 50_000))),
    )
    made = [
        await make_document(edition, subject_id=number, payer=name, parts=parts)
        for number, (name, parts) in enumerate(plans, start=1)
    ]
    await pay(made[2], 20_000)
    await pay(made[6], 50_000)
    await take_back(made[6], 20_000)
    return made


def rows_of(page: str) -> list[list[str]]:
    """The words of each cell of the list."""
    body = page.partition("<tbody>")[2].partition("</tbody>")[0]
    rows = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S) for row in re.findall(r"<tr>(.*?)</tr>", body, re.S)]
    return [[unescape(" ".join(re.sub(r"<[^>]*>", " ", cell).split())) for cell in row] for row in rows]


async def test_the_next_day_is_that_of_the_first_part_that_is_not_paid(
    database: str, frozen_now: object, seller: Seller
) -> None:
    edition = await make_edition()
    made = await some_invoices(edition)
    await take_back(made[1], 20_000)
    open_ones = [one for one in [await document_by_id(one.id) for one in made] if one.state == "open"]
    parts = await parts_by_document(open_ones)
    days = {one.id: to_pay_by(one, parts[one.id]) for one in open_ones}
    expected = sorted(open_ones, key=lambda one: (days[one.id] or date.max, one.id))
    assert [one.payer_name for one in (await open_by_day(edition.id)).items] == [one.payer_name for one in expected]
    late = [one.payer_name for one in expected if (days[one.id] or date.max) < TODAY]
    assert [one.payer_name for one in (await open_by_day(edition.id, overdue_on=TODAY)).items] == late == ["Trễ cả"]
    assert await count_overdue(edition.id, TODAY) == 1


async def test_open_invoices_stand_by_their_days_and_late_ones_have_a_tab(
    client: Browser, frozen_now: object, seller: Seller
) -> None:
    edition = await make_edition()
    await some_invoices(edition)
    await sign_in(client, (await make_holder(Role.FINANCE, edition_id=edition.id)).id)
    base = f"/manage/{edition.id}/payments"
    rows = rows_of((await client.get(f"{base}?state=open&lang=en")).text)
    assert [row[1] for row in rows] == [
        "Trễ cả",
        "Trễ một nửa",
        "Hôm nay",
        "Trả trước một nửa",
        "Theo điều khoản",
        "Sau này",
    ]
    assert [row[4].partition(" by ")[0] for row in rows] == ["50.000 ₫"] * 3 + ["30.000 ₫"] + ["50.000 ₫"] * 2
    assert rows[0][4] == "50.000 ₫ by 7 Oct 2026"
    assert ["Overdue" in row[5] for row in rows] == [True, True, False, False, False, False]
    page = (await client.get(f"{base}?state=overdue&lang=en")).text
    assert [row[1] for row in rows_of(page)] == ["Trễ cả", "Trễ một nửa"]
    assert re.search(r'aria-current="page">Overdue <span class="count">2</span>', page)
    assert [row[1] for row in rows_of((await client.get(f"{base}?state=overdue&q=mot+nua&lang=en")).text)] == [
        "Trễ một nửa"
    ]
    sheet = read_table((await client.get(f"{base}/export.xlsx?state=overdue&lang=en")).content, "list.xlsx")
    told = [dict(zip(sheet.headers, row.values, strict=False)) for row in sheet.rows]
    assert [(one["Payer"], one["Overdue"]) for one in told] == [("Trễ cả", "Overdue"), ("Trễ một nửa", "Overdue")]


async def test_the_sheet_takes_credit_notes_off(client: Browser, frozen_now: object, seller: Seller) -> None:
    edition = await make_edition()
    documents = await some_invoices(edition)
    await sign_in(client, (await make_owner()).id)
    sheet = read_table((await client.get(f"/manage/{edition.id}/payments/export.xlsx?lang=en")).content, "list.xlsx")
    told = [dict(zip(sheet.headers, row.values, strict=False)) for row in sheet.rows]
    assert -20_000 in {row["Amount"] for row in told}
    (sold,) = await fetch("SELECT -SUM(amount_minor) AS sold FROM ledger_entry WHERE account IN ('revenue', 'tax')")
    assert sum(row["Amount"] for row in told) == sold["sold"] < sum(one.amount.amount_minor for one in documents)


async def test_a_sheet_of_some_rows_says_that_its_sum_is_of_these(
    client: Browser, frozen_now: object, seller: Seller
) -> None:
    edition = await make_edition()
    await some_invoices(edition)
    await sign_in(client, (await make_owner()).id)
    base = f"/manage/{edition.id}/payments/export.xlsx?lang=en"
    for chosen, header in (("", "Amount"), ("&state=open", "Amount, of the chosen rows alone")):
        sheet = read_table((await client.get(f"{base}{chosen}")).content, "list.xlsx")
        assert sheet.headers[3] == header
    assert (
        "Amount, of the chosen rows alone" in read_table((await client.get(f"{base}&q=HD")).content, "x.xlsx").headers
    )


async def test_what_goes_back_is_said_and_not_what_was_billed(
    client: Browser, frozen_now: object, seller: Seller
) -> None:
    edition = await make_edition()
    await some_invoices(edition)
    await sign_in(client, (await make_owner()).id)
    base = f"/manage/{edition.id}/payments"
    page = (await client.get(f"{base}?state=refund_due&lang=en")).text
    (row,) = rows_of(page)
    assert (row[1], row[4]) == ("Đã giảm", "20.000 ₫")
    assert ("To give back" in page, "Refund due" in row[5]) == (True, True)
    assert "20.000\xa0₫ to give back" in (await client.get(f"{base}?lang=en")).text


async def test_a_longer_list_asks_the_database_no_more(client: Browser, frozen_now: object, seller: Seller) -> None:
    edition = await make_edition()
    await sign_in(client, (await make_owner()).id)
    counts = []
    for number in (1, 2, 3):
        await make_document(edition, subject_id=number, parts=in_days((-4, 20_000), (9, 30_000)))
        with counted_queries() as sent:
            assert (await client.get(f"/manage/{edition.id}/payments?state=overdue")).status_code == 200
        counts.append(len(sent))
    assert counts[0] == counts[2]


async def test_a_note_over_what_somebody_bears_says_whose_and_how_much(client: Browser, seller: Seller) -> None:
    edition = await make_edition()
    await sign_in(client, (await make_owner()).id)
    lines = [
        Line(description="Gian", unit_minor=90_000),
        Line(description="Hỗ trợ", unit_minor=-30_000, funded_by="Quỹ"),
    ]
    document = await make_document(edition, lines=lines)
    given: dict[str, Any] = {"document_id": document.id, "actor": SYSTEM, "now": NOW, "reason": "Bớt"}
    await credit_document(**given, amount=Money(10_000, "VND"), line=2)
    shown = unescape((await client.get(f"/manage/{edition.id}/payments?lang=en")).text)
    assert re.search(r"0\xa0₫<br><span[^>]*>Quỹ bears 10\.000\xa0₫ less</span>", shown)
    assert shown.count(" less</span>") == 1

"""The finance desk and those who bear a part of an invoice: what they owe is seen, paid, assigned and given back."""

from __future__ import annotations

import csv
import re
from html import unescape
from io import StringIO

import pytest

from app.accounts.actor import SYSTEM
from app.accounts.enums import Role
from app.events.queries import EditionInfo
from app.kernel.money import Money
from app.payments.enums import EntryState
from app.payments.lines import Line
from app.payments.queries import DocumentInfo, document_by_id
from app.payments.queries_bank import entry_by_id
from app.payments.queries_borne import borne_of
from app.payments.services.corrections import credit_document
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.payments.books import check_books
from tests.payments.factories import make_document, make_entry
from tests.support.client import Browser, sign_in
from tests.support.factories import make_holder

pytestmark = [pytest.mark.engines, pytest.mark.usefixtures("seller", "frozen_now")]
BANK, CITY = "Ngân hàng Chính sách xã hội", "Thành phố"


@pytest.fixture
async def edition(database: str) -> EditionInfo:
    """A festival."""
    return await make_edition()


@pytest.fixture
async def desk(client: Browser, edition: EditionInfo) -> Browser:
    """A browser at the finance desk."""
    await sign_in(client, (await make_holder(Role.FINANCE, edition_id=edition.id)).id)
    return client


async def billed(edition: EditionInfo, subject_id: int = 1, *names: str) -> DocumentInfo:
    """An invoice over 90.000 ₫, of which the bank bears 30.000 ₫, or each of those who are named."""
    lines = [
        Line(description="Gian hàng", unit_minor=90_000),
        *(Line(description=f"{name} chịu", unit_minor=-30_000, funded_by=name) for name in names or (BANK,)),
    ]
    return await make_document(edition, subject_id=subject_id, lines=lines, payer="Lò Thị Mai")


async def owed(document: DocumentInfo) -> list[int]:
    """What each bearer of a document still owes."""
    return [one.owed.amount_minor for one in await borne_of(document.id)]


async def test_what_each_bearer_owes_stands_in_the_ledger_page_by_invoice(desk: Browser, edition: EditionInfo) -> None:
    await make_document(edition, subject_id=9)
    ledger = f"/manage/{edition.id}/payments/ledger"
    assert "What others bear" not in (await desk.get(f"{ledger}?lang=en")).text
    first, second = await billed(edition), await billed(edition, 2)
    await desk.post(
        f"/manage/{edition.id}/payments/{first.id}/payments",
        data={
            "borne_by": str((await borne_of(first.id))[0].line_id),
            "borne_method": "transfer",
            "borne_amount": "12.000",
        },
    )
    shown = unescape((await desk.get(f"{ledger}?lang=en")).text)
    assert "What others bear" in shown
    for said in (
        "60.000\xa0₫",
        "12.000\xa0₫",
        "48.000\xa0₫",
        "18.000\xa0₫",
        first.number,
        second.number,
        f"What {BANK} bears",
    ):
        assert said in shown
    assert f'href="/manage/{edition.id}/payments/{first.id}#borne"' in shown
    assert "What others bear" not in (await desk.get(f"{ledger}?day=2026-10-16&lang=en")).text


async def test_bearers_are_listed_by_pages_each_with_her_invoices_and_exported(
    desk: Browser, edition: EditionInfo
) -> None:
    lines = [Line(description="Gian hàng", unit_minor=900_000)]
    lines += [Line(description="x", unit_minor=-1_000, funded_by=f"Quỹ {number:02}") for number in range(51)]
    document = await make_document(edition, lines=lines)
    other = await billed(edition, 2, "quỹ 03")
    base = f"/manage/{edition.id}/payments"
    first = unescape((await desk.get(f"{base}/ledger?lang=en")).text).partition('id="bearers"')[2]
    assert ("1 to 50 of 51" in first, "Quỹ 49" in first, "Quỹ 50" in first, other.number in first) == (
        *(True, True, False),
        False,
    )
    assert f'href="{base}/ledger?lang=en&page=2#bearers"' in first
    second = unescape((await desk.get(f"{base}/ledger?page=2&lang=en")).text).partition('id="bearers"')[2]
    assert ("51 to 51 of 51" in second, "Quỹ 50" in second, "Quỹ 49" in second) == (True, True, False)
    (line_id,) = re.findall(r'href="\?bearer=(\d+)#bearers">Quỹ 03<', first)
    hers = unescape((await desk.get(f"{base}/ledger?bearer={line_id}&lang=en")).text).partition('id="bearers"')[2]
    assert "What Quỹ 03 bears" in hers
    assert [one in hers for one in (document.number, other.number, "Quỹ 04", "31.000\xa0₫")] == [
        True,
        True,
        False,
        True,
    ]
    assert (await desk.get(f"{base}/ledger?bearer={line_id}&page=2")).headers["location"].endswith("page=1#bearers")

    async def rows(query: str = "") -> list[list[str]]:
        sheet = (await desk.get(f"{base}/exports/bearers?format=csv&lang=en{query}")).text
        return list(csv.reader(StringIO(sheet.removeprefix("\ufeff")), delimiter=";" if ";" in sheet else ","))

    header, *all_rows = await rows()
    assert header[:2] == ["Borne by", "Invoice"]
    assert len(all_rows) == 52
    assert [row[1] for row in all_rows if row[0].casefold() == "quỹ 03"] == [document.number, other.number]
    assert len(await rows("&until=2026-10-15")) == 1  # none was made before
    assert len(await rows(f"&series={document.number.rpartition('-')[0]}")) == 53
    assert len(await rows("&series=HD9-2026")) == 1
    assert f'href="{base}/exports/bearers?format=csv"' in (await desk.get(f"{base}/exports?lang=en")).text


async def test_a_transfer_is_found_and_assigned_by_the_bearers_name(desk: Browser, edition: EditionInfo) -> None:
    first, second = await billed(edition), await billed(edition, 2)
    lines = [(await borne_of(one.id))[0].line_id for one in (first, second)]
    entry = await make_entry("tai tro hoi cho", amount=50_000, edition=edition)
    own = f"/manage/{edition.id}/payments/bank/{entry.id}"
    found = unescape((await desk.get(f"{own}?q=ngan hang chinh sach&with=&lang=en")).text)
    assert f'href="{own}?with=b{lines[0]}&q=ngan%20hang%20chinh%20sach"' in found
    assert "No invoice fits" not in found
    both = f"{own}?with=b{lines[0]},b{lines[1]},b9999,bx&lang=en"
    chosen = unescape((await desk.get(both)).text)
    assert re.findall(r'name="borne_\d+" value="([^"]*)"', chosen) == ["30.000", "20.000"]
    assert f"{BANK}, who bears a part of invoice {first.number}: Lò Thị Mai" in chosen
    assert "Still to come: 30.000\xa0₫. What is more has to go back." in chosen
    typed = {f"borne_{lines[0]}": "30.000", f"borne_{lines[1]}": "10.000"}
    differing = await desk.post(f"{own}/assign?lang=en", data=typed)
    assert (differing.status_code, "The amounts make up 40.000\xa0₫" in differing.text) == (422, True)
    assert 'value="10.000"' in differing.text
    wrong = await desk.post(f"{own}/assign?lang=en", data={**typed, f"borne_{lines[1]}": "x"})
    assert (wrong.status_code, "Please write an amount" in wrong.text) == (422, True)
    stale = await desk.post(f"{own}/assign?lang=en", data={f"borne_{lines[0]}": "50.000", f"owed_{lines[0]}": "29000"})
    assert (stale.status_code, "has changed meanwhile" in stale.text) == (409, True)
    stood = dict(re.findall(r'name="owed_(\d+)" value="(\d+)"', chosen))
    assert stood == {str(line): "30000" for line in lines}
    done = await desk.post(
        f"{own}/assign",
        data={**typed, f"borne_{lines[1]}": "20.000", **{f"owed_{line}": stand for line, stand in stood.items()}},
    )
    assert (done.status_code, (await entry_by_id(entry.id)).state) == (303, EntryState.MATCHED)
    assert (await owed(first), await owed(second)) == ([0], [10_000])
    assert f"Borne by {BANK}" in unescape((await desk.get(f"{own}?lang=en")).text)
    await check_books(edition)


async def test_what_came_from_a_bearer_is_written_down_at_the_invoice(desk: Browser, edition: EditionInfo) -> None:
    document = await billed(edition)
    own = f"/manage/{edition.id}/payments/{document.id}"
    (borne,) = await borne_of(document.id)
    shown = unescape((await desk.get(f"{own}?lang=en")).text)
    assert ('name="borne_amount" value="30.000"' in shown, "Record what came from them" in shown) == (True, True)
    typed = {"borne_by": str(borne.line_id), "borne_method": "transfer", "borne_amount": "30.000"}
    for change, said in (
        ({"borne_amount": "x"}, "Please write an amount"),
        ({"borne_amount": "40.000"}, f"{BANK} owes 30.000\xa0₫ of invoice {document.number}; 40.000\xa0₫ is more."),
        ({"borne_by": "7777"}, "choice"),
    ):
        refused = await desk.post(f"{own}/payments?lang=en", data={**typed, **change})
        assert (refused.status_code, said in unescape(refused.text)) == (422, True), said
    assert await owed(document) == [30_000]
    assert (await desk.post(f"{own}/payments", data={**typed, "borne_note": "UNC 55"})).headers["location"] == own
    shown = unescape((await desk.get(f"{own}?lang=en")).text)
    assert ("UNC 55" in shown, "Record what came from them" in shown) == (True, False)
    assert (await owed(document), (await document_by_id(document.id)).paid.amount_minor) == ([0], 0)
    assert (await desk.post(f"{own}/payments", data={**typed, "borne_amount": "1"})).status_code == 422


async def test_of_several_bearers_one_is_chosen(desk: Browser, edition: EditionInfo) -> None:
    document = await billed(edition, 1, BANK, CITY)
    own = f"/manage/{edition.id}/payments/{document.id}"
    shown = unescape((await desk.get(f"{own}?lang=en")).text)
    rows = await borne_of(document.id)
    assert re.findall(r'<option value="(\d+)"', shown) == [str(one.line_id) for one in rows]
    (stood,) = set(re.findall('name="stood" autocomplete="off" value="([^"]*)"', shown))
    part = {"borne_by": str(rows[1].line_id), "borne_method": "transfer", "borne_amount": "5.000", "stood": stood}
    for _time in range(2):  # its answer was lost
        assert (await desk.post(f"{own}/payments", data=part)).status_code == 303
    assert {one.bearer: one.owed.amount_minor for one in await borne_of(document.id)} == {BANK: 30_000, CITY: 25_000}
    old = await desk.post(f"{own}/payments?lang=en", data={**part, "borne_amount": "4.000"})
    assert (old.status_code, "has changed since this page was opened" in old.text) == (409, True)
    assert stood not in re.findall('name="stood" autocomplete="off" value="([^"]*)"', old.text)
    typed = {"borne_by": str(rows[1].line_id), "borne_method": "transfer", "borne_amount": "25.000"}
    assert (await desk.post(f"{own}/payments", data=typed)).status_code == 303
    assert {one.bearer: one.owed.amount_minor for one in await borne_of(document.id)} == {BANK: 30_000, CITY: 0}


async def test_a_transfer_that_the_bank_told_of_is_taken_again_only_when_it_is_said(
    desk: Browser, edition: EditionInfo
) -> None:
    document = await billed(edition)
    (borne,) = await borne_of(document.id)
    entry = await make_entry("tai tro", amount=10_000, edition=edition)
    data = {f"borne_{borne.line_id}": "10.000"}
    await desk.post(f"/manage/{edition.id}/payments/bank/{entry.id}/assign", data=data)
    own = f"/manage/{edition.id}/payments/{document.id}"
    typed = {"borne_by": str(borne.line_id), "borne_method": "transfer", "borne_amount": "10.000"}
    refused = await desk.post(f"{own}/payments?lang=en", data=typed)
    assert (refused.status_code, 'name="borne_another"' in refused.text) == (409, True)
    assert (await desk.post(f"{own}/payments", data={**typed, "borne_another": "on"})).status_code == 303
    assert await owed(document) == [10_000]


async def test_what_is_too_much_after_a_credit_note_goes_back_to_the_bearer(
    desk: Browser, edition: EditionInfo
) -> None:
    document = await billed(edition)
    own = f"/manage/{edition.id}/payments/{document.id}"
    (borne,) = await borne_of(document.id)
    typed = {"borne_by": str(borne.line_id), "borne_method": "transfer", "borne_amount": "30.000"}
    await desk.post(f"{own}/payments", data=typed)
    await credit_document(document_id=document.id, amount=Money(20_000, "VND"), reason="x", actor=SYSTEM, now=NOW)
    (borne,) = await borne_of(document.id)
    shown = unescape((await desk.get(f"{own}?lang=en")).text)
    assert f"10.000\xa0₫ has to go back to {BANK}." in shown
    assert "has to go back" in (await desk.get(f"/manage/{edition.id}/payments/ledger?lang=en")).text
    back = {"method": "transfer", "amount": "10.000", "note": "FT26333"}
    bare = await desk.post(f"{own}/refunds/{borne.payment_id}?lang=en", data={**back, "note": " "})
    assert (bare.status_code, bare.text.count("Please write the number of the transfer") >= 2) == (422, True)
    assert f'data-confirm="{{amount:VND}} went back to {BANK}: {{method}}."' in shown  # as the payer's
    more = await desk.post(f"{own}/refunds/{borne.payment_id}", data={**back, "amount": "10.001"})
    assert (more.status_code, await owed(document)) == (409, [-10_000])
    own_form = shown.split(f'action="{own}/refunds/{borne.payment_id}#problem"')[1]
    stood = re.findall('name="stood" autocomplete="off" value="([^"]*)"', own_form)[0]
    half = {**back, "amount": "5.000", "stood": stood}
    for _time in range(2):  # its answer was lost
        assert (await desk.post(f"{own}/refunds/{borne.payment_id}", data=half)).status_code == 303
    assert await owed(document) == [-5_000]
    assert (await desk.post(f"{own}/refunds/{borne.payment_id}", data={**half, "amount": "4.000"})).status_code == 409
    assert (await desk.post(f"{own}/refunds/{borne.payment_id}", data={**back, "amount": "5.000"})).status_code == 303
    assert await owed(document) == [0]
    assert "has to go back to" not in (await desk.get(f"{own}?lang=en")).text
    await check_books(edition)


async def test_what_is_too_much_counts_for_another_invoice_at_the_desk(desk: Browser, edition: EditionInfo) -> None:
    over, other, whole = [await billed(edition, number) for number in (1, 2, 3)]
    lines = [(await borne_of(one.id))[0].line_id for one in (over, other, whole)]
    own = f"/manage/{edition.id}/payments/{over.id}"
    for line_id, document in ((lines[0], over), (lines[2], whole)):
        typed = {"borne_by": str(line_id), "borne_method": "transfer", "borne_amount": "30.000"}
        await desk.post(f"/manage/{edition.id}/payments/{document.id}/payments", data=typed)
    assert 'name="counts_for"' not in (await desk.get(own)).text
    await credit_document(document_id=over.id, amount=Money(20_000, "VND"), reason="x", actor=SYSTEM, now=NOW)
    (borne,) = await borne_of(over.id)
    shown = unescape((await desk.get(f"{own}?lang=en")).text)
    (offered,) = re.findall(r'name="counts_for">(.*?)</select>', shown)
    assert 'id="take-off"' in shown
    elsewhere = unescape((await desk.get(f"/manage/{edition.id}/payments/{other.id}?lang=en")).text)
    hint = f"{BANK} paid 10.000\xa0₫ too much of another invoice. It can count for this one:"
    assert f'{hint} <a href="{own}#borne">{over.number}</a>' in elsewhere
    assert re.findall(r'<option value="(\d+)">([^<]+)', offered) == [
        (str(lines[1]), f"{other.number} · 30.000\xa0₫ · Lò Thị Mai")
    ]
    refunds = f"{own}/refunds/{borne.payment_id}"
    assert (await desk.post(refunds, data={"counts_for": "x"})).status_code == 409
    assert (await desk.post(refunds, data={"counts_for": "999999"})).status_code == 404
    done = await desk.post(f"{refunds}?lang=en", data={"counts_for": str(lines[1])})
    assert (done.status_code, done.headers["location"]) == (303, f"{own}#borne")
    assert (await owed(over), await owed(other)) == ([0], [20_000])
    again = await desk.post(f"{refunds}?lang=en", data={"counts_for": str(lines[1])})
    assert (again.status_code, "Nothing was changed." in again.text) == (409, True)
    assert f"Counts for invoice {other.number}" in unescape((await desk.get(f"{own}?lang=en")).text)
    there = unescape((await desk.get(f"/manage/{edition.id}/payments/{other.id}?lang=en")).text)
    assert (f"Counted from invoice {over.number}" in there, hint in there) == (True, False)
    page = unescape((await desk.get(f"{own}?lang=en")).text)
    assert 'id="take-off"' not in page  # it could not be taken off
    assert f"10.000\xa0₫ counts for invoice {other.number}. If that is wrong, say why:" in page
    ((address, _id),) = re.findall(
        r'action="([^"]*/refunds/(\d+))">(?:(?!</form>).)*name="count_back"', page, re.DOTALL
    )
    empty = await desk.post(f"{address}?lang=en", data={"count_back": " "})
    assert (empty.status_code, "Please say why it does not count" in empty.text) == (422, True)
    assert (await desk.post(address, data={"count_back": "x" * 201})).status_code == 422
    back = await desk.post(address, data={"count_back": "Nhầm hóa đơn"})
    assert (back.status_code, back.headers["location"]) == (303, f"{own}#borne")
    assert (await owed(over), await owed(other)) == ([-10_000], [30_000])
    page = unescape((await desk.get(f"{own}?lang=en")).text)
    assert (f"No longer counts for invoice {other.number}" in page, "Nhầm hóa đơn" in page) == (True, True)
    assert 'name="count_back"' not in page
    there = unescape((await desk.get(f"/manage/{edition.id}/payments/{other.id}?lang=en")).text)
    assert (f"No longer counted from invoice {over.number}" in there, hint in there) == (True, True)
    await check_books(edition)


async def test_an_invoice_without_bearers_says_nothing_of_them(desk: Browser, edition: EditionInfo) -> None:
    document = await make_document(edition)
    own = f"/manage/{edition.id}/payments/{document.id}"
    assert "Borne by others" not in (await desk.get(f"{own}?lang=en")).text
    typed = {"borne_by": "1", "borne_method": "transfer", "borne_amount": "10.000"}
    assert (await desk.post(f"{own}/payments", data=typed)).status_code == 422
    assert (await desk.get(f"/manage/{edition.id}/payments/{document.id}")).status_code == 200


async def test_what_came_from_a_bearer_in_error_is_taken_off_at_the_invoice(
    desk: Browser, edition: EditionInfo
) -> None:
    document = await billed(edition)
    own = f"/manage/{edition.id}/payments/{document.id}"
    (borne,) = await borne_of(document.id)
    typed = {"borne_by": str(borne.line_id), "borne_method": "transfer", "borne_amount": "30.000"}
    await desk.post(f"{own}/payments", data=typed)
    (borne,) = await borne_of(document.id)
    shown = unescape((await desk.get(f"{own}?lang=en")).text)
    assert f"Bank transfer · {BANK}" in shown
    hers, payers = "is owed again, and nobody is told", "the invoice takes money again. No phone number or e-mail"
    assert (hers in shown, payers in shown) == (True, False)
    paid = await desk.post(f"{own}/payments", data={"method": "cash", "amount": "60.000"})
    assert paid.status_code == 303
    both = unescape((await desk.get(f"{own}?lang=en")).text)
    assert (hers in both, payers in both, "What was sold is unpaid again" in both) == (True, True, True)
    off = {"payment": str(borne.payment_id), "why": "Nhầm hóa đơn"}
    assert (await desk.post(f"{own}/take-off", data=off)).status_code == 303
    assert await owed(document) == [30_000]
    assert "Nhầm hóa đơn" in unescape((await desk.get(own)).text)
    await check_books(edition)

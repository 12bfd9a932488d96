"""The bank's transfers at the finance desk: statements loaded, transfers assigned, split, set aside."""

from __future__ import annotations

import html
import io
import re
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from app.accounts.enums import Role
from app.events.queries import EditionInfo
from app.kernel.i18n import _, use_locale
from app.kernel.settings import settings
from app.payments.enums import DocumentState, EntryState
from app.payments.errors import AmountOutOfRange
from app.payments.queries import document_by_id, payments_of
from app.payments.queries_bank import entry_by_id
from app.payments.services.assigning import match_new
from app.payments.tables_bank import BankEntry
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.payments.factories import Seller, make_document, make_entry, put_on_sale
from tests.support.client import Browser, sign_in
from tests.support.factories import make_holder
from tests.support.queries import counted_queries

pytestmark = pytest.mark.engines

STATEMENT = "Ngày;Ghi có;Nội dung;Số bút toán\n14/10/2026;50.000;{purpose};FT26331123456789\n15/10/2026;7.000;lai;5\n"


@pytest.fixture
def seller(monkeypatch: pytest.MonkeyPatch) -> Seller:
    """A seller of orders."""
    made = Seller()
    put_on_sale(monkeypatch, made)
    return made


@pytest.fixture
async def edition(database: str) -> EditionInfo:
    """A festival."""
    return await make_edition()


@pytest.fixture
async def desk(client: Browser, edition: EditionInfo, seller: Seller) -> Browser:
    """A browser at the finance desk."""
    await sign_in(client, (await make_holder(Role.FINANCE, edition_id=edition.id)).id)
    return client


def base(edition: EditionInfo) -> str:
    """Where the transfers stand."""
    return f"/manage/{edition.id}/payments/bank"


async def upload(desk: Browser, edition: EditionInfo, content: str, name: str = "sao-ke.csv") -> Any:
    """What the upload of a statement answers."""
    return await desk.post(f"{base(edition)}/statements", files={"file": (name, content.encode(), "text/csv")})


async def test_a_statement_is_loaded_and_what_it_names_is_paid(desk: Browser, edition: EditionInfo) -> None:
    document = await make_document(edition)
    assert "No transfer yet" in (await desk.get(f"{base(edition)}?lang=en")).text
    assert "No statement yet" in (await desk.get(f"{base(edition)}/statements?lang=en")).text
    content = STATEMENT.format(purpose=document.reference)
    batch = (await upload(desk, edition, content)).headers["location"]
    preview = (await desk.get(f"{batch}?lang=en")).text
    assert "2 transfers are new." in preview
    assert f'action="{batch}/accept"' in preview
    assert (await desk.post(f"{batch}/accept")).headers["location"] == batch
    assert "2 are new." in (await desk.get(f"{batch}?lang=en")).text
    assert await match_new(NOW) == {"matched": 1, "left": 1}
    assert (await document_by_id(document.id)).state == DocumentState.PAID
    shown = (await desk.get(f"{base(edition)}?lang=en")).text
    assert document.number in shown
    assert "Its text names none of our invoices." in shown
    assert "sao-ke.csv" in (await desk.get(f"{base(edition)}/statements")).text
    again = (await upload(desk, edition, content)).headers["location"]
    await desk.post(f"{again}/accept")
    told = (await desk.get(f"{again}?lang=en")).text
    assert "2 stayed as they were." in told
    assert "0 are new" not in told
    assert "0 were changed" not in told
    assert len(await payments_of(document.id)) == 1


async def test_columns_of_a_statement_are_chosen_by_hand(desk: Browser, edition: EditionInfo) -> None:
    content = "Hôm nào;Bao nhiêu;Vì sao\n14/10/2026;50.000;ve\n"
    batch = (await upload(desk, edition, content)).headers["location"]
    assert "Which column is what" in (await desk.get(f"{batch}?lang=en")).text
    chosen = {"column_0": "booked_at", "column_1": "credit", "column_2": "purpose"}
    assert (await desk.post(f"{batch}/mapping", data=chosen)).headers["location"] == batch
    refused = await desk.post(f"{batch}/mapping", data={**chosen, "column_1": "booked_at"})
    assert refused.status_code == 422
    await desk.post(f"{batch}/accept")
    assert await BankEntry.count() == 1


async def test_a_statement_is_dropped_or_refused(desk: Browser, edition: EditionInfo) -> None:
    batch = (await upload(desk, edition, "Ngày;Ghi có;Nội dung\nxx1;50.000;ve\n")).headers["location"]
    assert (await desk.post(f"{batch}/accept")).status_code == 409
    assert (await desk.post(f"{batch}/discard")).headers["location"] == f"{base(edition)}/statements"
    assert (await upload(desk, edition, "%PDF-1.7", "sao-ke.pdf")).status_code == 422
    assert (await desk.post(f"{base(edition)}/statements", files={})).status_code == 422
    assert await BankEntry.count() == 0


async def test_a_statement_is_not_loaded_among_other_sheets(
    client: Browser, edition: EditionInfo, seller: Seller
) -> None:
    finance = (await make_holder(Role.FINANCE, edition_id=edition.id)).id
    await sign_in(client, finance)
    batch = (await upload(client, edition, STATEMENT.format(purpose="ve"))).headers["location"]
    assert (await client.get(f"/manage/{edition.id}/import")).status_code == 403
    await sign_in(client, (await make_holder(Role.MANAGER, edition_id=edition.id, phone="+84912345699")).id)
    listed = (await client.get(f"/manage/{edition.id}/import?lang=en")).text
    assert "sao-ke.csv" not in listed
    assert "Bank statement" not in listed
    number = batch.rsplit("/", 1)[1]
    files = {"file": ("sao-ke.csv", STATEMENT.encode(), "text/csv")}
    assert (await client.get(f"/manage/{edition.id}/import/bank_statement")).status_code == 404
    assert (await client.post(f"/manage/{edition.id}/import/bank_statement", files=files)).status_code == 404
    assert (await client.get(f"/manage/{edition.id}/import/batch/{number}")).status_code == 404
    assert (await client.post(f"/manage/{edition.id}/import/batch/{number}/accept")).status_code == 404
    kinds = (await client.get(f"/api/v1/manage/{edition.id}/imports/kinds")).json()
    assert "bank_statement" not in {kind["name"] for kind in kinds}
    assert (await client.get(f"/api/v1/manage/{edition.id}/imports/{number}")).status_code == 404
    for path in ("", "/statements", f"/statements/batch/{number}"):
        assert (await client.get(f"{base(edition)}{path}")).status_code == 403


async def test_what_is_suggested_is_assigned(desk: Browser, edition: EditionInfo) -> None:
    document = await make_document(edition, payer="Nguyễn Thị Hoa")
    entry = await make_entry("NGUYEN THI HOA chuyen tien")
    await match_new(NOW)
    waiting = (await desk.get(f"/manage/{edition.id}?lang=en")).text
    assert "Transfers to be assigned" in waiting
    listed = (await desk.get(f"{base(edition)}?state=left&lang=en")).text
    assert re.search(rf"{document.number}</a>\s*\(suggested\)", listed)
    own = f"{base(edition)}/{entry.id}"
    shown = (await desk.get(f"{own}?lang=en")).text
    assert "Amount and payer are the same." in shown
    assert f'name="amount_{document.id}" value="50.000"' in shown
    assigned = await desk.post(f"{own}/assign", data={f"amount_{document.id}": "50.000"})
    assert assigned.headers["location"] == f"{base(edition)}?state=left"
    assert (await document_by_id(document.id)).state == DocumentState.PAID
    assert document.number in (await desk.get(own)).text
    again = await desk.post(f"{own}/assign", data={f"amount_{document.id}": "50.000"})
    assert again.status_code == 409
    assert len(await payments_of(document.id)) == 1


async def test_a_transfer_is_split_over_invoices_that_are_searched(desk: Browser, edition: EditionInfo) -> None:
    first = await make_document(edition, payer="Lò Thị Mai")
    second = await make_document(edition, subject_id=2, amount=70_000, payer="Vàng Seo Dín")
    entry = await make_entry("hai gian hang", amount=120_000)
    own = f"{base(edition)}/{entry.id}"
    assert "Search for it." in (await desk.get(f"{own}?lang=en")).text
    found = (await desk.get(f"{own}?q=lo thi mai&with=")).text
    assert f'href="{own}?with={first.id}"' in found
    both = f"{own}?with={first.id}&q={second.reference.lower()}"
    assert f'href="{own}?with={first.id},{second.id}"' in (await desk.get(both)).text
    chosen = (await desk.get(f"{own}?with={first.id},{second.id},999,x&lang=en")).text
    assert "(optional)" not in chosen.partition('/assign"')[2].partition("</form>")[0]  # together they are the whole
    assert re.findall(r'name="amount_\d+" value="([^"]*)"', chosen) == ["50.000", "70.000"]
    shares = {f"amount_{first.id}": "50.000", f"amount_{second.id}": "60.000"}
    differing = await desk.post(f"{own}/assign?lang=en", data=shares)
    assert (differing.status_code, "The amounts make up 110.000\xa0₫, but 120.000\xa0₫ came." in differing.text) == (
        422,
        True,
    )
    assert 'value="60.000"' in differing.text
    typo = await desk.post(f"{own}/assign?lang=en", data={**shares, f"amount_{second.id}": "x"})
    assert (typo.status_code, "Please write an amount" in typo.text) == (422, True)
    assert (await desk.post(f"{own}/assign", data={**shares, f"amount_{second.id}": "70.000"})).status_code == 303
    assert [(await document_by_id(one.id)).state for one in (first, second)] == [DocumentState.PAID] * 2


async def test_a_paid_invoice_is_found_and_what_goes_to_it_is_said_to_go_back(
    desk: Browser, edition: EditionInfo
) -> None:
    paid = await make_document(edition, payer="Lò Thị Mai")
    still_open = await make_document(edition, subject_id=2, payer="Lò Thị Mai")
    entry = await make_entry("tien gian hang")
    own = f"{base(edition)}/{entry.id}"
    shown = (await desk.get(f"{own}?with={paid.id}&lang=en")).text
    assert "Open: 50.000\xa0₫." in shown
    stood = html.unescape(re.findall(r'name="stood_\d+" value="([^"]*)"', shown)[0])
    await make_entry(paid.reference)
    await match_new(NOW)
    assert (await document_by_id(paid.id)).state == DocumentState.PAID
    typed = {f"amount_{paid.id}": "50.000", f"stood_{paid.id}": stood}
    refused = await desk.post(f"{own}/assign?lang=en", data=typed)
    assert (refused.status_code, "has changed meanwhile" in refused.text) == (409, True)
    assert "All that you assign to it goes back to the payer." in refused.text
    assert (await document_by_id(paid.id)).owed.amount_minor == 0
    found = (await desk.get(f"{own}?q=lo+thi+mai&with=&lang=en")).text
    listed = re.findall(rf'href="{own}\?with=(\d+)"', found)
    assert listed == [str(still_open.id), str(paid.id)]  # the open one first
    (stood,) = re.findall(r'name="stood_\d+" value="([^"]*)"', refused.text)
    again = await desk.post(f"{own}/assign", data={**typed, f"stood_{paid.id}": stood})
    assert again.status_code == 303
    assert (await document_by_id(paid.id)).owed.amount_minor == 50_000


async def test_a_transfer_is_set_aside_and_taken_up_again(desk: Browser, edition: EditionInfo) -> None:
    entry = await make_entry("tra lai tien gui")
    own = f"{base(edition)}/{entry.id}"
    empty = await desk.post(f"{own}/set-aside", data={"reason": ""})
    assert (empty.status_code, (await entry_by_id(entry.id)).state) == (422, EntryState.NEW)
    assert (await desk.post(f"{own}/set-aside", data={"reason": "Tiền lãi"})).status_code == 303
    assert "Tiền lãi" in (await desk.get(own)).text
    assert "Tiền lãi" in (await desk.get(f"{base(edition)}?state=ignored")).text
    assert (await desk.post(f"{own}/take-up")).headers["location"] == own
    assert (await entry_by_id(entry.id)).state == EntryState.LEFT
    assert (await desk.post(f"{own}/take-up")).status_code == 409


async def test_a_gift_is_entered_as_income_and_one_that_was_sent_back_noted(
    desk: Browser, edition: EditionInfo
) -> None:
    gift, astray = await make_entry("ung ho le hoi"), await make_entry("nham nguoi nhan")
    await match_new(NOW)
    own = f"{base(edition)}/{gift.id}"
    shown = (await desk.get(f"{own}?lang=en")).text
    for said in ("Other income: a gift, or interest", "It was sent back", "It is a payout: write it down"):
        assert said in shown
    assert f'href="/manage/{edition.id}/payments/payouts#write"' in shown
    assert (await desk.post(f"{own}/set-aside", data={"reason": "x", "becomes": "matched"})).status_code == 422
    assert (await desk.post(f"{own}/set-aside", data={"reason": "Chưa rõ"})).status_code == 303
    aside = (await desk.get(f"{own}?lang=en")).text
    assert ("Other income: a gift, or interest" in aside, "set it aside" in aside) == (True, False)
    assert (await desk.post(f"{own}/set-aside", data={"reason": "x", "becomes": "ignored"})).status_code == 409
    sent = await desk.post(f"{own}/set-aside", data={"reason": "Hội Phụ nữ tặng", "becomes": "income"})
    assert sent.headers["location"] == f"{base(edition)}?state=left"
    back = {"reason": "FT26290000000001", "becomes": "sent_back"}
    assert (await desk.post(f"{base(edition)}/{astray.id}/set-aside", data=back)).status_code == 303
    assert (
        "Sent back by the transfer FT26290000000001." in (await desk.get(f"{base(edition)}/{astray.id}?lang=en")).text
    )
    for state, said in (("income", "Hội Phụ nữ tặng"), ("sent_back", "FT26290000000001")):
        assert said in (await desk.get(f"{base(edition)}?state={state}")).text
    assert "Transfers to be assigned" not in (await desk.get(f"/manage/{edition.id}?lang=en")).text
    ledger = (await desk.get(f"/manage/{edition.id}/payments/ledger?lang=en")).text
    assert "Other income" in ledger
    assert (await desk.post(f"{own}/take-up")).headers["location"] == own
    assert (await entry_by_id(gift.id)).state == EntryState.LEFT


async def test_what_came_to_another_account_says_so(
    desk: Browser, edition: EditionInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = await make_document(edition)
    entry = await make_entry(document.reference, edition=edition)
    own = f"{base(edition)}/{entry.id}"
    assert "0011001932418" in (await desk.get(own)).text
    monkeypatch.setenv("BANK_ACCOUNT", "19036688997012")
    settings.cache_clear()
    try:
        assert await match_new(NOW) == {"left": 1}
        shown = (await desk.get(f"{own}?lang=en")).text
        listed = (await desk.get(f"{base(edition)}?state=left&lang=en")).text
    finally:
        monkeypatch.delenv("BANK_ACCOUNT")
        settings.cache_clear()
    for said in ("It came to an account that is not the one of the settings.", "Ours is 19036688997012"):
        assert said in shown
    assert f'name="amount_{document.id}" value="50.000"' in shown
    assert (document.number in listed, "It came to an account" in listed) == (True, True)
    assert (await document_by_id(document.id)).state == DocumentState.OPEN


async def test_what_a_payer_wrote_is_loaded_as_text_and_exported_as_text(desk: Browser, edition: EditionInfo) -> None:
    said = '=HYPERLINK("http://x.example")'
    batch = (await upload(desk, edition, f"Ngày;Ghi có;Nội dung\n14/10/2026;50.000;'{said}\n")).headers["location"]
    await desk.post(f"{batch}/accept")
    batch = (await upload(desk, edition, "Ngày;Ghi có;Nội dung\n14/10/2026;60.000;=1+1\n")).headers["location"]
    assert "1 transfer is new." in (await desk.get(f"{batch}?lang=en")).text
    await desk.post(f"{batch}/accept")
    book = load_workbook(io.BytesIO((await desk.get(f"{base(edition)}/export.xlsx")).content))
    sheet = book.active
    assert sheet is not None
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert {"'=1+1", f"'{said}"} <= {cell.value for cell in cells}
    assert not [cell for cell in cells if cell.data_type == "f"]


async def test_a_statement_says_what_it_passed_over(desk: Browser, edition: EditionInfo) -> None:
    assert (
        "what stands above the names of the columns may stay there"
        in (await desk.get(f"{base(edition)}/statements?lang=en")).text
    )
    content = (
        "SAO KÊ;;;\nNgày;Ghi nợ;Ghi có;Nội dung\n14/10/2026;;50.000;ve\n14/10/2026;1.000;;phi\n"
        "14/10/2026;2.000;;phi\n;3.000;50.000;Cộng\n"
    )
    batch = (await upload(desk, edition, content)).headers["location"]
    await desk.post(f"{batch}/accept")
    shown = (await desk.get(f"{batch}?lang=en")).text
    for said in (
        "1 is new.",
        "2 lines of money that went out were passed over.",
        "1 line has no amount, as totals and remarks have none, and was passed over.",
    ):
        assert said in shown
    tomorrow = (await upload(desk, edition, "Ngày;Ghi có;Nội dung\n18/10/2150;5;ve\n")).headers["location"]
    assert "This day has not come yet." in (await desk.get(f"{tomorrow}?lang=en")).text


async def test_transfers_are_searched_and_exported(desk: Browser, edition: EditionInfo) -> None:
    await make_entry("Lụa Vạn Phúc", number="FT26331000000077")
    assert "50.000\xa0₫" in (await desk.get(f"{base(edition)}?q=lua+van+phuc")).text
    assert "50.000\xa0₫" in (await desk.get(f"{base(edition)}?q=ft26331000000077&state=new")).text
    assert "Lụa Vạn Phúc" in (await desk.get(f"{base(edition)}?q=50.000")).text
    assert "Lụa Vạn Phúc" not in (await desk.get(f"{base(edition)}?q=50.001")).text
    assert "No transfer fits" in (await desk.get(f"{base(edition)}?q=xyzzyx&lang=en")).text
    assert (await desk.get(f"{base(edition)}/export.xlsx?q=lua")).content[:2] == b"PK"


async def test_a_desk_sees_its_own_transfers_and_nobodys(desk: Browser, edition: EditionInfo) -> None:
    other = await make_edition("hai")
    theirs, nobodys = await make_entry("cua ho", edition=other), await make_entry("cua ai")
    document = await make_document(other)
    listed = (await desk.get(base(edition))).text
    assert ("cua ho" in listed, "cua ai" in listed) == (False, True)
    assert (await desk.get(f"{base(edition)}/{theirs.id}")).status_code == 404
    assert (await desk.get(f"{base(other)}/{theirs.id}")).status_code == 403
    own = f"{base(edition)}/{nobodys.id}"
    assert document.number not in (await desk.get(f"{own}?with={document.id}&q={document.reference}")).text
    refused = await desk.post(f"{own}/assign", data={f"amount_{document.id}": "50.000"})
    assert (refused.status_code, (await entry_by_id(nobodys.id)).state) == (404, EntryState.NEW)


async def test_a_list_asks_as_often_for_three_as_for_one(desk: Browser, edition: EditionInfo) -> None:
    counts = []
    for number in range(3):
        await make_document(edition, subject_id=number, amount=50_000 + number)
        await make_entry("chuyen tien", amount=50_000 + number)
        await match_new(NOW)
        with counted_queries() as sent:
            await desk.get(base(edition))
        counts.append(len(sent))
    assert len(set(counts)) == 1


async def test_a_statement_with_formulas_is_shown_with_them_and_loads_nothing(
    desk: Browser, edition: EditionInfo
) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (
        ("Ngày", "Ghi có", "Nội dung"),
        ("14/10/2026", "=25000*2", "ve"),
        ("14/10/2026", 7_000, '=HYPERLINK("x")'),
    ):
        sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    sent = await desk.post(f"{base(edition)}/statements", files={"file": ("sao-ke.xlsx", file.getvalue(), kind)})
    batch = sent.headers["location"]
    shown = (await desk.get(f"{batch}?lang=en")).text
    assert shown.count("formula") >= 2
    assert '<a href="x"' not in shown
    assert (await desk.post(f"{batch}/accept")).status_code in (409, 422)
    assert await BankEntry.count() == 0


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        ("already_paid", "Hóa đơn nêu trong nội dung đã được thanh toán rồi."),
        ("nothing_settles", "Hóa đơn nêu trong nội dung không nhận được khoản này."),
        ("amount_out_of_range", AmountOutOfRange.message),
    ],
)
async def test_why_a_transfer_was_left_is_said_in_words(
    desk: Browser, edition: EditionInfo, kept: str, said: str
) -> None:
    entry = await make_entry("ve", edition=edition)
    values: dict[Any, Any] = {BankEntry.state: EntryState.LEFT.value, BankEntry.reason: kept}
    await BankEntry.update(values).where(BankEntry.id == entry.id)
    with use_locale("vi"):
        sentence = _(said)
    for path in (base(edition), f"{base(edition)}/{entry.id}"):
        shown = html.unescape((await desk.get(f"{path}?lang=vi")).text)
        assert (sentence in shown, kept in shown) == (True, False)


async def test_what_was_assigned_wrongly_is_taken_off_and_assigned_elsewhere(
    desk: Browser, edition: EditionInfo, seller: Seller
) -> None:
    wrong, right = [await make_document(edition, subject_id=number) for number in (1, 2)]
    entry = await make_entry(wrong.reference, edition=edition)
    await match_new(NOW)
    own = f"{base(edition)}/{entry.id}"
    ((_document, payment),) = seller.settled
    link = f"/manage/{edition.id}/payments/{wrong.id}?off={payment.id}"
    assert f'href="{link}#take-off"' in (await desk.get(own)).text
    assert f'value="{payment.id}" checked' in (await desk.get(link)).text
    done = await desk.post(
        f"/manage/{edition.id}/payments/{wrong.id}/take-off", data={"payment": f"{payment.id}", "why": "Nhầm chị Lan"}
    )
    assert done.headers["location"] == own
    shown = html.unescape((await desk.get(f"{own}?lang=en")).text)
    assert "It was assigned to an invoice that it was not for." in shown
    assert "Nhầm chị Lan" in shown
    assert f'name="amount_{wrong.id}"' not in shown  # it is not suggested again, though its purpose names it
    listed = (await desk.get(f"{base(edition)}?state=left&lang=en")).text
    assert wrong.number not in listed
    assert "It was assigned to an invoice that it was not for." in listed
    found = (await desk.get(f"{own}?with={right.id}")).text
    assert f'name="amount_{right.id}"' in found
    assert (await desk.post(f"{own}/assign", data={f"amount_{right.id}": "50.000"})).status_code == 303
    assert (await document_by_id(right.id)).state == DocumentState.PAID
    assert (await document_by_id(wrong.id)).state == DocumentState.OPEN

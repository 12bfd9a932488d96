"""Statements of bank accounts: whatever banks call their columns, what came in is kept, once."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, date, datetime
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from app.accounts.actor import SYSTEM
from app.kernel.database import in_transaction
from app.kernel.money import Money
from app.kernel.sheets import CellError, SheetContext, kind_at
from app.kernel.sheets.batches import accept, find_batch, preview, remap
from app.kernel.sheets.errors import BatchUnknown, SheetKindUnknown, SheetTooLarge
from app.kernel.sheets.kept import mapping_of, problems_of, result_of
from app.main import register_modules
from app.payments import sheets
from app.payments.bank_lines import BankLine
from app.payments.references import reference_of
from app.payments.services.entries import line_of
from app.payments.sheet_cells import amount, clock, direction
from app.payments.sheets import DESK, STATEMENTS
from app.payments.tables_bank import BankEntry
from tests.conftest import NOW
from tests.events.factories import make_edition

pytestmark = pytest.mark.engines
#: When the statements of these tests are loaded: in the festival's zone the 23rd has begun.
LOADED_AT = datetime(2026, 11, 22, 18, tzinfo=UTC)

ONE_COLUMN = """NGÂN HÀNG TMCP MẪU;;;;
SAO KÊ TÀI KHOẢN;;;;
Số tài khoản: 0011001932418;;;;
Ngày giao dịch;Số tham chiếu;Số tiền;Số dư;Mô tả
21/11/2026 14:02:37;FT26331123456789;+1,500,000;9,000,000;"Nguyễn Thị Lan FG7KQ2M9XT4C"
21/11/2026 15:00:00;FT26331123456790;-250,000;8,750,000;Phi dich vu
22/11/2026;5078 - 12;70,000;8,820,000;LE VAN BINH
Tổng cộng;;1,570,000;;
"""
TWO_COLUMNS = """STT,Ngày hiệu lực,Ngày GD / Trans date,PS nợ,PS có,Nội dung chi tiết,Tên tài khoản đối ứng,Số bút toán
1,22/11/2026,21/11/2026,,"1.500.000,00",ve hoi cho,NGUYEN THI LAN,FT26331123456789
2,22/11/2026,21/11/2026,"250.000,00",,phi,,FT26331123456790
,,,"250.000,00","1.500.000,00",Cộng phát sinh,,
,,,,,Số dư cuối kỳ,,
"""


@pytest.fixture
async def context(database: str) -> SheetContext:
    """The bank desk of a festival."""
    register_modules()
    edition = await make_edition()
    return SheetContext(edition_id=edition.id, actor=SYSTEM, now=LOADED_AT, desk=DESK)


async def load(content: str | bytes, context: SheetContext) -> dict[str, int]:
    """What came of a statement without anything wrong in it."""
    data = content if isinstance(content, bytes) else content.encode()
    batch = await preview(STATEMENTS.name, data, "statement.csv", context)
    assert problems_of(batch) == []
    return result_of(await accept(batch.id, context))


async def kept() -> list[BankLine]:
    """The transfers that are kept, in the order of the statement."""
    return [line_of(row) for row in await BankEntry.select().order_by(BankEntry.id)]


def xlsx(*rows: tuple[Any, ...]) -> bytes:
    """A workbook."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


async def test_a_statement_with_signed_amounts_under_title_rows(context: SheetContext) -> None:
    passed_over = {"outgoing": 1, "passed_over": 1}
    assert await load(ONE_COLUMN, context) == {"created": 2, "updated": 0, "unchanged": 0, **passed_over}
    first, second = await kept()
    assert first == BankLine(
        account="",
        booked_at=datetime(2026, 11, 21, 7, 2, 37, tzinfo=UTC),
        day=date(2026, 11, 21),
        amount=Money(1_500_000, "VND"),
        purpose="Nguyễn Thị Lan FG7KQ2M9XT4C",
        number="FT26331123456789",
    )
    assert (second.day, second.amount, second.number) == (date(2026, 11, 22), Money(70_000, "VND"), "5078 - 12")
    assert await load(ONE_COLUMN, context) == {"created": 0, "updated": 0, "unchanged": 2, **passed_over}


async def test_a_statement_with_a_column_for_each_way_and_totals_below(context: SheetContext) -> None:
    passed_over = {"outgoing": 1, "passed_over": 2}
    assert await load(TWO_COLUMNS, context) == {"created": 1, "updated": 0, "unchanged": 0, **passed_over}
    (line,) = await kept()
    assert (line.day, line.amount, line.payer_name) == (date(2026, 11, 21), Money(1_500_000, "VND"), "NGUYEN THI LAN")
    passed_over = {"outgoing": 1, "passed_over": 1}
    assert await load(ONE_COLUMN, context) == {"created": 1, "updated": 0, "unchanged": 1, **passed_over}


async def test_a_workbook_with_dates_hours_and_a_column_for_the_way(context: SheetContext) -> None:
    head = ("Ngày", "Giờ", "Loại giao dịch", "Số tiền", "Nội dung", "Mã giao dịch", "Tài khoản của mình")
    content = xlsx(
        ("Sao kê",),
        head,
        (datetime(2026, 11, 21), "14:02:37", "Có", 1_500_000, "ve", "A1", "0011 001932418"),  # noqa: DTZ001
        (datetime(2026, 11, 21), "14:03:00", "Nợ", 250_000, "phi", "A2", "0011 001932418"),  # noqa: DTZ001
        head,
        (datetime(2026, 11, 22), "00:00:01", "Có", 1.0, "ve", "A1", "0011 001932418"),  # noqa: DTZ001
    )
    passed_over = {"outgoing": 1, "passed_over": 1}
    assert await load(content, context) == {"created": 2, "updated": 0, "unchanged": 0, **passed_over}
    first, second = await kept()
    assert (first.booked_at, first.account) == (datetime(2026, 11, 21, 7, 2, 37, tzinfo=UTC), "0011001932418")
    assert (second.booked_at, second.amount) == (datetime(2026, 11, 21, 17, 0, 1, tzinfo=UTC), Money(1, "VND"))


async def test_headers_in_two_languages_and_totals_among_the_numbers(context: SheetContext) -> None:
    content = xlsx(
        (
            "Ngày giao dịch\nTransaction Date",
            "Số bút toán\nTransaction No",
            "Phát sinh có\nCredit",
            "Nội dung\nDetails",
        ),
        ("21/11/2026 14:02:37", "FT26331123456789", "50,000", "ve"),
        ("", "Cộng phát sinh", "50,000", ""),
    )
    assert await load(content, context) == {"created": 1, "updated": 0, "unchanged": 0, "passed_over": 1}
    assert [line.number for line in await kept()] == ["FT26331123456789"]


async def test_equal_lines_without_a_number_are_as_many_as_stand_there(context: SheetContext) -> None:
    line = "21/11/2026;50.000;ve\n"
    head = "Ngày;Ghi có;Nội dung\n"
    assert (await load(head + line * 2, context))["created"] == 2
    assert (await load(head + line * 3, context))["created"] == 1


async def test_columns_of_any_name_are_chosen_by_hand_and_kept(context: SheetContext) -> None:
    content = "Hôm nào;Bao nhiêu;Vì sao\n21/11/2026;50.000;ve\n"
    batch = await preview(STATEMENTS.name, content.encode(), "strange.csv", context)
    missing = [problem["code"] for problem in problems_of(batch)]
    assert missing == ["column_missing"] * 3
    chosen = {"Hôm nào": "booked_at", "Bao nhiêu": "credit", "Vì sao": "purpose"}
    again = await remap(batch.id, chosen, context)
    assert problems_of(again) == []
    assert result_of(await accept(batch.id, context))["created"] == 1
    assert mapping_of(await preview(STATEMENTS.name, content.encode(), "strange.csv", context)) == chosen


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("x1;50.000;ve;A1", "not_a_time"),
        ("21/11/2026;12x;ve;A1", "not_money"),
        ("21/11/2026;1,5;ve;A1", "not_money"),
        ("21/11/2026;#######;ve;A1", "not_money"),
        ("21/11/2026;abc;ve;A1", "not_money"),
        ("21/11/2026;***;ve;A1", "not_money"),
        ("21/11/2026;abc;ve;", "not_money"),
        (";abc;ve;A1", "not_money"),
        (";50.000;ve;A1", "required"),
        (";50.000;ve;", "required"),
        ("hôm qua;50.000;ve;A1", "not_a_time"),
        ("hôm qua;50.000;;", "not_a_time"),
        ("25/11/2026;50.000;ve;A1", "day_to_come"),
        ("12/01/2027;50.000;ve;A1", "day_to_come"),
        ("21/11/2026;=1+1;ve;A1", "formula"),
        ("21/11/2026;12.50 USD;ve;A1", "other_currency"),
        ("21/11/2026;Rp 50.000;ve;A1", "other_currency"),
        ("21/11/2026;$50;ve;A1", "other_currency"),
        ("21/11/2026;50.000 xyz;ve;A1", "not_money"),
    ],
)
async def test_a_line_that_cannot_be_read_keeps_all_from_loading(context: SheetContext, row: str, code: str) -> None:
    content = f"Ngày;Ghi có;Nội dung;Số bút toán\n21/11/2026;1;ve;A0\n{row}\n"
    if code == "formula":
        content_bytes = xlsx(*(tuple(line.split(";")) for line in content.strip().split("\n")))
    else:
        content_bytes = content.encode()
    batch = await preview(STATEMENTS.name, content_bytes, "statement", context)
    assert [problem["code"] for problem in problems_of(batch)] == [code]
    assert await BankEntry.count() == 0


@pytest.mark.parametrize(
    "purpose", ["=HYPERLINK(A1)", "+84 ai do", "-gui chi Lan", "@hoicho", "= 2 ve", "+", "-", "＝1+1"]
)
async def test_what_a_payer_wrote_is_text_however_it_begins(context: SheetContext, purpose: str) -> None:
    content = f"Ngày;Ghi nợ;Ghi có;Nội dung;Tên người gửi\n21/11/2026;-;50.000;{purpose};{purpose}\n"
    assert await load(content, context) == {"created": 1, "updated": 0, "unchanged": 0}
    (line,) = await kept()
    assert (line.purpose, line.payer_name) == (purpose, purpose)


async def test_a_formula_in_the_place_of_an_amount_is_none_in_a_csv_either(context: SheetContext) -> None:
    content = "Ngày;Ghi có;Nội dung\n21/11/2026;=1+1;ve\n"
    batch = await preview(STATEMENTS.name, content.encode(), "statement.csv", context)
    assert [problem["code"] for problem in problems_of(batch)] == ["not_money"]


async def test_each_formula_of_a_workbook_is_refused_with_its_line_and_texts_that_look_like_one_are_not(
    context: SheetContext,
) -> None:
    file = io.BytesIO(
        xlsx(("Ngày", "Ghi có", "Nội dung"), ("21/11/2026", "50.000", "ve"), ("21/11/2026", "7.000", "ve"))
    )
    book = load_workbook(file)
    sheet = book.active
    assert sheet is not None
    sheet["C2"].value, sheet["C2"].data_type = "=1+1", "s"
    sheet["C3"] = "=1+1"
    file = io.BytesIO()
    book.save(file)
    batch = await preview(STATEMENTS.name, file.getvalue(), "statement.xlsx", context)
    assert [(problem["row"], problem["code"]) for problem in problems_of(batch)] == [(3, "formula")]


@pytest.mark.parametrize(
    "row",
    [
        ";abc;;",
        ";Người lập;Kiểm soát;",
        "Người lập;Kế toán trưởng;Giám đốc;",
        "21/11/2026;-;phi;A1",
        "21/11/2026;;phi;A1",
        "21/11/2026;N/A;phi;A1",
        "01/11/2026;Số dư đầu kỳ;;",
        "Phát sinh trong kỳ;1.570.000;;",
        ";1.570.000;Cộng;",
        "24/12/2026;;Số dư;",
        "24/12/2026;-5;phi;A1",
        "24/11/2026;5.000.000;Cộng phát sinh trong ngày;",
        "24/11/2026;5.000.000;TỔNG CỘNG;",
        "24/11/2026;5.000.000;Số dư cuối ngày;",
        "24/11/2026;5.000.000;Saldo akhir;",
    ],
)
async def test_lines_that_are_no_transfer_are_passed_over_and_counted(context: SheetContext, row: str) -> None:
    content = f"Ngày;Số tiền;Nội dung;Số bút toán\n24/11/2026;1;ve;A0\n{row}\n"
    loaded = await load(content, context)
    assert (loaded["created"], loaded["unchanged"]) == (1, 0)
    assert loaded.get("outgoing", 0) + loaded.get("passed_over", 0) == 1


@pytest.mark.parametrize(
    ("told", "codes"),
    [("VND", []), ("đồng", []), ("", []), ("Tiền tệ", []), ("USD", ["other_currency"]), ("IDR", ["other_currency"])],
)
async def test_a_column_of_currencies_is_read(context: SheetContext, told: str, codes: list[str]) -> None:
    content = f"Ngày;Ghi có;Nội dung;Loại tiền\n21/11/2026;50.000;ve;{told}\n"
    batch = await preview(STATEMENTS.name, content.encode(), "statement.csv", context)
    assert [problem["code"] for problem in problems_of(batch)] == codes


async def test_a_gibibyte_of_zeros_is_refused(context: SheetContext) -> None:
    file = io.BytesIO()
    zeros = bytes(2**20)
    with (
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed,
        packed.open("xl/worksheets/sheet1.xml", "w") as part,
    ):
        for _piece in range(2**10):
            part.write(zeros)
    assert len(file.getvalue()) < 8 * 2**20
    with pytest.raises(SheetTooLarge):
        await preview(STATEMENTS.name, file.getvalue(), "statement.xlsx", context)


async def test_a_packed_file_that_unpacks_to_very_much_is_refused(context: SheetContext) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed, packed.open("xl/workbook.xml", "w") as part:
        for _piece in range(300):
            part.write(bytes(2**20))
    with pytest.raises(SheetTooLarge):
        await preview(STATEMENTS.name, file.getvalue(), "statement.xlsx", context)


async def test_statements_are_loaded_at_their_desk_alone(context: SheetContext) -> None:
    elsewhere = SheetContext(edition_id=context.edition_id, actor=SYSTEM, now=NOW)
    with pytest.raises(SheetKindUnknown):
        await preview(STATEMENTS.name, ONE_COLUMN.encode(), "statement.csv", elsewhere)
    with pytest.raises(SheetKindUnknown):
        kind_at(DESK, "products")
    batch = await preview(STATEMENTS.name, ONE_COLUMN.encode(), "statement.csv", context)
    with pytest.raises(BatchUnknown):
        await find_batch(batch.id, elsewhere)


async def test_a_big_statement_is_made_ready_before_the_transaction_that_keeps_it(
    context: SheetContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, inside = sheets.told_of, []

    def told_of(*given: Any, **named: Any) -> Any:
        inside.append(in_transaction())
        return real(*given, **named)

    monkeypatch.setattr(sheets, "told_of", told_of)
    for created, unchanged in ((2, 0), (0, 2)):
        batch = await preview(STATEMENTS.name, ONE_COLUMN.encode(), "statement.csv", context)
        loaded = result_of(await accept(batch.id, context, lay=True))
        kept_before = {"created": created, "updated": 0, "unchanged": unchanged}
        assert loaded == {**kept_before, "outgoing": 1, "passed_over": 1}
    assert (inside, sheets._laid) == ([False] * 4, {})  # foretold and laid, twice


@pytest.mark.parametrize("who", ["Công ty Lụa", "Tổng công ty Chè"])
async def test_a_company_is_no_total(context: SheetContext, who: str) -> None:
    head = "Ngày;Số tiền;Nội dung;Số bút toán\n24/11/2026;1;ve;A0\n"
    batch = await preview(STATEMENTS.name, f"{head};3.000.000;{who} chuyen tien;A1\n".encode(), "a.csv", context)
    assert [(problem["row"], problem["code"]) for problem in problems_of(batch)] == [(3, "required")]
    assert (await load(f"{head}24/11/2026;3.000.000;{who} chuyen tien;\n", context))["created"] == 2


@pytest.mark.parametrize("row", [f"Tong cong 2 gian {reference_of(range(8))};", "So du tien ve;A1"])
async def test_words_of_a_total_with_a_reference_or_number_are_a_transfer(context: SheetContext, row: str) -> None:
    head = "Ngày;Số tiền;Nội dung;Số bút toán\n"
    assert (await load(f"{head}24/11/2026;3.000.000;{row}\n", context))["created"] == 1


async def test_a_big_statement_is_kept_as_a_whole_or_not_at_all(
    context: SheetContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = await preview(STATEMENTS.name, ONE_COLUMN.encode(), "statement.csv", context)
    with monkeypatch.context() as patch:

        async def ends(*_given: Any, **_named: Any) -> Any:
            raise OSError("the process ends here")

        patch.setattr(sheets, "take_over_statement", ends)
        with pytest.raises(OSError, match="ends here"):
            await accept(batch.id, context, lay=True)
    assert (await kept(), sheets._laid) == ([], {})
    assert result_of(await accept(batch.id, context, lay=True))["created"] == 2
    assert len(await kept()) == 2


@pytest.mark.parametrize(
    ("written", "minor"),
    [
        ("+1,500,000", 1_500_000),
        ("1.500.000,00", 1_500_000),
        ("1 500 000 VND", 1_500_000),
        ("-250,000", -250_000),
        ("- 250.000 ₫", -250_000),
        ("(250.000)", -250_000),
        ("250.000-", -250_000),
        ("0", 0),
        ("-", ""),
        ("Credit", ""),
        (1_500_000.0, 1_500_000),
        (-3, -3),
        ("1.5", None),
        ("1,500,00", None),
        ("1.500,000.00", None),
        ("1e6", None),
        ("9" * 20, None),
        (1.5, None),
        (True, None),
    ],
)
def test_amounts_as_banks_write_them(written: Any, minor: Any) -> None:
    context = SheetContext(edition_id=1, actor=None, now=NOW)
    if minor is None:
        with pytest.raises(CellError):
            amount()(written, context)
    else:
        assert amount()(written, context) == minor


def test_other_currencies_have_decimals() -> None:
    context = SheetContext(edition_id=1, actor=None, now=NOW, currency="EUR")
    assert [amount()(written, context) for written in ("1,500.25", "1.500,2", "7", 12.5)] == [
        150_025,
        150_020,
        700,
        1250,
    ]


@pytest.mark.parametrize(("written", "said"), [("14:02", True), ("24:00", False), ("9h", False), ("Giờ", None)])
def test_times_of_the_day(written: str, said: bool | None) -> None:
    context = SheetContext(edition_id=1, actor=None, now=NOW)
    if said is False:
        with pytest.raises(CellError):
            clock()(written, context)
    else:
        assert bool(clock()(written, context)) == bool(said)


def test_words_for_the_way_of_money() -> None:
    context = SheetContext(edition_id=1, actor=None, now=NOW)
    words = ("Có", "CR", "+", "ghi nợ", "D", "Chuyển khoản")
    assert [direction()(word, context) for word in words] == ["in", "in", "in", "out", "out", ""]

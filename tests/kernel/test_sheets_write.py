import zipfile
from datetime import UTC, date, datetime
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from app.kernel.money import Money
from app.kernel.sheets import Refused, read_table, template_xlsx, write_xlsx
from app.kernel.sheets.delimited import is_formula
from tests.kernel.sheet_samples import COLUMNS

EVIL = ["=1+1", "+1+cmd", "-1+2", "@SUM(A1)", "\t=1", "\r=1", "＝1+1", " =1+1", '=HYPERLINK("http://x.example")']
PHONE = "+84 912 345 678"


@pytest.mark.parametrize("text", EVIL)
def test_no_cell_becomes_a_formula(text: str) -> None:
    data = write_xlsx("List", ["Name", text], [[text, "x"]])
    assert b"<f>" not in zipfile.ZipFile(BytesIO(data)).read("xl/worksheets/sheet1.xml")
    cell = load_workbook(BytesIO(data)).active["A2"]
    assert cell.data_type == "s"
    assert cell.value.startswith("'")
    assert load_workbook(BytesIO(data)).active["B1"].value.startswith("'")


def test_phone_numbers_stay_readable() -> None:
    cell = load_workbook(BytesIO(write_xlsx("L", ["Phone"], [[PHONE]]))).active["A2"]
    assert (cell.value, cell.data_type) == (PHONE, "s")


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=40))
def test_what_was_written_comes_back(text: str) -> None:
    data = write_xlsx("List", ["Name", "Phone"], [[text, "x"]])
    written = load_workbook(BytesIO(data)).active["A2"].value
    assert not is_formula(written) or written.startswith("'")
    if text.strip() and not text.startswith("'"):
        back = read_table(data, "a.xlsx", COLUMNS).rows[0].values[0]
        assert back == text
        assert not isinstance(back, Refused)


def test_values_of_every_kind() -> None:
    moment = datetime(2026, 10, 16, 1, 30, tzinfo=UTC)
    row = ["Lụa", 3, 2.5, True, None, Money(1_250_000, "VND"), Money(1250, "EUR"), date(2026, 10, 16), moment]
    headers = [str(index) for index in range(len(row))]
    sheet = load_workbook(BytesIO(write_xlsx("A/B: [long] title " * 3, headers, [row]))).active
    assert len(sheet.title) <= 31
    assert [cell.value for cell in sheet[2]] == [
        *("Lụa", 3, 2.5, "yes", None, 1_250_000, 12.5),
        datetime(2026, 10, 16),  # noqa: DTZ001 - spreadsheets know no zone
        datetime(2026, 10, 16, 8, 30),  # noqa: DTZ001 - spreadsheets know no zone
    ]
    assert sheet.freeze_panes == "A2"


def test_a_column_is_as_wide_as_what_stands_in_it() -> None:
    moment = datetime(2026, 10, 16, 1, 30, 59, 999_999, tzinfo=UTC)
    row = ["Ngắn", "Một tên dài hơn đầu cột", "a" * 400, "một\nhai ba bốn", moment, None, Money(1_250_000, "VND")]
    headers = ["Name", "Name", "Text", "Lines", "At", "An empty column", "Amount"]
    sheet = load_workbook(BytesIO(write_xlsx("A", headers, [row]))).active
    widths = [int(sheet.column_dimensions[letter].width) for letter in "ABCDEFG"]
    assert widths == [8, 25, 60, 12, 18, 17, 11]
    assert sheet["E2"].value.isoformat() == "2026-10-16T08:30:59"


def test_template_holds_the_headers() -> None:
    sheet = load_workbook(BytesIO(template_xlsx("Samples", COLUMNS))).active
    assert [cell.value for cell in sheet[1]] == ["Name", "Phone", "Price", "Kind", "Opened on"]
    assert sheet.max_row == 1

import contextlib
import csv
import re
import time
import unicodedata
import zipfile
from io import BytesIO, StringIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from app.kernel.sheets import Refused, limits, read_table
from app.kernel.sheets.delimited import is_formula
from app.kernel.sheets.errors import NotASheet, SheetEmpty, SheetEncrypted, SheetTooLarge, WorksheetUnknown
from app.kernel.sheets.model import column_index, letters
from tests.kernel.sheet_samples import COLUMNS, workbook


def rebuilt(data: bytes, change: dict[str, bytes]) -> bytes:
    """The same package with some parts replaced or added."""
    buffer = BytesIO()
    with (
        zipfile.ZipFile(BytesIO(data)) as package,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as changed,
    ):
        for name in package.namelist():
            if name not in change:
                changed.writestr(name, package.read(name))
        for name, content in change.items():
            changed.writestr(name, content)
    return buffer.getvalue()


def test_title_rows_empty_rows_and_real_row_numbers() -> None:
    def prepare(book: Workbook) -> None:
        book.active.merge_cells("A1:C1")

    data = workbook(
        ["DANH SÁCH ĐƠN VỊ THAM GIA"],
        [],
        [None, "Cập nhật: 01/10/2026"],
        ["STT", "Tên đơn vị", "SĐT"],
        [1, "Lụa Vạn Phúc", 912345678],
        [],
        [2, "Gốm Bát Tràng", "0987 654 321"],
        [None, "  ", None],
        [],
        prepare=prepare,
    )
    table = read_table(data, "a.xlsx", COLUMNS)
    assert table.headers == ("STT", "Tên đơn vị", "SĐT")
    assert table.header_row == 4
    assert [(row.number, row.values) for row in table.rows] == [
        (5, (1, "Lụa Vạn Phúc", 912345678)),
        (7, (2, "Gốm Bát Tràng", "0987 654 321")),
    ]


def test_merged_headers_over_two_rows_are_one_header() -> None:
    def prepare(book: Workbook) -> None:
        for cells in ("A1:D1", "A2:A3", "B2:B3", "C2:D2"):
            book.active.merge_cells(cells)

    data = workbook(
        ["DANH SÁCH ĐƠN VỊ THAM GIA"],
        ["Tên đơn vị", "Loại hình", "Liên hệ và giá", None],
        [None, None, "SĐT", "Giá"],
        ["Lụa Vạn Phúc", "company", 912345678, 5],
        prepare=prepare,
    )
    table = read_table(data, "a.xlsx", COLUMNS)
    assert (table.headers, table.header_row) == (("Tên đơn vị", "Loại hình", "SĐT", "Giá"), 3)
    assert [(row.number, row.values) for row in table.rows] == [(4, ("Lụa Vạn Phúc", "company", 912345678, 5))]


def test_a_row_under_the_header_is_no_second_row_of_it() -> None:
    data = workbook(["Tên đơn vị", None, "SĐT"], ["Lụa", "Giá của năm trước", 912345678])
    table = read_table(data, "a.xlsx", COLUMNS)
    assert (table.header_row, len(table.rows)) == (1, 1)


def test_the_worksheet_that_fits_is_taken_and_hidden_ones_are_not() -> None:
    def prepare(book: Workbook) -> None:
        hidden = book.create_sheet("Hidden")
        hidden.append(["Name", "Phone", "Price", "Kind"])
        hidden.append(["No", "0912345678", 1, "company"])
        hidden.sheet_state = "hidden"
        data = book.create_sheet("Dữ liệu")
        data.append(["Name", "Phone"])
        data.append(["Yes", "0912345678"])

    table = read_table(workbook(["How to fill this in"], ["Write one line each"], prepare=prepare), "", COLUMNS)
    assert table.sheet == "Dữ liệu"
    assert table.rows[0].values[0] == "Yes"


def test_of_two_worksheets_that_fit_alike_none_is_taken_until_one_is_named() -> None:
    def prepare(book: Workbook) -> None:
        book.active.title = "Hội trường A"
        other = book.create_sheet("Hội trường B")
        other.append(["Name", "Phone"])
        other.append(["Yes", "0912345678"])

    data = workbook(["Name", "Phone"], ["No", "0912345679"], prepare=prepare)
    both = ("Hội trường A", "Hội trường B")
    table = read_table(data, "", COLUMNS)
    assert (table.sheet, table.alike, table.left_out) == ("", both, both)
    for name, other, value in (("Hội trường B", "Hội trường A", "Yes"), ("Hội trường A", "Hội trường B", "No")):
        table = read_table(data, "", COLUMNS, name)
        assert (table.sheet, table.alike, table.left_out) == (name, (), (other,))
        assert [row.values[0] for row in table.rows] == [value]
    with pytest.raises(WorksheetUnknown) as refused:
        read_table(data, "", COLUMNS, "Hội trường C")
    assert refused.value.params == {"name": "Hội trường C", "known": "“Hội trường A”, “Hội trường B”"}
    with pytest.raises(WorksheetUnknown) as refused:
        read_table(b"Name,Phone\na,1\n", "a.csv", COLUMNS, "A")
    assert refused.value.params == {"name": "A", "known": "–"}


def test_worksheets_that_are_not_read_are_named() -> None:
    def prepare(book: Workbook) -> None:
        other = book.create_sheet("Ghi chú")
        other.append(["Name", "Notes"])
        other.append(["Yes", "later"])

    table = read_table(workbook(["Name", "Phone"], ["No", "0912345679"], prepare=prepare), "", COLUMNS)
    assert (table.rows[0].values[0], table.left_out) == ("No", ("Ghi chú",))


@pytest.mark.parametrize(
    ("address", "formula"), [("B2", "=1+1"), ("B3", '=HYPERLINK("http://x.example","y")'), ("A2", "=SUM(B:B)")]
)
def test_formula_cells_are_refused_where_they_stand(address: str, formula: str) -> None:
    def prepare(book: Workbook) -> None:
        book.active[address] = formula

    table = read_table(workbook(["Name", "Price"], ["a", 1], ["b", 2], prepare=prepare), "", COLUMNS)
    cells = {(row.number, index): value for row in table.rows for index, value in enumerate(row.values)}
    refused = {place for place, value in cells.items() if isinstance(value, Refused)}
    assert refused == {(int(address[1:]), column_index(address))}


def test_a_cached_formula_value_is_not_taken() -> None:
    """Spreadsheets store the last result beside the formula; calamine would give it as the value."""
    data = workbook(["Name", "Price"], ["a", 1])
    sheet = zipfile.ZipFile(BytesIO(data)).read("xl/worksheets/sheet1.xml")
    changed = sheet.replace(b"<v>1</v>", b"<f>1+0</f><v>1</v>")
    prefixed = re.sub(rb"<(/?)(worksheet|sheetData|row|c|f|v)\b", rb"<\1x:\2", changed)
    prefixed = prefixed.replace(b"xmlns=", b"xmlns:x=")
    for content in (changed, prefixed):
        table = read_table(rebuilt(data, {"xl/worksheets/sheet1.xml": content}), "", COLUMNS)
        refused = [value for row in table.rows for value in row.values if isinstance(value, Refused)]
        assert refused == ["=1+0"]


def test_error_values_are_refused_and_text_that_looks_like_a_formula_is_text() -> None:
    def prepare(book: Workbook) -> None:
        book.active["A2"] = "#REF!"
        book.active["B2"] = "=not a formula"
        book.active["B2"].data_type = "s"

    table = read_table(workbook(["Name", "Kind"], [1, 2], prepare=prepare), "", COLUMNS)
    assert isinstance(table.rows[0].values[0], Refused)
    assert table.rows[0].values[1] == "=not a formula"
    assert not isinstance(table.rows[0].values[1], Refused)


def test_decomposed_headers_and_both_header_languages() -> None:
    headers = [unicodedata.normalize("NFD", "Tên đơn vị"), "SỐ  ĐIỆN THOẠI *", "Giá (VNĐ)"]
    table = read_table(workbook(["x", "y", "z"], headers, ["a", "b", "c"]), "", COLUMNS)
    assert table.headers[0] == "Tên đơn vị"
    assert table.header_row == 2


def test_empty_and_doubled_headers_get_names() -> None:
    table = read_table(workbook(["Name", None, "Phone", "Phone"], ["a", 1, 2, 3, "beyond"]), "", COLUMNS)
    assert table.headers == ("Name", "B", "Phone", "Phone (2)", "E")


def test_unknown_headers_are_still_a_table() -> None:
    table = read_table(workbook(["Registration"], ["Wer", "Was"], ["a", "b"]), "", COLUMNS)
    assert table.headers == ("Wer", "Was")


@pytest.mark.parametrize("data", [b"", b"  \n ", workbook(), workbook(["Name", "Phone"]), b"Name,Phone\n"])
def test_nothing_in_it(data: bytes) -> None:
    with pytest.raises(SheetEmpty):
        read_table(data, "", COLUMNS)


@pytest.mark.parametrize(
    "data",
    [
        b"%PDF-1.7 ...",
        b"\x89PNG\r\n\x1a\n\x00\x00\x00",
        b"PK\x03\x04 broken",
        workbook(["Name"], ["a"])[:-40],
        workbook(["Name"], ["a"])[:900],
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 an old workbook",
        bytes(range(256)) * 10,
        b'Name,Phone\n"' + b"x" * 200_000,
    ],
)
def test_no_sheet(data: bytes) -> None:
    with pytest.raises(NotASheet):
        read_table(data, "list.xlsx", COLUMNS)


@given(st.binary(max_size=300), st.integers(0, 5_000))
def test_damage_is_an_answer_and_no_crash(noise: bytes, position: int) -> None:
    whole = workbook(["Name", "Phone"], ["a", 912345678])
    position %= len(whole)
    damaged = whole[:position] + noise + whole[position + len(noise) :]
    with contextlib.suppress(NotASheet, SheetEmpty, SheetEncrypted, SheetTooLarge):
        read_table(damaged, "", COLUMNS)


def test_password() -> None:
    data = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600 + "EncryptedPackage".encode("utf-16-le")
    with pytest.raises(SheetEncrypted):
        read_table(data, "a.xlsx", COLUMNS)


def test_too_many_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_BYTES", 1_000)
    with pytest.raises(SheetTooLarge) as caught:
        read_table(b"Name\n" + b"x\n" * 1_000, "a.csv", COLUMNS)
    assert "100000 rows" in caught.value.sentence()


@pytest.mark.parametrize("data", [workbook(["Name"], *[["a"]] * 60), b"Name\n" + b"a\n" * 60])
def test_too_many_rows(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(read_table(data, "", COLUMNS).rows) == 60
    monkeypatch.setattr(limits, "MAX_ROWS", 59)
    with pytest.raises(SheetTooLarge):
        read_table(data, "", COLUMNS)


def test_one_value_in_a_far_corner_is_refused_before_it_fills_the_memory() -> None:
    def prepare(book: Workbook) -> None:
        book.active.cell(99_000, 190).value = "x"

    started = time.monotonic()
    with pytest.raises(SheetTooLarge):
        read_table(workbook(["Name"], ["a"], prepare=prepare), "", COLUMNS)
    assert time.monotonic() - started < 2


def test_formats_in_a_far_corner_do_no_harm() -> None:
    def prepare(book: Workbook) -> None:
        book.active.cell(1_000_000, 300).number_format = "0.00"

    assert len(read_table(workbook(["Name", "Phone"], ["a", 1], prepare=prepare), "", COLUMNS).rows) == 1


def test_bombs(monkeypatch: pytest.MonkeyPatch) -> None:
    data = workbook(["Name", "Phone"], ["a", 1])
    bomb = rebuilt(data, {"xl/worksheets/sheet2.xml": b" " * 30_000_000})
    assert len(bomb) < 100_000
    with pytest.raises(SheetTooLarge):
        read_table(bomb, "", COLUMNS)
    monkeypatch.setattr(limits, "MAX_UNPACK_RATIO", 10**9)
    read_table(bomb, "", COLUMNS)
    monkeypatch.setattr(limits, "MAX_UNPACKED_BYTES", 20_000_000)
    with pytest.raises(SheetTooLarge):
        read_table(bomb, "", COLUMNS)


def test_a_bomb_that_lies_about_its_size_is_no_sheet() -> None:
    data = rebuilt(workbook(["Name", "Phone"], ["a", 1]), {"xl/worksheets/sheet2.xml": b" " * 30_000_000})
    with zipfile.ZipFile(BytesIO(data)) as package:
        entry = package.getinfo("xl/worksheets/sheet2.xml")
    lying = data.replace(entry.file_size.to_bytes(4, "little"), (1_000).to_bytes(4, "little"))
    assert lying != data
    with pytest.raises((NotASheet, SheetTooLarge)):
        read_table(lying, "", COLUMNS)


def test_entities_are_refused() -> None:
    data = workbook(["Name", "Phone"], ["a", 1])
    laughs = b'<!DOCTYPE w [<!ENTITY a "ha">]><workbook>&a;</workbook>'
    with pytest.raises(NotASheet):
        read_table(rebuilt(data, {"xl/workbook.xml": laughs}), "", COLUMNS)


def test_pictures_are_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    data = rebuilt(workbook(["Name", "Phone"], ["a", 1]), {"xl/media/image1.xml": b" " * 30_000_000})
    assert len(read_table(data, "", COLUMNS).rows) == 1


# CSV


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_csv_of_every_spreadsheet(delimiter: str, encoding: str) -> None:
    buffer = StringIO()
    writer = csv.writer(buffer, delimiter=delimiter)
    writer.writerows([["Tên", "SĐT", "Giá"], ["Lụa, gấm; thêu", "+84 912 345 678", "1.250.000"], ["b\nc", "", "-5"]])
    table = read_table(buffer.getvalue().encode(encoding), "a.csv", COLUMNS)
    assert table.headers == ("Tên", "SĐT", "Giá")
    assert [row.values for row in table.rows] == [
        ("Lụa, gấm; thêu", "+84 912 345 678", "1.250.000"),
        ("b\nc", None, "-5"),
    ]


def test_windows_1258() -> None:
    """The code page writes tones as marks of their own."""
    data = unicodedata.normalize("NFC", "Tên;SĐT\r\nMẹ Hường;0912345678\r\n")
    pieces = "".join(
        unicodedata.normalize("NFC", "".join(part for part in unicodedata.normalize("NFD", c) if part not in TONES))
        + "".join(part for part in unicodedata.normalize("NFD", c) if part in TONES)
        for c in data
    )
    table = read_table(pieces.encode("cp1258"), "a.csv", COLUMNS)
    assert unicodedata.normalize("NFC", str(table.rows[0].values[0])) == "Mẹ Hường"


TONES = "\u0300\u0301\u0303\u0309\u0323"


def test_excel_says_its_delimiter() -> None:
    table = read_table(b"sep=;\r\nName;Phone, mobile\r\na;1,2,3\r\n", "a.csv", COLUMNS)
    assert table.headers == ("Name", "Phone, mobile")
    assert table.rows[0].number == 2


@pytest.mark.parametrize(
    "text",
    ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3+cmd", "- dash", " =1", "＝1+1", "+84=1", "+84912345678+1"],
)
def test_text_that_a_spreadsheet_would_compute(text: str) -> None:
    assert is_formula(text)
    table = read_table(f'Name,Phone\n"{text}",x\n'.encode(), "a.csv", COLUMNS)
    assert isinstance(table.rows[0].values[0], Refused)


@pytest.mark.parametrize(
    "text", ["+84 912 345 678", "+84912345678", "+62 (0)812-3456-789", "-5", "+3,5", "-1.250.000 ₫", "a=b", "1-2"]
)
def test_text_that_is_harmless(text: str) -> None:
    assert not is_formula(text)
    table = read_table(f'Name,Phone\n"{text}",x\n'.encode(), "a.csv", COLUMNS)
    assert table.rows[0].values[0] == text


@given(st.integers(0, 20_000))
def test_column_letters(index: int) -> None:
    assert column_index(letters(index) + "12") == index


def test_wide_rows() -> None:
    many: list[Any] = [f"h{index}" for index in range(201)]
    with pytest.raises(SheetTooLarge):
        read_table(workbook(many, many), "", COLUMNS)
    with pytest.raises(SheetTooLarge):
        read_table((",".join(many) + "\n").encode() * 2, "", COLUMNS)


@pytest.mark.parametrize("name", ["thu.xlsx", "thu.xls", "thu.ods"])
def test_a_letter_with_a_workbooks_name_is_no_sheet(name: str) -> None:
    with pytest.raises(NotASheet):
        read_table("Kính gửi Quý vị".encode(), name, COLUMNS)
    with pytest.raises(SheetEmpty):
        read_table(b"Name,Phone", "list.csv", COLUMNS)

"""XLS and ODS, as ugly as they come in."""

import contextlib
import unicodedata
from datetime import date, datetime, time
from typing import Any

import pytest
import xlwt
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.i18n import use_locale
from app.kernel.money import Money
from app.kernel.sheets import Refused, examine, limits, read_table
from app.kernel.sheets.errors import NotASheet, SheetEmpty, SheetEncrypted, SheetTooLarge
from app.kernel.sheets.model import shown
from tests.kernel.office_samples import nothing, ods, row, text, value, xls
from tests.kernel.sheet_samples import COLUMNS, CONTEXT, make_kind, workbook

DECOMPOSED = unicodedata.normalize("NFD", "Hợp tác xã Mây tre Phú Vinh")
HEADERS = ("STT", "Tên đơn vị", "SĐT", "Giá", "Loại hình", "Ngày mở")


def old_workbook() -> bytes:
    """A list as an office keeps it: titles over merged cells, a remark below, phones that lost their zero."""

    def prepare(book: xlwt.Workbook, sheet: xlwt.Worksheet) -> None:
        sheet.merge(0, 0, 0, 5)
        hidden = book.add_sheet("Cũ")
        for column, header in enumerate(HEADERS):
            hidden.write(0, column, header)
            hidden.write(1, column, "x")
        hidden.visibility = 1
        sheet.write(3_005, 2, "")

    return xls(
        ["DANH SÁCH ĐĂNG KÝ NĂM 2026"],
        [],
        [None, None, "Cập nhật 01/10/2026"],
        HEADERS,
        [1, "Lụa Vạn Phúc", 912345678, 350000, "Hộ kinh doanh", date(2019, 3, 8)],
        [],
        [2, DECOMPOSED, "'0987 654 321", "1.250.000 đ", "CÔNG TY", "15/08/2020"],
        prepare=prepare,
    )


def open_document() -> bytes:
    """The same list from LibreOffice, which repeats what is alike to the end of the sheet."""
    rows = [
        row(text("DANH SÁCH ĐĂNG KÝ NĂM 2026", 'table:number-columns-spanned="6"'), nothing(16_378)),
        row(nothing(16_384), repeat=2),
        row(*(text(one) for one in HEADERS), nothing(16_378)),
        row(
            value("float", "1"),
            text("Lụa Vạn Phúc"),
            value("float", "912345678"),
            value("float", "350000"),
            text("Hộ kinh doanh"),
            value("date", "2019-03-08"),
        ),
        row(nothing(16_384)),
        row(
            value("float", "2"),
            text(DECOMPOSED),
            text("0987 654 321"),
            text("1.250.000 đ"),
            text("CÔNG TY"),
            text("15/08/2020"),
        ),
        row(nothing(16_384), repeat=1_048_569),
    ]
    hidden = row(*(text(one) for one in HEADERS)) + row(*(text("x") for _each in HEADERS))
    styles = '<style:style style:name="ta9"><style:table-properties table:display="false"/></style:style>'
    return ods(
        ('table:name="Cũ" table:style-name="ta9"', hidden), ('table:name="Danh sách"', "".join(rows)), styles=styles
    )


@pytest.mark.parametrize("data", [old_workbook(), open_document()], ids=["xls", "ods"])
async def test_an_ugly_list_is_read_as_it_was_meant(data: bytes) -> None:
    table = read_table(data, "list", COLUMNS)
    assert (table.headers, table.header_row) == (HEADERS, 4)
    assert [one.number for one in table.rows] == [5, 7]
    examined = await examine(make_kind(), table, CONTEXT)
    assert list(examined.problems) == []
    assert [one.values for one in examined.rows] == [
        {
            "name": "Lụa Vạn Phúc",
            "phone": "+84912345678",
            "price_vnd": Money(350_000, "VND"),
            "kind": "household",
            "opened_on": date(2019, 3, 8),
        },
        {
            "name": "Hợp tác xã Mây tre Phú Vinh",
            "phone": "+84987654321",
            "price_vnd": Money(1_250_000, "VND"),
            "kind": "company",
            "opened_on": date(2020, 8, 15),
        },
    ]


def grouped_workbook() -> bytes:
    """Headers over two rows: a group over two columns, and columns over both rows."""

    def prepare(_book: xlwt.Workbook, sheet: xlwt.Worksheet) -> None:
        sheet.merge(0, 1, 0, 0)
        sheet.merge(0, 0, 1, 2)

    return xls(["Tên đơn vị", "Liên hệ và giá"], [None, "SĐT", "Giá"], ["Lụa Vạn Phúc", 912345678, 5], prepare=prepare)


def grouped_document() -> bytes:
    """The same from LibreOffice, which writes the cells that others cover."""
    covered = "<table:covered-table-cell/>"
    rows = [
        row(
            text("Tên đơn vị", 'table:number-rows-spanned="2"'),
            text("Liên hệ và giá", 'table:number-columns-spanned="2"'),
            covered,
        ),
        row(covered, text("SĐT"), text("Giá")),
        row(text("Lụa Vạn Phúc"), value("float", "912345678"), value("float", "5")),
    ]
    return ods(('table:name="Danh sách"', "".join(rows)))


@pytest.mark.parametrize("data", [grouped_workbook(), grouped_document()], ids=["xls", "ods"])
def test_merged_headers_over_two_rows_are_one_header(data: bytes) -> None:
    table = read_table(data, "list", COLUMNS)
    assert (table.headers, table.header_row) == (("Tên đơn vị", "SĐT", "Giá"), 2)
    assert [(one.number, one.values) for one in table.rows] == [(3, ("Lụa Vạn Phúc", 912345678, 5))]


def test_three_thousand_empty_rows_are_none() -> None:
    gap: list[list[None]] = [[]] * 3_000
    for data in (
        xls(["Name"], ["a"], *gap, ["b"]),
        ods(("", row(text("Name")) + row(text("a")) + row(nothing(16_384), repeat=3_000) + row(text("b")))),
        workbook(["Name"], ["a"], *gap, ["b"]),
        ("Name,Phone\na,\n" + ",\n" * 3_000 + "b,\n").encode(),
    ):
        assert [one.number for one in read_table(data, "", COLUMNS).rows] == [2, 3_003]


def test_formulas_of_an_old_workbook_are_refused_where_they_stand() -> None:
    data = xls(["Name", "Price"], ["a", xlwt.Formula("1+1")], ["b", 7])
    assert [one.values for one in read_table(data, "", COLUMNS).rows] == [("a", Refused("=")), ("b", 7)]
    assert isinstance(read_table(data, "", COLUMNS).rows[0].values[1], Refused)


def test_formulas_and_errors_of_an_open_document_are_refused_where_they_stand() -> None:
    computed = value("float", "2", 'table:formula="of:=[.A1]+1"')
    broken = text("#REF!", 'calcext:value-type="error"')
    data = ods(("", row(text("Name"), text("Price")) + row(text("a"), computed) + row(text("b"), broken)))
    values = [one.values[1] for one in read_table(data, "", COLUMNS).rows]
    assert values == ["=[.A1]+1", "#REF!"]
    assert all(isinstance(one, Refused) for one in values)


def test_values_of_every_kind_in_an_open_document() -> None:
    remark = "<office:annotation><text:p>gọi lại</text:p></office:annotation>"
    lines = text("-").replace("<text:p>-", f'{remark}<text:p>một<text:s text:c="2"/>hai</text:p><text:p>ba')
    cells: list[tuple[str, Any]] = [
        (lines, "một  hai\nba"),
        (value("float", "1.5"), 1.5),
        (value("date", "2026-10-16T08:30:00"), datetime.fromisoformat("2026-10-16T08:30:00")),
        (value("time", "PT08H30M00S"), time(8, 30)),
        (value("boolean", "true"), True),
    ]
    data = ods(("", row(*(text(f"H{number}") for number in range(5))) + row(*(cell for cell, _meant in cells))))
    assert read_table(data, "").rows[0].values == tuple(meant for _cell, meant in cells)


def test_a_row_that_repeats_is_there_as_often() -> None:
    data = ods(("", row(text("Name")) + row(text("a"), repeat=3)))
    assert [(one.number, one.values) for one in read_table(data, "").rows] == [(2, ("a",)), (3, ("a",)), (4, ("a",))]


@pytest.mark.parametrize(
    "rows",
    [
        row(text("a"), repeat=10_000_000),
        row(text("a", 'table:number-columns-repeated="16384"')),
        row(nothing(300), text("a")),
    ],
)
def test_what_repeats_beyond_the_limits_is_refused_before_it_fills_the_memory(rows: str) -> None:
    with pytest.raises(SheetTooLarge):
        read_table(ods(("", row(text("Name")) + rows)), "")


def test_an_open_document_that_unpacks_beyond_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_UNPACKED_BYTES", 2_000)
    data = ods(("", row(text("Name")) + row(*(text(f"a{number}") for number in range(100)))))
    with pytest.raises(SheetTooLarge):
        read_table(data, "")


def test_too_many_columns_of_an_old_workbook(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_COLUMNS", 3)
    with pytest.raises(SheetTooLarge):
        read_table(xls(["a", "b", "c", "d"], [1, 2, 3, 4]), "")


def test_passwords() -> None:
    entry = '<manifest:file-entry manifest:full-path="content.xml"><manifest:encryption-data/></manifest:file-entry>'
    with pytest.raises(SheetEncrypted):
        read_table(ods(("", ""), manifest=entry), "")
    whole = xls(["Name"], ["a"])
    begin = whole.index(b"\x09\x08\x10\x00")  # where the workbook begins; a record that says "encrypted" goes after it
    locked = whole[: begin + 20] + b"\x2f\x00\x36\x00\x01\x00" + b"\x00" * 52 + whole[begin + 20 + 58 :]
    with pytest.raises(SheetEncrypted):
        read_table(locked, "")


def test_entities_are_refused() -> None:
    bomb = b'<!DOCTYPE a [<!ENTITY b "bb">]><a>&b;</a>'
    with pytest.raises(NotASheet):
        read_table(ods(("", ""), extra={"content.xml": bomb}), "")


@pytest.mark.parametrize("whole", [xls(["Name", "Phone"], ["a", 912345678]), open_document()], ids=["xls", "ods"])
@given(noise=st.binary(max_size=300), position=st.integers(0, 8_000))
def test_damage_is_an_answer_and_no_crash(whole: bytes, noise: bytes, position: int) -> None:
    position %= len(whole)
    damaged = whole[:position] + noise + whole[position + len(noise) :]
    with contextlib.suppress(NotASheet, SheetEmpty, SheetEncrypted, SheetTooLarge):
        read_table(damaged, "", COLUMNS)


def test_another_package_is_no_sheet() -> None:
    data = ods(("", ""))
    with pytest.raises(NotASheet):
        read_table(data.replace(b"content.xml", b"comment.xml"), "")
    assert read_table(workbook(["Name"], ["a"]), "").rows[0].values == ("a",)


@pytest.mark.parametrize(
    ("locale", "expected"), [("vi", ["08/03/2019", "16/10/2026 08:30"]), ("en", ["8 Mar 2019", "16 Oct 2026 08:30"])]
)
def test_a_preview_shows_days_as_its_reader_writes_them(locale: str, expected: list[str]) -> None:
    days = [datetime.fromisoformat("2019-03-08T00:00:00"), datetime.fromisoformat("2026-10-16T08:30:00")]
    with use_locale(locale):
        assert [shown(day) for day in days] == expected
        assert shown(days[0].date()) == expected[0]

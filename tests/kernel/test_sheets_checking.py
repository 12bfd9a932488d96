import unicodedata
from collections.abc import Sequence

import pytest

from app.kernel.i18n import use_locale
from app.kernel.money import Money
from app.kernel.sheets import CellProblem, Column, SheetContext, SheetKind, SheetRow, checking, examine, read_table
from app.kernel.sheets import parsers as parse
from app.kernel.sheets.checking import check_mapping, kind, kinds, register_kind
from app.kernel.sheets.columns import recognise
from app.kernel.sheets.errors import MappingUnknown, SheetKindUnknown
from tests.kernel.sheet_samples import COLUMNS, CONTEXT, load_nothing, make_kind, places, workbook


@pytest.mark.parametrize(
    "headers",
    [
        ["Name", "Phone", "Price", "Kind", "Opened on"],
        ["TÊN ĐƠN VỊ", "sđt", "Giá (VNĐ)", "Loại  hình *", "Ngày mở"],
        ["ten don vi", "So dien thoai", "gia", "loai hinh", "ngay mo"],
        ["Nama", "No. HP", "Harga", "Jenis", "dibuka"],
        [unicodedata.normalize("NFD", text) for text in ("Tên", "Số điện thoại", "Giá", "Loại hình", "Ngày mở")],
        ["name", "phone", "price_vnd", "kind", "opened_on"],
        ["Tên / Name", "Số điện thoại / Phone", "Giá | Price", "Loại hình: Kind", "Ngày mở (dd/mm)"],
    ],
)
def test_headers_of_three_languages(headers: list[str]) -> None:
    found = recognise(headers, COLUMNS)
    assert [found.get(header) for header in headers] == ["name", "phone", "price_vnd", "kind", "opened_on"]


def test_a_column_is_taken_once_the_surest_reading_first() -> None:
    assert recognise(["Name (shop)", "Name", "Tên"], COLUMNS) == {"Name": "name"}
    assert recognise(["Tên Name"], COLUMNS) == {"Tên Name": "name"}
    assert recognise(["Tên Shop"], COLUMNS) == {}


async def test_rows_are_parsed() -> None:
    data = workbook(["Tên", "SĐT", "Giá", "Loại hình"], ["Lụa Vạn Phúc", 912345678, "1.250.000 ₫", "Hộ kinh doanh"])
    found = await examine(make_kind(), read_table(data, "", COLUMNS), CONTEXT)
    assert found.problems == ()
    row = found.rows[0]
    assert row.number == 2
    assert row.values == {
        "name": "Lụa Vạn Phúc",
        "phone": "+84912345678",
        "price_vnd": Money(1_250_000, "VND"),
        "kind": "household",
    }
    assert row["opened_on"] is None
    assert row.has("price_vnd")
    assert not row.has("opened_on")


async def test_each_bad_cell_has_its_place_value_and_reason() -> None:
    data = workbook(
        ["Danh sách"],
        ["Tên", "SĐT", "Giá", "Loại hình"],
        ["Lụa", "không có", "rẻ", "hợp tác xã"],
        [None, "0912345678", "=1+1", "công ty"],
        ["\u200b", "0912345678", 1, "công ty"],
        ["Gốm", "0912345678", 1, "công ty"],
    )
    with use_locale("vi"):
        found = await examine(make_kind(), read_table(data, "", COLUMNS), CONTEXT)
    assert places(found.problems) == [
        (3, "B", "not_a_phone"),
        (3, "C", "not_money"),
        (3, "D", "not_a_choice"),
        (4, "A", "required"),
        (4, "C", "formula"),
        (5, "A", "required"),
    ]
    assert [(problem.header, problem.value) for problem in found.problems[:2]] == [("SĐT", "không có"), ("Giá", "rẻ")]
    assert all(problem.sentence() and "{" not in problem.sentence() for problem in found.problems)
    assert [row["name"] for row in found.rows] == ["Gốm"]


async def test_doubled_rows_name_the_first() -> None:
    data = workbook(["Name"], ["Lụa Vạn Phúc"], ["lụa  vạn phúc "], ["Lúa Vạn Phúc"])
    found = await examine(make_kind(), read_table(data, "", COLUMNS), CONTEXT)
    assert places(found.problems) == [(3, "A", "doubled_row")]
    assert "2" in found.problems[0].sentence()


async def test_key_may_be_a_function() -> None:
    def phone_or_name(row: SheetRow) -> str | None:
        return row["phone"]

    sheet_kind = SheetKind("x", "x", COLUMNS, load_nothing, key=phone_or_name)
    data = workbook(["Name", "Phone"], ["a", "0912345678"], ["b", 912345678], ["c", None], ["d", None])
    found = await examine(sheet_kind, read_table(data, "", COLUMNS), CONTEXT)
    assert places(found.problems) == [(3, "A", "doubled_row")]


async def test_missing_required_column_is_said_once_and_the_database_is_not_asked() -> None:
    async def check(_rows: Sequence[SheetRow], _context: SheetContext) -> list[CellProblem]:
        raise AssertionError

    with use_locale("vi"):
        found = await examine(make_kind(check=check), read_table(workbook(["SĐT"], [912345678]), "", COLUMNS), CONTEXT)
    assert [(problem.code, problem.header) for problem in found.problems] == [("column_missing", "Tên đơn vị")]


async def test_the_kind_looks_across_rows() -> None:
    async def check(rows: Sequence[SheetRow], context: SheetContext) -> list[CellProblem]:
        assert context is CONTEXT
        return [row.problem("phone", "taken", "Somebody has it.") for row in rows if row["phone"]]

    data = workbook(["Name", "Phone"], ["a", 912345678], [None, 1], ["c", "0987654321"])
    found = await examine(make_kind(check=check), read_table(data, "", COLUMNS), CONTEXT)
    assert places(found.problems) == [
        (2, "B", "taken"),
        (3, "A", "required"),
        (3, "B", "not_a_phone"),
        (4, "B", "taken"),
    ]
    assert found.problems[0].value == "912345678"


async def test_mapping_by_hand() -> None:
    table = read_table(workbook(["Wer", "Nummer"], ["a", 912345678]), "", COLUMNS)
    mapping = check_mapping({"Wer": "name", "Nummer": "phone", "Gone": "kind"}, table.headers, COLUMNS)
    assert mapping == {"Wer": "name", "Nummer": "phone"}
    found = await examine(make_kind(), table, CONTEXT, mapping)
    assert found.rows[0].values == {"name": "a", "phone": "+84912345678"}
    with pytest.raises(MappingUnknown):
        check_mapping({"Wer": "nothing"}, table.headers, COLUMNS)
    with pytest.raises(MappingUnknown):
        check_mapping({"Wer": "name", "Nummer": "name"}, table.headers, COLUMNS)


def test_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "_kinds", {})
    one = make_kind(name="one")
    register_kind(one)
    register_kind(one)
    register_kind(make_kind(name="another"))
    assert kind("one") is one
    assert [known.name for known in kinds()] == ["one", "another"]
    with pytest.raises(ValueError, match="one"):
        register_kind(make_kind(name="one"))
    with pytest.raises(SheetKindUnknown):
        kind("two")


def test_labels() -> None:
    column = Column("x", {"en": ["X", "Ex"]}, parse.text())
    with use_locale("vi"):
        assert column.label() == "X"
        assert COLUMNS[0].label() == "Tên đơn vị"
    assert COLUMNS[0].label("id") == "Nama"

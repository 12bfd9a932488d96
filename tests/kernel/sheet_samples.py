"""Ugly sheets, made as people make them, and a small kind that reads them."""

import csv
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from io import BytesIO, StringIO
from typing import Any

from openpyxl import Workbook

from app.kernel.i18n import N_
from app.kernel.sheets import CellProblem, Column, LoadResult, SheetContext, SheetKind, SheetRow
from app.kernel.sheets import parsers as parse

NOW = datetime(2026, 10, 16, 1, 30, tzinfo=UTC)
CONTEXT = SheetContext(edition_id=1, actor=None, now=NOW)

SIZES = {
    "household": {"en": ["household business"], "vi": ["hộ kinh doanh"], "id": ["usaha rumah tangga"]},
    "company": {"en": ["company"], "vi": ["công ty", "doanh nghiệp"], "id": ["perusahaan"]},
}
COLUMNS = (
    Column("name", {"en": ["Name"], "vi": ["Tên đơn vị", "Tên"], "id": ["Nama"]}, parse.text(60), required=True),
    Column(
        "phone",
        {"en": ["Phone", "Mobile"], "vi": ["Số điện thoại", "SĐT"], "id": ["Telepon", "No. HP"]},
        parse.phone(),
    ),
    Column("price_vnd", {"en": ["Price"], "vi": ["Giá"], "id": ["Harga"]}, parse.money()),
    Column("kind", {"en": ["Kind"], "vi": ["Loại hình"], "id": ["Jenis"]}, parse.choice(SIZES)),
    Column("opened_on", {"en": ["Opened on"], "vi": ["Ngày mở"], "id": ["Dibuka"]}, parse.day()),
)


async def load_nothing(rows: Sequence[SheetRow], _context: SheetContext) -> LoadResult:
    return LoadResult(created=len(rows))


def make_kind(
    load: Any = load_nothing,
    check: Callable[..., Any] | None = None,
    *,
    name: str = "samples",
    columns: Sequence[Column] = COLUMNS,
) -> SheetKind:
    return SheetKind(name=name, title=N_("Name"), columns=columns, load=load, check=check, key=("name",))


def workbook(*rows: Sequence[Any], prepare: Callable[[Workbook], None] | None = None) -> bytes:
    """An XLSX file with these rows in its first worksheet."""
    book = Workbook()
    for row in rows:
        book.active.append(list(row))
    if prepare is not None:
        prepare(book)
    buffer = BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def two_halves(headers: Sequence[str], first: Sequence[Any], second: Sequence[Any], name: str = "Second") -> bytes:
    """An XLSX file of two worksheets, First and another one, each with these headers and a row of its own."""

    def prepare(book: Workbook) -> None:
        book.active.title = "First"
        other = book.create_sheet(name)
        for row in (headers, second):
            other.append(list(row))

    return workbook(headers, first, prepare=prepare)


def write_csv(headers: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
    """A CSV file as a spreadsheet saves it: UTF-8 with its mark."""
    text = StringIO(newline="")
    csv.writer(text).writerows([headers, *rows])
    return text.getvalue().encode("utf-8-sig")


def places(problems: Sequence[CellProblem]) -> list[tuple[int, str, str]]:
    """Row, column and code of each problem."""
    return [(problem.row, problem.column, problem.code) for problem in problems]

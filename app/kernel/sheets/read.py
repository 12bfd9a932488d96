"""From the bytes of an upload to headers and rows."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import zip_longest

from app.kernel.names import clean_text
from app.kernel.sheets import limits, ods, xlsx
from app.kernel.sheets.columns import Column, recognise
from app.kernel.sheets.delimited import read_delimited, restored
from app.kernel.sheets.errors import NotASheet, SheetEmpty, SheetTooLarge, WorksheetUnknown
from app.kernel.sheets.model import RawRow, RawTable, Refused, Value, is_empty, letters, quoted
from app.kernel.sheets.package import unpack
from app.kernel.sheets.xls import OLE_SIGNATURE, read_xls

PACKAGE_SIGNATURE = b"PK\x03\x04"


def read_table(data: bytes, filename: str = "", columns: Sequence[Column] = (), worksheet: str = "") -> RawTable:
    """Read the worksheet of this name or, without one, that whose headers match most ``columns``.

    When several match alike the table is the first of them and says so (``alike``): somebody has to choose.
    Raises WorksheetUnknown, and what ``read_tables`` raises.
    """
    filled = read_tables(data, filename, columns)
    names = tuple(table.sheet for table in filled)
    if worksheet:
        best = next((table for table in filled if table.sheet == worksheet), None)
        if best is None:
            raise WorksheetUnknown(name=worksheet, known=quoted(name for name in names if name) or "–")
    else:
        scores = [_score(table.headers, columns) for table in filled]
        best = filled[scores.index(max(scores))]
        alike = tuple(name for name, score in zip(names, scores, strict=True) if score == max(scores))
        if max(scores) > 0 and len(alike) > 1:
            return replace(best, sheet="", left_out=names, alike=alike)
    if len(best.rows) > limits.MAX_ROWS:
        raise SheetTooLarge
    return replace(best, left_out=tuple(name for name in names if name != best.sheet))


def read_tables(data: bytes, filename: str = "", columns: Sequence[Column] = ()) -> list[RawTable]:
    """Read every worksheet with rows of an XLSX, XLS, ODS or CSV file; what it is, its content says, not its name.

    Of the first rows of each, the row that matches most ``columns`` is the header, or two rows one under the other that
    match more together, as merged cells make them; what stands above it is a title.
    Raises NotASheet, SheetEncrypted, SheetTooLarge, and SheetEmpty when none has rows.
    """
    if len(data) > limits.MAX_BYTES:
        raise SheetTooLarge
    if not data.strip():
        raise SheetEmpty
    if data[:4] == PACKAGE_SIGNATURE:
        grids = _read_package(data)
    elif data[:8] == OLE_SIGNATURE:
        grids = read_xls(data)
    elif data[:5] == b"%PDF-" or filename.lower().endswith((".pdf", ".png", ".jpg", ".docx", ".zip")):
        raise NotASheet
    else:
        grids = [("", read_delimited(data))]
    tables = [table for name, rows in grids if (table := _table(name, rows, columns)) is not None]
    if not tables:
        raise SheetEmpty
    filled = [table for table in tables if table.rows]
    if not filled:
        is_text = data[:4] != PACKAGE_SIGNATURE and data[:8] != OLE_SIGNATURE
        raise NotASheet if is_text and filename.lower().endswith((".xlsx", ".xls", ".ods")) else SheetEmpty
    return filled


def _read_package(data: bytes) -> list[tuple[str, list[RawRow]]]:
    parts = unpack(data, (*xlsx.NOT_NEEDED, *ods.NOT_NEEDED))
    if xlsx.WORKBOOK in parts:
        return xlsx.read_xlsx(parts)
    if ods.CONTENT in parts:
        return ods.read_ods(parts)
    raise NotASheet


def _table(name: str, grid: list[RawRow], columns: Sequence[Column]) -> RawTable | None:
    filled = [row for row in grid if not is_empty(row.values)]
    heads = filled[: limits.MAX_TITLE_ROWS]
    if not heads:
        return None
    found = [(_score(_headers(row.values), columns), index, row.values) for index, row in enumerate(heads)]
    found += [
        (_score(_headers(both), columns), index, both)
        for index, both in enumerate(map(_both, heads, heads[1:]), start=1)
    ]
    score, position, names = max(found, key=lambda one: one[0])
    if score == 0:
        wide = (index for index, row in enumerate(heads) if sum(isinstance(value, str) for value in row.values) > 1)
        position = next(wide, 0)
        names = heads[position].values
    headers = _headers(names)
    width = max((len(row.values) for row in filled[position + 1 :]), default=0)
    headers += tuple(letters(index) for index in range(len(headers), width))
    rows = (RawRow(row.number, tuple(_plain(value) for value in row.values)) for row in filled[position + 1 :])
    return RawTable(headers, heads[position].number, tuple(rows), name)


def _both(upper: RawRow, lower: RawRow) -> tuple[Value, ...]:
    """Two rows of headers as one: merged cells name a group above its columns, or a column over both rows."""
    pairs = zip_longest(upper.values, lower.values)
    return tuple(above if below is None or not str(below).strip() else below for above, below in pairs)


def _score(headers: Sequence[str], columns: Sequence[Column]) -> int:
    return len(recognise(headers, columns))


def _headers(values: Sequence[Value]) -> tuple[str, ...]:
    """Name every column: an empty header gets the column's letters, a repeated one a number."""
    seen: dict[str, int] = {}
    names = []
    for index, value in enumerate(values):
        name = clean_text(str(value))[:120] if value is not None else ""
        name = name or letters(index)
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return tuple(names)


def _plain(value: Value) -> Value:
    """Undo what an export added; an empty text is no value."""
    if isinstance(value, str) and not isinstance(value, Refused):
        return restored(value) if value.strip() else None
    return value

"""Reading XLS, the workbooks of Excel before 2007, which offices still send."""

import struct
from collections.abc import Iterator
from datetime import datetime
from io import StringIO

import xlrd
from xlrd.compdoc import CompDocError

from app.kernel.sheets import limits
from app.kernel.sheets.errors import NotASheet, SheetEncrypted, SheetTooLarge
from app.kernel.sheets.model import RawRow, Refused, Value

OLE_SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")
_BOUNDSHEET, _FORMULA, _END = 0x0085, 0x0006, 0x000A
#: What xlrd raises for workbooks that are damaged, each for another damage.
_DAMAGE = (
    *(xlrd.XLRDError, CompDocError, struct.error, ValueError, LookupError, AssertionError, TypeError),
    *(AttributeError, ArithmeticError, EOFError, NotImplementedError),
)


def read_xls(data: bytes) -> list[tuple[str, list[RawRow]]]:
    """Give name and rows of each visible worksheet; formulas and error values come as ``Refused``.

    Raises NotASheet, SheetEncrypted or SheetTooLarge.
    """
    if ENCRYPTED_STREAM in data:  # a new workbook under a password comes in the old wrapping
        raise SheetEncrypted
    try:
        book = xlrd.open_workbook(file_contents=data, on_demand=True, ragged_rows=True, logfile=StringIO())
        if book.nsheets > limits.MAX_WORKSHEETS:
            raise SheetTooLarge
        formulas = dict(_formulas(bytes(book.mem[book.base : book.base + book.stream_len])))
        visible = [index for index in range(book.nsheets) if book._sheet_visibility[index] == 0]
        return [_sheet(book, index, formulas.get(index, set())) for index in visible]
    except xlrd.XLRDError as error:
        raise SheetEncrypted if "encrypted" in str(error).lower() else NotASheet from error
    except _DAMAGE as error:
        raise NotASheet from error


def _sheet(book: xlrd.book.Book, index: int, formulas: set[tuple[int, int]]) -> tuple[str, list[RawRow]]:
    sheet = book.sheet_by_index(index)
    lengths = [sheet.row_len(row) for row in range(sheet.nrows)]
    if max(lengths, default=0) > limits.MAX_COLUMNS or sum(lengths) > limits.MAX_CELLS:
        raise SheetTooLarge
    rows = []
    for row in range(sheet.nrows):
        values = [_value(book, sheet.cell(row, column)) for column in range(lengths[row])]
        for column in range(lengths[row]):
            if (row, column) in formulas:
                values[column] = Refused("=")
        rows.append(RawRow(row + 1, tuple(values)))
    book.unload_sheet(index)
    return sheet.name, rows


def _value(book: xlrd.book.Book, cell: xlrd.sheet.Cell) -> Value:
    match cell.ctype:
        case xlrd.XL_CELL_TEXT:
            return str(cell.value) or None
        case xlrd.XL_CELL_NUMBER:
            number = float(cell.value)
            return int(number) if number.is_integer() and abs(number) < 1e15 else number
        case xlrd.XL_CELL_DATE:
            moment: datetime = xlrd.xldate_as_datetime(cell.value, book.datemode)
            return moment
        case xlrd.XL_CELL_BOOLEAN:
            return bool(cell.value)
        case xlrd.XL_CELL_ERROR:
            return Refused(xlrd.error_text_from_code.get(cell.value, ""))
    return None


def _formulas(stream: bytes) -> Iterator[tuple[int, set[tuple[int, int]]]]:
    """Where formulas stand in each sheet, by its place: xlrd gives their last values only, which may be none."""
    starts = [struct.unpack_from("<I", content)[0] for kind, content in _records(stream, 0) if kind == _BOUNDSHEET]
    for index, start in enumerate(starts):
        found = (content for kind, content in _records(stream, start) if kind == _FORMULA)
        yield index, {struct.unpack_from("<HH", content) for content in found}


def _records(stream: bytes, position: int) -> Iterator[tuple[int, bytes]]:
    while position + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, position)
        if kind == _END:
            return
        yield kind, stream[position + 4 : position + 4 + length]
        position += 4 + length

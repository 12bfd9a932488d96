"""Writing sheets: exports to XLSX and CSV in which no cell can become a formula."""

import asyncio
import csv
import re
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Sequence
from datetime import UTC, date, datetime
from io import BytesIO, StringIO
from tempfile import TemporaryFile
from typing import IO, Any
from zoneinfo import ZoneInfo

from app.kernel.i18n import _
from app.kernel.money import Money, decimals
from app.kernel.sheets.columns import Column
from app.kernel.sheets.delimited import PHONE, STARTS_FORMULA

Cell = str | int | float | bool | date | datetime | Money | None

MOST_CHARACTERS = 32_767
#: Bytes of a file that are given at a time.
PIECE_BYTES = 65_536
#: Characters that a column shows at least and at most.
WIDTHS = (8, 60)
PATTERNS = {"day": "dd/mm/yyyy", "time": "dd/mm/yyyy hh:mm", "0": "#,##0", "2": "#,##0.00"}


def neutralised(text: str) -> str:
    """Put an apostrophe before text that a spreadsheet could compute."""
    dangerous = text.lstrip().startswith(STARTS_FORMULA) or text.startswith(("\t", "\r"))
    return f"'{text}" if dangerous else text


class XlsxSheet:
    """One worksheet that is written row by row, in as much memory as a row takes.

    It has a bold, frozen header, and its columns are as wide as what stands in them. Times are shown in ``timezone``,
    amounts are numbers, yes and no are words of the reader's language. It stands in ``file`` once it is closed.
    """

    def __init__(self, file: IO[bytes], title: str, headers: Sequence[str], *, timezone: str) -> None:
        import xlsxwriter

        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        self._book = xlsxwriter.Workbook(file, options)
        self._sheet = self._book.add_worksheet(_sheet_name(title))
        self._formats = {name: self._book.add_format({"num_format": pattern}) for name, pattern in PATTERNS.items()}
        self._widths = [len(header) for header in headers]
        self._timezone = timezone
        self._rows = 0
        bold = self._book.add_format({"bold": True, "bottom": 1})
        for index, header in enumerate(headers):
            self._sheet.write_string(0, index, neutralised(header), bold)
        self._sheet.freeze_panes(1, 0)

    def add(self, rows: Iterable[Sequence[Cell]]) -> None:
        """Write rows below those that stand."""
        for row in rows:
            self._rows += 1
            for index, value in enumerate(row):
                self._widths[index] = max(self._widths[index], self._write(self._rows, index, value))

    def close(self) -> None:
        """Put the whole sheet into its file."""
        for index, width in enumerate(self._widths):
            self._sheet.set_column(index, index, min(max(width + 2, WIDTHS[0]), WIDTHS[1]))
        self._book.close()

    def _write(self, number: int, index: int, value: Cell) -> int:
        """Write a cell; gives how many characters it shows."""
        sheet, formats = self._sheet, self._formats
        if isinstance(value, bool):
            return _write_text(sheet, number, index, _("yes") if value else _("no"))
        if isinstance(value, Money):
            places = decimals(value.currency)
            amount = value.amount_minor / 10**places
            sheet.write_number(number, index, amount, formats[str(places)])
            return len(f"{amount:,.{places}f}")
        if isinstance(value, int | float):
            sheet.write_number(number, index, value)
            return len(str(value))
        if isinstance(value, datetime):
            sheet.write_datetime(number, index, _local(value, self._timezone), formats["time"])
            return len(PATTERNS["time"])
        if isinstance(value, date):
            sheet.write_datetime(number, index, datetime(value.year, value.month, value.day), formats["day"])  # noqa: DTZ001 - a day has no zone
            return len(PATTERNS["day"])
        return _write_text(sheet, number, index, value) if value else 0


def write_xlsx(
    title: str, headers: Sequence[str], rows: Iterable[Sequence[Cell]], *, timezone: str = "Asia/Ho_Chi_Minh"
) -> bytes:
    """Write one worksheet, an :class:`XlsxSheet`, and give its file."""
    buffer = BytesIO()
    sheet = XlsxSheet(buffer, title, headers, timezone=timezone)
    sheet.add(rows)
    sheet.close()
    return buffer.getvalue()


async def stream_xlsx(
    title: str, headers: Sequence[str], stretches: AsyncIterable[Sequence[Sequence[Cell]]], *, timezone: str
) -> AsyncIterator[bytes]:
    """Write one worksheet of more rows than memory should hold, and give its file in pieces.

    Rows come in ``stretches``. They are written beside what else the service answers, into a file that is gone once
    it was read, or nobody reads on.
    """
    with TemporaryFile() as file:
        sheet = XlsxSheet(file, title, headers, timezone=timezone)
        try:
            async for rows in stretches:
                await asyncio.to_thread(sheet.add, rows)
        finally:
            await asyncio.to_thread(sheet.close)  # it leaves no file of its own behind, whatever happened
        file.seek(0)
        while piece := await asyncio.to_thread(file.read, PIECE_BYTES):
            yield piece


def write_csv(headers: Sequence[str], rows: Iterable[Sequence[Cell]], *, timezone: str = "Asia/Ho_Chi_Minh") -> bytes:
    """Write the same as CSV (RFC 4180, UTF-8 with its mark): amounts with a point, days and times by ISO 8601."""
    text = StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([neutralised(header) for header in headers])
    writer.writerows([_plain(value, timezone) for value in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def _plain(value: Cell, timezone: str) -> str:
    """A cell as CSV has it; numbers may begin with a minus, texts that do are made harmless."""
    match value:
        case None:
            return ""
        case bool():
            return _("yes") if value else _("no")
        case Money():
            places = decimals(value.currency)
            return f"{value.amount_minor / 10**places:.{places}f}" if places else str(value.amount_minor)
        case int() | float():
            return str(value)
        case datetime():
            return _local(value, timezone).isoformat(sep=" ")
        case date():
            return value.isoformat()
    return value if PHONE.fullmatch(value) else neutralised(value)


def template_xlsx(title: str, columns: Sequence[Column]) -> bytes:
    """An empty sheet with the headers of a kind in the reader's language, to be filled in."""
    return write_xlsx(title, [column.label() for column in columns], [])


def _write_text(sheet: Any, row: int, column: int, text: str) -> int:
    """Write a text into a cell; gives how many characters its longest line has."""
    safe = text if PHONE.fullmatch(text) else neutralised(text)
    sheet.write_string(row, column, safe[:MOST_CHARACTERS])
    return max(len(line) for line in safe.split("\n"))


def _local(value: datetime, timezone: str) -> datetime:
    """The wall clock of a zone in whole seconds, without the zone: spreadsheets know none."""
    aware = value if value.tzinfo else value.replace(tzinfo=UTC)
    return aware.astimezone(ZoneInfo(timezone)).replace(tzinfo=None, microsecond=0)


def _sheet_name(title: str) -> str:
    return re.sub(r"[\[\]:*?/\\']", " ", title).strip()[:31] or "Fairground"

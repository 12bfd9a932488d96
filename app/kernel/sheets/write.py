"""Writing sheets: exports to XLSX and CSV in which no cell can become a formula."""

import csv
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from io import BytesIO, StringIO
from typing import Any
from zoneinfo import ZoneInfo

from app.kernel.i18n import _
from app.kernel.money import Money, decimals
from app.kernel.sheets.columns import Column
from app.kernel.sheets.delimited import PHONE, STARTS_FORMULA

Cell = str | int | float | bool | date | datetime | Money | None

MOST_CHARACTERS = 32_767
#: Characters that a column shows at least and at most.
WIDTHS = (8, 60)
PATTERNS = {"day": "dd/mm/yyyy", "time": "dd/mm/yyyy hh:mm", "0": "#,##0", "2": "#,##0.00"}


def neutralised(text: str) -> str:
    """Put an apostrophe before text that a spreadsheet could compute."""
    dangerous = text.lstrip().startswith(STARTS_FORMULA) or text.startswith(("\t", "\r"))
    return f"'{text}" if dangerous else text


def write_xlsx(
    title: str, headers: Sequence[str], rows: Iterable[Sequence[Cell]], *, timezone: str = "Asia/Ho_Chi_Minh"
) -> bytes:
    """Write one worksheet with a bold, frozen header, its columns as wide as what stands in them.

    Times are shown in ``timezone``, amounts are numbers, yes and no are words of the reader's language.
    """
    import xlsxwriter

    buffer = BytesIO()
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        sheet = book.add_worksheet(_sheet_name(title))
        bold = book.add_format({"bold": True, "bottom": 1})
        formats = {name: book.add_format({"num_format": pattern}) for name, pattern in PATTERNS.items()}
        widths = [len(header) for header in headers]
        for index, header in enumerate(headers):
            sheet.write_string(0, index, neutralised(header), bold)
        sheet.freeze_panes(1, 0)
        for number, row in enumerate(rows, start=1):
            for index, value in enumerate(row):
                if isinstance(value, bool):
                    wide = _write_text(sheet, number, index, _("yes") if value else _("no"))
                elif isinstance(value, Money):
                    places = decimals(value.currency)
                    amount = value.amount_minor / 10**places
                    sheet.write_number(number, index, amount, formats[str(places)])
                    wide = len(f"{amount:,.{places}f}")
                elif isinstance(value, int | float):
                    sheet.write_number(number, index, value)
                    wide = len(str(value))
                elif isinstance(value, datetime):
                    sheet.write_datetime(number, index, _local(value, timezone), formats["time"])
                    wide = len(PATTERNS["time"])
                elif isinstance(value, date):
                    sheet.write_datetime(number, index, datetime(value.year, value.month, value.day), formats["day"])  # noqa: DTZ001 - a day has no zone
                    wide = len(PATTERNS["day"])
                else:
                    wide = _write_text(sheet, number, index, value) if value else 0
                widths[index] = max(widths[index], wide)
        for index, width in enumerate(widths):
            sheet.set_column(index, index, min(max(width + 2, WIDTHS[0]), WIDTHS[1]))
    return buffer.getvalue()


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

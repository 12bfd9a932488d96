"""Writing sheets that come out the same, byte for byte, on every run."""

import csv
from collections.abc import Iterable, Sequence
from datetime import datetime
from io import BytesIO, StringIO

import xlsxwriter

Cell = str | int | datetime | None
Row = Sequence[Cell]

CREATED = datetime(2026, 9, 1, 8, 0)  # noqa: DTZ001 - the file format's property has no zone


class Formula(str):
    """A cell that holds a formula, for the sheet with mistakes."""

    __slots__ = ()


def xlsx(worksheet: str, headers: Sequence[str], rows: Iterable[Row], *, title: str = "") -> bytes:
    """One worksheet, with a title in a row above the header if one is given."""
    buffer = BytesIO()
    options = {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}
    with xlsxwriter.Workbook(buffer, options) as book:
        book.set_properties({"author": "Ban tổ chức", "created": CREATED, "title": title or worksheet})
        sheet = book.add_worksheet(worksheet)
        bold, big = book.add_format({"bold": True, "bottom": 1}), book.add_format({"bold": True, "font_size": 14})
        time = book.add_format({"num_format": "dd/mm/yyyy hh:mm"})
        top = 0
        if title:
            sheet.write_string(0, 0, title, big)
            top = 2
        for column, header in enumerate(headers):
            sheet.write_string(top, column, header, bold)
            sheet.set_column(column, column, max(12, min(len(header) + 6, 40)))
        for number, row in enumerate(rows, start=top + 1):
            for column, value in enumerate(row):
                if isinstance(value, Formula):
                    sheet.write_formula(number, column, value)
                elif isinstance(value, datetime):
                    sheet.write_datetime(number, column, value, time)
                elif isinstance(value, int):
                    sheet.write_number(number, column, value)
                elif value:
                    sheet.write_string(number, column, value)
        sheet.freeze_panes(top + 1, 0)
    return buffer.getvalue()


def delimited(headers: Sequence[str], rows: Iterable[Row], *, delimiter: str = ";") -> bytes:
    """CSV as Excel saves it: UTF-8 with its mark, Windows line ends."""
    buffer = StringIO(newline="")
    writer = csv.writer(buffer, delimiter=delimiter)
    writer.writerow(headers)
    writer.writerows(["" if value is None else value for value in row] for row in rows)
    return b"\xef\xbb\xbf" + buffer.getvalue().encode()

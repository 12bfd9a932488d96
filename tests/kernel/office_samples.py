"""Workbooks as other programs than Excel write them: XLS, and ODS."""

import zipfile
from collections.abc import Callable, Sequence
from datetime import date
from html import escape
from io import BytesIO
from typing import Any

import xlwt

MANIFEST = (
    '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">{}</manifest:manifest>'
)
NAMESPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text", "style")
)


def xls(*rows: Sequence[Any], prepare: Callable[[xlwt.Workbook, xlwt.Worksheet], None] | None = None) -> bytes:
    """An XLS file with these rows in its first worksheet; ``None`` leaves a cell empty."""
    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet("Sheet1")
    day = xlwt.easyxf(num_format_str="dd/mm/yyyy")
    for number, row in enumerate(rows):
        for column, value in enumerate(row):
            if value is not None:
                sheet.write(number, column, value, *([day] if isinstance(value, date) else []))
    if prepare is not None:
        prepare(book, sheet)
    buffer = BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def ods(*tables: tuple[str, str], styles: str = "", manifest: str = "", extra: dict[str, bytes] | None = None) -> bytes:
    """An ODS file of tables, each its name with attributes and the XML of its rows."""
    content = (
        f'<?xml version="1.0"?><office:document-content {NAMESPACES} xmlns:calcext="urn:calcext">'
        f"<office:automatic-styles>{styles}</office:automatic-styles><office:body><office:spreadsheet>"
        + "".join(f"<table:table {head}>{rows}</table:table>" for head, rows in tables)
        + "</office:spreadsheet></office:body></office:document-content>"
    )
    parts = {
        "mimetype": b"application/vnd.oasis.opendocument.spreadsheet",
        "META-INF/manifest.xml": MANIFEST.format(manifest).encode(),
        "content.xml": content.encode(),
        **(extra or {}),
    }
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in parts.items():
            package.writestr(name, data)
    return buffer.getvalue()


def row(*cells: str, repeat: int = 1) -> str:
    """The XML of a row of cells."""
    times = f' table:number-rows-repeated="{repeat}"' if repeat > 1 else ""
    return f"<table:table-row{times}>{''.join(cells)}</table:table-row>"


def text(words: str, more: str = "") -> str:
    """The XML of a cell with words."""
    return f'<table:table-cell office:value-type="string" {more}><text:p>{escape(words)}</text:p></table:table-cell>'


def value(kind: str, given: str, more: str = "") -> str:
    """The XML of a cell with a value of a kind: float, date, boolean, time."""
    name = {"float": "value"}.get(kind, f"{kind}-value")
    said = f'office:value-type="{kind}" office:{name}="{given}"'
    return f"<table:table-cell {said} {more}><text:p>?</text:p></table:table-cell>"


def nothing(repeat: int = 1) -> str:
    """The XML of empty cells."""
    return f'<table:table-cell table:number-columns-repeated="{repeat}"/>'

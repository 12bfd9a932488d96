"""Reading the demo's sheets without the project's own reader."""

import csv
from io import BytesIO, StringIO
from typing import Any

from openpyxl import load_workbook

Sheet = list[dict[str, Any]]


def read(data: bytes) -> Sheet:
    """Rows by header; a title row above the header of a workbook is skipped, empty cells are ``""``."""
    grid = _workbook(data) if data[:2] == b"PK" else _delimited(data)
    head = next(index for index, row in enumerate(grid) if sum(value != "" for value in row) > 1)
    return [dict(zip(grid[head], row, strict=True)) for row in grid[head + 1 :]]


def _workbook(data: bytes) -> list[list[Any]]:
    sheet = load_workbook(BytesIO(data)).active
    assert sheet is not None
    return [["" if value is None else value for value in row] for row in sheet.iter_rows(values_only=True)]


def _delimited(data: bytes) -> list[list[Any]]:
    text = data.decode("utf-8-sig")
    return list(csv.reader(StringIO(text, newline=""), delimiter=";" if ";" in text.splitlines()[0] else ","))

"""Reading XLSX: the sheets are measured first, then calamine reads the values.

A workbook comes from anybody. What calamine gets is a copy made of the parts it needs, each unpacked under limits.
Formulas are found in the sheet's own XML, since calamine gives values only; the same pass measures the table, because
one value in a far corner would make calamine fill the rectangle up to it.
"""

import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from xml.parsers import expat

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from app.kernel.sheets import limits
from app.kernel.sheets.errors import NotASheet, SheetEncrypted, SheetTooLarge
from app.kernel.sheets.model import RawRow, Refused, Value, column_index
from app.kernel.sheets.package import parser_of_xml

WORKBOOK = "xl/workbook.xml"
NOT_NEEDED = ("xl/media/", "xl/drawings/", "xl/charts/", "xl/theme/", "xl/pivot", "xl/embeddings/", "xl/printer")
MOST_FORMULA_TEXT = 80


@dataclass
class Scan:
    """What the XML of a worksheet tells before its values are read: extents, and cells to refuse."""

    rows: int = 0
    columns: int = 0
    refused: dict[tuple[int, int], str] = field(default_factory=dict)


def read_xlsx(parts: dict[str, bytes]) -> list[tuple[str, list[RawRow]]]:
    """Give name and rows of each visible worksheet of an unpacked workbook; formulas and errors come as ``Refused``.

    Raises NotASheet, SheetEncrypted or SheetTooLarge.
    """
    try:
        paths = _worksheet_paths(parts)
        scans = {name: _scan(parts[path]) for name, path in paths.items()}
        workbook = CalamineWorkbook.from_filelike(BytesIO(_pack(parts)))
        visible = [
            sheet.name
            for sheet in workbook.sheets_metadata
            if sheet.visible is SheetVisibleEnum.Visible and sheet.typ is SheetTypeEnum.WorkSheet
        ]
        return [(name, _rows(workbook, name, scans[name])) for name in visible if name in scans]
    except PasswordError as error:
        raise SheetEncrypted from error
    except (CalamineError, expat.ExpatError, ValueError, KeyError) as error:
        raise NotASheet from error


def _pack(parts: dict[str, bytes]) -> bytes:
    """Write the checked parts as a package of their own, not compressed."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as package:
        for name, content in parts.items():
            package.writestr(name, content)
    return buffer.getvalue()


def _worksheet_paths(parts: dict[str, bytes]) -> dict[str, str]:
    """Map the names of the worksheets to the paths of their parts."""
    targets: dict[str, str] = {}

    def relation(name: str, attributes: dict[str, str]) -> None:
        if name == "Relationship" and attributes.get("Type", "").endswith("/worksheet"):
            target = attributes.get("Target", "")
            targets[attributes.get("Id", "")] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"

    paths: dict[str, str] = {}

    def sheet(name: str, attributes: dict[str, str]) -> None:
        if name == "sheet":
            known = {key.rpartition(":")[2]: value for key, value in attributes.items()}
            path = targets.get(known.get("id", ""), "")
            if path in parts:
                paths[known["name"]] = path

    _walk(parts.get("xl/_rels/workbook.xml.rels", b"<none/>"), relation)
    _walk(parts[WORKBOOK], sheet)
    if len(paths) > limits.MAX_WORKSHEETS:
        raise SheetTooLarge
    return paths


def _walk(content: bytes, on_start: Callable[[str, dict[str, str]], None]) -> None:
    parser = parser_of_xml()
    parser.StartElementHandler = lambda name, attributes: on_start(name.rpartition(":")[2], attributes)
    parser.Parse(content, True)


def _scan(content: bytes) -> Scan:
    """Measure a worksheet and find its formulas and error values. Raises SheetTooLarge past the limits."""
    scan = Scan()
    row, column, erroneous = 0, 0, False
    parser = parser_of_xml()

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal row, column, erroneous
        name = name.rpartition(":")[2]
        if name == "row":
            row, column = int(attributes.get("r", row + 1)), 0
        elif name == "c":
            reference = attributes.get("r")
            column = column + 1 if reference is None else column_index(reference) + 1
            erroneous = attributes.get("t") == "e"
            if reference is not None:
                row = int(reference.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
        elif name in ("v", "is", "f"):
            scan.rows, scan.columns = max(scan.rows, row), max(scan.columns, column)
            if (
                scan.rows > limits.MAX_ROWS + limits.MAX_TITLE_ROWS
                or scan.columns > limits.MAX_COLUMNS
                or scan.rows * scan.columns > limits.MAX_CELLS
            ):
                raise SheetTooLarge
            if name == "f":
                scan.refused[row, column] = "="
                parser.CharacterDataHandler = text
            elif erroneous and (row, column) not in scan.refused:
                scan.refused[row, column] = ""
                parser.CharacterDataHandler = text

    def text(data: str) -> None:
        scan.refused[row, column] = (scan.refused[row, column] + data)[:MOST_FORMULA_TEXT]

    def end(_name: str) -> None:
        parser.CharacterDataHandler = None

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.Parse(content, True)
    return scan


def _rows(workbook: CalamineWorkbook, name: str, scan: Scan) -> list[RawRow]:
    values = workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
    rows = [RawRow(number, tuple(_value(cell) for cell in row)) for number, row in enumerate(values, start=1)]
    for (row, column), formula in scan.refused.items():
        while len(rows) < row:
            rows.append(RawRow(len(rows) + 1, ()))
        cells = list(rows[row - 1].values)
        cells += [None] * (column - len(cells))
        cells[column - 1] = Refused(formula)
        rows[row - 1] = RawRow(row, tuple(cells))
    return rows


def _value(cell: object) -> Value:
    if cell == "":
        return None
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return int(cell)
    return cell if isinstance(cell, Value) else str(cell)

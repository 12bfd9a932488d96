"""Reading ODS, the sheets of LibreOffice: one pass over its XML, measured while it is read."""

from dataclasses import dataclass, field
from datetime import date, datetime, time
from xml.parsers import expat

from app.kernel.sheets import limits
from app.kernel.sheets.errors import NotASheet, SheetEncrypted, SheetTooLarge
from app.kernel.sheets.model import RawRow, Refused, Value
from app.kernel.sheets.package import parser_of_xml

CONTENT = "content.xml"
MANIFEST = "META-INF/manifest.xml"
NOT_NEEDED = ("Pictures/", "Object ", "Configurations2/", "Thumbnails/")
MOST_FORMULA_TEXT = 80
Attributes = dict[str, str]


def read_ods(parts: dict[str, bytes]) -> list[tuple[str, list[RawRow]]]:
    """Give name and rows of each visible table of an unpacked document; formulas and errors come as ``Refused``.

    Raises NotASheet, SheetEncrypted or SheetTooLarge.
    """
    if b"encryption-data" in parts.get(MANIFEST, b""):
        raise SheetEncrypted
    reader = _Reader()
    parser = parser_of_xml()
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    try:
        parser.Parse(parts[CONTENT], True)
    except (expat.ExpatError, ValueError, OverflowError) as error:
        raise NotASheet from error
    return [(table.name, table.rows) for table in reader.tables if table.style not in reader.hidden_styles]


@dataclass
class _Table:
    name: str
    style: str
    rows: list[RawRow] = field(default_factory=list)


@dataclass
class _Reader:
    """Follows the elements; a value that repeats is written out, emptiness that repeats is only counted."""

    tables: list[_Table] = field(default_factory=list)
    hidden_styles: set[str] = field(default_factory=set)
    _style: str = ""
    _row: list[Value] = field(default_factory=list)
    _number: int = 0
    _row_repeats: int = 1
    _gap: int = 0
    _cell: Attributes | None = None
    _words: list[str] = field(default_factory=list)
    _aside: int = 0
    _cells: int = 0

    def start(self, name: str, attributes: Attributes) -> None:
        if name == "office:annotation" or self._aside:
            self._aside += 1  # a remark pinned to a cell is none of its value
        elif name == "style:style":
            self._style = attributes.get("style:name", "")
        elif name == "style:table-properties" and attributes.get("table:display") == "false":
            self.hidden_styles.add(self._style)
        elif name == "table:table":
            if len(self.tables) == limits.MAX_WORKSHEETS:
                raise SheetTooLarge
            self.tables.append(_Table(attributes.get("table:name", ""), attributes.get("table:style-name", "")))
            self._number = 0
        elif name == "table:table-row" and self.tables:
            self._row, self._gap = [], 0
            self._row_repeats = _repeats(attributes, "table:number-rows-repeated")
        elif name in ("table:table-cell", "table:covered-table-cell"):
            self._cell, self._words = attributes, []
        elif self._cell is not None:
            if name == "text:p" and self._words:
                self._words.append("\n")
            elif name == "text:s":
                self._words.append(" " * min(int(attributes.get("text:c", "1")), limits.MAX_COLUMNS))
            elif name in ("text:tab", "text:line-break"):
                self._words.append(" ")

    def text(self, data: str) -> None:
        if self._cell is not None and not self._aside:
            self._words.append(data)

    def end(self, name: str) -> None:
        if self._aside:
            self._aside -= 1
        elif name in ("table:table-cell", "table:covered-table-cell") and self._cell is not None:
            self._add(_value(self._cell, "".join(self._words).strip()), _repeats(self._cell, _COLUMNS))
            self._cell = None
        elif name == "table:table-row" and self.tables:
            self._end_row()

    def _add(self, value: Value, repeats: int) -> None:
        if value is None:
            self._gap += repeats
            return
        if len(self._row) + self._gap + repeats > limits.MAX_COLUMNS:
            raise SheetTooLarge
        self._row += [None] * self._gap + [value] * repeats
        self._gap = 0

    def _end_row(self) -> None:
        first = self._number + 1
        self._number += self._row_repeats
        if not self._row:
            return
        self._cells += len(self._row) * self._row_repeats
        if self._number > limits.MAX_ROWS + limits.MAX_TITLE_ROWS or self._cells > limits.MAX_CELLS:
            raise SheetTooLarge
        values = tuple(self._row)
        self.tables[-1].rows += [RawRow(number, values) for number in range(first, self._number + 1)]


_COLUMNS = "table:number-columns-repeated"


def _repeats(attributes: Attributes, name: str) -> int:
    return max(int(attributes.get(name, "1")), 1)


def _value(cell: Attributes, words: str) -> Value:
    if formula := cell.get("table:formula"):
        return Refused(f"={formula.partition('=')[2]}"[:MOST_FORMULA_TEXT])
    kind = cell.get("office:value-type", "")
    if cell.get("calcext:value-type") == "error":
        return Refused(words)
    if kind in ("float", "currency", "percentage"):
        number = float(cell["office:value"]) if "office:value" in cell else None
        return int(number) if number is not None and number.is_integer() and abs(number) < 1e15 else number
    if kind == "date":
        return _moment(cell.get("office:date-value", ""))
    if kind == "time":
        return _clock(cell.get("office:time-value", "")) or words or None
    if kind == "boolean":
        return cell.get("office:boolean-value") == "true"
    return cell.get("office:string-value", words) or None


def _moment(text: str) -> datetime | date:
    return datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)


def _clock(text: str) -> time | None:
    """``PT08H30M00S`` as a time of day; a length of more than a day is none."""
    parts = text.removeprefix("PT").replace("H", ":").replace("M", ":").removesuffix("S").partition(".")[0]
    try:
        return time.fromisoformat(parts)
    except ValueError:
        return None

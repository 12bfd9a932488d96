"""Reading CSV as spreadsheets in Vietnam, Indonesia and elsewhere write it."""

import csv
import re
from collections import Counter
from io import StringIO

from app.kernel.sheets import limits
from app.kernel.sheets.errors import NotASheet, SheetTooLarge
from app.kernel.sheets.model import LikeFormula, RawRow, Value

DELIMITERS = (",", ";", "\t")
SNIFFED_ROWS = 30
NUMBER = re.compile(r"[+-]?(\d+|\d{1,3}([.,  ]\d{3})+)([.,]\d+)?\s*(%|₫|đ|vnd|vnđ)?", re.IGNORECASE)
PHONE = re.compile(r"\+\d[\d\s().\-]{6,20}")
STARTS_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
NEUTRALISED = re.compile(r"'(?=\s*[=+\-@＝＋－＠]|[\t\r])")


def read_delimited(data: bytes) -> list[RawRow]:
    """Give the rows of a CSV file; cells that a spreadsheet would take for a formula come as ``LikeFormula``.

    Raises NotASheet or SheetTooLarge.
    """
    text = decode_text(data)
    if text.lstrip().startswith("<"):  # a page or a drawing, whatever it is named
        raise NotASheet
    first, _, rest = text.partition("\n")
    if re.fullmatch(r"sep=.\r?", first):  # Excel's own mark; it counts no row
        delimiter, text = first[4], rest
    else:
        delimiter = _sniff(text)
    rows: list[RawRow] = []
    try:
        for number, cells in enumerate(csv.reader(StringIO(text, newline=""), delimiter=delimiter), start=1):
            if number > limits.MAX_ROWS + limits.MAX_TITLE_ROWS or len(cells) > limits.MAX_COLUMNS:
                raise SheetTooLarge
            rows.append(RawRow(number, tuple(_value(cell) for cell in cells)))
    except csv.Error as error:
        raise NotASheet from error
    return rows


def decode_text(data: bytes) -> str:
    """Decode UTF-8, UTF-16 (with or without its mark) or Windows-1258. Raises NotASheet for what is no text."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encodings = ["utf-16"]
    elif b"\x00" in data[:2_000]:
        odd = data[1:2_000:2].count(0) >= data[0:2_000:2].count(0)
        encodings = ["utf-16-le" if odd else "utf-16-be"]
    else:
        encodings = ["utf-8-sig", "cp1258"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not any(character < " " and character not in "\t\r\n" for character in text[:10_000]):
            return text
    raise NotASheet


def is_formula(text: str) -> bool:
    """Whether a spreadsheet would compute this text instead of showing it; numbers and +84… phones are none."""
    text = text.strip()
    return text.startswith(STARTS_FORMULA) and not NUMBER.fullmatch(text) and not PHONE.fullmatch(text)


def restored(text: str) -> str:
    """Take off the apostrophe that an export put before a cell to keep it from becoming a formula."""
    return NEUTRALISED.sub("", text, count=1) if text.startswith("'") else text


def _value(cell: str) -> Value:
    if not cell.strip():
        return None
    if cell.startswith("'"):
        return restored(cell)
    return LikeFormula(cell.strip()) if is_formula(cell) else cell


def _sniff(text: str) -> str:
    """Choose the delimiter that gives the most rows of one same width."""

    def evenness(delimiter: str) -> tuple[int, int]:
        widths: Counter[int] = Counter()
        try:
            for number, cells in enumerate(csv.reader(StringIO(text, newline=""), delimiter=delimiter)):
                if number == SNIFFED_ROWS:
                    break
                if len(cells) > 1:
                    widths[len(cells)] += 1
        except csv.Error:
            return (0, 0)
        return max(((count, width) for width, count in widths.items()), default=(0, 0))

    return max(DELIMITERS, key=evenness)

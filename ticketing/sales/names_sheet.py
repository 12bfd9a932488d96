"""Names of people as a sheet: what was read of it, and what is wrong by row; and as lines of a text."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.kernel.i18n import N_, _
from app.kernel.names import clean_name
from app.kernel.sheets import Column, RawTable, read_table
from app.kernel.sheets.columns import recognise
from app.kernel.sheets.errors import NotASheet, SheetEmpty, SheetEncrypted, SheetTooLarge
from app.kernel.sheets.parsers import text
from ticketing.sales.errors import NamesColumnMissing, TooManyNames

LONGEST_NAME = 160
#: Bytes of a sheet of names, which anybody may upload: many times as much as one of two hundred holds.
MOST_BYTES = 250_000
#: Why a sheet of names is not read.
UNREAD = (NamesColumnMissing, NotASheet, SheetEmpty, SheetEncrypted, SheetTooLarge, TooManyNames)
NO_NAME = N_("Please write a name.")
NAME_TOO_LONG = N_("A name has at most {limit} characters.")
NAMES = Column(
    "full_name",
    {
        "en": ("Full name", "Name", "Names", "Member"),
        "vi": ("Họ và tên", "Họ tên", "Tên", "Hội viên"),
        "id": ("Nama lengkap", "Nama", "Anggota"),
    },
    text(LONGEST_NAME),
    required=True,
)


@dataclass(frozen=True)
class WrongRow:
    """A row, by the number that spreadsheets show, what stands in it, and a sentence that says what is wrong."""

    number: int
    value: str
    sentence: str


@dataclass(frozen=True)
class NamesRead:
    """The names of a sheet in its order, those that do not fit among them as they stand."""

    names: tuple[str, ...]
    wrong: tuple[WrongRow, ...]


async def read_names(data: bytes, filename: str) -> NamesRead:
    """Read a sheet with a column of names, or with nothing but names.

    Raises NamesColumnMissing, NotASheet, SheetEncrypted, SheetTooLarge, SheetEmpty.
    """
    if len(data) > MOST_BYTES:
        raise SheetTooLarge
    table = await asyncio.to_thread(read_table, data, filename, (NAMES,))
    return check_names(_rows(table))


def check_names(rows: Iterable[tuple[int, str]]) -> NamesRead:
    """Names with the numbers of their rows, cleaned, and what is wrong with them."""
    names: list[str] = []
    wrong: list[WrongRow] = []
    for number, typed in rows:
        name = clean_name(typed)
        names.append(name)
        if not any(letter.isalpha() for letter in name):
            wrong.append(WrongRow(number, name, _(NO_NAME)))
        elif len(name) > LONGEST_NAME:
            wrong.append(WrongRow(number, name, _(NAME_TOO_LONG).format(limit=LONGEST_NAME)))
    return NamesRead(tuple(names), tuple(wrong))


def names_in_lines(typed: str) -> NamesRead:
    """The names of a text, one in each line that holds something."""
    return check_names((number, line) for number, line in enumerate(typed.splitlines(), 1) if line.strip())


def _rows(table: RawTable) -> Sequence[tuple[int, str]]:
    found = recognise(table.headers, (NAMES,))
    if found:
        place = table.headers.index(next(iter(found)))
        return [(row.number, _said(row.values, place)) for row in table.rows]
    if len(table.headers) > 1:
        raise NamesColumnMissing(columns=", ".join(NAMES.label(code) for code in ("vi", "en", "id")))
    first = (table.header_row, table.headers[0])
    return [first, *((row.number, _said(row.values, 0)) for row in table.rows)]


def _said(values: Sequence[object], place: int) -> str:
    return str(values[place]) if place < len(values) and values[place] is not None else ""

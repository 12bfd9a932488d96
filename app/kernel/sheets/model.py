"""What a sheet is made of between the file and a module's tables."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, time
from typing import Any, NamedTuple

from app.kernel.audit import AuditActor
from app.kernel.i18n import _, format_date, pick
from app.kernel.names import region_of

SHOWN_LENGTH = 80
TOLD_EVERY = 1_000
"""After how many rows whoever waits hears how far it is."""


class Refused(str):
    """What stands in a cell that is never read: a formula, or an error value."""

    __slots__ = ()


class LikeFormula(Refused):
    """A text of a CSV file that a spreadsheet would compute: read by kinds alone that take texts as they stand."""

    __slots__ = ()


Value = str | int | float | bool | datetime | date | time | None


class RawRow(NamedTuple):
    """One row as it stands in the file; ``number`` is the one that spreadsheets show."""

    number: int
    values: tuple[Value, ...]


@dataclass(frozen=True)
class RawTable:
    """The headers of a sheet and the rows below them, empty rows left out. Headers are never empty nor doubled.

    ``left_out`` names other worksheets of the file that hold rows. Where several fit as well as one another, ``alike``
    names them and ``sheet`` is empty: which of them is meant is still to be chosen.
    """

    headers: tuple[str, ...]
    header_row: int
    rows: tuple[RawRow, ...]
    sheet: str = ""
    left_out: tuple[str, ...] = ()
    alike: tuple[str, ...] = ()


def _tell_nobody(_done: int, _total: int) -> None:
    """Nobody waits for how far it is."""


@dataclass(frozen=True)
class SheetContext:
    """For which edition a sheet is read, by whom and when; ``report`` hears how many rows of how many are done.

    ``desk`` is where it is loaded: empty on the page of all sheets, else the name of the desk that some kinds have.
    """

    edition_id: int | None
    actor: AuditActor | None
    now: datetime
    timezone: str = "Asia/Ho_Chi_Minh"
    currency: str = "VND"
    desk: str = ""
    report: Callable[[int, int], None] = field(default=_tell_nobody, repr=False, compare=False)

    @property
    def region(self) -> str:
        """Country whose phone numbers may be written without their prefix."""
        return region_of(self.currency)


@dataclass(frozen=True)
class CellProblem:
    """One cell that cannot be taken: where it stands, what it holds, and why.

    ``message`` is a marked sentence and ``params`` fill its places: whoever reads it reads it in her own language.
    A text in ``params`` may come in three languages. ``name`` is the column of the kind that it concerns.
    """

    row: int
    column: str
    header: str
    value: str
    code: str
    message: str
    params: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""

    def sentence(self) -> str:
        """Say it in the reader's language."""
        return said(self.message, self.params)

    def as_dict(self) -> dict[str, Any]:
        """Give the problem as it is stored and sent."""
        return asdict(self)


@dataclass(frozen=True)
class Proposed:
    """What a column proposes to load in place of what was written, and why, in a marked sentence.

    ``becomes`` is None where that is not certain: one of the ``options`` is to be chosen.
    """

    message: str
    params: Mapping[str, Any] = field(default_factory=dict)
    becomes: str | None = None
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class CellProposal:
    """A cell of which something else is loaded than what it holds, or would be once somebody chose what.

    ``value`` is what it holds, as it is shown, and ``written`` all of it.
    """

    row: int
    column: str
    header: str
    value: str
    name: str
    written: str
    message: str
    params: Mapping[str, Any]
    becomes: str | None
    options: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Give the proposal as it is stored."""
        return asdict(self)


@dataclass(frozen=True)
class Layout:
    """Which column of the sheet holds which value: name → (index, header)."""

    places: Mapping[str, tuple[int, str]]


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row, parsed: ``row["name"]`` is the value of a column, None where the cell or the column is missing.

    ``written`` has what stood where something else was proposed or chosen.
    """

    number: int
    values: Mapping[str, Any]
    raw: RawRow = field(repr=False)
    layout: Layout = field(repr=False)
    written: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        return self.values.get(name)

    def has(self, name: str) -> bool:
        """Whether the sheet has this column at all: what it does not mention is not to be changed."""
        return name in self.layout.places

    def problem(self, name: str, code: str, message: str, /, **params: Any) -> CellProblem:
        """Describe what is wrong with this row's value of a column, in a marked sentence with its parameters."""
        return CellProblem(self.number, *self._place(name), code, message, params, name)

    def proposal(self, name: str, written: str, proposed: Proposed, becomes: str | None) -> CellProposal:
        """Describe what is loaded in place of this row's value of a column; None while somebody is to choose."""
        place = self._place(name)
        return CellProposal(
            self.number, *place, name, written, proposed.message, proposed.params, becomes, proposed.options
        )

    def cell(self, name: str) -> Value:
        """What stands in the sheet where a value was read from; None where the cell or the column is missing."""
        index, _header = self.layout.places.get(name, (None, name))
        return self.raw.values[index] if index is not None and index < len(self.raw.values) else None

    def _place(self, name: str) -> tuple[str, str, str]:
        """Where a value stands: column, header, and what is there."""
        index, header = self.layout.places.get(name, (None, name))
        return "" if index is None else letters(index), header, shown(self.cell(name))


@dataclass(frozen=True)
class LoadResult:
    """How many records a load made, changed and found as they were.

    Of a bank's statement ``outgoing`` counts the rows of money that went, ``reversals`` those of them by which a kept
    transfer may have been taken back, which are not among the others, ``passed_over`` those without an amount.
    """

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    outgoing: int = 0
    reversals: int = 0
    passed_over: int = 0

    def __add__(self, other: "LoadResult") -> "LoadResult":
        return LoadResult(**{name: count + getattr(other, name) for name, count in asdict(self).items()})

    def as_dict(self) -> dict[str, int]:
        """Give the counts as they are stored and sent; what only statements have, where there is some."""
        always = ("created", "updated", "unchanged")
        return {name: count for name, count in asdict(self).items() if count or name in always}


def said(message: str, params: Mapping[str, Any]) -> str:
    """A marked sentence in the reader's language, its places filled; texts in three languages are picked from."""
    filled = {name: pick(value) if isinstance(value, dict) else value for name, value in params.items()}
    return _(message).format(**filled) if filled else _(message)


def quoted(names: Iterable[str]) -> str:
    """Names of worksheets as a sentence lists them."""
    return ", ".join(f"“{name}”" for name in names)


def letters(index: int) -> str:
    """Name of a column as spreadsheets show it: 0 is A, 26 is AA."""
    name, rest = "", index + 1
    while rest:
        rest, digit = divmod(rest - 1, 26)
        name = chr(ord("A") + digit) + name
    return name


def column_index(reference: str) -> int:
    """Index of the column in a reference such as ``AB12``; -1 without letters."""
    index = 0
    for character in reference:
        if not "A" <= character <= "Z":
            break
        index = index * 26 + ord(character) - ord("A") + 1
    return index - 1


def shown(value: Value) -> str:
    """Write a cell's value for its reader: short, numbers without the ``.0`` of a float, days as she writes them."""
    if value is None:
        return ""
    if isinstance(value, datetime) and value.time() != time():
        return f"{format_date(value.date())} {value:%H:%M}"
    if isinstance(value, date):
        return format_date(value.date() if isinstance(value, datetime) else value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    text = " ".join(str(value).split())
    return text if len(text) <= SHOWN_LENGTH else text[: SHOWN_LENGTH - 1] + "…"


def is_empty(values: Sequence[Value]) -> bool:
    """Whether a row holds nothing but blanks."""
    return all(value is None or (isinstance(value, str) and not value.strip()) for value in values)

"""Kinds of sheets: what a module can import, and the checking that all of them share."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from app.kernel.i18n import N_
from app.kernel.names import clean_text
from app.kernel.sheets.columns import Column, recognise
from app.kernel.sheets.errors import MappingUnknown, SheetKindUnknown
from app.kernel.sheets.model import (
    TOLD_EVERY,
    CellProblem,
    CellProposal,
    Layout,
    LikeFormula,
    LoadResult,
    RawRow,
    RawTable,
    Refused,
    SheetContext,
    SheetRow,
    quoted,
)
from app.kernel.sheets.parsers import CellError

Check = Callable[[Sequence[SheetRow], SheetContext], Awaitable[list[CellProblem]]]
Foretell = Callable[[Sequence[SheetRow], SheetContext], Awaitable[LoadResult]]
Load = Callable[[Sequence[SheetRow], SheetContext], Awaitable[LoadResult]]
Choices = Mapping[str, str]
Key = Sequence[str] | Callable[[SheetRow], Hashable | None]

REQUIRED = N_("This cell must be filled in.")
FORMULA = N_("This cell holds a formula or an error. Replace it by its value (paste as values).")
DOUBLED = N_("Row {row} says the same thing already.")
WORKSHEET_OPEN = N_("Several worksheets of this file fit: {sheets}. Choose which one is to be loaded.")
NO_COLUMN = N_("The sheet has no column for this. Add it, or choose which column it is.")


@dataclass(frozen=True)
class Laying:
    """How very many rows are loaded without keeping anybody at a gate.

    ``lay`` writes them in short pieces that nobody sees, outside of any transaction, and returns the number that the
    others know them by; ``take_over`` decides in one short transaction, the caller's; from then on ``show`` lets them
    be seen, in pieces. What was not taken over is dropped (``drop``). What a process that was killed leaves behind, the
    kind's own jobs show or drop.
    """

    lay: Callable[[Sequence[SheetRow], SheetContext], Awaitable[int]]
    take_over: Callable[[int, SheetContext], Awaitable[LoadResult]]
    show: Callable[[int], Awaitable[None]]
    drop: Callable[[int], Awaitable[None]]


@dataclass(frozen=True)
class SheetKind:
    """Sheets of one kind: their columns, the key by which rows are told apart, and how they are checked and loaded.

    ``title`` is marked with ``N_``. ``key`` is names of columns (compared without case) or a
    function of a row; rows without a key are not compared. ``check`` looks across rows and into the database;
    ``load`` writes inside the caller's transaction, updating what is there; it records each record that it changes,
    with before and after. A kind of which very many rows come has its own ``laying``. ``place`` is the page, below
    those of an edition's organisers, where its records stand. A kind with a ``desk`` is loaded there alone, by who may
    go there, and is not on the page of all sheets. One that is ``verbatim`` takes what begins like a formula in a CSV
    file as the text that it is there: others wrote it, and a CSV file has no formulas. Exports make it harmless. A kind
    of which not every row is loaded says beforehand what would come of a sheet (``foretell``); it writes nothing.
    """

    name: str
    title: str
    columns: Sequence[Column]
    load: Load = field(repr=False)
    check: Check | None = field(default=None, repr=False)
    laying: Laying | None = field(default=None, repr=False)
    key: Key = ()
    place: str = ""
    desk: str = ""
    verbatim: bool = False
    foretell: Foretell | None = field(default=None, repr=False)

    def labels(self, *names: str) -> list[str]:
        """Give the headers of some of its columns in the reader's language, for exports that can be loaded again."""
        own = {column.name: column.label() for column in self.columns}
        return [own[name] for name in names]

    def key_of(self, row: SheetRow) -> Hashable | None:
        """Give what tells this row from others, None where it has nothing."""
        if callable(self.key):
            return self.key(row)
        parts = tuple(_folded(row[name]) for name in self.key)
        return parts if any(part not in (None, "") for part in parts) else None


@dataclass(frozen=True)
class Examined:
    """A sheet read as one kind: the rows that are whole, and what is wrong with the others, in order."""

    rows: tuple[SheetRow, ...]
    problems: tuple[CellProblem, ...]
    mapping: Mapping[str, str]
    proposals: tuple[CellProposal, ...] = ()
    expected: LoadResult | None = None


_kinds: dict[str, SheetKind] = {}


def register_kind(kind: SheetKind) -> None:
    """Make a kind known. Raises ValueError when another one has its name."""
    if _kinds.setdefault(kind.name, kind) is not kind:
        raise ValueError(f"two kinds of sheets are called {kind.name}")


def kind(name: str) -> SheetKind:
    """Give the kind of this name. Raises SheetKindUnknown."""
    if name not in _kinds:
        raise SheetKindUnknown(kind=name, known=", ".join(sorted(_kinds)))
    return _kinds[name]


def kinds() -> list[SheetKind]:
    """Give all kinds in the order in which the modules made them known."""
    return list(_kinds.values())


def kind_at(desk: str, name: str) -> SheetKind:
    """Give the kind of this name that is loaded at a desk. Raises SheetKindUnknown, also for another desk's."""
    here = {one.name: one for one in kinds_at(desk)}
    if name not in here:
        raise SheetKindUnknown(kind=name, known=", ".join(sorted(here)))
    return here[name]


def kinds_at(desk: str) -> list[SheetKind]:
    """Give the kinds that are loaded at a desk, or, where it is empty, on the page of all sheets."""
    return [one for one in _kinds.values() if one.desk == desk]


def choice_key(row: int, name: str) -> str:
    """By what a value is kept that somebody chose for a cell: its row and the name of its column."""
    return f"{row}:{name}"


def check_mapping(mapping: Mapping[str, str], headers: Sequence[str], columns: Sequence[Column]) -> dict[str, str]:
    """Keep of a mapping made by hand what concerns this sheet; empty choices go.

    Raises MappingUnknown for a column that the kind lacks or that was chosen twice.
    """
    known = {column.name for column in columns}
    chosen: dict[str, str] = {}
    for header in headers:
        name = mapping.get(header, "")
        if not name:
            continue
        if name not in known or name in chosen.values():
            raise MappingUnknown(column=header)
        chosen[header] = name
    return chosen


def parse_rows(
    kind: SheetKind,
    table: RawTable,
    context: SheetContext,
    mapping: Mapping[str, str] | None = None,
    choices: Choices | None = None,
) -> Examined:
    """Parse every cell and find rows that double one another; takes no database, so it may run in a thread.

    While it is open which worksheet is meant, that is all that is wrong.
    """
    chosen = dict(mapping) if mapping is not None else recognise(table.headers, kind.columns)
    if table.alike:
        open_sheet = CellProblem(0, "", "", "", "worksheet_open", WORKSHEET_OPEN, {"sheets": quoted(table.alike)})
        return Examined((), (open_sheet,), chosen)
    places = {chosen[header]: (index, header) for index, header in enumerate(table.headers) if header in chosen}
    layout = Layout(places)
    problems = [
        CellProblem(table.header_row, "", column.label(), "", "column_missing", NO_COLUMN, name=column.name)
        for column in kind.columns
        if column.required and column.name not in places
    ]
    has_keys = not problems  # what tells rows apart may be in a column that is not there
    rows: list[SheetRow] = []
    proposals: list[CellProposal] = []
    first_with: dict[Hashable, int] = {}
    for done, raw in enumerate(table.rows):
        if not done % TOLD_EVERY:
            context.report(done, len(table.rows))
        row, found, proposed = _parse_row(kind, raw, layout, context, choices or {})
        proposals += proposed
        if not found and has_keys:
            key = kind.key_of(row)
            if key is not None and first_with.setdefault(key, raw.number) != raw.number:
                found = [row.problem(_key_column(kind, row), "doubled_row", DOUBLED, row=first_with[key])]
        problems += found
        if not found:
            rows.append(row)
    return Examined(tuple(rows), tuple(problems), chosen, tuple(proposals))


async def examine(
    kind: SheetKind,
    table: RawTable,
    context: SheetContext,
    mapping: Mapping[str, str] | None = None,
    choices: Choices | None = None,
) -> Examined:
    """Parse the rows, in a thread, and let the kind look across them and into the database."""
    parsed = await asyncio.to_thread(parse_rows, kind, table, context, mapping, choices)
    examined = await check_rows(kind, parsed, context)
    if kind.foretell is None or examined.problems:
        return examined
    return replace(examined, expected=await kind.foretell(examined.rows, context))


async def check_rows(kind: SheetKind, examined: Examined, context: SheetContext) -> Examined:
    """Add what the kind's own check finds; not asked while a required column is missing, or the worksheet is open."""
    too_early = any(problem.code in ("column_missing", "worksheet_open") for problem in examined.problems)
    if kind.check is None or too_early:
        return examined
    problems = [*examined.problems, *await kind.check(examined.rows, context)]
    problems.sort(key=lambda problem: problem.row)
    return replace(examined, problems=tuple(problems))


def _parse_row(
    kind: SheetKind, raw: RawRow, layout: Layout, context: SheetContext, choices: Choices
) -> tuple[SheetRow, list[CellProblem], list[CellProposal]]:
    values: dict[str, Any] = {}
    written: dict[str, str] = {}
    row = SheetRow(raw.number, values, raw, layout, written)
    problems: list[CellProblem] = []
    proposals: list[CellProposal] = []
    for column in kind.columns:
        if column.name not in layout.places:
            continue
        index = layout.places[column.name][0]
        value = raw.values[index] if index < len(raw.values) else None
        if kind.verbatim and isinstance(value, LikeFormula):
            value = str(value)
        if isinstance(value, Refused):
            problems.append(row.problem(column.name, "formula", FORMULA))
        elif value is None:
            values[column.name] = None
            if column.required:
                problems.append(row.problem(column.name, "required", REQUIRED))
        else:
            try:
                parsed = column.parse(value, context)
            except CellError as error:
                problems.append(row.problem(column.name, error.code, error.message, **error.params))
                continue
            values[column.name] = None if parsed == "" else parsed
            if parsed == "" and column.required:
                problems.append(row.problem(column.name, "required", REQUIRED))
            if column.propose is not None and parsed and (proposed := column.propose(parsed)) is not None:
                choice = choices.get(choice_key(raw.number, column.name))
                becomes = proposed.becomes or (choice if choice in (*proposed.options, parsed) else None)
                proposals.append(row.proposal(column.name, parsed, proposed, becomes))
                if becomes is None:
                    problems.append(row.problem(column.name, "to_choose", proposed.message, **proposed.params))
                elif becomes != parsed:
                    values[column.name], written[column.name] = becomes, parsed
    return row, problems, proposals


def _key_column(kind: SheetKind, row: SheetRow) -> str:
    """Where to show that a row doubles another: the first key column, else the first filled one."""
    if not callable(kind.key):
        return kind.key[0]
    return next((name for name in row.layout.places if row[name] is not None), "")


def _folded(value: object) -> Hashable | None:
    if isinstance(value, str):
        return clean_text(value).casefold()
    return value if isinstance(value, Hashable) else repr(value)

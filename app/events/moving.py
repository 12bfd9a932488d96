"""Dates that hang on an edition: every module declares which of its columns move with it, and which are facts."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from piccolo.columns import Column
from piccolo.querystring import QueryString
from piccolo.table import Table

from app.events.errors import NotLater, TooMuchLater
from app.events.queries import EditionInfo
from app.kernel.i18n import format_date

MOST_YEARS = 3


@dataclass(frozen=True, kw_only=True)
class Shift:
    """An edition, as it stood, that is put off by so many days at ``now``."""

    edition: EditionInfo
    days: int
    now: datetime

    def of(self, value: Any) -> Any:
        """A day or an instant as it will be: instants keep their hour on the clocks of the edition's zone."""
        if isinstance(value, datetime):
            local = value.astimezone(self.edition.zone)
            return (local + timedelta(days=self.days)).astimezone(value.tzinfo)
        return value + timedelta(days=self.days)


def shift_to(edition: EditionInfo, starts_on: date, now: datetime) -> Shift:
    """The shift that brings an edition to a new first day. Raises NotLater, TooMuchLater."""
    if starts_on <= edition.starts_on:
        raise NotLater(day=format_date(edition.starts_on))
    if starts_on > edition.starts_on + timedelta(days=366 * MOST_YEARS):
        raise TooMuchLater(years=MOST_YEARS)
    return Shift(edition=edition, days=(starts_on - edition.starts_on).days, now=now)


@dataclass(frozen=True, kw_only=True, eq=False)  # columns do not compare
class Dates:
    """Columns of one table that move: the beginning, then the end. ``title`` is marked with ``N_``.

    ``of`` is the column, of the table or of one that it leads to, with the edition's number; ``only`` leaves rows out.
    ``begins`` are those of the columns that say when something begins: what has begun stays begun.
    """

    title: str
    columns: tuple[Column, ...]
    of: Any
    only: Any = None
    begins: tuple[Column, ...] = ()

    @property
    def table(self) -> type[Table]:
        """The table of the columns."""
        return self.columns[0]._meta.table

    def rows_of(self, edition_id: int) -> Any:
        """The condition that chooses the rows of an edition."""
        mine = self.of == edition_id
        return mine if self.only is None else mine & self.only


@dataclass(frozen=True, kw_only=True, eq=False)  # columns do not compare
class Mover:
    """What a module says of its dates: ``moved`` with the edition, or ``stays`` (``table.column``) with the reason why.

    Where rows are too many to be moved one by one, ``apart`` says how they are looked at and moved.
    """

    moved: Sequence[Dates] = ()
    stays: Mapping[str, str] = field(default_factory=dict)
    apart: Sequence["Apart"] = ()


@dataclass(frozen=True, kw_only=True, eq=False)  # columns do not compare
class Apart:
    """Dates that a module moves in its own way."""

    dates: Dates
    move: Callable[[Shift], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Moving:
    """A line of the preview: how many rows move, and the first and last day of theirs, before and after."""

    title: str
    count: int
    before: tuple[date, date]
    after: tuple[date, date]


async def preview_of(dates: Dates, shift: Shift) -> Moving | None:
    """What would move of some dates; None when nothing does."""
    rows = await dates.table.select(*dates.columns).where(dates.rows_of(shift.edition.id))
    changed = [values for row in rows if (values := _changes(dates, row, shift))]
    if not changed:
        return None
    first = dates.columns[0]._meta.name
    days = [
        (_day(old, shift, ends=name != first), _day(new, shift, ends=name != first))
        for values in changed
        for name, (old, new) in values.items()
    ]
    before, after = sorted(old for old, _new in days), sorted(new for _old, new in days)
    return Moving(title=dates.title, count=len(changed), before=(before[0], before[-1]), after=(after[0], after[-1]))


async def move_dates(dates: Dates, shift: Shift) -> None:
    """Move some dates, in the caller's transaction. Whoever changes one of the rows meanwhile waits."""
    number = dates.table._meta.primary_key
    ids = [row[number._meta.name] for row in await dates.table.select(number).where(dates.rows_of(shift.edition.id))]
    if not ids:
        return
    mine = number.is_in(ids)
    await dates.table.update({number: QueryString(number._meta.name)}).where(mine)
    for row in await dates.table.select(number, *dates.columns).where(mine):
        values: dict[Any, Any] = {name: new for name, (_old, new) in _changes(dates, row, shift).items()}
        if values:
            await dates.table.update(values).where(number == row[number._meta.name])


def _changes(dates: Dates, row: Mapping[str, Any], shift: Shift) -> dict[str, tuple[Any, Any]]:
    """Old and new value of each column of a row that moves."""
    begun = {
        column._meta.name
        for column in dates.begins
        if isinstance(value := row[column._meta.name], datetime) and value <= shift.now
    }
    names = [column._meta.name for column in dates.columns]
    return {name: (row[name], shift.of(row[name])) for name in names if row[name] is not None and name not in begun}


def _day(value: Any, shift: Shift, *, ends: bool) -> date:
    """The day of a value; what ends at midnight ends with the day before."""
    if not isinstance(value, datetime):
        day: date = value
        return day
    return shift.edition.today(value - timedelta(minutes=1) if ends else value)

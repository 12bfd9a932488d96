"""Every date that hangs on an edition is declared: it moves when that is postponed, or it is a fact that stays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

import pytest
from piccolo.columns import Column, Date, ForeignKey, Integer, Time, Timestamp, Timestamptz
from piccolo.table import Table

from app.events import slots
from app.events.moving import Mover
from app.events.tables import Edition
from app.main import start_modules
from tests.test_migrations import all_tables


def name_of(column: Column) -> str:
    """A column under its full name."""
    return f"{column._meta.table._meta.tablename}.{column._meta.name}"


def hanging_on_an_edition(tables: Iterable[type[Table]]) -> set[type[Table]]:
    """The editions' table, those that name an edition, and those that lead to one of these."""
    known = list(tables)
    found = {Edition, *(table for table in known if any(_names_an_edition(c) for c in table._meta.columns))}
    while True:
        more = {table for table in known if table not in found and _leads_to(table) & found}
        if not more:
            return found
        found |= more


def _names_an_edition(column: Column) -> bool:
    return isinstance(column, Integer) and column._meta.name == "edition_id"


def _leads_to(table: type[Table]) -> set[type[Table]]:
    return {
        column._foreign_key_meta.resolved_references for column in table._meta.columns if isinstance(column, ForeignKey)
    }


def dates_of(tables: Iterable[type[Table]]) -> Iterator[str]:
    """Every column with a day or a time of the tables that hang on an edition."""
    for table in hanging_on_an_edition(tables):
        for column in table._meta.columns:
            if isinstance(column, Date | Time | Timestamp | Timestamptz):
                yield name_of(column)


def declared(movers: Iterable[Mover]) -> Counter[str]:
    """How often each column is declared."""
    found: Counter[str] = Counter()
    for mover in movers:
        for dates in (*mover.moved, *(one.dates for one in mover.apart)):
            found.update(name_of(column) for column in dates.columns)
        found.update(list(mover.stays))
    return found


@pytest.fixture(autouse=True)
async def modules(database: str) -> None:
    """Make all modules known, as the service does."""
    await start_modules()


async def test_every_date_that_hangs_on_an_edition_is_declared_once() -> None:
    names = sorted(dates_of(all_tables()))
    found = declared(slots.movers())
    assert [name for name in names if found[name] != 1] == []
    assert sorted(set(found) - set(names)) == []
    assert len(names) > 50


async def test_what_stays_has_a_written_reason() -> None:
    reasons = [reason for mover in slots.movers() for reason in mover.stays.values()]
    assert min(len(reason) for reason in reasons) > 20


async def test_what_begins_is_among_what_moves() -> None:
    for mover in slots.movers():
        for dates in mover.moved:
            moved = {name_of(column) for column in dates.columns}
            assert {name_of(column) for column in dates.begins} - moved == set()


async def test_a_date_that_nobody_declared_is_seen() -> None:
    class Workshop(Table, tablename="workshop"):
        edition = ForeignKey(Edition)

    class Lesson(Table, tablename="lesson"):
        workshop = ForeignKey(Workshop)
        begins_at = Timestamptz()

    names = dates_of([*all_tables(), Workshop, Lesson])
    assert [name for name in sorted(names) if declared(slots.movers())[name] != 1] == ["lesson.begins_at"]
    pointing = Edition._meta._foreign_key_references  # other tests walk what points at an edition
    pointing[:] = [column for column in pointing if column._meta.table is not Workshop]

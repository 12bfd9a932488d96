"""Every column that may hold something of a person is declared: erased, taken out of a text, kept, or impersonal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

import pytest
from piccolo.columns import JSON, Bytea, Column, ForeignKey, Integer, Text, Varchar
from piccolo.table import Table

from app.accounts.personal.registry import PersonalData, registered
from app.accounts.tables import Person
from app.main import register_modules
from tests.test_migrations import all_tables

#: Integer columns named so hold the number of a person.
OF_A_PERSON = (
    "person",
    "person_id",
    "_by",
    "buyer",
    "holder",
    "payer",
    "judge",
    "given_to",
    "on_behalf_of",
    "acting_for",
)


def name_of(column: Column) -> str:
    """Return a column under its full name."""
    return f"{column._meta.table._meta.tablename}.{column._meta.name}"


def points_at_a_person(column: Column) -> bool:
    """Whether a column holds the number of a person."""
    if isinstance(column, ForeignKey):
        return column._foreign_key_meta.resolved_references is Person
    return isinstance(column, Integer) and column._meta.name.endswith(OF_A_PERSON)


def may_hold_personal_data(column: Column) -> bool:
    """Whether a column points at a person, or holds text that is not one of a few fixed words."""
    is_text = isinstance(column, Varchar | Text | JSON | Bytea) and column._meta.choices is None
    return points_at_a_person(column) or is_text


def walked(tables: Iterable[type[Table]]) -> Iterator[Column]:
    """Yield every column that must be declared."""
    for table in tables:
        yield from (column for column in table._meta.columns if may_hold_personal_data(column))


def declared(modules: Iterable[PersonalData]) -> Counter[str]:
    """Return how often each column is declared."""
    found: Counter[str] = Counter()
    for data in modules:
        names = {name_of(column) for column in data.texts} - data.erased
        found.update([*data.erased, *names, *data.kept, *data.impersonal])
    return found


@pytest.fixture(autouse=True)
def modules() -> None:
    """Make all modules known, as the service does."""
    register_modules()


def test_every_column_that_may_hold_personal_data_is_declared_once() -> None:
    names = [name_of(column) for column in walked(all_tables())]
    found = declared(registered().values())
    assert sorted(name for name in names if found[name] != 1) == []
    assert sorted(set(found) - set(names)) == []


def test_a_column_that_points_at_a_person_is_never_impersonal() -> None:
    pointing = {name_of(column) for column in walked(all_tables()) if points_at_a_person(column)}
    impersonal = set().union(*(data.impersonal for data in registered().values()))
    assert pointing & impersonal == set()
    assert len(pointing) > 20


def test_what_is_kept_has_a_written_reason() -> None:
    reasons = [reason for data in registered().values() for reason in data.kept.values()]
    assert min(len(reason) for reason in reasons) > 20


def test_a_column_that_nobody_declared_is_seen() -> None:
    class Guest(Table, tablename="guest"):
        invited_by = Integer()
        person = ForeignKey(Person)
        nickname = Varchar()
        seats = Integer()

    names = [name_of(column) for column in walked([Guest])]
    found = declared(registered().values())
    assert [name for name in names if found[name] != 1] == ["guest.invited_by", "guest.person", "guest.nickname"]
    pointing = Person._meta._foreign_key_references  # other tests walk what points at a person
    pointing[:] = [column for column in pointing if column._meta.table is not Guest]

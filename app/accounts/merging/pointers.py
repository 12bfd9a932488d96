"""What points at a person or an organisation, found in the tables themselves: a later module is covered as it comes.

Modules say here what only they know: which value gives way where two rows would clash, and which two records must not
become one.
"""

from collections.abc import Awaitable, Callable
from functools import lru_cache

from piccolo.columns import Column, Varchar
from piccolo.conf.apps import Finder

from app.accounts.enums import RecordKind
from app.accounts.tables import (
    Assistance,
    ContactChange,
    HalfSignIn,
    Organisation,
    Person,
    RecoveryCode,
    Session,
    SignInToken,
    TwoStep,
)

RECORDS: dict[RecordKind, type[Person] | type[Organisation]] = {
    RecordKind.PERSON: Person,
    RecordKind.ORGANISATION: Organisation,
}
#: How somebody signs in, and who may fill in for her, stays with the record that it was made for: it opens nothing
#: while that one is merged.
STAYING = (Session, SignInToken, HalfSignIn, ContactChange, TwoStep, RecoveryCode, Assistance)

#: ``objector(kind, kept_id, merged_id)`` raises an AppError where the two must not become one.
Objector = Callable[[RecordKind, int, int], Awaitable[None]]

_giving_way: dict[str, Varchar] = {}
_objectors: list[Objector] = []


def name_of(column: Column) -> str:
    """A column under its full name."""
    return f"{column._meta.table._meta.tablename}.{column._meta.name}"


@lru_cache(maxsize=4)
def pointers(kind: RecordKind) -> dict[str, Column]:
    """Every column that points at such a record and moves with it, by its full name."""
    tables = [table for config in Finder().get_app_configs() for table in config.table_classes]
    found = {
        name_of(column): column
        for table in tables
        if table not in STAYING
        for column in table._meta.foreign_key_columns
        if column._foreign_key_meta.resolved_references is RECORDS[kind]
    }
    return dict(sorted(found.items()))


@lru_cache(maxsize=4)
def editions_beside(kind: RecordKind) -> dict[str, str]:
    """By the pointing column, the column of the same table that names the edition, where there is one."""
    found = {}
    for name, column in pointers(kind).items():
        if column._meta.table._meta.tablename == "edition":
            found[name] = "id"
        for beside in column._meta.table._meta.columns:
            if beside._meta.name in ("edition", "edition_id"):
                found[name] = beside._meta.name
    return found


def add_giving_way(pointer: Column, value: Varchar) -> None:
    """Let a text change (``A-1`` to ``A-1~2``) where a row could not be moved for it; it must be unique per pointer."""
    _giving_way[name_of(pointer)] = value


def giving_way(pointer: str) -> Varchar | None:
    """What changes where a row cannot be moved as it is; None where the row stays with the merged record."""
    return _giving_way.get(pointer)


def add_objector(objector: Objector) -> None:
    """Let a module refuse a merge."""
    if objector not in _objectors:
        _objectors.append(objector)


async def hear_objectors(kind: RecordKind, kept_id: int, merged_id: int) -> None:
    """Raises what a module has against it."""
    for objector in _objectors:
        await objector(kind, kept_id, merged_id)

"""What all modules hold of people: each registers it, and so it can be shown, given out and erased.

Every column that may hold something of a person is declared here by its module: erased with her, taken out of a text,
kept with a reason, or impersonal. A test walks all tables and fails for one that is none of these.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from piccolo.columns import Column

from app.accounts.personal.whom import Whom
from app.kernel.database import fetch
from app.kernel.i18n import N_

Rows = list[dict[str, Any]]

#: Why the mere number of a person stays where she acted or consented.
NUMBER_ONLY = N_("Only a number is left, behind which nobody stands any more.")


async def nothing(whom: Whom, now: datetime) -> int:
    """Erase nothing: what is held goes with something else."""
    return 0


@dataclass(frozen=True, kw_only=True)
class Held:
    """One kind of record that is held of a person: all sentences are marked with ``N_``.

    ``find`` gives its records as plain values, with ``edition_id`` where they belong to one. ``erase`` runs inside the
    transaction of the erasure and returns how many records it changed. ``stays`` says what an erasure leaves, and why.
    ``words`` gives, by column, what a stored code is called; without a word it is shown as it is.
    """

    key: str
    title: str
    purpose: str
    until: str
    stays: str = ""
    find: Callable[[Whom], Awaitable[Rows]]
    erase: Callable[[Whom, datetime], Awaitable[int]] = nothing
    words: Mapping[str, Callable[[Any], str | None]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class PersonalData:
    """All of one module. Columns are named ``table.column``.

    ``texts`` are free texts out of which names and addresses are taken. ``expire`` erases at most so many of the
    visitors' data of an edition and says how many it did; ``ties`` are columns that show that a person is still needed.
    """

    held: Sequence[Held] = ()
    erased: frozenset[str] = frozenset()
    texts: Sequence[Column] = ()
    kept: Mapping[str, str] = field(default_factory=dict)
    impersonal: frozenset[str] = frozenset()
    expire: Callable[[int, int], Awaitable[int]] | None = None
    ties: Sequence[Column] = ()


_modules: dict[str, PersonalData] = {}


def register(module: str, data: PersonalData) -> None:
    """Make known what a module holds; doing it again changes nothing."""
    _modules[module] = data


def registered() -> Mapping[str, PersonalData]:
    """All modules, in the order of imports."""
    return _modules


@dataclass(frozen=True)
class Found:
    """What is held of somebody, of one kind."""

    held: Held
    rows: Rows


async def find_all(whom: Whom) -> list[Found]:
    """Everything that is held of her; kinds of which there is nothing are left out."""
    found = [Found(held, await held.find(whom)) for data in _modules.values() for held in data.held]
    return [one for one in found if one.rows]


async def find_of_records(whoms: Sequence[Whom]) -> list[Found]:
    """Everything that is held of one who has several records; what two of them lead to is there once."""
    if len(whoms) == 1:
        return await find_all(whoms[0])
    rows: dict[str, Rows] = {}
    held: dict[str, Held] = {}
    for whom in whoms:
        for one in await find_all(whom):
            held[one.held.key] = one.held
            known = rows.setdefault(one.held.key, [])
            known += [row for row in one.rows if row not in known]
    order = [one.key for data in _modules.values() for one in data.held]
    return [Found(held[key], rows[key]) for key in order if key in held]


async def erase_all(whom: Whom, now: datetime, *, only: Collection[str] = ()) -> dict[str, int]:
    """Erase what is held of her, in the caller's transaction: how many records of each kind changed.

    ``only`` names the kinds that shall go, empty for all of them.

    Upper modules come first, while what theirs is known by is still there; texts come last.
    """
    counts: dict[str, int] = {}
    modules = list(_modules.values())
    for held in reversed([held for data in modules for held in data.held]):
        if not only or held.key in only:
            counts[held.key] = await held.erase(whom, now)
    texts = 0
    for data in modules:
        for column in data.texts if not only else ():
            texts += await _take_out(column, whom)
    counts["texts"] = texts
    return {key: count for key, count in counts.items() if count}


async def _take_out(column: Column, whom: Whom) -> int:
    """Take her out of a column of texts."""
    table, name = column._meta.table, column._meta.name
    rows = await whom.rows_naming(column)
    length = getattr(column, "length", None)
    for row in rows:
        text = whom.redacted(str(row[name]))
        await table.update({column: text[:length] if length else text}).where(table._meta.primary_key == row["id"])
    return len(rows)


async def people_without_ties(created_before: datetime, at_most: int) -> list[int]:
    """People who were added before a time and whom nothing needs any more: no role, no pass, no order, no team.

    A merged record goes after the one that it leads to.
    """
    ties = [column for data in _modules.values() for column in data.ties]
    gone = " AND ".join(
        f'NOT EXISTS (SELECT 1 FROM "{column._meta.table._meta.tablename}" t WHERE t."{column._meta.name}" = person.id)'
        for column in ties
    )
    rows = await fetch(
        "SELECT id FROM person WHERE erased_at IS NULL AND is_expert IS FALSE AND created_at < {} "
        "AND (merged_into IS NULL OR EXISTS (SELECT 1 FROM person kept "
        f"WHERE kept.id = person.merged_into AND kept.erased_at IS NOT NULL)) AND {gone} "
        "ORDER BY id LIMIT {}",
        created_before,
        at_most,
    )
    return [row["id"] for row in rows]

"""Races: the same thing started many times at once, and the control that proves the race is one.

A protection is tested in pairs, on both engines::

    @pytest.mark.race
    async def test_two_never_get_one_cell(database):
        results = await race(40, lambda number: hold_booth(booth_id=…, organisation_id=number, now=NOW))
        assert len(winners(results)) == 1
        losers(results, BoothTaken)

    @pytest.mark.race
    async def test_without_its_index_the_cell_is_sold_twice(database, monkeypatch):
        await drop_index("booth_cell_live_holder")
        unguarded(monkeypatch, allocation.services)
        meet_after(monkeypatch, allocation.services, "free_cells", parties=2)
        results = await race(2, lambda number: hold_booth(…))
        assert len(winners(results)) == 2  # the negative control: without the protection it oversells

The control uses the same coroutine with the protection taken away (an index dropped, the transaction's lock
replaced, the condition of an update left out), and it must see the rule broken; otherwise the race above
proves nothing.
"""

from __future__ import annotations

import asyncio
import contextvars
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Generator, Sequence
from contextlib import asynccontextmanager
from types import ModuleType
from typing import Any, TypeVar

import pytest
from piccolo.table import Table

T = TypeVar("T")


async def race(parties: int, make_coroutine: Callable[[int], Coroutine[Any, Any, T]]) -> list[T | BaseException]:
    """Start ``make_coroutine(0 … parties-1)`` at once and return what each gave or raised, in that order.

    Each runs in a context of its own, hence in a transaction of its own.
    """
    start = asyncio.Event()

    async def run(number: int) -> T:
        await start.wait()
        return await make_coroutine(number)

    tasks = [
        asyncio.get_running_loop().create_task(run(number), context=contextvars.copy_context())
        for number in range(parties)
    ]
    await asyncio.sleep(0)
    start.set()
    return list(await asyncio.gather(*tasks, return_exceptions=True))


def winners(results: Sequence[T | BaseException]) -> list[T]:
    """Return the results that are not exceptions."""
    return [result for result in results if not isinstance(result, BaseException)]


def losers(results: Sequence[object], *expected: type[BaseException]) -> list[BaseException]:
    """Return the exceptions, each of which must be one of the ``expected``: a crash is no orderly loss."""
    raised = [result for result in results if isinstance(result, BaseException)]
    for error in raised:
        if not isinstance(error, expected):
            names = " or ".join(one.__name__ for one in expected)
            raise AssertionError(f"lost by {error!r}, not by {names}") from error
    return raised


async def drop_index(name: str) -> None:
    """Take a unique index out of this test's database."""
    from app.kernel.database import fetch

    await fetch(f'DROP INDEX "{name}"')


async def drop_trigger(table: str, name: str) -> None:
    """Take a trigger out of this test's database."""
    from app.kernel.database import dialect, fetch

    await fetch(f'DROP TRIGGER "{name}"' + (f' ON "{table}"' if dialect() == "postgres" else ""))


async def drop_unique(table: str, *columns: str) -> None:
    """Take the uniqueness of columns out of a table that is still empty.

    SQLite cannot drop what a column's own definition made, so there the table is made anew without it.
    """
    from app.kernel.database import dialect, fetch

    if dialect() == "postgres":
        for column in columns:
            await fetch(f'ALTER TABLE "{table}" DROP CONSTRAINT "{table}_{column}_key"')
        return
    assert await fetch(f'SELECT COUNT(*) AS count FROM "{table}"') == [{"count": 0}]
    parts = await fetch("SELECT type, sql FROM sqlite_master WHERE tbl_name = {} AND sql IS NOT NULL", table)
    (made,) = [part["sql"] for part in parts if part["type"] == "table"]
    for column in columns:
        made, found = re.subn(rf'("{column}"[^,]*?) UNIQUE', r"\1", made)
        assert found == 1, made
    await fetch(f'DROP TABLE "{table}"')
    for statement in (made, *(part["sql"] for part in parts if part["type"] != "table")):
        await fetch(statement.replace("{", "{{").replace("}", "}}"))


def unguarded(monkeypatch: pytest.MonkeyPatch, *modules: ModuleType) -> None:
    """Take ``write_transaction``, or ``write_statement``, away from modules: each statement stands alone, unlocked."""

    @asynccontextmanager
    async def nothing() -> AsyncIterator[None]:
        yield

    for module in modules:
        name = "write_transaction" if hasattr(module, "write_transaction") else "write_statement"
        monkeypatch.setattr(module, name, nothing)


def meet_after(monkeypatch: pytest.MonkeyPatch, module: Any, name: str, *, parties: int) -> None:
    """Make each caller of ``module.name`` wait after it until ``parties`` have come, two seconds at most.

    This puts every reader between its read and its write, so that a race happens each time and not by luck.
    """
    real: Callable[..., Awaitable[Any]] = getattr(module, name)
    barrier = asyncio.Barrier(parties)

    async def meeting(*args: Any, **kwargs: Any) -> Any:
        result = await real(*args, **kwargs)
        await _meet(barrier)
        return result

    monkeypatch.setattr(module, name, meeting)


def meet_before(monkeypatch: pytest.MonkeyPatch, module: Any, name: str, *, parties: int) -> None:
    """Make each caller of ``module.name`` wait before it until ``parties`` have come, two seconds at most."""
    real: Callable[..., Awaitable[Any]] = getattr(module, name)
    barrier = asyncio.Barrier(parties)

    async def meeting(*args: Any, **kwargs: Any) -> Any:
        await _meet(barrier)
        return await real(*args, **kwargs)

    monkeypatch.setattr(module, name, meeting)


def meet_after_select(monkeypatch: pytest.MonkeyPatch, table: type[Table], *, parties: int) -> None:
    """Make each who selects from a table wait after it until ``parties`` have come, two seconds at most."""
    real, barrier = table.select, asyncio.Barrier(parties)

    class Reading:
        """Looks like Piccolo's select, as far as ``where``."""

        def __init__(self, *columns: Any) -> None:
            self.query: Any = real(*columns)

        def where(self, condition: Any) -> Reading:
            self.query = self.query.where(condition)
            return self

        async def run(self) -> Any:
            rows = await self.query
            await _meet(barrier)
            return rows

        def __await__(self) -> Generator[Any, None, Any]:
            return self.run().__await__()

    monkeypatch.setattr(table, "select", Reading)


def ask_first(monkeypatch: pytest.MonkeyPatch, table: type[Table], *, parties: int) -> None:
    """Take the condition out of a table's updates: it is asked in a select, all meet, and each then writes by id.

    This is what a conditional update would be without its condition.
    """
    real, barrier = table.update, asyncio.Barrier(parties)
    identity = table._meta.primary_key

    class Careless:
        """Looks like Piccolo's update."""

        def __init__(self, values: Any) -> None:
            self.values, self.condition = values, identity.is_not_null()

        def where(self, condition: Any) -> Careless:
            self.condition = condition
            return self

        async def returning(self, *columns: Any) -> Any:
            rows = await table.select(identity).where(self.condition)
            await _meet(barrier)
            found = [row[identity._meta.name] for row in rows]
            wanted = columns or (identity,)
            return await real(self.values).where(identity.is_in(found)).returning(*wanted) if found else []

        def __await__(self) -> Generator[Any, None, Any]:
            return self.returning().__await__()

    monkeypatch.setattr(table, "update", Careless)


async def overtaken(
    monkeypatch: pytest.MonkeyPatch,
    module: Any,
    name: str,
    slow: Callable[[], Awaitable[Any]],
    quick: Callable[[], Awaitable[Any]],
    *,
    when: Callable[..., bool] = lambda *_args, **_kwargs: True,
) -> list[Any]:
    """Start ``slow``; when it has come out of ``module.name``, run all of ``quick``, then let it go on. Gives both.

    Only for code without its transaction (see :func:`unguarded`): ``quick`` would wait for it.
    """
    real: Callable[..., Awaitable[Any]] = getattr(module, name)
    between: list[Any] = []

    async def reading(*args: Any, **kwargs: Any) -> Any:
        result = await real(*args, **kwargs)
        if when(*args, **kwargs) and not between:
            between.append(None)
            between[0] = await quick()
        return result

    monkeypatch.setattr(module, name, reading)
    first = await slow()
    assert between, f"{name} was not called"
    return [first, between[0]]


async def _meet(barrier: asyncio.Barrier) -> None:
    try:
        async with asyncio.timeout(2):
            await barrier.wait()
    except (TimeoutError, asyncio.BrokenBarrierError):
        pass

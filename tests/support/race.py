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
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from types import ModuleType
from typing import Any, TypeVar

import pytest

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


def losers(results: Sequence[object], expected: type[BaseException]) -> list[BaseException]:
    """Return the exceptions, each of which must be an ``expected`` one: a crash is no orderly loss."""
    raised = [result for result in results if isinstance(result, BaseException)]
    for error in raised:
        if not isinstance(error, expected):
            raise AssertionError(f"lost by {error!r}, not by {expected.__name__}") from error
    return raised


async def drop_index(name: str) -> None:
    """Take a unique index out of this test's database."""
    from app.kernel.database import fetch

    await fetch(f'DROP INDEX "{name}"')


def unguarded(monkeypatch: pytest.MonkeyPatch, *modules: ModuleType) -> None:
    """Take ``write_transaction`` away from modules: each statement stands alone, unlocked."""

    @asynccontextmanager
    async def nothing() -> AsyncIterator[None]:
        yield

    for module in modules:
        monkeypatch.setattr(module, "write_transaction", nothing)


def meet_after(monkeypatch: pytest.MonkeyPatch, module: Any, name: str, *, parties: int) -> None:
    """Make each caller of ``module.name`` wait after it until ``parties`` have come, two seconds at most.

    This puts every reader between its read and its write, so that a race happens each time and not by luck.
    """
    real: Callable[..., Awaitable[Any]] = getattr(module, name)
    barrier = asyncio.Barrier(parties)

    async def meeting(*args: Any, **kwargs: Any) -> Any:
        result = await real(*args, **kwargs)
        try:
            async with asyncio.timeout(2):
                await barrier.wait()
        except (TimeoutError, asyncio.BrokenBarrierError):
            pass
        return result

    monkeypatch.setattr(module, name, meeting)

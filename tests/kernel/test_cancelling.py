"""What is left of a write transaction whose task was cancelled, ran out of time, or outlived it: nothing."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from app.kernel import database as kernel_database
from app.kernel import sqlite
from app.kernel.database import close_database, dialect, engine, in_transaction, write_transaction
from app.kernel.settings import settings
from app.kernel.sqlite import KeepingSQLiteEngine
from app.kernel.tables import RateLimit
from tests.kernel.test_database import count, make_counter

pytestmark = pytest.mark.engines


async def free_connections() -> int:
    """How many connections can be had at once, of those the settings allow."""
    found = engine()
    if isinstance(found, KeepingSQLiteEngine):
        assert found._gate is not None
        return found._gate._value
    taken = []
    try:
        for _ in range(settings().database_pool_size):
            async with asyncio.timeout(0.3):
                taken.append(await found.pool.acquire())
    except TimeoutError:
        pass
    for connection in taken:
        await found.pool.release(connection)
    return len(taken)


async def cancel_at_every_step(party: Callable[[], Awaitable[None]], steps: int = 80) -> None:
    """Run ``party`` again and again, cancelling it after one more turn of the loop each time."""
    for turns in range(steps):
        task = asyncio.ensure_future(party())
        for _ in range(turns):
            if task.done():
                break
            await asyncio.sleep(0.0005 if turns % 3 == 0 else 0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def written_once() -> None:
    async with write_transaction():
        await RateLimit.update({RateLimit.tries: RateLimit.tries + 1}).where(RateLimit.key == "counter")


async def test_cancelling_leaves_no_connection_behind(database: str) -> None:
    await make_counter()
    await cancel_at_every_step(written_once)
    assert await free_connections() == settings().database_pool_size
    before = await count()
    async with asyncio.timeout(5):
        await written_once()
    assert await count() == before + 1


@pytest.mark.slow
async def test_with_piccolos_own_exit_cancelling_leaks_connections(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control."""

    @asynccontextmanager
    async def stock(transaction: Any, _callbacks: Any) -> AsyncIterator[None]:
        transactions.append(transaction)
        async with transaction:
            yield

    transactions: list[Any] = []
    monkeypatch.setattr(sqlite, "PRAGMAS", ("PRAGMA busy_timeout = 50",))
    await close_database()
    await kernel_database.open_database()
    await make_counter()
    monkeypatch.setattr(kernel_database, "_transaction", stock)
    await cancel_at_every_step(written_once)
    left = await free_connections()
    for transaction in transactions:  # tidy up what leaked
        connection = getattr(transaction, "connection", None)
        if connection is not None and dialect() == "sqlite":
            await connection.give_back(broken=True)  # some were closed before their closing was cut
    assert left < settings().database_pool_size
    if dialect() != "sqlite":
        engine().pool.terminate()  # type: ignore[union-attr]
        engine().pool = None  # type: ignore[union-attr]


async def test_after_a_time_limit_the_same_task_is_outside_the_transaction(database: str) -> None:
    async def slow() -> None:
        async with asyncio.timeout(0.05), write_transaction():
            await make_counter()
            await asyncio.sleep(5)

    with pytest.raises(TimeoutError):
        await slow()
    assert not in_transaction()
    async with write_transaction():
        await make_counter(tries=7)
    assert await count() == 7


async def test_a_task_that_outlives_the_transaction_it_began_in_has_its_own(database: str) -> None:
    over = asyncio.Event()

    async def later() -> bool:
        await over.wait()
        inside = in_transaction()
        async with write_transaction():
            await make_counter(tries=3)
        return inside

    async with write_transaction():
        task = asyncio.ensure_future(later())
        await asyncio.sleep(0)
    over.set()
    assert await task is False
    assert await count() == 3


async def test_a_read_on_a_transaction_that_is_over_is_refused(database: str) -> None:
    over = asyncio.Event()

    async def later() -> int:
        await over.wait()
        return await RateLimit.count()

    async with write_transaction():
        task = asyncio.ensure_future(later())
        await asyncio.sleep(0)
    over.set()
    with pytest.raises(RuntimeError, match="this transaction is over"):
        await task

"""Very many rows: laid ready beside the tables, and written into them in short pieces.

They lie in a temporary table, which belongs to one connection. So lay them inside the transaction that takes them over,
or before it in a process that has one connection (``DATABASE_POOL_SIZE=1``): laying takes no lock that a gate waits
for, on SQLite neither. Writing does there, since SQLite has one writer: a :class:`Pace` keeps the pieces short.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from piccolo.engine.postgres import PostgresEngine

from app.kernel.database import dialect, engine, fetch, in_transaction, write_transaction
from app.kernel.sqlite import KeepingSQLiteEngine


class LaidInVain(Exception):
    """What was laid ready no longer fits what it would be taken over into: lay it again."""


class Pace:
    """How many rows the next piece takes, so that it holds SQLite's writer for a tenth of a second or so.

    ``HOLD`` is in seconds and does not count the commit: SQLite tidies up its journal there after it let go. On
    PostgreSQL nobody waits for a lock, and a piece takes ``USUAL`` rows: with 4,000 scans waited a second for what it
    wrote, and with 500 the whole is hardly slower. The first piece is of ``LEAST`` rows, as nobody knows yet how long
    they take: paying 100 of a statement's took half a second where others had the processors.
    """

    HOLD = 0.06
    LEAST, USUAL, MOST = 20, 500, 4_000

    def __init__(self) -> None:
        self._waited_for = dialect() == "sqlite"
        self._worked = 0.0
        self.rows = self.LEAST if self._waited_for else min(self.USUAL, self.MOST)

    @asynccontextmanager
    async def piece(self) -> AsyncIterator[None]:
        """A transaction for one piece; the next one is made as long as this one says."""
        async with write_transaction():
            began = time.monotonic()
            yield
            took = max(time.monotonic() - began, 0.001)
        if self._waited_for:
            self.rows = max(self.LEAST, min(self.MOST, 2 * self.rows, int(self.rows * self.HOLD / took)))

    @asynccontextmanager
    async def small(self) -> AsyncIterator[None]:
        """One of many transactions that are short each: once they took as long as a piece together, it rests.

        Without that they follow one another so closely that whoever waits for the writer finds no gap between them.
        """
        began = time.monotonic()
        try:
            yield
        finally:
            self._worked += time.monotonic() - began
            if self._worked >= self.HOLD:  # what fails has held the writer too
                self._worked = 0.0
                await self.rest()

    async def rest(self) -> None:
        """Let those who wait for the writer have it; who writes pieces without anything to do between them calls it."""
        if self._waited_for and not in_transaction():
            await asyncio.sleep(self.HOLD)


async def make_ready(name: str, columns: Mapping[str, str]) -> None:
    """Make the temporary table ``name`` anew (column → type of both engines). Names come from the code."""
    await fetch(f"DROP TABLE IF EXISTS {name}")
    await fetch(f"CREATE TEMP TABLE {name} ({', '.join(f'{column} {kind}' for column, kind in columns.items())})")


async def lay_ready(name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Lay some rows into the temporary table ``name``."""
    async with _connection() as connection:
        if isinstance(engine(), PostgresEngine):
            await connection.copy_records_to_table(name, records=rows, columns=list(columns))
        else:
            places = ", ".join("?" * len(columns))
            await connection.executemany(f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({places})", rows)


async def clear_away(name: str) -> None:
    """Drop what was laid ready."""
    await fetch(f"DROP TABLE IF EXISTS {name}")


@asynccontextmanager
async def _connection() -> AsyncIterator[Any]:
    """The connection of the present transaction, else the one that the process has."""
    current = engine()
    if in_transaction():
        transaction = current.current_transaction.get()
        assert transaction is not None
        yield transaction.connection
    elif isinstance(current, PostgresEngine):
        assert current.pool is not None
        async with current.pool.acquire() as connection:
            yield connection
    else:
        assert isinstance(current, KeepingSQLiteEngine)
        connection = await current.get_connection()
        try:
            await connection.execute("BEGIN")
            yield connection
            await connection.execute("COMMIT")
        finally:
            await connection.close()

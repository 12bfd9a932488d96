"""Rows laid ready beside the tables, so that one statement takes all of them over.

They lie in a temporary table, which belongs to one connection. So lay them inside the transaction that takes them over,
or before it in a process that has one connection (``DATABASE_POOL_SIZE=1``): laying takes no lock that a gate waits
for, on SQLite neither.
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import islice
from typing import Any

from piccolo.engine.postgres import PostgresEngine

from app.kernel.database import KeepingSQLiteEngine, engine, fetch, in_transaction

CHUNK = 2_000


class LaidInVain(Exception):
    """What was laid ready no longer fits what it would be taken over into: lay it again."""


async def lay_ready(name: str, columns: Mapping[str, str], rows: Iterable[Sequence[Any]]) -> None:
    """Make the temporary table ``name`` anew (column → type of both engines) and fill it; a few rows are held at once.

    Names come from the code, never from people.
    """
    await fetch(f"DROP TABLE IF EXISTS {name}")
    await fetch(f"CREATE TEMP TABLE {name} ({', '.join(f'{column} {kind}' for column, kind in columns.items())})")
    remaining = iter(rows)
    while chunk := list(islice(remaining, CHUNK)):
        async with _connection() as connection:
            if isinstance(engine(), PostgresEngine):
                await connection.copy_records_to_table(name, records=chunk, columns=list(columns))
            else:
                places = ", ".join("?" * len(columns))
                await connection.executemany(f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({places})", chunk)


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

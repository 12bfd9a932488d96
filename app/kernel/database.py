"""The database: both engines behind the same few functions.

``DATABASE_URL`` chooses SQLite or PostgreSQL and nothing else in the project knows which, except raw statements of
hot paths, which ask :func:`dialect`.
"""

import asyncio
import contextvars
import random
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

import aiosqlite
from piccolo.engine import engine_finder
from piccolo.engine.postgres import PostgresEngine
from piccolo.engine.sqlite import SQLiteEngine, TransactionType, dict_factory
from piccolo.querystring import QueryString

from app.kernel.settings import settings

AnyEngine = PostgresEngine | SQLiteEngine

_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA busy_timeout = 10000",
    "PRAGMA foreign_keys = 1",
    "PRAGMA cache_size = -16000",
)


class _KeptConnection:
    """An aiosqlite connection whose ``close`` gives it back to the engine (Piccolo closes after a transaction)."""

    def __init__(self, engine: "KeepingSQLiteEngine", connection: aiosqlite.Connection) -> None:
        self._engine = engine
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    async def close(self) -> None:
        await self._engine.give_back(self._connection)


class KeepingSQLiteEngine(SQLiteEngine):
    """Piccolo's SQLite engine, but connections are kept, and prepared once each.

    The stock engine opens a connection and a thread for every query outside a transaction, eight times dearer.
    """

    __slots__ = ("_gate", "_idle", "_loop")

    def __init__(self, path: str) -> None:
        super().__init__(path=path)
        self._idle: list[aiosqlite.Connection] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._gate: asyncio.Semaphore | None = None

    async def _take(self) -> aiosqlite.Connection:
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop, self._gate, self._idle = loop, asyncio.Semaphore(settings().database_pool_size), []
        assert self._gate is not None
        await self._gate.acquire()
        if self._idle:
            return self._idle.pop()
        try:
            connection = await aiosqlite.connect(cached_statements=512, **self.connection_kwargs)
            connection.row_factory = dict_factory  # type: ignore[assignment]
            for pragma in _PRAGMAS:
                await connection.execute(pragma)
        except BaseException:
            self._gate.release()
            raise
        return connection

    async def get_connection(self) -> Any:
        """A kept connection for a transaction; closing it gives it back."""
        return _KeptConnection(self, await self._take())

    async def give_back(self, connection: aiosqlite.Connection) -> None:
        """Return a connection; one left inside a transaction is closed instead of being handed on."""
        assert self._gate is not None
        try:
            if connection.in_transaction:
                await connection.close()
            else:
                self._idle.append(connection)
        finally:
            self._gate.release()

    async def close_idle(self) -> None:
        """Close every kept connection."""
        while self._idle:
            await self._idle.pop().close()

    async def _run_in_new_connection(
        self, query: str, args: list[Any] | None = None, query_type: str = "generic", table: Any = None
    ) -> Any:
        connection = await self._take()
        try:
            return await self._execute(connection, query, args)
        finally:
            await self.give_back(connection)

    async def _run_in_existing_connection(
        self, connection: Any, query: str, args: list[Any] | None = None, query_type: str = "generic", table: Any = None
    ) -> Any:
        return await self._execute(connection, query, args)

    @staticmethod
    async def _execute(connection: Any, query: str, args: list[Any] | None) -> Any:
        """One statement in one hop to the connection's thread; rows as dictionaries."""
        return await connection.execute_fetchall(query, args or [])


def make_engine(url: str) -> AnyEngine:
    """The engine for a ``DATABASE_URL``.

    Raises ValueError for an address that is neither SQLite nor PostgreSQL.
    """
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        path = Path(unquote(url.split("sqlite:///", 1)[-1]))
        path.parent.mkdir(parents=True, exist_ok=True)
        return KeepingSQLiteEngine(path=str(path))
    if parts.scheme in ("postgres", "postgresql"):
        # Piccolo warns about absent extensions at start; the project needs none.
        return PostgresEngine(config={"dsn": url}, extensions=())
    raise ValueError("DATABASE_URL must begin with sqlite:/// or postgresql://")


@lru_cache(maxsize=1)
def engine() -> AnyEngine:
    """The engine all tables use."""
    found = engine_finder()
    assert isinstance(found, PostgresEngine | SQLiteEngine)
    return found


def dialect() -> Literal["sqlite", "postgres"]:
    """Which SQL the database speaks."""
    return "sqlite" if isinstance(engine(), SQLiteEngine) else "postgres"


async def open_database() -> None:
    """Make the connections ready; called once when the service starts."""
    current = engine()
    if isinstance(current, PostgresEngine):
        size = settings().database_pool_size
        await current.start_connection_pool(min_size=min(2, size), max_size=size)


async def close_database() -> None:
    """Give every connection back; called once when the service stops."""
    current = engine()
    if isinstance(current, KeepingSQLiteEngine):
        await current.close_idle()
    elif isinstance(current, PostgresEngine) and current.pool is not None:
        await current.close_connection_pool()


_locks: dict[int, asyncio.Lock] = {}
_depth: contextvars.ContextVar[bool] = contextvars.ContextVar("inside_write_transaction", default=False)


def _write_lock() -> asyncio.Lock:
    """The process-wide lock of SQLite's one writer, one per event loop (tests run many loops)."""
    loop = asyncio.get_running_loop()
    lock = _locks.get(id(loop))
    if lock is None:
        _locks.clear()
        lock = _locks[id(loop)] = asyncio.Lock()
    return lock


@asynccontextmanager
async def write_transaction() -> AsyncIterator[None]:
    """The one way to change data: all of the block, or none.

    On SQLite a process-wide lock and ``BEGIN IMMEDIATE`` (with a bounded retry against other processes), on
    PostgreSQL a plain transaction. Inside another ``write_transaction`` it joins that one: do not swallow errors there.
    """
    current = engine()
    if current.current_transaction.get() is not None:
        yield
        return
    if isinstance(current, PostgresEngine):
        async with current.transaction():
            yield
        return
    async with _write_lock():
        transaction = current.transaction(transaction_type=TransactionType.immediate)
        for attempt in range(6):
            try:
                await transaction.__aenter__()
                break
            except sqlite3.OperationalError as error:
                connection = getattr(transaction, "connection", None)
                if connection is not None:
                    await connection.close()
                if "locked" not in str(error) or attempt == 5:
                    raise
                await asyncio.sleep(0.05 * 2**attempt * (0.5 + random.random()))  # noqa: S311 - jitter, no secret
        try:
            yield
        except BaseException as error:
            await transaction.__aexit__(type(error), error, error.__traceback__)
            raise
        await transaction.__aexit__(None, None, None)


async def fetch(sql: str, *args: Any) -> list[dict[str, Any]]:
    """Run one raw statement with ``{}`` placeholders; rows come back as dictionaries."""
    rows: list[dict[str, Any]] = await engine().run_querystring(QueryString(sql, *args))
    return rows or []


def is_unique_violation(error: BaseException) -> bool:
    """Whether a database error means that a unique index refused a row."""
    if isinstance(error, sqlite3.IntegrityError):
        return "UNIQUE constraint failed" in str(error)
    return getattr(error, "sqlstate", None) == "23505"


def is_integrity_error(error: BaseException) -> bool:
    """Whether a database error means that any constraint refused a row."""
    return isinstance(error, sqlite3.IntegrityError) or str(getattr(error, "sqlstate", "")).startswith("23")

"""SQLite's connections: opened once, told once how this project uses them, and kept."""

import asyncio
from typing import Any

import aiosqlite
from piccolo.engine.sqlite import SQLiteEngine, dict_factory

from app.kernel.settings import settings

#: What each connection to SQLite is told before its first statement.
PRAGMAS = (
    "PRAGMA busy_timeout = 10000",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = 1",
    "PRAGMA cache_size = -16000",
)


class KeptConnection:
    """An aiosqlite connection whose ``close`` gives it back to the engine (Piccolo closes after a transaction)."""

    def __init__(self, engine: "KeepingSQLiteEngine", connection: aiosqlite.Connection) -> None:
        self._engine = engine
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    async def close(self) -> None:
        """Give it back: what it is left in the middle of is not handed on."""
        await self.give_back(broken=False)

    async def give_back(self, *, broken: bool) -> None:
        """Give it back, or, if it is broken, up."""
        await self._engine.give_back(self._connection, broken=broken)


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
        connection = None
        try:
            connecting = aiosqlite.connect(cached_statements=512, **self.connection_kwargs)
            connecting._thread.daemon = True  # else a process that ends by an error waits for it for ever
            connection = await connecting
            connection.row_factory = dict_factory  # type: ignore[assignment]
            for pragma in PRAGMAS:
                await connection.execute(pragma)
        except BaseException:
            self._gate.release()
            if connection is not None:
                await connection.close()
            raise
        return connection

    async def get_connection(self) -> Any:
        """A kept connection for a transaction; closing it gives it back."""
        return KeptConnection(self, await self._take())

    async def give_back(self, connection: aiosqlite.Connection, *, broken: bool = False) -> None:
        """Return a connection; one that is broken, or left inside a transaction, is closed instead of handed on."""
        assert self._gate is not None
        try:
            if broken or connection.in_transaction:
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

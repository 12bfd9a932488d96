"""The database: both engines behind the same few functions.

``DATABASE_URL`` chooses SQLite or PostgreSQL and nothing else in the project knows which, except raw statements of
hot paths, which ask :func:`dialect`.
"""

import asyncio
import contextvars
import json
import logging
import os
import random
import sqlite3
import time
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

import asyncpg
from piccolo.columns.combination import WhereRaw
from piccolo.engine import engine_finder
from piccolo.engine.postgres import PostgresEngine, PostgresTransaction
from piccolo.engine.sqlite import SQLiteEngine, TransactionType
from piccolo.querystring import QueryString

from app.kernel.searching import like_pattern
from app.kernel.settings import settings
from app.kernel.sqlite import KeepingSQLiteEngine, KeptConnection

AnyEngine = PostgresEngine | SQLiteEngine

log = logging.getLogger("fairground.database")


def file_of(url: str) -> Path | None:
    """The file of an SQLite ``DATABASE_URL``; None for any other address."""
    return Path(unquote(url.split("sqlite:///", 1)[-1])) if urlsplit(url).scheme == "sqlite" else None


def make_engine(url: str) -> AnyEngine:
    """The engine for a ``DATABASE_URL``.

    Raises ValueError for an address that is neither SQLite nor PostgreSQL.
    """
    path = file_of(url)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():  # it will hold people's data; SQLite makes its other files as readable as this one
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        return KeepingSQLiteEngine(path=str(path))
    if urlsplit(url).scheme in ("postgres", "postgresql"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of a server that is not there; open_database() raises
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


class DatabaseUnreachable(Exception):
    """The database of ``DATABASE_URL`` cannot be used; says why, without the password."""


#: What asyncpg says while PostgreSQL starts, stops, restarts, or has no connection left.
_AWAY = (
    ConnectionError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.TooManyConnectionsError,
)


def is_away(error: BaseException) -> bool:
    """Whether an error says that the database cannot be had just now, and not that anything is wrong with a query."""
    if isinstance(error, asyncpg.InterfaceError):
        return "clos" in str(error)  # the connection, or the pool, is closed
    if isinstance(error, asyncpg.InternalClientError):
        return "another operation" in str(error)  # the server has just said that it ends this idle connection
    if isinstance(error, sqlite3.OperationalError):
        return "locked" in str(error)
    return isinstance(error, _AWAY)


#: How long a server is waited for that says it is starting, or recovers from a crash.
STARTING_SECONDS, LOOK_SECONDS = 60.0, 0.25


async def open_database(*, had_before: bool = False) -> None:
    """Make the connections ready; called once when the service starts. Raises DatabaseUnreachable.

    A PostgreSQL that says it is starting is waited for. So is one that is away altogether where it was there
    ``had_before``: a web process that comes while the server restarts would else take its whole node down with it.
    """
    ends = time.monotonic() + STARTING_SECONDS
    while True:
        try:
            await _open_database()
        except DatabaseUnreachable as error:
            cause = error.__cause__
            waits = isinstance(cause, asyncpg.CannotConnectNowError) or (had_before and cause and is_away(cause))
            if not waits or time.monotonic() > ends:
                raise
            await asyncio.sleep(LOOK_SECONDS)
        else:
            return


async def _open_database() -> None:
    try:
        current = engine()
        if isinstance(current, PostgresEngine):
            size = settings().database_pool_size
            await current.start_connection_pool(min_size=min(2, size), max_size=size, reset=_leave_session)
        else:
            await current._run_in_new_connection("SELECT 1")
    except (OSError, ValueError, sqlite3.Error, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        of_file = isinstance(error, OSError) and error.filename and f"{error.filename}: {error.strerror}"
        raise DatabaseUnreachable(of_file or str(error) or type(error).__name__) from error


async def _leave_session(_connection: Any) -> None:
    """Take no round trip to reset a session when its connection goes back to the pool: nobody changes sessions here.

    asyncpg itself still rolls back what a connection was left in the middle of.
    """


async def close_database() -> None:
    """Give every connection back; called once when the service stops."""
    current = engine()
    if isinstance(current, KeepingSQLiteEngine):
        await current.close_idle()
    elif isinstance(current, PostgresEngine) and current.pool is not None:
        await current.close_connection_pool()


Callback = Callable[[], Awaitable[None] | None]

_lock: tuple[asyncio.AbstractEventLoop, asyncio.Lock] | None = None
_after_commit: contextvars.ContextVar[list[Callback] | None] = contextvars.ContextVar("after_commit", default=None)


def _write_lock() -> asyncio.Lock:
    """The process-wide lock of SQLite's one writer, one per event loop (tests run many loops)."""
    global _lock
    loop = asyncio.get_running_loop()
    if _lock is None or _lock[0] is not loop:
        _lock = (loop, asyncio.Lock())
    return _lock[1]


@asynccontextmanager
async def write_transaction() -> AsyncIterator[None]:
    """The one way to change data: all of the block, or none.

    On SQLite a process-wide lock and ``BEGIN IMMEDIATE`` (with a bounded retry against other processes), on
    PostgreSQL a plain transaction. Inside another ``write_transaction`` it joins that one: do not swallow errors there.
    A cancelled block is rolled back; one cancelled during its commit may stand or not, as with a lost connection.
    """
    if in_transaction():
        yield
        return
    callbacks: list[Callback] = []
    current = engine()
    if isinstance(current, PostgresEngine):
        async with _transaction(current.transaction(), callbacks):
            yield
    else:
        transaction = current.transaction(transaction_type=TransactionType.immediate)
        async with _write_lock(), _transaction(transaction, callbacks):
            yield
    for callback in callbacks:
        await _call(callback)


@asynccontextmanager
async def write_statement() -> AsyncIterator[None]:
    """As :func:`write_transaction`, around one statement alone: on PostgreSQL that is a transaction by itself."""
    if isinstance(engine(), PostgresEngine):
        yield
    else:
        async with write_transaction():
            yield


def in_transaction() -> bool:
    """Whether this code runs inside a transaction that is still open.

    A task that was started inside one outlives it with a stale mark of it; that one does not count.
    """
    found = engine().current_transaction.get()
    if found is not None and (found._committed or found._rolled_back):
        engine().current_transaction.set(None)
        return False
    return found is not None


async def after_commit(callback: Callback) -> None:
    """Call something when the present transaction has been committed; at once when there is none.

    It runs outside the transaction and its lock. What it raises is logged: the data are already written.
    """
    callbacks = _after_commit.get()
    if callbacks is None or not in_transaction():
        await _call(callback)
    else:
        callbacks.append(callback)


async def _call(callback: Callback) -> None:
    try:
        result = callback()
        if result is not None:
            await result
    except Exception:
        log.exception("a callback after the commit failed")


@asynccontextmanager
async def _transaction(transaction: Any, callbacks: list[Callback]) -> AsyncIterator[None]:
    """Piccolo's transaction, except that no cancelling leaves a connection behind.

    Its own enter and exit forget the connection, and leave the transaction marked as present, when the task is
    cancelled while it begins, commits or rolls back.
    """
    for attempt in range(6):
        transaction.connection = await transaction.get_connection()
        try:
            if isinstance(transaction, PostgresTransaction):
                transaction.transaction = transaction.connection.transaction()
            await transaction.begin()
            break
        except BaseException as error:
            await _release(transaction, broken=True)
            if not isinstance(error, sqlite3.OperationalError) or "locked" not in str(error) or attempt == 5:
                raise
        await asyncio.sleep(0.05 * 2**attempt * (0.5 + random.random()))  # noqa: S311 - jitter, no secret
    current: contextvars.ContextVar[Any] = engine().current_transaction
    mark = current.set(transaction)
    mark_callbacks = _after_commit.set(callbacks)
    commit = False
    try:
        yield
        commit = True
    finally:
        current.reset(mark)
        _after_commit.reset(mark_callbacks)
        try:
            if commit:
                await transaction.commit()
            else:
                await _roll_back(transaction)
        finally:
            ended = transaction._committed or transaction._rolled_back
            transaction._rolled_back = not transaction._committed
            await _release(transaction, broken=not ended)


async def _roll_back(transaction: Any) -> None:
    """Roll back; when even that fails the connection is given up, and the first error goes on."""
    try:
        await transaction.rollback()
    except Exception:
        log.warning("a rollback failed; its connection is given up", exc_info=True)


class _Over:
    """In the place of a connection that was given back: it may be in somebody else's transaction by now."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError("this transaction is over: a task that began inside it must not go on using it")


_OVER = _Over()


async def _release(transaction: Any, *, broken: bool) -> None:
    """Give the connection back, whatever state it is in; neither engine lets a cancelled task interrupt this."""
    connection, transaction.connection = transaction.connection, _OVER
    pool = getattr(transaction.engine, "pool", None)
    if pool is not None:
        await pool.release(connection)
    elif isinstance(connection, KeptConnection):
        await connection.give_back(broken=broken)
    else:
        await connection.close()


async def hold_row(table: str, row_id: int, *, alone: bool = False) -> None:
    """Let nobody change a row before the caller's transaction ends. Several may hold it at once, ``alone`` nobody else.

    SQLite has one writer at a time anyway.
    """
    if dialect() == "postgres":
        strength = "NO KEY UPDATE" if alone else "SHARE"
        await fetch(f'SELECT id FROM "{table}" WHERE id = {{}} FOR {strength}', row_id)


async def hold_rows(table: str, chosen: str, *args: Any, alone: bool = False) -> list[dict[str, Any]]:
    """As :func:`hold_row`, for the rows that a condition chooses, in the order of their ids; gives them as they stand.

    Whoever had to wait for a row sees it as it was left, and one that does not meet the condition any more is left out.
    """
    strength = ""
    if dialect() == "postgres":
        strength = " FOR NO KEY UPDATE" if alone else " FOR SHARE"
    return await fetch(f'SELECT * FROM "{table}" WHERE {chosen} ORDER BY id{strength}', *args)


async def fetch(sql: str, *args: Any) -> list[dict[str, Any]]:
    """Run one raw statement with ``{}`` placeholders; rows come back as dictionaries."""
    rows = await engine().run_querystring(QueryString(sql, *args))
    return [dict(row) for row in rows or ()]


def as_day(value: date | str) -> date:
    """A day as a raw statement gives it: SQLite's is a text."""
    return date.fromisoformat(value) if isinstance(value, str) else value


def as_moment(value: datetime | str) -> datetime:
    """A moment as a raw statement gives it: SQLite knows no type of what it has computed or gives back, only a text."""
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def as_json(value: Any) -> Any:
    """What a column of JSON holds, as a raw statement gives it: its text, or what that says."""
    return json.loads(value) if isinstance(value, str) and value else value


def is_unique_violation(error: BaseException) -> bool:
    """Whether a database error means that a unique index refused a row."""
    if isinstance(error, sqlite3.IntegrityError):
        return "UNIQUE constraint failed" in str(error)
    return getattr(error, "sqlstate", None) == "23505"


def contains(wanted: str, *columns: str) -> WhereRaw:
    """A condition: any of the columns contains the text, whatever the case of its ASCII letters.

    ``%`` and ``_`` in the text stand for themselves.
    """
    pattern = like_pattern(wanted.strip().lower())
    sql = " OR ".join(f"LOWER({column}) LIKE {{}} ESCAPE '!'" for column in columns)
    return WhereRaw(f"({sql})", *(pattern for _column in columns))

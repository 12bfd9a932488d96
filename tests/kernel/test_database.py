"""The one write transaction, the kept connections, and what both engines must agree on."""

import asyncio
import sqlite3
import sys
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from app.kernel.database import (
    after_commit,
    close_database,
    dialect,
    engine,
    fetch,
    in_transaction,
    is_away,
    is_unique_violation,
    make_engine,
    write_transaction,
)
from app.kernel.settings import settings
from app.kernel.sqlite import KeepingSQLiteEngine
from app.kernel.tables import RateLimit
from tests.support.race import ask_first, race, unguarded, winners

NOW = datetime(2026, 10, 16, 1, 30, 0, 123456, tzinfo=UTC)
pytestmark = pytest.mark.engines


async def make_counter(tries: int = 0) -> None:
    await RateLimit(key="counter", tries=tries, expires_at=NOW).save()


async def count() -> int:
    rows = await fetch("SELECT tries FROM rate_limit WHERE key = {}", "counter")
    return int(rows[0]["tries"])


async def read_then_write() -> None:
    seen = await count()
    await asyncio.sleep(0)
    await RateLimit.update({RateLimit.tries: seen + 1}).where(RateLimit.key == "counter")


async def test_a_block_is_written_whole(database: str) -> None:
    async with write_transaction():
        await make_counter()
        await read_then_write()
    assert await count() == 1


async def test_a_block_that_fails_writes_nothing(database: str) -> None:
    async def failing() -> None:
        async with write_transaction():
            await make_counter()
            raise KeyError

    with pytest.raises(KeyError):
        await failing()
    assert await RateLimit.count() == 0
    assert not in_transaction()


async def test_an_inner_block_joins_the_outer_one(database: str) -> None:
    async def failing() -> None:
        async with write_transaction():
            async with write_transaction():
                await make_counter()
            raise KeyError

    with pytest.raises(KeyError):
        await failing()
    assert await RateLimit.count() == 0


@pytest.mark.race
async def test_forty_that_read_and_then_write_lose_nothing_on_sqlite(database: str) -> None:
    if dialect() != "sqlite":
        pytest.skip("PostgreSQL's plain transactions rely on conditional updates")
    await make_counter()

    async def party(_number: int) -> None:
        async with write_transaction():
            await read_then_write()

    assert winners(await race(40, party)) == [None] * 40
    assert await count() == 40


@pytest.mark.race
async def test_without_immediate_and_the_lock_they_collide(database: str) -> None:
    """The negative control: Piccolo's plain transaction, DEFERRED on SQLite."""
    await make_counter()

    async def party(_number: int) -> None:
        async with engine().transaction():
            await read_then_write()

    results = await race(40, party)
    assert await count() < 40
    if dialect() == "sqlite":
        assert any("locked" in str(result) for result in results)


async def take(_number: int) -> bool:
    """Take what one may have; gives whether this was the one."""
    async with write_transaction():
        rows = await RateLimit.update({RateLimit.tries: 1}).where(RateLimit.tries == 0).returning(RateLimit.key)
    return bool(rows)


@pytest.mark.race
async def test_a_conditional_update_has_one_winner_of_forty(database: str) -> None:
    await make_counter()
    assert sorted(winners(await race(40, take))) == [False] * 39 + [True]


@pytest.mark.race
async def test_without_its_condition_the_update_has_many_winners(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: the same function, with its condition asked before and not by the update."""
    await make_counter()
    unguarded(monkeypatch, sys.modules[__name__])
    ask_first(monkeypatch, RateLimit, parties=2)
    assert winners(await race(2, take)) == [True, True]


async def test_another_process_that_writes_is_waited_for(database: str) -> None:
    if dialect() != "sqlite":
        pytest.skip("PostgreSQL has many writers")
    other = sqlite3.connect(database.removeprefix("sqlite:///"), check_same_thread=False, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    releasing = threading.Timer(0.3, other.execute, ["ROLLBACK"])
    releasing.start()
    async with write_transaction():
        await make_counter()
    releasing.join()
    other.close()
    assert await count() == 0


async def test_what_is_asked_for_after_the_commit_runs_after_it(database: str) -> None:
    seen: list[tuple[int, bool]] = []

    async def look() -> None:
        seen.append((await RateLimit.count(), in_transaction()))

    async with write_transaction():
        await make_counter()
        async with write_transaction():
            await after_commit(look)
        assert seen == []
    assert seen == [(1, False)]
    await after_commit(lambda: seen.append((0, False)))
    assert seen == [(1, False), (0, False)]


async def test_what_is_asked_for_after_the_commit_is_forgotten_when_there_is_none(database: str) -> None:
    seen: list[int] = []

    async def failing() -> None:
        async with write_transaction():
            await after_commit(lambda: seen.append(1))
            raise KeyError

    with pytest.raises(KeyError):
        await failing()
    async with write_transaction():
        pass
    assert seen == []


async def test_a_failing_callback_does_not_undo_or_hide_what_was_written(
    database: str, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[int] = []

    def fail() -> None:
        raise ValueError("callback")

    async with write_transaction():
        await make_counter()
        await after_commit(fail)
        await after_commit(lambda: seen.append(1))
    assert await RateLimit.count() == 1
    assert seen == [1]
    assert "a callback after the commit failed" in caplog.text


async def test_fetch_gives_dictionaries_with_aware_times(database: str) -> None:
    await make_counter(tries=4)
    rows = await fetch("SELECT key, tries, expires_at FROM rate_limit WHERE expires_at <= {}", NOW)
    assert rows == [{"key": "counter", "tries": 4, "expires_at": NOW}]
    assert type(rows[0]) is dict
    assert await fetch("SELECT key FROM rate_limit WHERE expires_at < {}", NOW) == []
    changed = await fetch(
        "UPDATE rate_limit SET expires_at = {} RETURNING expires_at, tries", NOW.replace(microsecond=0)
    )
    assert changed == [{"expires_at": NOW.replace(microsecond=0), "tries": 4}]


async def test_times_compare_by_instant_whatever_their_zone_and_fraction(database: str) -> None:
    whole = NOW.replace(microsecond=0)
    await RateLimit(key="counter", tries=1, expires_at=whole).save()
    assert await RateLimit.count().where(RateLimit.expires_at < whole + timedelta(microseconds=1)) == 1
    assert await RateLimit.count().where(RateLimit.expires_at < whole) == 0


async def test_a_unique_violation_is_told_from_other_refusals(database: str) -> None:
    await make_counter()
    with pytest.raises(Exception) as twice:  # noqa: PT011 - the class is the engine's own
        async with write_transaction():
            await make_counter()
    with pytest.raises(Exception) as null:  # noqa: PT011
        await fetch("INSERT INTO rate_limit (key, tries) VALUES ({}, {})", None, 1)
    assert [is_unique_violation(error) for error in (twice.value, null.value, ValueError())] == [True, False, False]


async def test_sqlite_connections_are_kept_and_prepared(database: str) -> None:
    found = engine()
    if not isinstance(found, KeepingSQLiteEngine):
        pytest.skip("SQLite only")
    for _ in range(20):
        await RateLimit.count()
    assert len(found._idle) == 1
    pragmas = {name: (await fetch(f"PRAGMA {name}"))[0] for name in ("journal_mode", "synchronous", "foreign_keys")}
    assert [next(iter(row.values())) for row in pragmas.values()] == ["wal", 2, 1]
    assert list((await fetch("PRAGMA busy_timeout"))[0].values()) == [10000]
    await close_database()
    assert found._idle == []


async def test_an_unusable_sqlite_file_is_said_and_holds_no_connection(database: str, tmp_path: Path) -> None:
    if dialect() != "sqlite":
        pytest.skip("SQLite only")
    path = tmp_path / "broken.sqlite"
    path.write_bytes(b"this is no database" * 100)
    broken = KeepingSQLiteEngine(str(path))
    for _ in range(settings().database_pool_size + 1):
        with pytest.raises(sqlite3.DatabaseError):
            await broken._run_in_new_connection("SELECT 1")
    assert broken._gate is not None
    assert broken._gate._value == settings().database_pool_size


def test_other_databases_are_refused() -> None:
    with pytest.raises(ValueError, match="DATABASE_URL"):
        make_engine("mysql://localhost/x")


async def test_a_database_that_goes_away_is_told_from_a_wrong_query(database: str, tmp_path: Path) -> None:
    with pytest.raises(Exception, match="only_dreamt_of") as wrong:
        await fetch("SELECT * FROM only_dreamt_of")
    assert not is_away(wrong.value)
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, sqlite3.Error)) as gone:
        await go_away(tmp_path)
    assert is_away(gone.value)
    await make_counter()  # and it comes back by itself
    assert await count() == 0


async def go_away(folder: Path) -> None:
    """Lose the connection on PostgreSQL; on SQLite meet somebody who does not let go of the file."""
    if dialect() == "postgres":
        await fetch("SELECT pg_terminate_backend(pg_backend_pid())")
        return
    with closing(sqlite3.connect(folder / "held")) as holder, closing(sqlite3.connect(folder / "held")) as other:
        holder.execute("BEGIN EXCLUSIVE")
        other.execute("PRAGMA busy_timeout = 0")
        other.execute("BEGIN IMMEDIATE")

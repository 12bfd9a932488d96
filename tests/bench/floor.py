"""What the redeem's own SQL does through the driver alone: ``python -m tests.bench.floor FILE FROM TO SECONDS N``.

Redeems the passes of ``FILE`` numbered FROM … TO for SECONDS with N at once and prints how many a second it did. On
SQLite, which has one writer, the N wait for their turn at a lock, as those in the service do.
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg

from app.kernel import clock
from app.kernel.sqlite import PRAGMAS
from ticketing.checkin import redeem
from ticketing.checkin.redeem import Presented
from ticketing.checkin.rules import ListRules, limits_at


def presented(made: dict[str, Any], numbers: Sequence[int]) -> Iterator[Presented]:
    """Yield each pass of these numbers as a gate holds it out."""
    for number in numbers:
        now: datetime = clock.now()
        phone = number % len(made["gates"])
        yield Presented(
            client_id=f"floor-{number}-{os.getpid()}",
            edition_id=made["edition_id"],
            list_id=made["list_id"],
            gate_id=made["gates"][phone],
            device_id=made["devices"][phone],
            serial=made["serials"][number],
            code_hash="0" * 64,
            at=now,
            device_at=None,
            judged_at=now,
            pass_kinds=tuple(made["pass_kinds"]),
            limits=limits_at(ListRules(), now, exits=False, timezone="Asia/Ho_Chi_Minh"),
        )


async def on_postgres(url: str, phones: Sequence[Iterator[Presented]], seconds: float) -> float:
    """Redeem on a connection for each phone until the passes or the seconds end; returns how many a second."""
    statement = redeem.POSTGRES.format(full="", on_conflict=redeem.ON_CONFLICT)

    async def redeem_all(pool: asyncpg.Pool[Any], waiting: Iterator[Presented], ends: float) -> int:
        done = 0
        async with pool.acquire() as connection:
            prepared = await connection.prepare(statement)
            for one in waiting:
                await prepared.fetchrow(*redeem.arguments(one))
                done += 1
                if time.monotonic() >= ends:
                    break
        return done

    async with asyncpg.create_pool(url, min_size=len(phones), max_size=len(phones)) as pool:
        started = time.monotonic()
        done = await asyncio.gather(*(redeem_all(pool, waiting, started + seconds) for waiting in phones))
        return sum(done) / (time.monotonic() - started)


def on_sqlite(url: str, phones: Sequence[Iterator[Presented]], seconds: float) -> float:
    """Redeem on a connection and a thread for each phone, one transaction at a time; returns how many a second."""
    turn = threading.Lock()
    all_open = threading.Barrier(len(phones) + 1, timeout=60)

    def redeem_all(waiting: Iterator[Presented]) -> int:
        connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        connection.row_factory = sqlite3.Row
        for pragma in PRAGMAS:
            connection.execute(pragma)
        all_open.wait()
        ends = time.monotonic() + seconds
        done = 0
        for one in waiting:
            with turn:
                connection.execute("BEGIN IMMEDIATE")
                row = connection.execute(redeem.SQLITE_SCAN, plain(redeem.sqlite_arguments(one))).fetchone()
                connection.execute(redeem.SQLITE_ADMIT, plain(redeem.admitting(one, row["event_pass"])))
                connection.execute("COMMIT")
            done += 1
            if time.monotonic() >= ends:
                break
        connection.close()
        return done

    with ThreadPoolExecutor(len(phones)) as threads:
        running = [threads.submit(redeem_all, waiting) for waiting in phones]
        all_open.wait()
        started = time.monotonic()
        return sum(one.result() for one in running) / (time.monotonic() - started)


def plain(values: Sequence[Any]) -> list[Any]:
    """Return values as SQLite takes them."""
    return [value.isoformat(" ") if isinstance(value, datetime) else value for value in values]


def main() -> None:
    """Redeem and print how many a second."""
    file, first, last, seconds, at_once = sys.argv[1:]
    made = json.loads(Path(file).read_text())
    numbers = range(int(first), int(last))
    phones = [presented(made, numbers[phone :: int(at_once)]) for phone in range(int(at_once))]
    url = os.environ["DATABASE_URL"]
    if url.startswith("sqlite"):
        print(on_sqlite(url, phones, float(seconds)))
    else:
        print(asyncio.run(on_postgres(url, phones, float(seconds))))


if __name__ == "__main__":
    main()

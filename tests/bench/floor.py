"""What the redeem's own SQL does through the driver alone: ``python -m tests.bench.floor FILE FROM TO SECONDS N``.

Redeems the passes of ``FILE`` numbered FROM … TO for SECONDS with N at once and prints how many it did. On SQLite,
which has one writer, N is 1: more would only wait for each other.
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg

from app.kernel import clock
from ticketing.checkin import redeem
from ticketing.checkin.redeem import Presented

PRAGMAS = ("journal_mode = WAL", "synchronous = FULL", "busy_timeout = 10000", "foreign_keys = 1")


def presented(made: dict[str, Any], first: int, last: int) -> Iterator[list[Any]]:
    """Yield the arguments of the redeem's statement for each pass."""
    for number in range(first, last):
        now: datetime = clock.now()
        phone = number % len(made["gates"])
        yield redeem.arguments(
            Presented(
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
                offline=False,
                shown=None,
                pass_kinds=tuple(made["pass_kinds"]),
            )
        )


async def on_postgres(url: str, waiting: Iterator[list[Any]], seconds: float, at_once: int) -> float:
    """Redeem with ``at_once`` connections until the passes or the seconds end; returns how many a second."""
    statement = redeem.POSTGRES.format(on_conflict=redeem.ON_CONFLICT)
    done = 0

    async def phone(pool: asyncpg.Pool[Any], ends: float) -> None:
        nonlocal done
        async with pool.acquire() as connection:
            prepared = await connection.prepare(statement)
            for values in waiting:
                await prepared.fetchrow(*values)
                done += 1
                if time.monotonic() >= ends:
                    return

    async with asyncpg.create_pool(url, min_size=at_once, max_size=at_once) as pool:
        started = time.monotonic()
        await asyncio.gather(*(phone(pool, started + seconds) for _ in range(at_once)))
        return done / (time.monotonic() - started)


def on_sqlite(url: str, waiting: Iterator[list[Any]], seconds: float) -> float:
    """Redeem one after the other in transactions of their own; returns how many a second."""
    connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    connection.row_factory = sqlite3.Row
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    done = 0
    started = time.monotonic()
    for values in waiting:
        kinds = values[-1]
        values[-1] = f",{','.join(kinds)}," if kinds else ""
        plain = [value.isoformat(" ") if isinstance(value, datetime) else value for value in values]
        connection.execute("BEGIN IMMEDIATE")
        row = connection.execute(redeem.SQLITE_SCAN, plain).fetchone()
        connection.execute(redeem.SQLITE_ADMIT, [plain[1], row["event_pass"], plain[2], plain[3], plain[9]])
        connection.execute("COMMIT")
        done += 1
        if time.monotonic() >= started + seconds:
            break
    rate = done / (time.monotonic() - started)
    connection.close()
    return rate


def main() -> None:
    """Redeem and print how many a second."""
    file, first, last, seconds, at_once = sys.argv[1:]
    waiting = presented(json.loads(Path(file).read_text()), int(first), int(last))
    url = os.environ["DATABASE_URL"]
    if url.startswith("sqlite"):
        print(on_sqlite(url, waiting, float(seconds)))
    else:
        print(asyncio.run(on_postgres(url, waiting, float(seconds), int(at_once))))


if __name__ == "__main__":
    main()

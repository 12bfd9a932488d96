"""Looks for secrets in every table: ``python -m tests.journeys.support.leaks FILE``, FILE a JSON list of them.

Run in the environment of an installation; prints, as JSON, in which columns one stands. The text of a message holds the
link that it brings, and nothing else may hold one. It knows the drivers alone, so that it is there at once.
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import asyncpg

CARRIERS = {"outbox_message.body_text", "outbox_message.body_html"}


def in_sqlite(path: str, secrets: list[str]) -> set[str]:
    """Return each column, with its table, of a file in which a secret stands."""
    connection = sqlite3.connect(path)
    connection.row_factory = sqlite3.Row
    found: set[str] = set()
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        found |= _columns(name, (dict(row) for row in connection.execute(f'SELECT * FROM "{name}"')), secrets)
    connection.close()
    return found


async def in_postgres(url: str, secrets: list[str]) -> set[str]:
    """Return each column, with its table, of a database in which a secret stands."""
    connection = await asyncpg.connect(url)
    found: set[str] = set()
    for (name,) in await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"):
        found |= _columns(name, (dict(row) for row in await connection.fetch(f'SELECT * FROM "{name}"')), secrets)
    await connection.close()
    return found


def _columns(table: str, rows: Iterable[Mapping[str, Any]], secrets: list[str]) -> set[str]:
    return {
        f"{table}.{column}"
        for row in rows
        for column, value in row.items()
        if isinstance(value, str) and any(secret in value for secret in secrets)
    }


def leaks(url: str, secrets: list[str]) -> list[str]:
    """Return in which columns of the database at ``url`` a secret stands that should not."""
    file = url.removeprefix("sqlite:///")
    found = in_sqlite(file, secrets) if file != url else asyncio.run(in_postgres(url, secrets))
    return sorted(found - CARRIERS)


if __name__ == "__main__":
    print(json.dumps(leaks(os.environ["DATABASE_URL"], json.loads(Path(sys.argv[1]).read_text()))))

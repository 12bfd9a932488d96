"""Looks for secrets in files and tables: ``python -m tests.journeys.support.leaks FILE``, FILE the JSON of what is
sought, the name of the kind by each writing.

Run in the environment of an installation, in its folder; prints, as JSON, where which kind stands that should not. It
knows the drivers alone, so that it is there at once.
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

from tests.journeys.support.secrets import KINDS, Sought, kinds_in

#: The database itself, which tables are looked at of; its private keys are sealed.
DATABASE = "fairground.sqlite"


def in_sqlite(path: str, sought: Sought) -> set[str]:
    """Return each column of a file in which a secret stands that should not, with the kind."""
    connection = sqlite3.connect(path)
    connection.row_factory = sqlite3.Row
    found: set[str] = set()
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        found |= _columns(name, (dict(row) for row in connection.execute(f'SELECT * FROM "{name}"')), sought)
    connection.close()
    return found


async def in_postgres(url: str, sought: Sought) -> set[str]:
    """Return each column of a database in which a secret stands that should not, with the kind."""
    connection = await asyncpg.connect(url)
    found: set[str] = set()
    for (name,) in await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"):
        found |= _columns(name, (dict(row) for row in await connection.fetch(f'SELECT * FROM "{name}"')), sought)
    await connection.close()
    return found


def _columns(table: str, rows: Iterable[Mapping[str, Any]], sought: Sought) -> set[str]:
    """Look through the rows of a table, each column as one text: that is many times quicker."""
    texts: dict[str, list[str]] = {}
    for row in rows:
        for column, value in row.items():
            if isinstance(value, bytes | str):
                texts.setdefault(f"{table}.{column}", []).append(_text(value))
    return {
        f"{kind.name} in {column}"
        for column, values in texts.items()
        for _writing, kind in kinds_in("\n".join(values), sought)
        if column not in kind.columns
    }


def _text(value: bytes | str) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def in_tables(url: str, sought: Sought) -> set[str]:
    """Return each column of the database at ``url`` in which a secret stands that should not, with the kind."""
    file = url.removeprefix("sqlite:///")
    return in_sqlite(file, sought) if file != url else asyncio.run(in_postgres(url, sought))


def in_files(folder: Path, sought: Sought) -> set[str]:
    """Return each file of an installation in which a secret stands, with the kind: what was said, uploads, figures."""
    return {
        f"{kind.name} in {path.relative_to(folder)}"
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(DATABASE)
        for _writing, kind in kinds_in(path.read_bytes().decode("latin-1"), sought)
    }


if __name__ == "__main__":
    SOUGHT = {writing: KINDS[name] for writing, name in json.loads(Path(sys.argv[1]).read_text()).items()}
    print(json.dumps(sorted(in_tables(os.environ["DATABASE_URL"], SOUGHT) | in_files(Path.cwd(), SOUGHT))))

"""What earlier versions left behind is brought to the newest state, and nothing of it is lost."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from app.kernel.database import close_database, dialect, fetch, open_database
from app.kernel.migrate import migrate, pending_migrations
from tests.support.client import running_app

pytestmark = pytest.mark.engines
FOLDER = Path(__file__).parent
NAMES = sorted(path.name.removesuffix(".sqlite.gz") for path in FOLDER.glob("*.sqlite.gz"))
TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    "postgres": "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'",
}


async def put_stored(name: str, url: str) -> None:
    """Fill an empty database with a stored one."""
    await close_database()
    if url.startswith("sqlite"):
        content = gzip.decompress((FOLDER / f"{name}.sqlite.gz").read_bytes())
        Path(url.removeprefix("sqlite:///")).write_bytes(content)
    else:
        lines = gzip.decompress((FOLDER / f"{name}.sql.gz").read_bytes()).decode().splitlines()
        connection = await asyncpg.connect(url)
        await connection.execute("\n".join(line for line in lines if not line.startswith("\\")))
        await connection.close()
    await open_database()


async def everything() -> dict[str, dict[int, dict[str, Any]]]:
    """All rows of all tables but the list of migrations, by table and id."""
    names = [row["name"] for row in await fetch(TABLES[dialect()])]
    return {
        name: {row["id"]: row for row in await fetch(f'SELECT * FROM "{name}"')}
        for name in names
        if name != "migration"
    }


@pytest.mark.parametrize("name", NAMES)
async def test_a_stored_database_is_migrated_and_keeps_all_it_held(name: str, empty_database: str) -> None:
    await put_stored(name, empty_database)
    before = await everything()
    assert sum(len(rows) for rows in before.values()) > 100
    assert len(await pending_migrations()) > 0
    await migrate()
    assert await pending_migrations() == []
    after = await everything()
    differing = [
        (table, row_id)
        for table, rows in before.items()
        for row_id, row in rows.items()
        if {column: after[table].get(row_id, {}).get(column) for column in row} != row
    ]
    assert differing == []
    if dialect() == "sqlite":
        path = Path(empty_database.removeprefix("sqlite:///"))
        assert len(list(path.parent.glob(f"{path.name}.before-*"))) == 1


@pytest.mark.parametrize("name", NAMES)
async def test_the_service_runs_on_a_stored_database(name: str, empty_database: str) -> None:
    await put_stored(name, empty_database)
    await migrate()
    (edition,) = await fetch("SELECT slug FROM edition ORDER BY id LIMIT 1")
    await close_database()
    async with running_app() as client:
        for path in (f"/e/{edition['slug']}", f"/e/{edition['slug']}/contest", f"/e/{edition['slug']}/catalogue"):
            assert (await client.get(path)).status_code == 200, path


def test_every_state_is_stored_for_both_engines() -> None:
    stored = sorted(path.name.removesuffix(".sql.gz") for path in FOLDER.glob("*.sql.gz"))
    assert len(NAMES) > 0
    assert stored == NAMES

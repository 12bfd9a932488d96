"""What earlier versions left behind is brought to the newest state, and nothing of it is lost.

Each closed issue leaves a state here, ``NAME.sqlite.gz`` and ``NAME.sql.gz``, NAME the day of its closing
(``2026-11-27``, a second one of that day ``2026-11-27b``), so that names sort by age. To store the next one, with the
last commit of the issue checked out:

    python -m tests.upgrades.store NAME
    python -m tests.support.postgres -- python -m tests.upgrades.store NAME

and commit both files; nothing here has to be changed. A state is never stored again or changed afterwards: it is what
people have.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import asyncpg
import pytest

from app.kernel import migrate as migrate_module
from app.kernel.database import close_database, dialect, fetch, open_database
from app.kernel.migrate import PendingMigration, done_migrations, known_migrations, migrate, pending_migrations
from tests.support.client import running_app

pytestmark = pytest.mark.engines
FOLDER = Path(__file__).parent
NAMES = sorted(path.name.removesuffix(".sqlite.gz") for path in FOLDER.glob("*.sqlite.gz"))
TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    "postgres": "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'",
}
PARTS = {
    "sqlite": "SELECT name, sql AS part FROM sqlite_master WHERE sql IS NOT NULL",
    "postgres": (
        "SELECT table_name AS name, column_name || ' ' || data_type || ' ' || is_nullable AS part "
        "FROM information_schema.columns WHERE table_schema = 'public' "
        "UNION ALL SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = 'public'"
    ),
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


async def schema() -> list[tuple[str, str]]:
    """Every table with each of its columns, or with the statement that made it."""
    return sorted((row["name"], row["part"]) for row in await fetch(PARTS[dialect()]))


async def everything() -> dict[str, dict[int, dict[str, Any]]]:
    """All rows of all tables but the list of migrations, by table and id."""
    names = [row["name"] for row in await fetch(TABLES[dialect()])]
    return {
        name: {row["id"]: row for row in await fetch(f'SELECT * FROM "{name}"')}
        for name in names
        if name != "migration"
    }


#: Tables and columns that a later state does without, with what took over what they held.
GONE = {
    "payment_document_counter": "payment_series, which begins anew with each series and year",
    "ticket_type.quota": "quota, of which each type has one of its own",
}


@pytest.mark.parametrize("name", NAMES)
async def test_a_stored_database_is_migrated_and_keeps_all_it_held(name: str, empty_database: str) -> None:
    await put_stored(name, empty_database)
    before = await everything()
    assert sum(len(rows) for rows in before.values()) > 100
    pending = await pending_migrations()
    assert await migrate() == len(pending)
    assert await pending_migrations() == []
    after = await everything()
    differing = [
        (table, row_id)
        for table, rows in before.items()
        if table not in GONE
        for row_id, row in rows.items()
        if any(
            after[table].get(row_id, {}).get(column) != value
            for column, value in row.items()
            if f"{table}.{column}" not in GONE
        )
    ]
    assert differing == []
    assert copies(empty_database) == (len(pending) > 0 and dialect() == "sqlite")


def copies(url: str) -> int:
    """Return how often an SQLite database was copied before it was migrated."""
    path = Path(url.removeprefix("sqlite:///"))
    return len(list(path.parent.glob(f"{path.name}.before-*")))


@pytest.mark.parametrize("name", NAMES)
async def test_each_ticket_type_has_a_quota_of_its_name_with_its_numbers(name: str, empty_database: str) -> None:
    await put_stored(name, empty_database)
    held = "SELECT id, edition, {}, sold, held FROM {} ORDER BY id"
    before = await fetch(held.format("quota AS size", "ticket_type"))
    assert before
    await migrate()
    after = await fetch(
        "SELECT t.id, q.edition, q.size, q.sold, q.held FROM ticket_type t "
        "JOIN quota_type j ON j.ticket_type = t.id AND j.own IS TRUE JOIN quota q ON q.id = j.quota ORDER BY t.id"
    )
    assert after == before
    named = await fetch(
        "SELECT t.name AS names, q.name FROM quota q JOIN quota_type j ON j.quota = q.id "
        "JOIN ticket_type t ON t.id = j.ticket_type"
    )
    assert all(row["name"] in json.loads(row["names"]).values() for row in named)


@pytest.mark.parametrize("name", NAMES)
async def test_a_migration_that_fails_leaves_the_stored_state(
    name: str, empty_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that is pending runs, and then one more, which changes something and fails."""
    await put_stored(name, empty_database)
    before = await schema(), await everything(), await done_migrations()
    newest = await broken(monkeypatch)
    with pytest.raises(ValueError, match="half way"):
        await migrate()
    assert (await schema(), await everything(), await done_migrations()) == before
    monkeypatch.undo()
    await migrate()
    assert await pending_migrations() == []
    assert newest not in await done_migrations()


async def broken(monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """Let the newest of all migrations rename the people, add a table and fail; returns what tells it from others."""
    module = ModuleType("broken")

    async def forwards() -> None:
        await fetch("UPDATE person SET full_name = 'half'")
        await fetch("CREATE TABLE half (id INTEGER)")
        raise ValueError("half way")

    vars(module)["forwards"] = forwards
    made = PendingMigration("2999-01-01T00:00:00", "kernel", module)
    known = known_migrations()
    monkeypatch.setattr(migrate_module, "known_migrations", lambda: [*known, made])
    return made.key


def test_there_is_something_to_migrate() -> None:
    """The oldest state has not seen the newest migration, so that an upgrade is really tried."""
    content = gzip.decompress((FOLDER / f"{NAMES[0]}.sql.gz").read_bytes()).decode()
    assert known_migrations()[-1].id not in content


@pytest.mark.parametrize("name", NAMES)
async def test_the_service_runs_on_a_stored_database(name: str, empty_database: str) -> None:
    await put_stored(name, empty_database)
    await migrate()
    (edition,) = await fetch("SELECT slug FROM edition ORDER BY id LIMIT 1")
    await close_database()
    async with running_app() as client:
        for path in (f"/e/{edition['slug']}", f"/e/{edition['slug']}/contest", f"/e/{edition['slug']}/catalogue"):
            assert (await client.get(path)).status_code == 200, path


async def test_the_next_state_is_stored_and_read_like_the_others(
    empty_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The present state, of which nothing is pending, as the next issue will leave it."""
    command = [sys.executable, "-m", "tests.upgrades.store", "next", str(tmp_path)]
    await asyncio.to_thread(subprocess.run, command, check=True, stdin=subprocess.DEVNULL)
    monkeypatch.setattr(sys.modules[__name__], "FOLDER", tmp_path)
    await test_a_stored_database_is_migrated_and_keeps_all_it_held("next", empty_database)
    assert copies(empty_database) == 0


def test_every_state_is_stored_for_both_engines() -> None:
    stored = sorted(path.name.removesuffix(".sql.gz") for path in FOLDER.glob("*.sql.gz"))
    assert len(NAMES) > 0
    assert stored == NAMES

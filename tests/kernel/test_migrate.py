"""Migrations: one list over all apps, all of one or none of it, and a copy of an SQLite file that holds data."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from piccolo.apps.migrations.tables import Migration

from app.kernel import migrate as migrate_module
from app.kernel.database import dialect, engine, fetch
from app.kernel.migrate import DatabaseIsNewer, PendingMigration, migrate, pending_migrations

pytestmark = pytest.mark.engines


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Put a migration of a later version in the place of those on disk."""

    def put(*statements: str, fails: bool = False) -> None:
        module = ModuleType("later")

        async def forwards() -> None:
            for statement in statements:
                await fetch(statement)
            if fails:
                raise ValueError("half way")

        vars(module)["forwards"] = forwards

        async def pending() -> list[PendingMigration]:
            return [PendingMigration("2027-01-01T00:00:00", "kernel", module)]

        monkeypatch.setattr(migrate_module, "pending_migrations", pending)

    return put


async def test_from_nothing_to_the_newest_state_in_one_ordered_list(empty_database: str) -> None:
    pending = await pending_migrations()
    ids = [migration.id for migration in pending]
    assert ids == sorted(ids)
    assert (pending[0].app_name, len(set(ids))) == ("kernel", len(ids))
    reported: list[tuple[str, int, int]] = []
    assert await migrate(lambda *step: reported.append(step)) == len(pending)
    assert reported == [(migration.app_name, number, len(pending)) for number, migration in enumerate(pending)]
    assert await pending_migrations() == []
    assert await migrate() == 0


async def test_an_older_version_does_not_run_on_a_newer_database(database: str) -> None:
    await Migration.insert(Migration(name="2099-01-01T00:00:00", app_name="kernel"))
    with pytest.raises(DatabaseIsNewer, match="migration 2099-01-01T00:00:00 is not known here"):
        await migrate()


async def test_a_migration_that_fails_leaves_nothing_of_itself(database: str, later: Callable[..., None]) -> None:
    later("CREATE TABLE half (id INTEGER)", "INSERT INTO half (id) VALUES (1)", fails=True)
    with pytest.raises(ValueError, match="half way"):
        await migrate()
    rows = await fetch("SELECT name FROM migration WHERE name = {}", "2027-01-01T00:00:00")
    assert rows == []
    with pytest.raises(Exception, match="half"):
        await fetch("SELECT id FROM half")
    later("CREATE TABLE half (id INTEGER)")
    assert await migrate() == 1


async def test_a_file_with_data_is_copied_first(database: str, later: Callable[..., None]) -> None:
    if dialect() != "sqlite":
        pytest.skip("PostgreSQL has backups of its own")
    await fetch("INSERT INTO rate_limit (key, tries) VALUES ('kept', 3)")
    later("UPDATE rate_limit SET tries = 4")
    assert await migrate() == 1
    copy = Path(f"{engine().path}.before-2027-01-01T00-00-00")  # type: ignore[union-attr]
    with sqlite3.connect(copy) as old:
        assert old.execute("SELECT key, tries FROM rate_limit").fetchall() == [("kept", 3)]
    old.close()
    copy.unlink()
    assert await fetch("SELECT tries FROM rate_limit") == [{"tries": 4}]

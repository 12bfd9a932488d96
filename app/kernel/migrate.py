"""Migrations of all apps as one list, ordered by their ids (ISO times), on both engines."""

import asyncio
import fcntl
import importlib.util
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager, redirect_stdout
from dataclasses import dataclass
from functools import lru_cache
from io import StringIO
from pathlib import Path
from types import ModuleType

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.apps.migrations.tables import Migration
from piccolo.conf.apps import Finder
from piccolo.engine.postgres import PostgresEngine
from piccolo.engine.sqlite import SQLiteEngine
from piccolo.table import Table, sort_table_classes

from app.kernel.database import engine, fetch, write_transaction
from app.kernel.roles import keep_record_of_migrations, refuse_service_role

#: PostgreSQL's advisory lock of those who migrate; any number that nothing else uses.
LOCK_NUMBER = 20_261_016


class DatabaseIsNewer(Exception):
    """A newer version has changed the tables; this one would write what that one does not expect."""

    def __init__(self, unknown: list[str]) -> None:
        super().__init__(newer(unknown))


def newer(unknown: list[str]) -> str:
    """Say so, and what to do."""
    return (
        f"The database is newer than this program (migration {unknown[-1]} is not known here). "
        "Install the newer version, or restore the backup of before the upgrade."
    )


@dataclass(frozen=True)
class PendingMigration:
    """One migration file that the database has not seen."""

    id: str
    app_name: str
    module: ModuleType

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from every other one: app and id."""
        return self.app_name, self.id


@lru_cache(maxsize=256)
def _load(path: Path, app_name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"_migration_{app_name}_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def known_migrations() -> list[PendingMigration]:
    """Every migration that this version brings, in the order in which they run."""
    found = []
    for config in Finder().get_app_configs():
        for path in Path(config.resolved_migrations_folder_path).glob("[!_]*.py"):
            module = _load(path, config.app_name)
            found.append(PendingMigration(module.ID, config.app_name, module))
    return sorted(found, key=lambda migration: (migration.id, migration.app_name))


async def done_migrations() -> set[tuple[str, str]]:
    """(app, id) of every migration that the database has seen."""
    if not await Migration.table_exists().run():
        return set()
    return {(row["app_name"], row["name"]) for row in await Migration.select(Migration.name, Migration.app_name)}


async def pending_migrations() -> list[PendingMigration]:
    """What has not run yet, in the order in which it will."""
    done = await done_migrations()
    return [migration for migration in known_migrations() if migration.key not in done]


async def unknown_migrations() -> list[str]:
    """Ids of what the database has seen and this version does not bring: a newer one was here."""
    known = {migration.key for migration in known_migrations()}
    return sorted(name for app, name in await done_migrations() if (app, name) not in known)


@asynccontextmanager
async def _alone() -> AsyncIterator[None]:
    """Wait until no other process migrates this database, and keep others waiting meanwhile."""
    current = engine()
    if isinstance(current, SQLiteEngine):
        with Path(f"{current.path}.lock").open("w") as lock:
            await asyncio.to_thread(fcntl.flock, lock, fcntl.LOCK_EX)
            yield
        return
    connection = await current.get_new_connection()
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", LOCK_NUMBER)
        yield
    finally:
        await connection.close()  # which unlocks


async def migrate(
    report: Callable[[str, int, int], None] | None = None, *, until: Collection[tuple[str, str]] | None = None
) -> int:
    """Bring the database to the newest state; returns how many migrations ran.

    All of them run in one transaction: one that fails leaves the old state. Before the first one, the file of an
    SQLite database that holds data is copied beside itself as ``NAME.before-ID``. Of several processes that start at
    once one does the work, and the others wait for it. ``until`` names the (app, id) to stop at: no other one runs.
    Raises MayNotMigrate when there is something to do, DatabaseIsNewer.
    """
    async with _alone():
        if unknown := await unknown_migrations():
            raise DatabaseIsNewer(unknown)
        pending = [one for one in await pending_migrations() if until is None or one.key in until]
        if pending:
            await refuse_service_role(f"{len(pending)} migrations are waiting", "migrate")
        return await _migrate(pending, report)


async def _copy(current: SQLiteEngine, copy: Path) -> None:
    """Copy the file by SQLite's own means: whoever opens and closes it otherwise lets go of this process's locks."""
    copy.unlink(missing_ok=True)
    await current._run_in_new_connection("VACUUM INTO ?", [str(copy)])
    copy.chmod(Path(current.path).stat().st_mode & 0o777)


async def _migrate(pending: list[PendingMigration], report: Callable[[str, int, int], None] | None) -> int:
    if not pending:
        return 0
    current = engine()
    fresh = not await Migration.table_exists().run()
    if not fresh and isinstance(current, SQLiteEngine):
        await _copy(current, Path(f"{current.path}.before-{pending[0].id.replace(':', '-')}"))
    async with current.transaction():
        if fresh:
            await Migration.create_table().run()
        for done, migration in enumerate(pending):
            if report:
                report(migration.app_name, done, len(pending))
            manager = await migration.module.forwards()
            if isinstance(manager, MigrationManager):
                with redirect_stdout(StringIO()):  # Piccolo prints each id
                    await manager.run()
            await Migration.insert(Migration(name=migration.id, app_name=migration.app_name)).run()
        await keep_record_of_migrations()
    return len(pending)


async def drop_tables() -> None:
    """Take every table away, as before the first migration. The caller has seen that they hold nothing."""
    tables = [table for config in Finder().get_app_configs() for table in config.table_classes]
    async with write_transaction():
        ordered: list[type[Table]] = [*reversed(sort_table_classes(tables)), Migration]  # pointers first
        for table in ordered:
            await fetch(f'DROP TABLE IF EXISTS "{table._meta.tablename}"')
        if isinstance(engine(), PostgresEngine):
            for function in await fetch(
                "SELECT oid::regprocedure::text AS name FROM pg_proc AS found "
                "WHERE pronamespace = 'public'::regnamespace AND NOT EXISTS "
                "(SELECT 1 FROM pg_depend WHERE objid = found.oid AND deptype = 'e')"
            ):
                await fetch(f"DROP FUNCTION {function['name']} CASCADE")

"""Fresh databases for tests: one migrated template for each test process, copied for each test that asks.

The engine comes from ``DATABASE_URL`` as the test run was started: absent or ``sqlite:`` means SQLite files
in a temporary folder, ``postgresql:`` means databases beside the named one on that server.
``prepare_environment`` must run before anything of the project is imported: the engine is made at import.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.support.postgres import quick_folder

STARTED_WITH = "FAIRGROUND_TESTS_STARTED_WITH"


def on_postgres() -> bool:
    """Whether this test run was started on PostgreSQL."""
    return os.environ.get(STARTED_WITH, "").startswith("postgres")


class Databases:
    """Makes the template and its copies. ``folder`` is the temporary folder of this test process."""

    def __init__(self, folder: Path, server: str | None, name: str) -> None:
        self.folder = folder
        self.server = server
        self.name = name
        self._made = 0
        self._migrated = False

    @property
    def template_url(self) -> str:
        """Address of the template, which holds the tables and no rows."""
        return self._url("template")

    def migrate_template(self) -> None:
        """Run all migrations into the template, once."""
        if not self._migrated:
            _in_own_loop(self._migrate())
            self._migrated = True

    async def make(self, *, empty: bool = False) -> str:
        """Make a new database, a copy of the template or with nothing in it; returns its address."""
        self._made += 1
        name = f"t{self._made}"
        if self.server is None:
            if not empty:
                shutil.copyfile(self._path("template"), self._path(name))
        else:
            source = "template0" if empty else f'"{self.name}_template"'
            await self._administer(f'CREATE DATABASE "{self.name}_{name}" TEMPLATE {source} STRATEGY FILE_COPY')
        return self._url(name)

    async def remove(self, url: str) -> None:
        """Remove a database that ``make`` made."""
        if self.server is None:
            path = Path(url.removeprefix("sqlite:///"))
            for suffix in ("", "-wal", "-shm"):
                path.with_name(path.name + suffix).unlink(missing_ok=True)
        else:
            await self._administer(f'DROP DATABASE IF EXISTS "{url.rpartition("/")[2]}" WITH (FORCE)')

    async def _migrate(self) -> None:
        from app.kernel.database import close_database, open_database
        from app.kernel.migrate import migrate

        if self.server is not None:
            await self._administer(f'CREATE DATABASE "{self.name}_template" TEMPLATE template0')
        await point_at(self.template_url)
        await open_database()
        try:
            await migrate()
        finally:
            await close_database()

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.sqlite"

    def _url(self, name: str) -> str:
        if self.server is None:
            return f"sqlite:///{self._path(name)}"
        return f"{self.server.rpartition('/')[0]}/{self.name}_{name}"

    async def _administer(self, sql: str) -> None:
        import asyncpg

        connection = await asyncpg.connect(self.server)
        try:
            await connection.execute(sql)
        finally:
            await connection.close()

    def clear(self) -> None:
        """Remove the template; on PostgreSQL the server may outlive this process."""
        if self.server is not None and self._migrated:
            _in_own_loop(self._administer(f'DROP DATABASE IF EXISTS "{self.name}_template" WITH (FORCE)'))


async def point_at(url: str) -> None:
    """Close the project's one engine and make it use another database of the same kind."""
    from piccolo.engine.sqlite import SQLiteEngine

    from app.kernel.database import close_database, engine

    await close_database()
    current: Any = engine()
    if isinstance(current, SQLiteEngine):
        current.path = url.removeprefix("sqlite:///")
    else:
        current.config = {**current.config, "dsn": url}


def prepare_environment() -> Databases:
    """Set the environment that the tests run in and return where their databases come from."""
    started_with = os.environ.setdefault(STARTED_WITH, os.environ.get("DATABASE_URL", ""))
    server = started_with if started_with.startswith("postgres") else None
    folder = Path(tempfile.mkdtemp(prefix="fairground-test-", dir=os.environ.get("TMPDIR") or quick_folder()))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    databases = Databases(folder, server, f"fg{os.getpid()}")
    os.environ.update(
        DATABASE_URL=databases.template_url,
        DATA_DIR=str(folder / "var"),
        SECRET_KEY="a secret that only the tests know, 32+",
        BASE_URL="http://testserver.local",
        JOBS_INLINE="false",
        DEMO="false",
        PUBLIC_PAGE_SECONDS="0",
        PICCOLO_CONF="app.piccolo_conf",
    )
    return databases


def _in_own_loop(coroutine: Any) -> None:
    """Run a coroutine to its end in a thread and loop of its own, whatever loop the caller is in."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        pool.submit(asyncio.run, coroutine).result()

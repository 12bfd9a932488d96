"""Starts the real service as a user does: the ``fairground`` command, a port, a folder of data."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.support.guard import Guarded, start_guarded
from tests.support.postgres import PostgresServer

ROOT = Path(__file__).resolve().parents[2]
CLI = (sys.executable, "-m", "app.cli")
STRANGE = {
    *("DATABASE_URL", "PYTEST_CURRENT_TEST", "FAIRGROUND_TESTS_STARTED_WITH", "JOBS_INLINE", "DEMO"),
    "PYTHONDONTWRITEBYTECODE",  # a service that is started again has its modules compiled
}


@dataclass(frozen=True)
class Home:
    """Where one installation keeps its things: a folder, a database, and the address it is reached at.

    ``settings`` are variables that its processes find in their environment besides.
    """

    folder: Path
    database_url: str
    port: int
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """The address people reach it at."""
        return f"http://127.0.0.1:{self.port}"

    def environment(self) -> dict[str, str]:
        """Return the environment of the service's own processes, the demo's clock included."""
        kept = {key: value for key, value in os.environ.items() if key not in STRANGE}
        demo = self.folder / "var" / "demo.json"
        offset = json.loads(demo.read_text())["clock_offset_seconds"] if demo.exists() else 0
        return kept | {
            "CLOCK_OFFSET_SECONDS": str(offset),
            "DATABASE_URL": self.database_url,
            "DATA_DIR": str(self.folder / "var"),
            "BASE_URL": self.url,
            "SECRET_KEY": "a secret that only the tests know, 32+",
            "ORDER_BRAKE": "0",  # one program stands for a whole town
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            "PICCOLO_CONF": "app.piccolo_conf",
            **self.settings,
        }

    def run(self, *arguments: str) -> str:
        """Run a ``fairground`` command in this home and return what it printed.

        Raises RuntimeError with its output when it fails.
        """
        return self.python("-m", "app.cli", *arguments)

    def python(self, *arguments: str) -> str:
        """Run Python in this home's environment and return what it printed."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(arguments)}: {done.stdout[-2000:]}{done.stderr[-4000:]}")
        return done.stdout


@dataclass
class Service:
    """The running service. ``pid`` is the command's process, ``log`` the file of all that it said."""

    home: Home
    guarded: Guarded
    log: Path
    seconds_to_first_page: float

    @property
    def url(self) -> str:
        """The address people reach it at."""
        return self.home.url

    @property
    def pid(self) -> int:
        """The process of the command, parent of all workers."""
        return self.guarded.pid

    def said(self) -> str:
        """Return what the service has printed so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")


@contextlib.contextmanager
def running_service(
    home: Home, arguments: Sequence[str], *, first_page: str = "/healthz", seconds: float = 60
) -> Iterator[Service]:
    """Start ``fairground ARGUMENTS`` in ``home``, wait for its first page, and end it afterwards.

    Raises RuntimeError with the log when no page comes within ``seconds``.
    """
    log = home.folder / "service.log"
    started = time.monotonic()
    with log.open("wb") as output:
        guarded = start_guarded([*CLI, *arguments], env=home.environment(), cwd=home.folder, output=output)
    try:
        wait_for_page(home.url + first_page, guarded, log, seconds)
        yield Service(home, guarded, log, time.monotonic() - started)
    finally:
        guarded.stop()


def wait_for_page(url: str, guarded: Guarded, log: Path, seconds: float) -> None:
    """Ask for a page until it comes.

    Raises RuntimeError when the service ended or ``seconds`` have passed.
    """
    ends = time.monotonic() + seconds
    while time.monotonic() < ends and guarded.running:
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                answer.read()
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.02)
    said = log.read_text(encoding="utf-8", errors="replace")[-4000:]
    raise RuntimeError(f"no page at {url} within {seconds:.0f} s:\n{said}")


def new_home(folder: Path, *, port: int, server: PostgresServer | None, database: str) -> Home:
    """Make the folder of an installation; its database is a file in it, or one on ``server`` that must exist."""
    folder.mkdir(parents=True, exist_ok=True)
    url = f"sqlite:///{folder / 'fairground.sqlite'}" if server is None else server.database_url(database)
    return Home(folder, url, port)


def copy_home(home: Home, folder: Path, *, server: PostgresServer | None, database: str) -> Home:
    """Copy an installation that is not running, data, files and keys, to be reached at the same address.

    It opens the copy as the role that the first is opened as.
    """
    shutil.copytree(home.folder, folder)
    if server is None:
        return replace(home, folder=folder, database_url=f"sqlite:///{folder / 'fairground.sqlite'}")
    address, _slash, source = home.database_url.rpartition("/")
    administer(server, f'CREATE DATABASE "{database}" TEMPLATE "{source}"')
    return replace(home, folder=folder, database_url=f"{address}/{database}")


def administer(server: PostgresServer, sql: str) -> None:
    """Run one statement in the maintenance database, from another process: Playwright holds this loop."""
    code = (
        "import asyncio, asyncpg, sys\n"
        "async def run():\n"
        "    connection = await asyncpg.connect(sys.argv[1])\n"
        "    await connection.execute(sys.argv[2])\n"
        "    await connection.close()\n"
        "asyncio.run(run())\n"
    )
    subprocess.run([sys.executable, "-c", code, server.url, sql], check=True, stdin=subprocess.DEVNULL)

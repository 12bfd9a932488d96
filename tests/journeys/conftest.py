"""Fixtures of the journeys: the real service with the demo festival, and people with browsers.

The demo festival is loaded once for each run and engine, and copied for each journey. These tests are plain
functions, not coroutines: Playwright's synchronous interface holds the thread's event loop.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from playwright.sync_api import Playwright, sync_playwright

from tests.journeys.support.people import People
from tests.support.engine import STARTED_WITH
from tests.support.postgres import PostgresServer, free_port
from tests.support.service import (
    Home,
    Service,
    administer,
    copy_home,
    new_home,
    running_service,
)

NUMBERS = count(1)


@pytest.fixture(scope="session")
def server() -> PostgresServer | None:
    """The PostgreSQL server of this run, or None on SQLite."""
    started_with = os.environ.get(STARTED_WITH, "")
    return PostgresServer(started_with, 0) if started_with.startswith("postgres") else None


@pytest.fixture(scope="session")
def festival(server: PostgresServer | None) -> Iterator[Home]:
    """An installation with the demo festival in it, not running: to be copied, never to be changed."""
    folder = Path(tempfile.mkdtemp(prefix="fairground-journeys-"))
    database = f"journeys_{os.getpid()}"
    if server is not None:
        administer(server, f'CREATE DATABASE "{database}" TEMPLATE template0')
    home = new_home(folder / "festival", port=free_port(), server=server, database=database)
    try:
        home.run("demo", "--no-serve")
        yield home
    finally:
        if server is not None:
            administer(server, f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def running_copy(festival: Home, server: PostgresServer | None) -> Iterator[Service]:
    """Copy the demo festival, serve the copy, and remove it."""
    number = next(NUMBERS)
    database = f"journey_{os.getpid()}_{number}"
    folder = festival.folder.parent / f"journey-{number}"
    home = copy_home(festival, folder, server=server, database=database)
    try:
        with running_service(home, ["demo", "--port", str(home.port)]) as running:
            yield running
    finally:
        if server is not None:
            administer(server, f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def service(festival: Home, server: PostgresServer | None) -> Iterator[Service]:
    """The running service over a copy of the demo festival that this journey may change as it likes."""
    with running_copy(festival, server) as running:
        yield running


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Playwright, started once."""
    with sync_playwright() as started:
        yield started


@pytest.fixture
def people(playwright: Playwright, service: Service, tmp_path: Path) -> Iterator[People]:
    """People with browsers; at the end nothing may have gone wrong on a page, and no secret stand openly."""
    with contextlib.closing(People(playwright, service, tmp_path)) as made:
        yield made
        faults, leaks = made.unexpected_faults(), made.leaks()
    assert faults == []
    assert leaks == []

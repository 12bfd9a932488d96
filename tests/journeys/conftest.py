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
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, expect, sync_playwright

from tests.faults.trouble import Troubled, troubled
from tests.journeys.support.asking import Asking
from tests.journeys.support.people import DATABASE_PASSWORD, SECRET_SETTINGS, People, launch
from tests.support.engine import STARTED_WITH
from tests.support.postgres import PostgresServer, free_port, running_postgres
from tests.support.roles import OWNER, SERVICE, as_role, make_roles
from tests.support.service import (
    Home,
    Service,
    administer,
    copy_home,
    new_home,
    running_service,
)

NUMBERS = count(1)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take ``--trouble``: the journeys as ``python -m tests.faults walks`` makes them."""
    parser.addoption("--trouble", action="store_true", help="let parts of the service fall over meanwhile")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let each of two workers, who are given a half of the list in its order, begin with one of the long walks."""
    walks = [item for item in items if item.path.name == "test_every_page.py"]
    rest = [item for item in items if item not in walks]
    middle = len(rest) // 2
    items[:] = [*walks[:1], *rest[:middle], *walks[1:], *rest[middle:]]


@pytest.fixture(scope="session")
def trouble(request: pytest.FixtureRequest) -> bool:
    """Whether parts of the service shall fall over."""
    wanted: bool = request.config.getoption("--trouble")
    if wanted:
        expect.set_options(timeout=90_000)
    return wanted


@pytest.fixture(scope="session")
def server(trouble: bool) -> Iterator[PostgresServer | None]:
    """The PostgreSQL server of this run, or None on SQLite; for trouble one that can be started again."""
    started_with = os.environ.get(STARTED_WITH, "")
    if trouble:
        with running_postgres(durable=True) as own:
            yield own
    else:
        yield PostgresServer(started_with, 0) if started_with.startswith("postgres") else None


@pytest.fixture(scope="session")
def festival(server: PostgresServer | None) -> Iterator[Home]:
    """An installation with the demo festival in it, not running: to be copied, never to be changed.

    On PostgreSQL the owner of the tables has loaded it, and all copies run as the service's role.
    """
    folder = Path(tempfile.mkdtemp(prefix="fairground-journeys-"))
    database = f"journeys_{os.getpid()}"
    if server is not None:
        administer(server, f'CREATE DATABASE "{database}" TEMPLATE template0')
    home = new_home(folder / "festival", port=free_port(), server=server, database=database)
    home = replace(home, settings=SECRET_SETTINGS)
    try:
        if server is None:
            home.run("demo", "--no-serve")
            yield home
        else:
            make_roles(home.database_url)
            replace(home, database_url=as_role(home.database_url, OWNER)).run("demo", "--no-serve")
            own = as_role(home.database_url, SERVICE).replace("@", f":{DATABASE_PASSWORD}@", 1)
            yield replace(home, database_url=own)
    finally:
        if server is not None:
            administer(server, f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def running_copy(
    festival: Home, server: PostgresServer | None, *, trouble: bool = False, port: int | None = None
) -> Iterator[Service | Troubled]:
    """Copy the demo festival, serve the copy, at a ``port`` of its own if one is given, and remove it."""
    number = next(NUMBERS)
    database = f"journey_{os.getpid()}_{number}"
    folder = festival.folder.parent / f"journey-{number}"
    home = copy_home(festival, folder, server=server, database=database)
    home = home if port is None else replace(home, port=port)
    try:
        with contextlib.ExitStack() as stack:
            if trouble:
                assert server is not None
                yield stack.enter_context(troubled(home, server))
            else:
                yield stack.enter_context(running_service(home, ["demo", "--port", str(home.port)]))
    finally:
        if server is not None:
            administer(server, f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
        shutil.rmtree(folder, ignore_errors=True)


def shares(request: pytest.FixtureRequest, *, trouble: bool) -> bool:
    """Whether this journey is one that shares the running service."""
    return request.node.get_closest_marker("shared") is not None and not trouble


@pytest.fixture(scope="session")
def shared_service(festival: Home, server: PostgresServer | None) -> Iterator[Service | Troubled]:
    """The running service over the copy of the demo festival that the journeys marked ``shared`` have in common."""
    with running_copy(festival, server, port=free_port()) as running:
        yield running


@pytest.fixture
def service(
    request: pytest.FixtureRequest, festival: Home, server: PostgresServer | None, trouble: bool
) -> Iterator[Service | Troubled]:
    """The running service over a copy of the demo festival that this journey may change as it likes.

    A journey marked ``shared`` changes nothing that another one looks at, and is spared the start of its own service.
    """
    if shares(request, trouble=trouble):
        yield request.getfixturevalue("shared_service")
        return
    with running_copy(festival, server, trouble=trouble) as running:
        yield running


@pytest.fixture(scope="session")
def shared_ask(shared_service: Service | Troubled) -> Iterator[Asking]:
    """What answers about the shared installation."""
    with contextlib.closing(Asking(shared_service.home)) as asking:
        yield asking


@pytest.fixture
def ask(request: pytest.FixtureRequest, service: Service | Troubled, trouble: bool) -> Iterator[Asking]:
    """What answers about this journey's installation."""
    if shares(request, trouble=trouble):
        yield request.getfixturevalue("shared_ask")
        return
    with contextlib.closing(Asking(service.home, patient=trouble)) as asking:
        yield asking


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Playwright, started once."""
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Chromium, started once; everybody in it has cookies and storage of her own."""
    with contextlib.closing(launch(playwright)) as started:
        yield started


@pytest.fixture
def people(
    playwright: Playwright,
    browser: Browser,
    service: Service | Troubled,
    ask: Asking,
    tmp_path: Path,
    trouble: bool,
) -> Iterator[People]:
    """People with browsers; at the end nothing may have gone wrong on a page, and no secret stand openly."""
    with contextlib.closing(People(playwright, browser, service, ask, tmp_path, patient=trouble)) as made:
        yield made
        if isinstance(service, Troubled):
            service.calm()
            service.walked = made.acknowledged()
        faults, leaks = made.unexpected_faults(), made.leaks()
    assert faults == []
    assert leaks == []

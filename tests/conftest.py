"""Fixtures that every test may ask for. A test that asks for none touches no database."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import httpx
import hypothesis
import pytest

from tests.support.engine import Databases, point_at, prepare_environment

DATABASES = prepare_environment()  # before any test imports the project, whose engine is made at import

NOW = datetime(2026, 10, 16, 1, 30, tzinfo=UTC)
"""Half past eight on the first morning of the festival, in Hanoi."""


hypothesis.settings.register_profile("house", deadline=None)  # a machine that others use is slow now and then
hypothesis.settings.load_profile("house")


def pytest_configure(config: pytest.Config) -> None:
    """Name the markers."""
    for line in (
        "race: many at once, with a negative control of the protection wherever one can be taken away alone; "
        "runs on both engines even with --quick",
        "engines: differs between SQLite and PostgreSQL; runs on both even with --quick",
        "slow: left out by --quick",
        "long: takes longest of all, and is begun first, so that no worker is left alone with it at the end",
        "once: asks of what is shown and not of what is kept, so tests/run runs it on SQLite alone",
        "shared: a journey that changes nothing which another one looks at, so that they share a running service",
        "database: has a database of its own; put on by itself, all others need not run once more on PostgreSQL",
    ):
        config.addinivalue_line("markers", line)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark what asks for a database, through whichever fixture."""
    if "databases" in getattr(item, "fixturenames", ()):
        item.add_marker("database")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest: what is left for the end is short, and shared out evenly."""
    items.sort(key=lambda item: [item.get_closest_marker(name) is None for name in ("long", "slow")])


@pytest.fixture(scope="session")
def databases() -> Iterator[Databases]:
    """Where databases come from, with the template migrated; passwords in them are hashed cheaply."""
    from tests.support.hashing import hash_cheaply

    DATABASES.migrate_template()
    hash_cheaply()
    yield DATABASES
    DATABASES.clear()


@pytest.fixture
async def database(databases: Databases) -> AsyncIterator[str]:
    """A fresh, migrated database of this test's own, open; gives its address."""
    from app.kernel.database import close_database, open_database

    url = await databases.make()
    await point_at(url)
    await open_database()
    yield url
    await close_database()
    await databases.remove(url)


@pytest.fixture
async def empty_database(databases: Databases) -> AsyncIterator[str]:
    """A database without a single table, open; gives its address."""
    from app.kernel.database import close_database, open_database

    url = await databases.make(empty=True)
    await point_at(url)
    await open_database()
    yield url
    await close_database()
    await databases.remove(url)


@pytest.fixture
def frozen_now() -> Iterator[datetime]:
    """The clock held at ``NOW``; gives that instant."""
    from app.kernel import clock

    with clock.freeze(NOW):
        yield NOW


@pytest.fixture
async def client(database: str) -> AsyncIterator[httpx.AsyncClient]:
    """A browser's view of the whole service over this test's database; redirects are not followed.

    It runs in the test's own loop, so that services called by the test and by the pages share one database.
    """
    from app.kernel.database import close_database
    from tests.support.client import running_app

    await close_database()  # the service opens it itself
    async with running_app() as made:
        yield made

"""A PostgreSQL that is starting, or recovers from a crash, is waited for by whoever opens it."""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator
from urllib.parse import urlsplit, urlunsplit

import pytest

from app.kernel import database as kernel_database
from app.kernel.database import DatabaseUnreachable, close_database, dialect, fetch, open_database
from tests.support.engine import point_at

pytestmark = pytest.mark.engines
#: What a server answers while it recovers: severity, code and message, each ended by a zero.
STARTING = b"SFATAL\0VFATAL\0C57P03\0Mthe database system is in recovery mode\0\0"


class Door:
    """Stands before the real server: refuses the first connections as one that is starting, then lets through."""

    def __init__(self, host: str, port: int, refuses: int) -> None:
        self.host, self.port, self.refuses, self.refused = host, port, refuses, 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one connection."""
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            if self.refused < self.refuses:
                await reader.readexactly(8)  # whether TLS is spoken
                writer.write(b"N")
                await reader.readexactly(8)  # who wants in, to which database
                self.refused += 1
                writer.write(b"E" + struct.pack("!i", len(STARTING) + 4) + STARTING)
                await writer.drain()
            else:
                to_reader, to_writer = await asyncio.open_connection(self.host, self.port)
                await asyncio.gather(pump(reader, to_writer), pump(to_reader, writer))
                await end(to_writer)
        await end(writer)


async def end(writer: asyncio.StreamWriter) -> None:
    """Close a connection."""
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass on what comes until it ends."""
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
        writer.write_eof()


@contextlib.asynccontextmanager
async def door_to(url: str, refuses: int) -> AsyncIterator[tuple[Door, str]]:
    """A door before the server of an address; gives it and the address through it."""
    parts = urlsplit(url)
    door = Door(parts.hostname or "", parts.port or 5432, refuses)
    async with await asyncio.start_server(door.answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        user = parts.netloc.rpartition("@")[0]
        netloc = f"{user}@127.0.0.1:{port}" if user else f"127.0.0.1:{port}"
        yield door, urlunsplit(parts._replace(netloc=netloc))


async def test_a_server_that_is_starting_is_waited_for(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if dialect() == "sqlite":
        pytest.skip("a file does not start")
    await close_database()
    async with door_to(database, refuses=3) as (door, address):
        await point_at(address)
        await open_database()
        assert await fetch("SELECT 1 AS one") == [{"one": 1}]
        await close_database()
    assert door.refused == 3
    await point_at(database)
    await open_database()


async def test_one_that_never_comes_is_said_and_one_that_is_away_only_where_it_was_never_there(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if dialect() == "sqlite":
        pytest.skip("a file does not start")
    await close_database()
    monkeypatch.setattr("app.kernel.database.STARTING_SECONDS", 0.6)
    async with door_to(database, refuses=1_000) as (door, address):
        await point_at(address)
        with pytest.raises(DatabaseUnreachable, match="recovery mode"):
            await open_database()
    assert door.refused > 1
    looked = []
    monkeypatch.setattr("app.kernel.database._open_database", counted(looked))
    for had_before in (False, True):
        looked.clear()
        with pytest.raises(DatabaseUnreachable):
            await open_database(had_before=had_before)
        assert (len(looked) > 1) is had_before
    monkeypatch.undo()
    await point_at(database)
    await open_database()


def counted(looked: list[int]) -> object:
    """The opening itself, counted."""
    opening = kernel_database._open_database

    async def look() -> None:
        looked.append(1)
        await opening()

    return look

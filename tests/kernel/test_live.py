"""Live updates: what is published reaches every open stream, and a client that leaves leaves nothing behind."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from litestar import Litestar, get
from litestar.params import FromPath
from litestar.response import ServerSentEvent

from app.kernel import live
from app.kernel.database import close_database, dialect, engine, fetch, open_database, write_transaction
from app.kernel.request_context import RequestContext

pytestmark = pytest.mark.engines


@get("/live/{name:str}", opt={"public": True})
async def opened(name: FromPath[str]) -> ServerSentEvent:
    """Stream one channel and the one that all share."""
    return live.stream([f"gate:{name}", "everybody"])


@asynccontextmanager
async def lifespan(_app: Litestar) -> AsyncIterator[None]:
    """As the application's own: the database is open before the channels are."""
    await open_database()
    try:
        yield
    finally:
        await close_database()


@asynccontextmanager
async def running(made: Litestar) -> AsyncIterator[None]:
    """Run an application's lifespan in one task, as a server does: its scopes must end where they began."""
    begun, stop = asyncio.Event(), asyncio.Event()

    async def run() -> None:
        async with made.lifespan():
            begun.set()
            await stop.wait()

    task = asyncio.ensure_future(run())
    await asyncio.wait([task, asyncio.ensure_future(begun.wait())], return_when=asyncio.FIRST_COMPLETED)
    try:
        yield
    finally:
        stop.set()
        async with asyncio.timeout(5):
            await task


def make_app() -> Litestar:
    made = Litestar(route_handlers=[opened], lifespan=[lifespan], plugins=[live.make_channels()], openapi_config=None)
    made.asgi_handler = RequestContext(made.asgi_handler)
    return made


@pytest.fixture
async def app(database: str) -> AsyncIterator[Any]:
    """An application with the channels and one page that streams."""
    await close_database()
    made = make_app()
    async with running(made):
        yield made


class Client:
    """A browser's end of one stream, driven as a server drives the application."""

    def __init__(self, app: Any, path: str) -> None:
        self.received: asyncio.Queue[bytes] = asyncio.Queue()
        self.headers: dict[str, str] = {}
        self.left = asyncio.Event()
        self.ended = asyncio.Event()
        self.asked = False
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [(b"host", b"testserver.local"), (b"accept", b"text/event-stream")],
            "client": ("127.0.0.1", 1),
            "server": ("testserver.local", 80),
            "state": {},
        }
        self.task = asyncio.ensure_future(app(scope, self.receive, self.send))

    async def receive(self) -> dict[str, Any]:
        if not self.asked:
            self.asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.headers = {name.decode().lower(): value.decode() for name, value in message["headers"]}
        elif message["body"]:
            self.received.put_nowait(message["body"])
        elif not message.get("more_body"):
            self.ended.set()

    async def next(self) -> str:
        """The next part of the stream."""
        async with asyncio.timeout(3):
            return (await self.received.get()).decode()

    async def event(self) -> dict[str, Any]:
        """The next event's data."""
        part = await self.next()
        assert part.startswith("data: ")
        found: dict[str, Any] = json.loads(part.removeprefix("data: "))
        return found

    async def leave(self) -> None:
        """Close the page."""
        self.left.set()
        async with asyncio.timeout(3):
            await self.task


async def open_client(app: Any, name: str) -> Client:
    client = Client(app, f"/live/{name}")
    assert (await client.next()).splitlines() == [": open", "retry: 3000", ""]
    return client


async def until_there_listen(number: int) -> None:
    """Wait until so many streams are open and none is still closing."""
    for _ in range(300):
        if live.listeners() == number and not live._leaving:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"{live.listeners()} listen")


async def test_two_listeners_hear_what_is_meant_for_them(app: Any) -> None:
    first, second = await open_client(app, "a"), await open_client(app, "b")
    assert first.headers["content-type"].startswith("text/event-stream")
    assert first.headers["cache-control"] == "no-cache"
    await live.publish("gate:a", {"admitted": 1})
    await live.publish("everybody", {"message": "Xin chào"})
    assert await first.event() == {"channel": "gate:a", "admitted": 1}
    assert await first.event() == {"channel": "everybody", "message": "Xin chào"}
    assert await second.event() == {"channel": "everybody", "message": "Xin chào"}
    await first.leave()
    await second.leave()
    assert first.received.empty()
    await until_there_listen(0)


async def test_what_a_transaction_publishes_is_heard_after_the_commit_only(app: Any) -> None:
    client = await open_client(app, "a")
    async with write_transaction():
        await live.publish("gate:a", {"number": 1})
        await asyncio.sleep(0.1)
        assert client.received.empty()
    assert (await client.event())["number"] == 1

    async def failing() -> None:
        async with write_transaction():
            await live.publish("gate:a", {"number": 2})
            raise KeyError

    with pytest.raises(KeyError):
        await failing()
    await live.publish("gate:a", {"number": 3})
    assert (await client.event())["number"] == 3
    await client.leave()


async def test_a_client_that_leaves_leaves_nothing_behind(app: Any) -> None:
    staying = await open_client(app, "a")
    for _ in range(5):
        leaving = await open_client(app, "a")
        await leaving.leave()
    await until_there_listen(1)
    await live.publish("gate:a", {"number": 1})
    assert (await staying.event())["number"] == 1
    await staying.leave()
    await until_there_listen(0)
    assert live._running is not None
    assert [name for name, subscribers in live._running._channels.items() if subscribers] == []


async def test_a_quiet_stream_says_now_and_then_that_it_is_there(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "HEARTBEAT_SECONDS", 0.05)
    client = await open_client(app, "a")
    assert [(await client.next()).strip() for _ in range(2)] == [": still here"] * 2
    await live.publish("gate:a", {"number": 1})
    async with asyncio.timeout(3):
        while not (part := await client.next()).startswith("data:"):
            assert part.strip() == ": still here"
    await client.leave()


async def test_streams_end_when_the_service_stops(database: str) -> None:
    await close_database()
    made = make_app()
    async with running(made):
        client = await open_client(made, "a")
    await client.leave()
    await until_there_listen(0)
    assert live.listeners() == 0


async def test_streams_end_when_the_server_is_about_to_stop(app: Any) -> None:
    client = await open_client(app, "a")
    signal.raise_signal(live.END_STREAMS)
    async with asyncio.timeout(3):
        await client.ended.wait()
    await client.leave()
    late = Client(app, "/live/a")
    async with asyncio.timeout(3):
        await late.ended.wait()
    await late.leave()
    assert late.received.empty()


async def test_a_listener_that_does_not_read_gets_the_newest_and_can_leave(app: Any) -> None:
    assert live._running is not None
    subscriber = await live._running.subscribe(["gate:slow"])
    for number in range(1_000):
        await live.publish("gate:slow", {"number": number})
    for _ in range(300):
        await asyncio.sleep(0.01)
        if b'"number":999' in subscriber._queue._queue[-1]:  # type: ignore[attr-defined]
            break
    assert subscriber.qsize == 200
    assert json.loads(await anext(subscriber.iter_events()))["number"] == 800
    async with asyncio.timeout(3):
        await live._running.unsubscribe(subscriber)


async def test_another_process_is_heard_on_postgresql(app: Any) -> None:
    if dialect() != "postgres":
        pytest.skip("SQLite has one web process")
    client = await open_client(app, "a")
    connection = await engine().get_new_connection()  # type: ignore[union-attr]
    await connection.execute('SELECT pg_notify(\'gate:a\', \'{"channel": "gate:a", "number": 9}\')')
    await connection.close()
    assert (await client.event())["number"] == 9
    await client.leave()


async def test_listening_survives_the_loss_of_its_connection(app: Any) -> None:
    if dialect() != "postgres":
        pytest.skip("SQLite has no connection to lose")
    client = await open_client(app, "a")
    await fetch(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' "
        "AND datname = current_database() AND pid <> pg_backend_pid()"
    )
    async with asyncio.timeout(5):
        missed = [await client.event(), await client.event()]  # so that pages look what they missed
        await live.publish("gate:a", {"number": 1})
        heard = await client.event()
    assert {event["channel"]: event["again"] for event in missed} == {"gate:a": True, "everybody": True}
    assert heard["number"] == 1
    await client.leave()


@pytest.mark.parametrize(("channel", "event"), [("a", {"text": "x" * 8_000}), ("a" * 64, {})])
async def test_what_postgresql_would_refuse_is_refused_on_both(
    database: str, channel: str, event: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match="too large"):
        await live.publish(channel, event)


async def test_without_an_application_a_stream_is_empty(database: str) -> None:
    assert [part async for part in live._events(["a"])] == []
    assert live.listeners() == 0

"""Live updates to open pages over server-sent events.

Channels are plain names such as ``edition:7:gates``. On SQLite they live in the one web process; on PostgreSQL they
are its LISTEN and NOTIFY, so that every web process hears what any process publishes.
"""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any

import msgspec
from litestar.channels import ChannelsPlugin
from litestar.channels.backends.asyncpg import AsyncPgChannelsBackend
from litestar.channels.backends.memory import MemoryChannelsBackend
from litestar.response import ServerSentEvent, ServerSentEventMessage

from app.kernel.database import after_commit, dialect, engine, fetch

HEARTBEAT_SECONDS = 15.0
RETRY_MILLISECONDS = 3_000
RECONNECT_SECONDS = 1.0
LONGEST_NAME = 63
#: The server's main process sends this to its workers when it is about to stop them.
END_STREAMS = signal.SIGUSR1
LARGEST_EVENT = 7_900

log = logging.getLogger("fairground.live")

_running: "LiveChannels | None" = None
_leaving: set[asyncio.Task[None]] = set()


class ListeningBackend(AsyncPgChannelsBackend):
    """LISTEN and NOTIFY over a connection that is made again when it is lost."""

    def __init__(self) -> None:
        # The engine's address is read when connecting, not now.
        super().__init__(make_connection=lambda: engine().get_new_connection())  # type: ignore[union-attr]
        self._again: asyncio.Task[None] | None = None
        self._closing = False

    async def on_startup(self) -> None:
        """Connect, and watch the connection."""
        self._closing = False
        await super().on_startup()
        self._listener_conn.add_termination_listener(self._lost)

    async def on_shutdown(self) -> None:
        """Disconnect for good."""
        self._closing = True
        if self._again is not None:
            self._again.cancel()
            await asyncio.gather(self._again, return_exceptions=True)
        await super().on_shutdown()

    async def subscribe(self, channels: Iterable[str]) -> None:
        """Listen; while the connection is lost the wish is kept for the next one."""
        async with self._listener_lock:
            for channel in set(channels) - self._subscribed_channels:
                self._subscribed_channels.add(channel)
                if not self._listener_conn.is_closed():
                    await self._listener_conn.add_listener(channel, self._listener)

    async def unsubscribe(self, channels: Iterable[str]) -> None:
        """Listen no more."""
        async with self._listener_lock:
            for channel in set(channels) & self._subscribed_channels:
                self._subscribed_channels.remove(channel)
                if not self._listener_conn.is_closed():
                    await self._listener_conn.remove_listener(channel, self._listener)

    def _lost(self, _connection: object) -> None:
        if not self._closing:
            log.warning("the connection that listens was lost")
            self._again = asyncio.ensure_future(self._listen_again())

    async def _listen_again(self) -> None:
        while True:
            try:
                connection = await self._connect()
                async with self._listener_lock:
                    for channel in self._subscribed_channels:
                        await connection.add_listener(channel, self._listener)
                    self._listener_conn = connection
                connection.add_termination_listener(self._lost)
                for channel in self._subscribed_channels:  # what was told meanwhile nobody heard: pages look again
                    again = msgspec.json.encode({"channel": channel, "again": True})
                    self._listener(connection, 0, channel, again.decode())
            except Exception:
                log.warning("listening again did not succeed yet", exc_info=True)
                await asyncio.sleep(RECONNECT_SECONDS)
            else:
                return


class LiveChannels(ChannelsPlugin):
    """The channels of this process; open streams end when it stops."""

    async def __aenter__(self) -> "LiveChannels":
        global _running
        await super().__aenter__()
        _running = self
        with suppress(NotImplementedError, RuntimeError, ValueError):  # only a process's main thread gets signals
            asyncio.get_running_loop().add_signal_handler(END_STREAMS, self.end_streams)
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        global _running
        self.end_streams()
        with suppress(NotImplementedError, RuntimeError, ValueError):
            asyncio.get_running_loop().remove_signal_handler(END_STREAMS)
        await super().__aexit__(exc_type, exc_val, exc_tb)

    def end_streams(self) -> None:
        """End every open stream and open no more: a server that stops waits for its connections."""
        global _running
        _running = None
        for subscriber in {one for subscribers in self._channels.values() for one in subscribers}:
            subscriber.put_nowait(None)

    def listeners(self) -> int:
        """How many streams are open in this process."""
        return len({subscriber for subscribers in self._channels.values() for subscriber in subscribers})


def make_channels() -> LiveChannels:
    """The plugin for ``create_app``: memory on SQLite, LISTEN and NOTIFY on PostgreSQL."""
    backend = MemoryChannelsBackend() if dialect() == "sqlite" else ListeningBackend()
    # "dropleft": the newest events matter, and the other strategy waits for ever on a full listener that leaves.
    return LiveChannels(
        backend, arbitrary_channels_allowed=True, subscriber_max_backlog=200, subscriber_backlog_strategy="dropleft"
    )


def listeners() -> int:
    """How many streams are open in this process; 0 when no application runs here."""
    return 0 if _running is None else _running.listeners()


async def publish(channel: str, event: dict[str, Any]) -> None:
    """Tell every open stream of a channel; inside a transaction it is told once that has been committed.

    Without a running application it does nothing on SQLite. Raises ValueError for an event of more than 7,900 bytes
    or a name of more than 63 characters, on both engines: PostgreSQL takes no more.
    """
    data = msgspec.json.encode({"channel": channel, **event}, enc_hook=str)
    if len(channel.encode()) > LONGEST_NAME or len(data) > LARGEST_EVENT:
        raise ValueError(f"an event of {len(data)} bytes on {channel!r} is too large")

    async def tell() -> None:
        if dialect() == "postgres":
            await fetch("SELECT pg_notify({}, {})", channel, data.decode())
        elif _running is not None:
            _running.publish(data, channel)

    await after_commit(tell)


def stream(channels: Sequence[str]) -> ServerSentEvent:
    """Answer with a stream of the channels' events, each one JSON object with its ``channel``.

    A comment every 15 seconds keeps the connection open; the stream ends when the client leaves or the service stops.
    """
    return ServerSentEvent(_events(list(channels)))


async def _events(channels: list[str]) -> AsyncIterator[ServerSentEventMessage]:
    plugin = _running
    if plugin is None:
        return
    subscriber = await plugin.subscribe(channels)
    events = subscriber.iter_events()
    waiting: asyncio.Task[bytes] | None = None
    try:
        yield ServerSentEventMessage(comment="open", retry=RETRY_MILLISECONDS, data=None)
        while True:
            waiting = waiting or asyncio.ensure_future(anext(events))
            done, _ = await asyncio.wait([waiting], timeout=HEARTBEAT_SECONDS)
            if not done:
                yield ServerSentEventMessage(comment="still here", data=None)
                continue
            try:
                yield ServerSentEventMessage(data=waiting.result().decode())
            except StopAsyncIteration:
                return
            waiting = None
    finally:
        # In a task of its own: the stream's own one is being cancelled when the client has left.
        leaving = asyncio.ensure_future(_leave(plugin, subscriber, channels, waiting))
        _leaving.add(leaving)
        leaving.add_done_callback(_leaving.discard)


async def _leave(
    plugin: LiveChannels, subscriber: Any, channels: list[str], waiting: asyncio.Task[bytes] | None
) -> None:
    if waiting is not None:
        waiting.cancel()
        with suppress(asyncio.CancelledError, StopAsyncIteration):
            await waiting
    try:
        await plugin.unsubscribe(subscriber, channels)
    except Exception:
        log.warning("a listener could not be taken off its channels", exc_info=True)

"""A request that is refused before its body is read does not take the connection, and the next request, with it."""

import asyncio
import http.client
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from litestar.types import Message

from app.kernel import unread
from app.kernel.unread import ReadToTheEnd
from tests.support.postgres import free_port
from tests.support.service import Home, running_service

REFUSED = "/api/v1/manage/1/halls/1/booths"


def ask_again_and_again(port: int, times: int) -> Counter[int]:
    """Send requests that nobody may make, each with a body, over one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    statuses: Counter[int] = Counter()
    for _again in range(times):
        connection.request("POST", REFUSED, b"x" * 200_000, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        statuses[answer.status] += 1
    connection.close()
    return statuses


@pytest.mark.slow
async def test_one_connection_serves_many_that_are_refused(database: str, tmp_path: Path) -> None:
    home = Home(tmp_path, database, free_port(), {"DATA_DIR": os.environ["DATA_DIR"], "JOBS_INLINE": "false"})
    with running_service(home, ["serve", "--port", str(home.port)]):
        assert await asyncio.to_thread(ask_again_and_again, home.port, 100) == {403: 100}


async def answered(parts: list[bytes | None], headers: list[tuple[bytes, bytes]]) -> tuple[int, list[Message]]:
    """Answer a request whose body comes in ``parts`` (None: never) without looking at it; give how many were taken."""
    taken, sent = 0, []

    async def refuse(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 403, "headers": []})
        await send({"type": "http.response.body", "body": b"no", "more_body": False})

    async def receive() -> Any:
        nonlocal taken
        part = parts[taken]
        if part is None:
            await asyncio.Event().wait()
        taken += 1
        return {"type": "http.request", "body": part, "more_body": taken < len(parts)}

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Any = {"type": "http", "headers": headers}
    await ReadToTheEnd(refuse)(scope, receive, send)
    return taken, sent


async def test_the_rest_is_read_before_the_answer() -> None:
    taken, sent = await answered([b"a", b"b", b"c"], [(b"content-length", b"3")])
    assert (taken, sent[0]["headers"]) == (3, [])


async def test_who_sends_too_slowly_is_told_that_the_connection_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unread, "SECONDS", 0.01)
    taken, sent = await answered([b"a", None], [(b"content-length", b"2")])
    assert (taken, sent[0]["headers"]) == (1, [(b"connection", b"close")])


async def test_nobody_is_made_to_send_what_is_refused() -> None:
    taken, sent = await answered([b"a"], [(b"content-length", b"1"), (b"expect", b"100-continue")])
    assert (taken, sent[0]["headers"]) == (0, [(b"connection", b"close")])


async def test_a_request_without_a_body_is_left_alone() -> None:
    taken, sent = await answered([b"a"], [])
    assert (taken, sent[0]["headers"]) == (0, [])

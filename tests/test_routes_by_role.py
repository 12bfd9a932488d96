"""Who may use what: every route for everybody, held against the table ``routes_by_role.csv``.

A new route, or a guard that changes, needs its line there, so that somebody looks at it. After looking:
``WRITE_ROUTES_BY_ROLE=1 pytest tests/test_routes_by_role.py`` writes the table anew.

Each request is answered in full, but what it writes is rolled back, so that the next one meets the same festival.
``ok`` means that the request came past every guard and found what it names; what it sent may still be refused.
"""

from __future__ import annotations

import asyncio
import csv
import os
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from app.accounts.enums import DeviceKind
from app.accounts.identity import DEVICE_COOKIES, SESSION_COOKIE
from app.accounts.services.sign_in import start_session
from tests.support.client import CSRF_COOKIE, CSRF_HEADER, the_app
from tests.support.festival import Festival, make_festival
from tests.test_routes import handlers

pytestmark = pytest.mark.slow

TABLE = Path(__file__).with_suffix(".csv")
WRITE = "WRITE_ROUTES_BY_ROLE"
NOBODY = "nobody"
WORDS = {
    "kind": "applications",
    "contact_kind": "email",
    "step": "who",
    "role": "organiser",
    "token": "no-such-token",
    "act": "first",
    "part": "1",
    "file_path": "icon.svg",
}
#: Where the same name of a parameter means different things.
SPECIAL = {
    "/account/contacts/": {"kind": "contact_kind"},
    "/contest/judges/devices/": {"device_id": "judge_device_id"},
    "/gates/phones/": {"device_id": "gate_device_id"},
    "/devices/{device_id:int}/revoke": {"device_id": "gate_device_id"},
    "/apply/mine/{application_id:int}/send": {"application_id": "draft_id"},
    "/apply/mine/{application_id:int}/fee/": {"application_id": "billed_id", "document_id": "bill_id"},
    "/booths/{booth_id:int}/allocate": {"booth_id": "held_booth_id"},
    "/people/registered/": {"person_id": "helped_id"},
    "/api/v1/manage/{edition_id:int}/registered/": {"person_id": "helped_id"},
    "/box-office/": {"order_id": "sale_id"},
    "/api/v1/orders/": {"secret": "order_secret"},
    "/tickets/done/": {"secret": "order_secret"},
    "/tickets/given/": {"token": "given_token"},
    "/invoices/done/": {"secret": "invoice_secret", "note_id": "credit_note_id"},
    "/pass/{secret": {"secret": "pass_secret"},
    "/pass/{name": {"name": "pass_secret"},
    "/P/{code": {"code": "pass_code"},
    "/p/{code": {"code": "pass_code"},
}

#: What nobody finds in a test: pages of the demo, a photo that was never stored, the front end that may not be built.
NOT_HERE = {"/dev/components", "/dev/outbox", "/metrics", "/media/{name:str}", "/static/build/{file_path:path}"}
#: Pages that read codes with the camera, or draw them, the only ones that may run WebAssembly.
SCANNERS = {"/gate", "/gate/count"}
Route = tuple[str, str]
Outcomes = dict[Route, dict[str, str]]


@dataclass(frozen=True)
class Answer:
    """What a request got."""

    status: int
    location: str
    kept: str = ""
    """What the answer says of how it may be kept."""
    scripts: str = ""
    """Which scripts its policy lets run."""

    @property
    def outcome(self) -> str:
        """The class of the answer, as the table has it."""
        if self.status == 401 or "/sign-in" in self.location:
            return "sign in"
        return {403: "no", 404: "none"}.get(self.status, "ok")


def routes() -> Iterator[Route]:
    """Yield each method and path of the service."""
    found = {
        (method, path)
        for path, handler in handlers()
        for method in getattr(handler, "http_methods", ())
        if method not in ("HEAD", "OPTIONS")
    }
    yield from sorted(found, key=lambda one: (one[1], one[0]))


def address(path: str, festival: Festival) -> str:
    """Return the path with the festival's own ids in it."""
    names = next((names for part, names in SPECIAL.items() if part in path), {})
    filled = []
    for part in path.split("/"):
        if part.startswith("{"):
            name = part[1:-1].partition(":")[0]
            known = {**WORDS, **festival.ids}
            filled.append(str(known.get(names.get(name, name), "none")))
        else:
            filled.append(part)
    return "/".join(filled)


async def ask(method: str, path: str, cookies: str, token: str, *, sent: bytes = b"", query: bytes = b"") -> Answer:
    """Ask the service as a browser would, with the fields ``sent``; a stream is left as soon as it begins."""
    body = urlencode({"_csrf_token": token}).encode() + b"&" + sent if method != "GET" else b""
    headers = [(b"accept", b"text/html"), (b"cookie", cookies.encode()), (b"host", b"testserver.local")]
    if method != "GET":
        kind = b"application/json" if path.startswith("/api/") else b"application/x-www-form-urlencoded"
        body = sent or b"{}" if path.startswith("/api/") else body
        headers += [(CSRF_HEADER.encode(), token.encode()), (b"content-type", kind)]
        headers.append((b"content-length", str(len(body)).encode()))
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "scheme": "http",
        "query_string": query,
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("testserver.local", 80),
        "state": {},
    }
    begun: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
    asked, over = False, asyncio.Event()

    async def receive() -> dict[str, Any]:
        nonlocal asked
        if asked:
            await over.wait()
            return {"type": "http.disconnect"}
        asked = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start" and not begun.done():
            found = {name.decode().lower(): value.decode() for name, value in message["headers"]}
            policy = dict(part.strip().split(" ", 1) for part in found["content-security-policy"].split(";"))
            begun.set_result(
                Answer(
                    message["status"], found.get("location", ""), found.get("cache-control", ""), policy["script-src"]
                )
            )
            if "event-stream" in found.get("content-type", ""):
                raise asyncio.CancelledError
        elif message["type"] == "http.response.body" and not message.get("more_body"):
            over.set()

    task = asyncio.create_task(the_app()(scope, receive, send))  # type: ignore[arg-type]
    await asyncio.wait((task,))
    if not task.cancelled() and task.exception() is not None and not begun.done():
        raise AssertionError(f"{method} {path}") from task.exception()
    return await begun


async def cookies_of(festival: Festival, now: datetime) -> dict[str, str]:
    """Return the cookies of everybody who walks: people signed in, a gate phone, a judge's tablet."""
    found = {NOBODY: ""}
    for who, actor in festival.people.items():
        token = await start_session(person_id=actor.person_id or 0, browser="test", old_token=None, now=now)
        found[who] = f"{SESSION_COOKIE}={token}"
    found["gate_phone"] = f"{DEVICE_COOKIES[DeviceKind.GATE]}={festival.gate_token}"
    found["judge_tablet"] = f"{DEVICE_COOKIES[DeviceKind.JUDGE]}={festival.judge_token}"
    return found


async def no_document(*_args: Any, **_kwargs: Any) -> dict[str, bytes]:
    """In the place of typesetting, which takes a process and a second."""
    return {"content": b"%PDF"}


@pytest.fixture
def nothing_stays(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Let no transaction commit from the moment that the yielded function is called."""
    import app.kernel.documents.pdf as pdf
    import app.kernel.web as web

    def begin() -> None:
        from piccolo.engine.postgres import PostgresTransaction
        from piccolo.engine.sqlite import SQLiteTransaction

        for transaction in (PostgresTransaction, SQLiteTransaction):
            monkeypatch.setattr(transaction, "commit", transaction.rollback)
        monkeypatch.setattr(pdf, "run_in_child", no_document)
        monkeypatch.setattr(web, "render", lambda *_args, **_kwargs: "")  # who may read it is settled before

    return begin


def table_of(found: Outcomes) -> str:
    """Return the table as it is kept: a line for each route, a column for each who walks."""
    everybody = list(next(iter(found.values())))
    lines = [",".join(["method", "path", *everybody])]
    lines += [",".join([*route, *(row[who] for who in everybody)]) for route, row in found.items()]
    return "\n".join(lines) + "\n"


def the_table() -> Outcomes:
    """Read the table."""
    with TABLE.open(newline="") as file:
        return {(row.pop("method"), row.pop("path")): row for row in csv.DictReader(file)}


def departures(found: Outcomes, expected: Outcomes) -> list[str]:
    """Say where the answers are not those of the table."""
    return [
        f"{method} {path} as {who}: {outcome}, not {expected.get((method, path), {}).get(who)}"
        for (method, path), row in found.items()
        for who, outcome in row.items()
        if expected.get((method, path), {}).get(who) != outcome
    ]


Walk = Callable[[Iterable[Route]], Awaitable[Outcomes]]


@pytest.fixture
async def walk(client: httpx.AsyncClient, frozen_now: datetime, nothing_stays: Callable[[], None]) -> Walk:
    """Use some routes as everybody, in a festival where nothing of it stays."""
    festival = await make_festival(frozen_now)
    walkers = await cookies_of(festival, frozen_now)
    await client.get("/healthz")
    token = client.cookies[CSRF_COOKIE]
    nothing_stays()

    async def outcome(method: str, path: str, cookie: str) -> str:
        asked = await ask(method, address(path, festival), f"{CSRF_COOKIE}={token}; {cookie}", token)
        assert asked.scripts == "'self'" or (path in SCANNERS and asked.scripts == "'self' 'wasm-unsafe-eval'"), path
        return asked.outcome

    async def walked(chosen: Iterable[Route]) -> Outcomes:
        return {route: {who: await outcome(*route, cookie) for who, cookie in walkers.items()} for route in chosen}

    return walked


async def test_everybody_may_use_what_the_table_says(walk: Walk) -> None:
    found = await walk(routes())
    if os.environ.get(WRITE):
        TABLE.write_text(table_of(found))
    expected = the_table()
    gone = [f"{method} {path} is gone" for method, path in expected.keys() - found.keys()]
    assert "\n".join(departures(found, expected) + gone) == ""


def test_every_route_is_passed_by_somebody() -> None:
    passed_by_nobody = {path for (_method, path), row in the_table().items() if "ok" not in row.values()}
    assert passed_by_nobody == NOT_HERE


@pytest.mark.parametrize(
    "route",
    [
        ("POST", "/manage/{edition_id:int}/booths/{booth_id:int}/allocate"),
        ("GET", "/manage/{edition_id:int}/box-office/{order_id:int}"),
        ("GET", "/manage/{edition_id:int}/people"),
    ],
)
async def test_a_route_without_its_guard_is_noticed(walk: Walk, monkeypatch: pytest.MonkeyPatch, route: Route) -> None:
    """The negative control."""
    method, path = route
    for at, handler in handlers():
        if at == path and method in getattr(handler, "http_methods", ()):
            monkeypatch.setattr(handler, "_resolved_guards", [])
    expected = the_table()
    let_in = [f"{method} {path} as {who}: ok, not {was}" for who, was in expected[route].items() if was != "ok"]
    assert len(let_in) >= 1
    assert departures(await walk([route]), expected) == let_in

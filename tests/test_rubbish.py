"""Every route fed with rubbish: whatever somebody sends, the service answers, and never with an error of its own."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import httpx
import msgspec
import pytest

from tests.events.factories import make_edition
from tests.support.client import CSRF_COOKIE
from tests.support.festival import Festival, make_festival
from tests.test_routes_by_role import TABLE, address, ask, cookies_of

pytestmark = pytest.mark.slow

ODD = (
    *("", " ", "0", "-1", "1", "1.5", "1e308", "NaN", "9" * 20, "-" + "9" * 20, "٣", "on", "true", "[]", "{}", "null"),
    *("\x00", "\r\nSet-Cookie: a=b", "😀" * 300, "ệ" * 3000, "e\u0302\u0323", "\u202e", "%00", "../../etc/passwd"),
    *("' OR 1=1 --", "<script>", "{{ 1 }}", "2026-13-45", "2026-10-16T25:99", "0001-01-01T00:00", "9999-12-31T23:59"),
    *("a@b", "+84", "0912 345 678", "https://[", "vi", "applications", "first"),
)
TRIES = 3
#: What lists are asked with, beside the fields of forms.
QUERY = ("q", "status", "state", "kind", "zone", "category", "channel", "action", "role", "show", "page", "per_page")
#: Answer 503 to everything while no key of Stripe, or of SePay, is set, so that they try again.
NOT_SET_UP = (
    "/e/{slug:str}/apply/mine/{application_id:int}/fee/{document_id:int}/card",
    "/e/{slug:str}/invoices/done/{secret:str}/card",
    "/payments/stripe/webhook",
    "/payments/bank/sepay/webhook",
    "/e/{slug:str}/tickets/done/{secret:str}/card",
    "/e/{slug:str}/tickets/done/{secret:str}/pay/{change_id:int}/card",
    "/manage/{edition_id:int}/payments/{document_id:int}/card-refunds/{payment_id:int}",
)


def names(kind: type[msgspec.Struct] = msgspec.Struct) -> Iterator[str]:
    """Yield the name of every field that any form or body of the service has."""
    for below in kind.__subclasses__():
        yield from getattr(below, "__struct_fields__", ())
        yield from names(below)


def bodies(method: str, path: str, known: list[str]) -> Iterator[bytes]:
    """Yield the same rubbish for a route each time: fields as a form, or a body of JSON."""
    chance = random.Random(f"{method} {path}")
    for _ in range(TRIES):
        fields = {name: chance.choice(ODD) for name in known}
        if path.startswith("/api/"):
            values: list[Any] = [*ODD, None, 1, -(2**70), 1.5, True, [], {}, [None], {"a": []}]
            yield json.dumps({name: chance.choice(values) for name in known}).encode()
        else:
            yield urlencode(fields).encode()
    if path.startswith("/api/"):
        yield from (b"[]", b"null", b"{", b"\xff", b'"' + b"a" * 100_000 + b'"', b"[" * 5_000)


def queries(path: str, known: list[str]) -> Iterator[bytes]:
    """Yield the same rubbish for the query of an address each time; the first holds zero bytes wherever texts go."""
    chance = random.Random(path)
    short = [text for text in ODD if len(text) < 100]
    yield urlencode(dict.fromkeys(QUERY[:-2], "\x00")).encode()
    for _ in range(TRIES):
        yield urlencode({name: chance.choice(short) for name in (*QUERY, *chance.sample(known, 10))}).encode()


def who_may(row: dict[str, str]) -> str:
    """Return somebody who comes past the guard of a route."""
    return next((who for who, outcome in row.items() if outcome == "ok"), "owner")


@pytest.fixture
def rolled_back(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Let no transaction commit from the moment that this is called, so that each request meets the same festival."""

    def begin() -> None:
        from piccolo.engine.postgres import PostgresTransaction
        from piccolo.engine.sqlite import SQLiteTransaction

        for transaction in (PostgresTransaction, SQLiteTransaction):
            monkeypatch.setattr(transaction, "commit", transaction.rollback)

    return begin


@pytest.mark.long
async def test_rubbish_is_answered(client: httpx.AsyncClient, frozen_now: datetime, rolled_back: Any) -> None:
    festival: Festival = await make_festival(frozen_now)
    walkers = await cookies_of(festival, frozen_now)
    await client.get("/healthz")
    token = client.cookies[CSRF_COOKIE]
    rolled_back()
    known = sorted(set(names()))
    wrong = []
    with TABLE.open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        method, path = row.pop("method"), row.pop("path")
        cookies = f"{CSRF_COOKIE}={token}; {walkers[who_may(row)]}"
        asked = address(path, festival)
        for sent in queries(path, known) if method == "GET" else bodies(method, path, known):
            answer = await ask(method, asked, cookies, token, **{"query" if method == "GET" else "sent": sent})
            if answer.status >= 500 and not (answer.status == 503 and path in NOT_SET_UP):
                wrong.append(f"{answer.status} {method} {asked} {sent[:80]!r}")
    assert "\n".join(wrong) == ""


@pytest.mark.engines
async def test_a_zero_byte_in_a_query_is_nothing(client: httpx.AsyncClient) -> None:
    edition = await make_edition()
    listed = await client.get(f"/api/v1/editions/{edition.slug}/exhibitors?q=%00&zone=%00&page=1%00")
    assert (listed.status_code, listed.json()["items"], listed.json()["page"]) == (200, [], 1)
    contest = await client.get(f"/e/{edition.slug}/contest?category=%00")
    assert contest.status_code == 200


@pytest.mark.parametrize("number", ["99999999999999999999", "-99999999999999999999", "2147483648", "0", "-1"])
async def test_no_row_has_this_number(
    client: httpx.AsyncClient, frozen_now: datetime, rolled_back: Any, number: str
) -> None:
    festival = await make_festival(frozen_now)
    walkers = await cookies_of(festival, frozen_now)
    await client.get("/healthz")
    token = client.cookies[CSRF_COOKIE]
    rolled_back()
    wrong = []
    with TABLE.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if ":int}" in row["path"]]
    for row in rows:
        method, path = row.pop("method"), row.pop("path")
        cookies = f"{CSRF_COOKIE}={token}; {walkers[who_may(row)]}"
        own = address(path, festival).split("/")
        for place, part in enumerate(path.split("/")):
            if part.endswith(":int}"):
                asked = "/".join([*own[:place], number, *own[place + 1 :]])
                answer = await ask(method, asked, cookies, token)
                if answer.status >= 500:
                    wrong.append(f"{answer.status} {method} {asked}")
    assert "\n".join(wrong) == ""

"""Tokens, signed texts, rate limits, headers, and paths in logs."""

import asyncio
import base64
import json
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel import security
from app.kernel.database import fetch, write_transaction
from app.kernel.errors import TooManyTries
from app.kernel.logs import JsonLines, hide_secrets, request_id
from app.kernel.security import LinkNotValid, hash_token, limit, new_token, sign, unsign
from app.kernel.tables import RateLimit
from app.kernel.web import local_path
from tests.support.race import losers, race, unguarded, winners

NOW = datetime(2026, 10, 16, 1, 30, tzinfo=UTC)
LATER = NOW + timedelta(minutes=10)


def test_tokens_are_long_distinct_and_stored_hashed() -> None:
    tokens = {new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert all(len(token) == 32 for token in tokens)
    assert hash_token("a") == hash_token("a") != hash_token("b")
    assert len(hash_token("a")) == 64


def test_a_signed_value_comes_back_until_its_time_is_over() -> None:
    text = sign({"id": 7, "name": "Hoa"}, "link", LATER)
    assert unsign(text, "link", LATER) == {"id": 7, "name": "Hoa"}
    with pytest.raises(LinkNotValid):
        unsign(text, "link", LATER + timedelta(seconds=1))
    with pytest.raises(LinkNotValid):
        unsign(text, "other", NOW)


def test_a_changed_text_is_refused() -> None:
    text = sign("admin", "link", LATER)
    raw = bytearray(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    for position in range(len(raw)):
        changed = raw.copy()
        changed[position] ^= 1
        with pytest.raises(LinkNotValid):
            unsign(base64.urlsafe_b64encode(changed).decode(), "link", NOW)


@given(st.text(max_size=200))
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(LinkNotValid):
        unsign(text, "link", NOW)


def test_nothing_unsigned_is_parsed() -> None:
    deep = base64.urlsafe_b64encode(b"x" * 20 + b"[" * 100_000).decode()
    with pytest.raises(LinkNotValid):
        unsign(deep, "link", NOW)


@pytest.mark.engines
async def test_a_limit_lets_so_many_pass_in_its_window(database: str) -> None:
    for _ in range(3):
        await limit("sign-in:7", times=3, seconds=60, now=NOW)
    with pytest.raises(TooManyTries) as refused:
        await limit("sign-in:7", times=3, seconds=60, now=NOW)
    assert refused.value.params == {"minutes": 1}
    await limit("sign-in:8", times=3, seconds=60, now=NOW)
    await limit("sign-in:7", times=3, seconds=60, now=NOW + timedelta(minutes=1))
    rows = await RateLimit.select(RateLimit.expires_at).order_by(RateLimit.expires_at)
    assert rows[0]["expires_at"] == NOW + timedelta(seconds=120)


@pytest.mark.engines
@pytest.mark.race
async def test_forty_at_once_do_not_pass_a_limit_of_ten(database: str) -> None:
    results = await race(40, lambda _number: limit("code:7", times=10, seconds=60, now=NOW))
    assert len(winners(results)) == 10
    assert len(losers(results, TooManyTries)) == 30


@pytest.mark.engines
@pytest.mark.race
async def test_counting_in_two_steps_lets_more_pass(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: read, then write."""

    async def two_steps(_sql: str, key: str, expires_at: datetime) -> list[dict[str, Any]]:
        rows = await fetch("SELECT tries FROM rate_limit WHERE key = {}", key)
        await asyncio.sleep(0.01)
        tries = (rows[0]["tries"] if rows else 0) + 1
        await fetch("UPDATE rate_limit SET tries = {}, expires_at = {} WHERE key = {}", tries, expires_at, key)
        return [{"tries": tries}]

    await limit("code:7", times=10, seconds=60, now=NOW)
    monkeypatch.setattr(security, "fetch", two_steps)
    unguarded(monkeypatch, security)
    results = await race(40, lambda _number: limit("code:7", times=10, seconds=60, now=NOW))
    assert len(winners(results)) > 9


async def test_a_limit_inside_a_transaction_would_be_taken_back_and_is_refused(database: str) -> None:
    async def counted_inside() -> None:
        async with write_transaction():
            await limit("code:7", times=10, seconds=60, now=NOW)

    with pytest.raises(RuntimeError, match="before the transaction"):
        await counted_inside()


async def test_every_answer_carries_the_headers(client: httpx.AsyncClient) -> None:
    for path in ("/healthz", "/no/such/page"):
        headers = (await client.get(path)).headers
        policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
        assert policy["default-src"] == policy["script-src"] == policy["style-src"] == "'self'"
        assert policy["frame-ancestors"] == "'none'"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert len(headers["x-request-id"]) == 16


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/me", "/me"),
        ("/e/x?a=1#b", "/e/x?a=1#b"),
        ("", "/"),
        (None, "/"),
        ("//evil.example", "/"),
        ("https://evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/\tx", "/"),
        ("javascript:alert(1)", "/"),
    ],
)
def test_going_on_stays_on_this_site(path: str | None, kept: str) -> None:
    assert local_path(path) == kept


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/sign-in/abcdef", "/sign-in/…"),
        ("/pass/abc.png", "/pass/…"),
        ("/P/ABC123", "/P/…"),
        ("/p/ABC123", "/p/…"),
        ("/e/fair/tickets/done/abc/e-invoice.pdf?note=7", "/e/fair/tickets/done/…/e-invoice.pdf"),
        ("/e/fair/tickets/done/abc/give/7", "/e/fair/tickets/done/…/give/7"),
        ("/e/fair/tickets/given/abc", "/e/fair/tickets/given/…"),
        ("/e/fair/invoices/done/abc/card", "/e/fair/invoices/done/…/card"),
        ("/sign-in?next=/x", "/sign-in"),
        ("/e/fair/tickets", "/e/fair/tickets"),
    ],
)
def test_logs_hide_what_opens_doors(path: str, shown: str) -> None:
    assert hide_secrets(path) == shown


def test_a_log_line_is_one_json_object() -> None:
    record = logging.LogRecord("fairground.jobs", logging.WARNING, "f", 1, "job %s\nfailed", (7,), None)
    record.job = 7
    token = request_id.set("abc")
    try:
        line = JsonLines().format(record)
    finally:
        request_id.reset(token)
    assert "\n" not in line
    found = json.loads(line)
    assert (found["message"], found["level"], found["job"], found["request_id"]) == (
        "job 7\nfailed",
        "WARNING",
        7,
        "abc",
    )

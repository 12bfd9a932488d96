"""The security log: who signed in and how, what failed, what was refused; and no secret in it."""

from __future__ import annotations

import json
import logging
from typing import Any

import httpx
import pytest

from app.accounts.actor import SYSTEM
from app.accounts.enums import DeviceKind, Role
from app.accounts.limits import TRIES, Tries, Way
from app.accounts.services.devices import make_device_invite
from app.accounts.services.sign_in import make_sign_in_link
from app.accounts.tables import Session
from app.kernel.clock import freeze
from app.kernel.logs import JsonLines, configure_logs
from app.kernel.settings import settings
from tests.accounts.test_two_step_pages import LATER, PASSWORD, WAYS, first_step
from tests.conftest import NOW
from tests.support.client import sign_in
from tests.support.factories import make_holder, make_owner, make_person
from tests.support.two_step import code_at, set_up


class Lines(logging.Handler):
    """Keeps lines as they are written."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(JsonLines())
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        self.lines.append(self.format(record))

    def told(self, *names: str) -> list[tuple[Any, ...]]:
        """Event and some values of each line of the security log."""
        found = [json.loads(line) for line in self.lines]
        return [
            (line["message"], *(line.get(name) for name in names))
            for line in found
            if line["logger"] == "fairground.security"
        ]


@pytest.fixture
def lines() -> Any:
    """All that is logged."""
    kept = Lines()
    root = logging.getLogger()
    root.addHandler(kept)
    yield kept
    root.removeHandler(kept)


@pytest.mark.parametrize("way", WAYS)
async def test_a_sign_in_and_its_end_are_logged_with_way_and_person(
    client: httpx.AsyncClient, lines: Lines, way: str
) -> None:
    person = await make_person(email="hoa@example.com")
    with freeze(LATER):
        await first_step(client, person, way)
        await client.post("/sign-out")
    assert lines.told("way", "person_id") == [("sign_in.done", way, person.id), ("sign_out", None, person.id)]
    written = "\n".join(lines.lines)
    assert [secret for secret in (person.phone, "hoa@example.com", PASSWORD) if str(secret) in written] == []


async def test_both_steps_are_logged(client: httpx.AsyncClient, lines: Lines) -> None:
    owner = await make_owner()
    secret, _codes = await set_up(owner.id, now=NOW)
    with freeze(LATER):
        await first_step(client, owner, "link")
        await client.post("/sign-in/two-step", data={"code": "AAAA-BBBB-CCCC"})
        await client.post("/sign-in/two-step", data={"code": code_at(secret, LATER)})
    assert lines.told("way", "person_id") == [
        ("sign_in.first_step", "link", owner.id),
        ("sign_in.failed", "two_step", owner.id),
        ("sign_in.done", "two_step", owner.id),
    ]


async def test_what_fails_is_logged_without_what_was_typed(client: httpx.AsyncClient, lines: Lines) -> None:
    person = await make_person()
    link, _code = await make_sign_in_link(person_id=person.id, next_path="/", now=NOW)
    with freeze(NOW):
        for contact in (person.phone, "nobody@example.com"):
            await client.post("/sign-in/code", data={"contact": contact, "code": "123456"})
            await client.post("/sign-in/password", data={"contact": contact, "password": "typed by somebody"})
        await client.post("/sign-in/no-such-link")
        await client.post("/invite/no-such-card")
    with freeze(NOW.replace(year=NOW.year + 1)):
        await client.post(httpx.URL(link).path)
    assert lines.told("way", "person_id") == [
        ("sign_in.failed", "code", person.id),
        ("sign_in.failed", "password", person.id),
        ("sign_in.failed", "code", None),
        ("sign_in.failed", "password", None),
        ("sign_in.failed", "link", None),
        ("sign_in.failed", "card", None),
        ("sign_in.failed", "link", person.id),
    ]
    written = "\n".join(lines.lines)
    typed = (str(person.phone), "nobody@", "123456", "typed by", "no-such", link.rpartition("/")[2])
    assert [word for word in typed if word in written] == []


async def test_a_refusal_says_who_asked_for_what(client: httpx.AsyncClient, lines: Lines) -> None:
    person = await make_holder(Role.TEAM_MEMBER, edition_id=1)
    await client.get("/account")
    await sign_in(client, person.id)
    await client.get("/manage/1/people")
    await client.post("/account/password", headers={"x-csrftoken": "forged"}, data={"password": "x"})
    assert lines.told("status", "code", "path", "person_id") == [
        ("access.refused", 401, "sign_in_needed", "/account", None),
        ("access.refused", 403, "not_allowed", "/manage/1/people", person.id),
        ("form.refused", 403, "form_expired", "/account/password", person.id),
    ]


async def test_a_limit_is_logged_by_its_name_alone(
    client: httpx.AsyncClient, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(TRIES, Way.ASK, Tries(per_account=0, per_browser=9))
    await client.post("/sign-in", data={"contact": "hoa@example.com"})
    assert lines.told("limit") == [("limit.reached", "ask")]
    assert [line for line in lines.lines if "hoa@" in line] == []


async def test_a_false_signature_is_logged(
    client: httpx.AsyncClient, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRIPE_WEBHOOK_SECRET", "whsec_test")
    settings.cache_clear()
    await client.post("/payments/stripe/webhook", content=b"{}")
    settings.cache_clear()
    await client.post("/api/v1/passes/verify", json={"code": "FG1.FALSE"})
    assert lines.told("status", "code") == [
        ("signature.refused", 400, "webhook_not_genuine"),
        ("signature.refused", 404, "pass_not_genuine"),
    ]


async def test_every_line_of_a_request_says_who_asked(client: httpx.AsyncClient, lines: Lines) -> None:
    person = await make_person()
    with freeze(NOW):
        _id, card = await make_device_invite(kind=DeviceKind.GATE, edition_id=1, label="Cổng", actor=SYSTEM, now=NOW)
        await client.get("/healthz")
        await sign_in(client, person.id)
        await client.get("/account")
        await client.post(httpx.URL(card).path)
        await client.get("/api/v1/gate/status")
    found = [json.loads(line) for line in lines.lines]
    asked = {line["path"]: line for line in found if line["message"] == "request"}
    assert [name for name in ("person_id", "device_id") if name in asked["/healthz"]] == []
    assert asked["/account"]["person_id"] == person.id
    assert asked["/api/v1/gate/status"]["device_id"] == 1
    assert ("sign_in.done", "card", 1) in lines.told("way", "device_id")


async def test_ending_sessions_is_logged(client: httpx.AsyncClient, lines: Lines) -> None:
    person = await make_person()
    await sign_in(client, person.id)
    first = await Session.select(Session.id).first()
    assert first is not None
    await sign_in(client, person.id)
    await client.post(f"/account/sessions/{first['id']}/end")
    await client.post("/account/sessions/end-others")
    assert lines.told("person_id", "sessions") == [
        ("session.ended", person.id, 1),
        ("session.ended", person.id, 0),
    ]


def test_the_security_log_is_written_whatever_the_level_says() -> None:
    root, security = logging.getLogger(), logging.getLogger("fairground.security")
    handlers, level = root.handlers[:], root.level
    try:
        configure_logs("ERROR")
        assert (security.isEnabledFor(logging.INFO), root.isEnabledFor(logging.INFO)) == (True, False)
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)

"""Session fixation: what somebody plants in a browser never becomes the session of who signs in there."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from app.accounts.actor import SYSTEM
from app.accounts.enums import DeviceKind
from app.accounts.identity import DEVICE_COOKIES, HALF_COOKIE, SESSION_COOKIE
from app.accounts.services.devices import make_device_invite
from app.accounts.services.sign_in import make_sign_in_link, start_session
from app.accounts.services.two_step import secret_to_confirm, start_half_sign_in
from app.accounts.tables import Device, Session
from app.kernel.clock import freeze
from app.kernel.security import hash_token
from tests.accounts.test_two_step_pages import WAYS, first_step
from tests.conftest import NOW
from tests.support.client import new_browser, sign_in
from tests.support.factories import make_owner, make_person
from tests.support.two_step import code_at, set_up

LATER = NOW + timedelta(minutes=5)
HOST = "testserver.local"


def cookie_of(browser: httpx.AsyncClient, name: str) -> str:
    """Return the one cookie of this name that a browser keeps."""
    (value,) = {cookie.value for cookie in browser.cookies.jar if cookie.name == name}
    assert value is not None
    return value


async def whose(token: str) -> list[int]:
    """Return the person of the session with this token, if there is one."""
    return [
        row["person"] for row in await Session.select(Session.person).where(Session.token_hash == hash_token(token))
    ]


@pytest.mark.engines
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", ["invented", "the attacker's own"])
async def test_a_planted_session_is_never_taken_over(client: httpx.AsyncClient, way: str, kind: str) -> None:
    victim, attacker = await make_person(), await make_person()
    planted = "planted-by-somebody-who-is-not-here"
    if kind != "invented":
        planted = await start_session(person_id=attacker.id, browser="evil", old_token=None, now=NOW)
    client.cookies.set(SESSION_COOKIE, planted, domain=HOST)
    with freeze(LATER):
        answer = await first_step(client, victim, way)
        (fresh,) = [v for v in answer.headers.get_list("set-cookie") if v.startswith(f"{SESSION_COOKIE}=")]
        token = fresh.partition("=")[2].partition(";")[0]
        assert token != planted
        assert (await whose(token), await whose(planted)) == ([victim.id], [])
        async with new_browser() as evil:
            evil.cookies.set(SESSION_COOKIE, planted, domain=HOST)
            assert (await evil.get("/account")).status_code == 303


async def test_a_planted_first_step_is_not_completed_by_somebody_else(client: httpx.AsyncClient) -> None:
    """The attacker's own first step lies in the victim's browser; the victim's code does not fit it."""
    victim, attacker = await make_owner(), await make_owner()
    secret, _codes = await set_up(victim.id, now=NOW)
    await set_up(attacker.id, now=NOW)
    with freeze(LATER):
        planted = await start_half_sign_in(person_id=attacker.id, next_path="/me", now=LATER)
        client.cookies.set(HALF_COOKIE, planted, domain=HOST, path="/sign-in")
        refused = await client.post("/sign-in/two-step", data={"code": code_at(secret, LATER)})
        assert (refused.status_code, await Session.count()) == (422, 0)


async def test_what_the_victim_completes_gives_nothing_to_who_planted_it(client: httpx.AsyncClient) -> None:
    """The attacker, who knows the victim's password, did her first step and waits for her to do the second."""
    victim = await make_owner()
    secret, _codes = await set_up(victim.id, now=NOW)
    async with new_browser() as evil:
        with freeze(LATER):
            await first_step(evil, victim, "password")
            planted = cookie_of(evil, HALF_COOKIE)
            client.cookies.set(HALF_COOKIE, planted, domain=HOST, path="/sign-in")
            link, _code = await make_sign_in_link(person_id=victim.id, next_path="/me", now=LATER)
            await client.post(httpx.URL(link).path)
            own = [v for v in (cookie.value for cookie in client.cookies.jar if cookie.name == HALF_COOKIE) if v]
            assert own != [planted]
            done = await client.post("/sign-in/two-step", data={"code": code_at(secret, LATER)})
            assert done.headers["location"] == "/me"
            assert (await evil.get("/account")).status_code == 303
            evil.cookies.set(SESSION_COOKIE, planted, domain=HOST)
            assert (await evil.get("/account")).status_code == 303
            again = await evil.post("/sign-in/two-step", data={"code": code_at(secret, LATER)})
            assert (again.status_code, await Session.count()) == (410, 1)


async def test_each_rise_of_rights_brings_a_new_token(client: httpx.AsyncClient) -> None:
    person = await make_owner()
    tokens: list[str] = []

    async def risen(answer: httpx.Response) -> None:
        assert answer.status_code in (200, 303)
        tokens.append(cookie_of(client, SESSION_COOKIE))

    with freeze(NOW):
        for way in WAYS:
            await risen(await first_step(client, person, way))
        await client.post("/account/two-step/begin")
        secret = await secret_to_confirm(person.id) or ""
        await risen(await client.post("/account/two-step", data={"code": code_at(secret, NOW)}))
    with freeze(LATER):
        await first_step(client, person, "link")
        await risen(await client.post("/sign-in/two-step", data={"code": code_at(secret, LATER)}))
    assert len(set(tokens)) == len(tokens) == 5
    assert [await whose(token) for token in tokens] == [[], [], [], [], [person.id]]


async def test_a_planted_device_is_not_bound(client: httpx.AsyncClient) -> None:
    name = DEVICE_COOKIES[DeviceKind.GATE]
    client.cookies.set(name, "planted-by-somebody-who-is-not-here", domain=HOST)
    _id, address = await make_device_invite(kind=DeviceKind.GATE, edition_id=1, label="Cổng", actor=SYSTEM, now=NOW)
    with freeze(NOW):
        bound = await client.post(httpx.URL(address).path)
    (fresh,) = [v for v in bound.headers.get_list("set-cookie") if v.startswith(f"{name}=")]
    assert "planted" not in fresh
    assert await Device.count().where(Device.token_hash == hash_token("planted-by-somebody-who-is-not-here")) == 0


async def test_signing_out_ends_the_session_itself(client: httpx.AsyncClient) -> None:
    person = await make_person()
    await sign_in(client, person.id)
    token = client.cookies[SESSION_COOKIE]
    answer = await client.post("/sign-out")
    assert await whose(token) == []
    assert answer.headers["clear-site-data"] == '"cache"'  # and not the scans that a gate phone has not sent yet

"""``REQUIRE_TWO_STEP``: owners, managers and finance reach nothing but the set-up before their second step counts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

import httpx
import pytest

from app.accounts.actor import ANONYMOUS, Actor, Grant
from app.accounts.enums import Role
from app.accounts.guards import GUARDED_ROLES, SET_UP, owes_two_step
from app.accounts.services import two_step as service
from app.accounts.services.two_step import has_two_step
from app.accounts.tables import Session, SignInToken
from app.kernel.clock import freeze
from app.kernel.settings import settings
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.support.client import new_browser, sign_in
from tests.support.contacts import told
from tests.support.factories import make_holder, make_owner
from tests.support.festival import make_festival
from tests.support.two_step import code_at, set_up
from tests.test_routes_by_role import address, ask, the_table

NEEDED = "two_step_needed"


@pytest.fixture
def demanded(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the installation demand it."""
    monkeypatch.setenv("REQUIRE_TWO_STEP", "true")
    settings.cache_clear()
    yield
    settings.cache_clear()


async def test_it_is_demanded_of_three_roles_and_only_where_it_is_set(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    actors = {role: Actor(person_id=1, grants=(Grant(role, 1),)) for role in Role}
    assert [await owes_two_step(actor) for actor in actors.values()] == [False] * len(Role)
    monkeypatch.setenv("REQUIRE_TWO_STEP", "true")
    settings.cache_clear()
    owing = {role for role, actor in actors.items() if await owes_two_step(actor)}
    assert (owing, await owes_two_step(ANONYMOUS)) == ({Role.OWNER, Role.MANAGER, Role.FINANCE}, False)
    assert set(GUARDED_ROLES) == owing
    settings.cache_clear()


@pytest.mark.engines
@pytest.mark.parametrize("role", GUARDED_ROLES)
async def test_whoever_owes_it_is_led_to_the_set_up_and_goes_on_after_it(
    client: httpx.AsyncClient, demanded: None, role: Role
) -> None:
    edition = await make_edition()
    person = await make_holder(role, edition_id=edition.id)
    with freeze(NOW):
        await sign_in(client, person.id)
        for path in ("/account", "/manage", f"/manage/{edition.id}", "/me"):
            led = await client.get(path)
            assert (led.status_code, led.headers["location"]) == (303, "/account/two-step")
        assert (await client.post("/account", data={"full_name": "X", "locale": "vi"})).status_code == 403
        answer = await client.get("/account", headers={"accept": "application/json"})
        assert (answer.status_code, answer.json()["code"]) == (403, NEEDED)
        assert "no other page opens to you" in (await client.get("/account/two-step")).text
        await client.post("/account/two-step/begin")
        shown = await client.get("/account/two-step")
        (secret,) = re.findall(r'<code class="secret">([A-Z2-7 ]+)</code>', shown.text)
        done = await client.post("/account/two-step", data={"code": code_at(secret, NOW)})
        assert done.status_code == 200
        assert (await client.get(f"/manage/{edition.id}")).status_code == 200


async def test_no_route_opens_before_it(client: httpx.AsyncClient, demanded: None, frozen_now: datetime) -> None:
    festival = await make_festival(frozen_now)
    owner = festival.people["owner"].person_id
    await sign_in(client, owner)
    token = client.cookies.get("fg_csrf") or ""
    if not token:
        await client.get("/sign-in")
        token = client.cookies["fg_csrf"]
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in client.cookies.jar)
    opened = []
    for (method, path), row in the_table().items():
        if row["nobody"] != "sign in":
            continue
        asked = await ask(method, address(path, festival), cookies, token)
        if asked.status in (200, 201, 204) and path not in SET_UP:
            opened.append(f"{method} {path} {asked.status}")
    assert opened == []
    assert (await client.get("/account/two-step")).status_code == 200


async def test_on_public_pages_she_is_a_visitor(client: httpx.AsyncClient, demanded: None) -> None:
    draft = await make_edition("nhap", opened=False)
    person = await make_owner()
    await sign_in(client, person.id)
    assert (await client.get(f"/e/{draft.slug}")).status_code == 404
    await set_up(person.id, now=NOW)
    await sign_in(client, person.id)
    assert (await client.get(f"/e/{draft.slug}")).status_code == 200


async def test_other_roles_go_on_without(client: httpx.AsyncClient, demanded: None) -> None:
    edition = await make_edition()
    person = await make_holder(Role.FLOOR, edition_id=edition.id)
    await sign_in(client, person.id)
    assert (await client.get(f"/manage/{edition.id}")).status_code == 200


async def test_the_set_up_wants_a_fresh_sign_in(client: httpx.AsyncClient, demanded: None) -> None:
    person = await make_owner()
    with freeze(NOW):
        await sign_in(client, person.id)
        await client.post("/account/two-step/begin")
        secret = await service.secret_to_confirm(person.id)
        assert secret is not None
    with freeze(NOW + timedelta(minutes=16)):
        shown = await client.get("/account/two-step")
        assert ('class="secret"' in shown.text, "Send me a link and a code" in shown.text) == (False, True)
        code = code_at(secret, NOW + timedelta(minutes=16))
        assert (await client.post("/account/two-step", data={"code": code})).status_code == 403
        assert (await client.post("/account/two-step/begin")).status_code == 403
        assert (await service.secret_to_confirm(person.id), await has_two_step(person.id)) == (secret, False)
        assert (await client.post("/account/data/link", data={"next": "/account/two-step"})).status_code == 200
        row = await SignInToken.select(SignInToken.next_path).first()
        assert row == {"next_path": "/account/two-step"}


@pytest.mark.engines
async def test_turning_it_off_ends_other_sessions_and_is_told(client: httpx.AsyncClient) -> None:
    person = await make_owner(email="hoa@example.com", locale="en")
    _secret, codes = await set_up(person.id, now=NOW)
    async with new_browser() as other:
        await sign_in(other, person.id)
        await sign_in(client, person.id)
        assert (await other.get("/account")).status_code == 200
        assert (await client.post("/account/two-step/off", data={"code": codes[0]})).status_code == 303
        assert (await other.get("/account")).status_code == 303
    assert (await client.get("/account")).status_code == 200
    assert await Session.count() == 1
    said = [text.split("\n\n")[1].partition(" two-step")[2] for text in await told("hoa@example.com")]
    assert said == [" sign-in was set up for your account.", " sign-in was turned off for your account."]

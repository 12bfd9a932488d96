"""Two-step sign-in as a browser meets it: set-up, the second step, and that nothing opens before it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import httpx
import pytest

from app.accounts.actor import SYSTEM
from app.accounts.enums import Role
from app.accounts.identity import HALF_COOKIE, SESSION_COOKIE
from app.accounts.services import sign_in as service
from app.accounts.services.two_step import has_two_step
from app.accounts.tables import HalfSignIn, Person, Session
from app.kernel.clock import freeze
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.support.client import id_of, new_browser, sign_in
from tests.support.factories import make_holder, make_owner, make_person
from tests.support.festival import make_festival
from tests.support.two_step import code_at, set_up
from tests.test_routes_by_role import NOBODY, address, ask, the_table

PASSWORD = "mật khẩu rất dài của Hoa"
LATER = NOW + timedelta(minutes=5)
WAYS = ("link", "code", "password")


def cookies_of(answer: httpx.Response, name: str) -> list[str]:
    """Return the cookies of this name that an answer sets."""
    return [value for value in answer.headers.get_list("set-cookie") if value.startswith(f"{name}=")]


async def first_step(
    browser: httpx.AsyncClient, person: Person, way: str, next_path: str = "/manage"
) -> httpx.Response:
    """Show a link, a code or a password."""
    if way == "password":
        await service.set_password(person_id=person.id, password=PASSWORD, actor=SYSTEM, now=NOW)
        sent = {"contact": person.phone, "password": PASSWORD, "next": next_path}
        return await browser.post("/sign-in/password", data=sent)
    link, code = await service.make_sign_in_link(
        person_id=person.id, next_path=next_path, now=LATER, browser=await id_of(browser)
    )
    if way == "code":
        return await browser.post("/sign-in/code", data={"contact": person.phone, "code": code})
    return await browser.post(httpx.URL(link).path)


@pytest.mark.engines
@pytest.mark.parametrize("way", WAYS)
async def test_each_way_leads_to_the_second_step_and_to_a_session_only_after_it(
    client: httpx.AsyncClient, way: str
) -> None:
    person = await make_owner()
    secret, _codes = await set_up(person.id, now=NOW)
    with freeze(LATER):
        half = await first_step(client, person, way)
        assert (half.status_code, half.headers["location"]) == (303, "/sign-in/two-step")
        assert (await Session.count(), cookies_of(half, SESSION_COOKIE)) == (0, [])
        (cookie,) = cookies_of(half, HALF_COOKIE)
        assert ("HttpOnly" in cookie, "Path=/sign-in" in cookie, "SameSite=lax" in cookie) == (True, True, True)
        assert (await client.get("/account")).status_code == 303
        assert (await client.get("/sign-in/two-step")).status_code == 200
        done = await client.post("/sign-in/two-step", data={"code": code_at(secret, LATER)})
        assert (done.status_code, done.headers["location"]) == (303, "/manage")
        assert (len(cookies_of(done, SESSION_COOKIE)), await HalfSignIn.count()) == (1, 0)
        assert (await client.get("/account")).status_code == 200


async def test_half_a_sign_in_opens_nothing(client: httpx.AsyncClient, frozen_now: datetime) -> None:
    festival = await make_festival(frozen_now)
    owner = await Person.objects().get(Person.id == festival.people["owner"].person_id)
    assert owner is not None
    await set_up(owner.id, now=frozen_now)
    await first_step(client, owner, "link")
    (half,) = [cookie.value for cookie in client.cookies.jar if cookie.name == HALF_COOKIE]
    token = client.cookies["fg_csrf"]
    opened = []
    for (method, path), row in the_table().items():
        if row[NOBODY] != "sign in":
            continue  # for everybody
        for cookies in (f"{HALF_COOKIE}={half}", f"{SESSION_COOKIE}={half}"):
            asked = await ask(method, address(path, festival), f"fg_csrf={token}; {cookies}", token)
            if asked.outcome != "sign in":
                opened.append(f"{method} {path} {asked.status}")
    assert opened == []


async def test_a_recovery_code_signs_in_once(client: httpx.AsyncClient) -> None:
    person = await make_owner()
    _secret, codes = await set_up(person.id, now=NOW)
    with freeze(LATER):
        for status in (303, 422):
            await first_step(client, person, "link")
            assert (await client.post("/sign-in/two-step", data={"recovery": codes[0]})).status_code == status


async def test_a_wrong_code_is_said_in_a_sentence_and_then_limited(client: httpx.AsyncClient) -> None:
    person = await make_owner()
    secret, _codes = await set_up(person.id, now=NOW)
    with freeze(LATER):
        await first_step(client, person, "link")
        for _time in range(5):
            wrong = await client.post("/sign-in/two-step?lang=en", data={"code": "000000"})
            assert (wrong.status_code, "This code is not right" in wrong.text) == (422, True)
        limited = await client.post("/sign-in/two-step", data={"code": code_at(secret, LATER)})
        assert (limited.status_code, "Please wait 15 minutes" in limited.text) == (429, True)
        assert await Session.count() == 0


async def test_without_a_first_step_there_is_no_second(client: httpx.AsyncClient) -> None:
    for answer in (await client.get("/sign-in/two-step"), await client.post("/sign-in/two-step", data={"code": "1"})):
        assert (answer.status_code, 'href="/sign-in"' in answer.text) == (410, True)


async def test_an_organiser_sets_it_up_and_turns_it_off(client: httpx.AsyncClient) -> None:
    person = await make_holder(Role.GATE_LEAD, edition_id=1, email="hoa@example.vn")
    with freeze(NOW):
        await sign_in(client, person.id)
        before = client.cookies[SESSION_COOKIE]
        assert 'href="/account/two-step"' in (await client.get("/account")).text
        assert (await client.post("/account/two-step/begin")).headers["location"] == "/account/two-step"
        shown = await client.get("/account/two-step")
        assert shown.headers["cache-control"] == "no-store"
        (secret,) = re.findall(r'<code class="secret">([A-Z2-7 ]+)</code>', shown.text)
        assert f"secret={secret.replace(' ', '')}&amp;issuer=Fairground" in shown.text
        wrong = await client.post("/account/two-step", data={"code": "000000"})
        assert (wrong.status_code, await has_two_step(person.id)) == (422, False)
        done = await client.post("/account/two-step", data={"code": code_at(secret, NOW)})
        codes = re.findall(r"<li><code>([A-Z2-9-]{14})</code></li>", done.text)
        assert (done.status_code, len(codes), done.headers["cache-control"]) == (200, 10, "no-store")
        assert before != client.cookies[SESSION_COOKIE]
        assert (await client.get("/account")).status_code == 200
        assert codes[0] not in (await client.get("/account/two-step")).text
        assert (await client.post("/account/two-step/off", data={"code": "000000"})).status_code == 422
        off = await client.post("/account/two-step/off", data={"code": codes[0]})
        assert (off.headers["location"], await has_two_step(person.id)) == ("/account", False)


async def test_it_is_for_organisers(client: httpx.AsyncClient) -> None:
    person = await make_holder(Role.EXHIBITOR_OWNER, edition_id=1)
    await sign_in(client, person.id)
    assert "two-step" not in (await client.get("/account")).text
    assert (await client.get("/account/two-step")).status_code == 403
    assert (await client.post("/account/two-step/begin")).status_code == 403


async def test_who_organises_no_more_can_still_turn_it_off(client: httpx.AsyncClient) -> None:
    person = await make_person()
    _secret, codes = await set_up(person.id, now=NOW)
    await sign_in(client, person.id)
    assert (await client.get("/account/two-step")).status_code == 200
    assert (await client.post("/account/two-step/off", data={"code": codes[0]})).status_code == 303


async def test_an_owner_takes_it_off_on_the_page_of_people(client: httpx.AsyncClient) -> None:
    edition = await make_edition()
    owner = await make_holder(Role.OWNER, edition_id=edition.id)
    manager = await make_holder(Role.MANAGER, edition_id=edition.id)
    colleague = await make_holder(Role.FLOOR, edition_id=edition.id)
    for person in (owner, colleague):
        await set_up(person.id, now=NOW)
    path = f"/manage/{edition.id}/people/{colleague.id}/two-step/remove"
    browser = new_browser()
    await sign_in(browser, manager.id)
    assert path not in (await browser.get(f"/manage/{edition.id}/people")).text
    assert (await browser.post(path)).status_code == 403
    await sign_in(client, owner.id)
    listed = (await client.get(f"/manage/{edition.id}/people")).text
    assert re.findall(r"/people/(\d+)/two-step/remove", listed) == [str(colleague.id)]
    assert (await client.post(path)).status_code == 303
    assert (await has_two_step(colleague.id), await has_two_step(owner.id)) == (False, True)

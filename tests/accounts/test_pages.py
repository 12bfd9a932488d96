"""Sign-in, account and cards as a browser meets them."""

from datetime import timedelta

import httpx
import pytest

from app.accounts.actor import SYSTEM
from app.accounts.enums import DeviceKind, Role
from app.accounts.identity import SESSION_COOKIE
from app.accounts.services.devices import make_device_invite
from app.accounts.services.sign_in import make_sign_in_link
from app.accounts.tables import Device, Person, Session
from app.kernel.clock import freeze, now
from tests.conftest import NOW
from tests.support.client import new_browser, sign_in
from tests.support.factories import make_holder, make_person


async def link_for(person: Person, next_path: str = "/account") -> str:
    link, _code = await make_sign_in_link(person_id=person.id, next_path=next_path, now=now())
    return httpx.URL(link).path


async def test_opening_a_link_does_not_use_it_up(client: httpx.AsyncClient) -> None:
    person = await make_person()
    path = await link_for(person)
    for _time in range(2):
        shown = await client.get(path)
        assert (shown.status_code, person.full_name in shown.text) == (200, True)
    entered = await client.post(path)
    assert (entered.status_code, entered.headers["location"]) == (303, "/account")
    assert (await client.get("/account")).status_code == 200
    assert (await client.post(path)).status_code == 410


async def test_a_link_says_whom_it_signs_out(client: httpx.AsyncClient) -> None:
    here, other = await make_person(name="Lê Thị Hiên"), await make_person(name="Trần Thị Khác")
    path, own = await link_for(other), await link_for(here)
    said = "Lê Thị Hiên is signed in on this device. Going on signs Lê Thị Hiên out, and Trần Thị Khác in."
    told = [said in (await client.get(path)).text]
    await sign_in(client, here.id)
    told += [said in (await client.get(path)).text, "is signed in on this device" in (await client.get(own)).text]
    assert told == [False, True, False]


async def test_a_link_never_leads_to_another_site(client: httpx.AsyncClient) -> None:
    for evil in ("https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"):
        person = await make_person()
        entered = await client.post(await link_for(person, evil))
        assert entered.headers["location"] == "/me"


async def test_the_session_cookie_is_closed_to_scripts_and_new_at_each_sign_in(client: httpx.AsyncClient) -> None:
    person = await make_person()
    client.cookies.set(SESSION_COOKIE, "planted", domain="testserver.local")
    entered = await client.post(await link_for(person))
    cookie = next(value for value in entered.headers.get_list("set-cookie") if value.startswith(SESSION_COOKIE))
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "planted" not in cookie


async def test_a_sign_in_is_listed_under_the_browsers_name(client: httpx.AsyncClient) -> None:
    names = {
        "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Mobile Safari/537.36": (
            "Chrome · Android"
        ),
        "Mozilla/5.0 (iPad; CPU OS 12_5 like Mac OS X) AppleWebKit/605.1.15 Version/12.1 Safari/604.1": "Safari · iPad",
        "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/130.0 Safari/537.36 Edg/130.0": "Edge · Windows",
        "curl/8": "",
    }
    person = await make_person()
    for user_agent, name in names.items():
        client.headers["user-agent"] = user_agent
        await client.post(await link_for(person))
        assert [row["browser"] for row in await Session.select(Session.browser)] == [name]


def session_cookies(answer: httpx.Response) -> list[str]:
    return [value for value in answer.headers.get_list("set-cookie") if value.startswith(f"{SESSION_COOKIE}=")]


@pytest.mark.engines
async def test_a_sign_in_lasts_in_the_browser_as_long_as_it_is_used(client: httpx.AsyncClient) -> None:
    person = await make_person()
    with freeze(NOW):
        await sign_in(client, person.id)
        token = client.cookies[SESSION_COOKIE]
        assert session_cookies(await client.get("/account")) == []
    for day in (10, 20):
        with freeze(NOW + timedelta(days=day)):
            (cookie,) = session_cookies(await client.get("/account"))
            assert cookie.startswith(f"{SESSION_COOKIE}={token}; ")
            assert f"Max-Age={14 * 86400}" in cookie
            assert "HttpOnly" in cookie
            assert session_cookies(await client.get("/account")) == []
    with freeze(NOW + timedelta(days=29)):
        assert await Session.count() == 1
        assert session_cookies(await client.get("/account")) != []
    with freeze(NOW + timedelta(days=30)):
        assert (await client.get("/account")).status_code == 303  # used yesterday, and a month old


async def test_her_page_ends_other_browsers(client: httpx.AsyncClient) -> None:
    person = await make_person()
    at = NOW + timedelta(hours=1)
    async with new_browser() as other:
        with freeze(NOW):
            await sign_in(other, person.id)
        with freeze(at):
            old = (await other.get("/account?lang=en")).text
            assert ("Sign in again" in old, "End all others" in old) == (False, False)  # there is no other
            await sign_in(client, person.id)
            old, new = [(await browser.get("/account?lang=en")).text for browser in (other, client)]
            assert ("Sign in again" in old, "End all others" in old) == (True, False)
            assert (await other.post("/account/sessions/end-others")).status_code == 403
            assert ("Sign in again" in new, "End all others" in new, new.count("This browser")) == (False, True, 1)
            assert (await client.post("/account/sessions/end-others")).status_code == 303
            assert [(await browser.get("/account")).status_code for browser in (other, client)] == [303, 200]


async def test_the_cookie_is_not_sent_again_where_caches_share_or_somebody_leaves(client: httpx.AsyncClient) -> None:
    person = await make_person()
    with freeze(NOW):
        await sign_in(client, person.id)
    with freeze(NOW + timedelta(days=1)):
        asset = await client.get("/static/icon.svg")
        assert (asset.status_code, session_cookies(asset)) == (200, [])
    with freeze(NOW + timedelta(days=2)):
        (cookie,) = session_cookies(await client.post("/sign-out"))
        assert "Max-Age=0" in cookie


async def test_a_page_behind_sign_in_sends_there_and_back(client: httpx.AsyncClient) -> None:
    answer = await client.get("/account")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=%2Faccount")


async def test_the_api_answers_in_json_instead(client: httpx.AsyncClient) -> None:
    answer = await client.get("/account", headers={"accept": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (401, "sign_in_needed")


async def test_a_form_without_its_token_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.post("/sign-in", data={"contact": "a@example.com"}, headers={"x-csrftoken": "wrong"})
    assert answer.status_code == 403


async def test_wrong_details_come_back_with_a_sentence_at_the_field(client: httpx.AsyncClient) -> None:
    person = await make_person()
    await sign_in(client, person.id)
    answer = await client.post("/account?lang=en", data={"full_name": "", "phone": "12", "email": "x", "locale": "vi"})
    assert answer.status_code == 422
    assert "Please fill this in." in answer.text
    again = await client.post("/account?lang=en", data={"full_name": "Hoa", "phone": "12", "email": "", "locale": "vi"})
    assert "This is no phone number" in again.text


async def test_somebody_with_one_place_goes_straight_there(client: httpx.AsyncClient) -> None:
    person = await make_holder(Role.TEAM_MEMBER, edition_id=1)
    await sign_in(client, person.id)
    assert (await client.get("/me")).headers["location"] == "/team/"


async def test_a_card_binds_on_a_press_and_not_on_a_look(client: httpx.AsyncClient) -> None:
    _id, address = await make_device_invite(
        kind=DeviceKind.GATE, edition_id=1, label="Cổng A1", actor=SYSTEM, now=now()
    )
    path = httpx.URL(address).path
    assert (await client.get(path)).status_code == 200
    assert await Device.count().where(Device.paired_at.is_not_null()) == 0
    bound = await client.post(path)
    assert (bound.status_code, bound.headers["location"]) == (303, "/gate/")
    cookie = next(value for value in bound.headers.get_list("set-cookie") if value.startswith("fg_gate"))
    assert "SameSite=strict" in cookie
    assert (await client.get(path)).status_code == 410


async def test_an_unknown_language_falls_back(client: httpx.AsyncClient) -> None:
    assert '<html lang="vi"' in (await client.get("/sign-in", headers={"accept-language": "fr"})).text
    assert '<html lang="id"' in (await client.get("/sign-in", headers={"accept-language": "in-ID, en;q=0.5"})).text
    assert '<html lang="en"' in (await client.get("/sign-in?lang=en")).text

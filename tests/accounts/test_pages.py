"""Signing in, cards, languages and menus as a browser meets them."""

import re
from datetime import timedelta

import httpx
import pytest

from app.accounts.actor import SYSTEM
from app.accounts.enums import DeviceKind, Role
from app.accounts.identity import SESSION_COOKIE
from app.accounts.services.devices import make_device_invite
from app.accounts.services.sign_in import make_sign_in_link
from app.accounts.tables import Device, Person, Session, SignInToken
from app.kernel.clock import freeze, now
from app.kernel.security import hash_token
from app.kernel.tables import AuditEntry, OutboxMessage
from tests.conftest import NOW
from tests.support.client import new_browser, sign_in
from tests.support.contacts import code_sent, last_body
from tests.support.factories import make_holder, make_person
from tests.support.queries import counted_queries


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


async def test_a_link_that_signs_in_nobody_says_why(client: httpx.AsyncClient) -> None:
    person = await make_person()
    used, old = await link_for(person), await link_for(person)
    assert (await client.post(used)).status_code == 303
    expired = SignInToken.token_hash == hash_token(old.rpartition("/")[2])
    await SignInToken.update({SignInToken.expires_at: now()}).where(expired)
    said = []
    for path in (used, old, "/sign-in/never-was"):
        answer = await client.get(f"{path}?lang=en")
        said += [(answer.status_code, heading) for heading in re.findall("<h1>(.+)</h1>", answer.text)]
    assert said == [(410, "This link was used"), (410, "This link is too old"), (410, "This link is not known")]


@pytest.mark.parametrize("path", ["/sign-in", "/sign-in/password"])
@pytest.mark.parametrize("typed", ["🙂", "0912345678901234567", "lan@", "Lan"])
async def test_what_is_no_contact_is_told_what_one_looks_like(client: httpx.AsyncClient, path: str, typed: str) -> None:
    answer = await client.post(f"{path}?lang=en", data={"contact": typed, "password": "x"})
    assert answer.status_code == 422
    assert answer.text.count("Please write a phone number such as 0912 345 678, or a mail address.") >= 1
    assert answer.text.count(f'value="{typed}"') == 1


async def test_a_wrong_code_stays_to_be_put_right(client: httpx.AsyncClient) -> None:
    person = await make_person()
    answer = await client.post("/sign-in/code", data={"contact": person.phone or person.email, "code": "123450"})
    assert (answer.status_code, answer.text.count('value="123450"')) == (403, 1)


@pytest.mark.parametrize("typed", ["12", "12345", "1234567", "abcdef", "١٢٣٤٥٦"])
async def test_what_is_no_code_of_six_digits_is_told_what_one_looks_like_and_is_no_try(
    client: httpx.AsyncClient, typed: str
) -> None:
    person = await make_person()
    assert person.phone
    await client.post("/sign-in", data={"contact": person.phone})
    said = [
        await client.post("/sign-in/code?lang=en", data={"contact": person.phone, "code": typed}) for _time in range(6)
    ]
    assert {answer.status_code for answer in said} == {422}
    assert said[-1].text.count("The code in the message has six digits. Please type all six.") == 1
    assert said[-1].text.count(f'value="{typed}"') == 1
    code = code_sent(await last_body(person.phone))
    entered = await client.post("/sign-in/code", data={"contact": person.phone, "code": f"{code[:3]} {code[3:]}"})
    assert entered.status_code == 303


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


async def test_a_card_that_binds_nothing_says_what_to_do(client: httpx.AsyncClient) -> None:
    _id, address = await make_device_invite(
        kind=DeviceKind.GATE, edition_id=1, label="Cổng A1", actor=SYSTEM, now=now()
    )
    used = httpx.URL(address).path
    for ask in (client.get, client.post):
        wrong = await ask("/invite/never-was?lang=en")
        assert (wrong.status_code, "ask the gate lead for a new card" in wrong.text) == (410, True)
        assert 'href="/gate/"' not in wrong.text
    await client.post(used)
    for ask in (client.get, client.post):
        again = await ask(used)
        assert (again.status_code, again.text.count('href="/gate/"')) == (410, 1)
    told = await client.get(used, headers={"accept": "application/json"})
    assert (told.status_code, told.json()["code"]) == (410, "device_invite_not_valid")


async def test_an_unknown_language_falls_back(client: httpx.AsyncClient) -> None:
    assert '<html lang="vi"' in (await client.get("/sign-in", headers={"accept-language": "fr"})).text
    assert '<html lang="id"' in (await client.get("/sign-in", headers={"accept-language": "in-ID, en;q=0.5"})).text
    assert '<html lang="en"' in (await client.get("/sign-in?lang=en")).text


async def test_pages_keep_their_looks_while_the_database_is_away(client: httpx.AsyncClient) -> None:
    await sign_in(client, (await make_person()).id)
    with counted_queries() as sent:
        assert (await client.get("/static/icon.svg")).status_code == 200
    assert sent == []


OURS = {"sec-fetch-site": "same-origin"}


@pytest.mark.parametrize(
    ("headers", "kept"),
    [
        (OURS, "id"),
        ({"referer": "http://testserver.local/account"}, "id"),
        ({"sec-fetch-site": "cross-site", "referer": "http://testserver.local/"}, "vi"),
        ({"referer": "https://evil.example/"}, "vi"),
        ({}, "vi"),
    ],
)
async def test_a_language_chosen_in_the_header_is_hers(
    client: httpx.AsyncClient, headers: dict[str, str], kept: str
) -> None:
    person = await make_person(locale="vi")
    await sign_in(client, person.id)
    await client.get("/account?lang=id", headers=headers)
    assert await Person.select(Person.locale, Person.locale_chosen).where(Person.id == person.id) == [
        {"locale": kept, "locale_chosen": kept == "id"}
    ]
    logged = await AuditEntry.select(AuditEntry.before, AuditEntry.after).where(AuditEntry.action == "person.update")
    assert logged == [{"before": '{"locale":"vi"}', "after": '{"locale":"id"}'}] * (kept == "id")


async def test_what_is_asked_for_comes_in_the_chosen_language_else_in_that_of_the_page(
    client: httpx.AsyncClient,
) -> None:
    person = await make_person(locale="vi")
    for chosen in (False, True):
        if chosen:
            await sign_in(client, person.id)
            await client.get("/account?lang=id", headers=OURS)
            await client.post("/sign-out")
        await client.post("/sign-in?lang=en", data={"contact": person.phone})
        sent = await OutboxMessage.select(OutboxMessage.locale).order_by(OutboxMessage.id, ascending=False).first()
        assert sent == {"locale": "id" if chosen else "en"}


async def test_the_menu_of_a_person_leads_to_her_account(client: httpx.AsyncClient) -> None:
    await sign_in(client, (await make_person()).id)
    for path, word in (("/help?lang=vi", "Tài khoản của tôi"), ("/help?lang=id", "Akun saya"), ("/help", "Akun saya")):
        links = re.findall(r'<a href="/account">.*?</svg>(.*?)</a>', (await client.get(path)).text)
        assert links == [word]

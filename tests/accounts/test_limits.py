"""Every way of signing in is limited: by account, whichever the browser, and by browser, whichever the account."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import httpx
import pytest

from app.accounts.actor import SYSTEM
from app.accounts.enums import DeviceKind
from app.accounts.identity import HALF_COOKIE
from app.accounts.limits import TRIES, Tries, Way
from app.accounts.services.devices import make_device_invite
from app.accounts.services.sign_in import make_sign_in_link, set_password
from app.accounts.services.two_step import start_half_sign_in
from app.accounts.tables import Person
from app.events.queries import edition_by_id
from app.events.tables import Edition
from app.kernel.clock import freeze
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.support.client import new_browser, sign_in
from tests.support.factories import make_person
from tests.support.factories_ticketing import make_pass
from tests.support.two_step import set_up
from tests.test_routes_by_role import routes

LATER = NOW + timedelta(minutes=5)
FEW = Tries(per_account=2, per_browser=4)
Attempt = Callable[[httpx.AsyncClient, "Account"], Awaitable[httpx.Response]]


@dataclass
class Account:
    """Somebody with all that a sign-in may need, and a card for a device."""

    person: Person
    card: str


async def make_account() -> Account:
    """Make somebody with a second step."""
    person = await make_person()
    await set_up(person.id, now=NOW)
    _id, address = await make_device_invite(kind=DeviceKind.GATE, edition_id=1, label="Cổng", actor=SYSTEM, now=NOW)
    return Account(person, httpx.URL(address).path)


async def ask_for_a_link(browser: httpx.AsyncClient, account: Account) -> httpx.Response:
    return await browser.post("/sign-in", data={"contact": account.person.phone})


async def try_a_code(browser: httpx.AsyncClient, account: Account) -> httpx.Response:
    return await browser.post("/sign-in/code", data={"contact": account.person.phone, "code": "000000"})


async def try_a_password(browser: httpx.AsyncClient, account: Account) -> httpx.Response:
    return await browser.post("/sign-in/password", data={"contact": account.person.phone, "password": "wrong"})


async def open_a_link(browser: httpx.AsyncClient, account: Account) -> httpx.Response:
    link, _code = await make_sign_in_link(person_id=account.person.id, next_path="/me", now=LATER)
    return await browser.post(httpx.URL(link).path)


async def _second_step(browser: httpx.AsyncClient, account: Account, sent: dict[str, str]) -> httpx.Response:
    half = await start_half_sign_in(person_id=account.person.id, next_path="/me", now=LATER)
    for cookie in [cookie for cookie in browser.cookies.jar if cookie.name == HALF_COOKIE]:
        browser.cookies.jar.clear(cookie.domain, cookie.path, cookie.name)
    browser.cookies.set(HALF_COOKIE, half, domain="testserver.local", path="/sign-in")
    return await browser.post("/sign-in/two-step", data=sent)


async def try_an_app_code(browser: httpx.AsyncClient, account: Account) -> httpx.Response:
    return await _second_step(browser, account, {"code": "000000"})


async def try_a_recovery_code(browser: httpx.AsyncClient, account: Account) -> httpx.Response:
    return await _second_step(browser, account, {"recovery": "AAAA-AAAA-AAAA"})


async def use_a_card(browser: httpx.AsyncClient, account: Account) -> httpx.Response:
    return await browser.post(account.card)


async def use_a_card_of_taking_over(browser: httpx.AsyncClient, account: Account) -> httpx.Response:
    return await browser.post(f"/take-over/card-of-{account.person.id}")


async def ask_for_a_new_contact(browser: httpx.AsyncClient, account: Account) -> httpx.Response:
    await sign_in(browser, account.person.id)
    return await browser.post("/account/contacts/email", data={"email": f"moi{account.person.id}@example.com"})


async def try_a_contacts_code(browser: httpx.AsyncClient, account: Account) -> httpx.Response:
    await sign_in(browser, account.person.id)
    return await browser.post("/account/contacts/email/confirm", data={"email_code": "000000"})


async def try_a_contacts_link(browser: httpx.AsyncClient, account: Account) -> httpx.Response:
    await sign_in(browser, account.person.id)
    return await browser.post("/account/contacts/link/no-such-token")


async def ask_for_a_link_to_her_data(browser: httpx.AsyncClient, account: Account) -> httpx.Response:
    await sign_in(browser, account.person.id)
    return await browser.post("/account/data/link", data={"next": "/account"})


async def ask_for_a_link_from_a_pass(browser: httpx.AsyncClient, account: Account) -> httpx.Response:
    edition = await Edition.select(Edition.id).where(Edition.slug == "limits").first()
    edition_id = edition["id"] if edition else (await make_edition("limits")).id
    issued = await make_pass(await edition_by_id(edition_id), now=NOW, holder_id=account.person.id)
    return await browser.post(f"{issued.path}/data/link")


async def try_an_old_password(browser: httpx.AsyncClient, account: Account) -> httpx.Response:
    if not await Person.exists().where((Person.id == account.person.id) & Person.password_hash.is_not_null()):
        await set_password(person_id=account.person.id, password="một câu dài dễ nhớ", actor=SYSTEM, now=NOW)
    with freeze(NOW - timedelta(hours=1)):
        await sign_in(browser, account.person.id)  # too long ago to do without the old password
    return await browser.post("/account/password", data={"old": "wrong", "password": "một câu dài dễ nhớ"})


#: (route, way, how it is tried). Turning the second step off counts with it; its own test follows below.
WALK = [
    ("/sign-in", Way.ASK, ask_for_a_link),
    ("/sign-in/code", Way.CODE, try_a_code),
    ("/sign-in/password", Way.PASSWORD, try_a_password),
    ("/sign-in/{token:str}", Way.LINK, open_a_link),
    ("/sign-in/two-step", Way.TWO_STEP, try_an_app_code),
    ("/sign-in/two-step", Way.TWO_STEP, try_a_recovery_code),
    ("/invite/{token:str}", Way.CARD, use_a_card),
    ("/take-over/{token:str}", Way.CARD, use_a_card_of_taking_over),
    ("/account/data/link", Way.ASK, ask_for_a_link_to_her_data),
    ("/pass/{secret:str}/data/link", Way.ASK, ask_for_a_link_from_a_pass),
    ("/account/contacts/{kind:str}", Way.NEW_CONTACT, ask_for_a_new_contact),
    ("/account/contacts/{kind:str}/confirm", Way.CONTACT, try_a_contacts_code),
    ("/account/contacts/link/{token:str}", Way.CONTACT, try_a_contacts_link),
    ("/account/password", Way.BEFORE_CHANGE, try_an_old_password),
]
walk = pytest.mark.parametrize("attempt", [attempt for _route, _way, attempt in WALK])


@asynccontextmanager
async def another() -> AsyncIterator[httpx.AsyncClient]:
    """One more browser, behind the same address as all others."""
    async with new_browser() as browser:
        yield browser


@pytest.fixture
def few_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every way have few tries, so that the walk is short."""
    for way in Way:
        monkeypatch.setitem(TRIES, way, FEW)


def test_the_walk_knows_every_route_that_signs_in() -> None:
    begins = ("/sign-in", "/invite", "/take-over", "/account/contacts", "/account/password")
    posts = {path for method, path in routes() if method == "POST"}
    found = {path for path in posts if path.startswith(begins) or path.endswith("/data/link")}
    found.remove("/account/contacts/{kind:str}/remove")  # nothing is guessed there
    assert {route for route, _way, _attempt in WALK} == found
    assert {way for _route, way, _attempt in WALK} == set(Way)


def test_the_limits_let_a_desk_help_many_and_stop_who_guesses() -> None:
    assert all(0 < tries.per_account <= 60 and 0 < tries.per_browser <= 40 for tries in TRIES.values())
    guessed = {TRIES[way].per_account for way in (Way.CODE, Way.TWO_STEP, Way.CONTACT)}
    assert guessed == {5}  # of a million codes


@pytest.mark.slow
@pytest.mark.engines
@walk
async def test_an_account_is_limited_whichever_the_browser(
    client: httpx.AsyncClient, few_tries: None, attempt: Attempt
) -> None:
    with freeze(LATER):
        account, neighbour = await make_account(), await make_account()
        statuses = []
        for _time in range(FEW.per_account + 1):
            async with another() as browser:
                statuses.append((await attempt(browser, account)).status_code)
        assert [status == 429 for status in statuses] == [False] * FEW.per_account + [True]
        async with another() as browser:
            assert (await attempt(browser, neighbour)).status_code != 429
    with freeze(LATER + timedelta(minutes=15)):
        async with another() as browser:
            assert (await attempt(browser, account)).status_code != 429


@pytest.mark.slow
@pytest.mark.engines
@walk
async def test_a_browser_is_limited_whichever_the_account(
    client: httpx.AsyncClient, few_tries: None, attempt: Attempt
) -> None:
    with freeze(LATER):
        statuses = [(await attempt(client, await make_account())).status_code for _time in range(FEW.per_browser + 1)]
        assert [status == 429 for status in statuses] == [False] * FEW.per_browser + [True]
        account = await make_account()
        for _time in range(FEW.per_account + 1):
            assert (await attempt(client, account)).status_code == 429
        async with another() as browser:  # the account's own tries were not used up by it
            assert (await attempt(browser, account)).status_code != 429


async def test_turning_the_second_step_off_counts_as_trying_it(client: httpx.AsyncClient, few_tries: None) -> None:
    with freeze(LATER):
        account = await make_account()
        for _time in range(FEW.per_account):
            async with another() as browser:
                await try_an_app_code(browser, account)
        await sign_in(client, account.person.id)
        assert (await client.post("/account/two-step/off", data={"code": "000000"})).status_code == 429

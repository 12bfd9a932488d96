"""Cookies under HTTPS: their names, that each is Secure, and that a name without its prefix does not count."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import datetime

import httpx
import pytest

from app.accounts.actor import SYSTEM
from app.accounts.enums import DeviceKind
from app.accounts.identity import SESSION_COOKIE
from app.accounts.services.devices import make_device_invite
from app.accounts.services.sign_in import make_sign_in_link
from app.kernel.cookies import CSRF_COOKIE, cookie_name
from app.kernel.settings import settings
from app.main import create_app
from tests.support.client import CSRF_HEADER, new_browser, transport_to
from tests.support.factories import make_owner, make_person
from tests.support.festival import make_festival
from tests.support.two_step import set_up

HOST = "https://testserver.local"


@pytest.fixture
def https(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let people reach the service over HTTPS."""
    monkeypatch.setenv("BASE_URL", HOST)
    settings.cache_clear()
    yield
    settings.cache_clear()


@asynccontextmanager
async def secure_browser() -> AsyncIterator[httpx.AsyncClient]:
    """A browser of a service that was made for HTTPS."""
    headers = {"accept": "text/html", "accept-language": "en"}
    async with httpx.AsyncClient(transport=transport_to(create_app()), base_url=HOST, headers=headers) as browser:
        yield browser


async def post(browser: httpx.AsyncClient, path: str, data: dict[str, str] | None = None) -> httpx.Response:
    """Send a form with its token."""
    await browser.get("/sign-in")
    token = browser.cookies[cookie_name(CSRF_COOKIE)]
    return await browser.post(path, data=data or {}, headers={CSRF_HEADER: token})


def test_names_say_what_they_hold_to(https: None) -> None:
    assert cookie_name("fg_x") == "__Host-fg_x"
    assert cookie_name("fg_x", "/pass") == "__Secure-fg_x"


def test_without_https_names_are_plain() -> None:
    assert (cookie_name("fg_x"), cookie_name("fg_x", "/pass")) == ("fg_x", "fg_x")


async def test_every_cookie_holds_to_its_name(client: httpx.AsyncClient, https: None, frozen_now: datetime) -> None:
    festival = await make_festival(frozen_now)
    owner, person = await make_owner(), await make_person()
    await set_up(owner.id, now=frozen_now)
    half, _code = await make_sign_in_link(person_id=owner.id, next_path="/me", now=frozen_now)
    whole, _code = await make_sign_in_link(person_id=person.id, next_path="/me", now=frozen_now)
    _id, card = await make_device_invite(
        kind=DeviceKind.GATE, edition_id=festival.edition.id, label="Cổng", actor=SYSTEM, now=frozen_now
    )
    found: dict[str, set[str]] = {}
    async with secure_browser() as browser:
        answers = [
            await browser.get("/sign-in?lang=vi"),
            await post(browser, httpx.URL(card).path),
            await post(browser, httpx.URL(half).path),
            await post(browser, "/sign-in/two-step", {"code": "x"}),
            await post(browser, httpx.URL(whole).path),
            await post(browser, f"{festival.edition.path}/saved", {"item": "p1", "keep": "1", "next": "/"}),
            await browser.get("/sign-in"),  # the toast goes
            await post(browser, "/sign-out"),
        ]
    for answer in answers:
        for cookie in answer.headers.get_list("set-cookie"):
            name, _equals, rest = cookie.partition("=")
            found.setdefault(name, set()).update(part.strip() for part in rest.split(";")[1:])
    assert set(found) == {
        *("__Host-fg_csrf", "__Host-fg_lang", "__Host-fg_session", "__Host-fg_gate", "__Host-fg_toast"),
        *("__Secure-fg_half", "__Secure-fg_saved"),
    }
    assert [name for name, parts in found.items() if not {"Secure", "HttpOnly"} <= parts] == []
    assert [name for name, parts in found.items() if name.startswith("__Host-") and "Path=/" not in parts] == []
    assert [name for name, parts in found.items() if any(part.startswith("Domain") for part in parts)] == []


async def test_a_session_under_the_plain_name_opens_nothing(client: httpx.AsyncClient, https: None) -> None:
    person = await make_person()
    link, _code = await make_sign_in_link(person_id=person.id, next_path="/me", now=datetime.now().astimezone())
    async with secure_browser() as browser:
        await post(browser, httpx.URL(link).path)
        assert (await browser.get("/account")).status_code == 200
        token = browser.cookies[cookie_name(SESSION_COOKIE)]
        browser.cookies.clear()
        assert (await browser.get("/account", headers={"cookie": f"{SESSION_COOKIE}={token}"})).status_code == 303


async def test_https_is_said_to_hold_for_a_year_and_for_neighbours(client: httpx.AsyncClient, https: None) -> None:
    async with secure_browser() as browser:
        said = (await browser.get("/healthz")).headers["strict-transport-security"]
    assert said == "max-age=31536000; includeSubDomains"
    async with new_browser() as plain:
        assert "strict-transport-security" not in (await plain.get("/healthz")).headers

"""Every ``next`` leads to a page of this site, whatever somebody puts into a link."""

from __future__ import annotations

import html
import re
from datetime import datetime
from urllib.parse import urljoin, urlsplit

import httpx
import msgspec
import pytest

from app.accounts import limits
from app.accounts.actor import SYSTEM
from app.accounts.services.sign_in import make_sign_in_link, set_password
from app.accounts.tables import Person, SignInToken
from app.kernel.outbox import list_messages
from app.kernel.web import local_path
from app.main import register_modules
from tests.support.client import new_browser, sign_in
from tests.support.factories import make_person
from tests.support.festival import make_festival

pytestmark = pytest.mark.slow

HERE = "http://testserver.local"
PASSWORD = "mật khẩu rất dài của Hoa"
EVIL = (
    *("https://evil.example", "HTTPS://evil.example", "http:evil.example", "https:/evil.example", "ftp://evil.example"),
    *("//evil.example", "///evil.example", "////evil.example", "//evil.example/%2e%2e", "//user@evil.example"),
    *("/\\evil.example", "\\\\evil.example", "\\/evil.example", "/\\/evil.example", "/%5c\\evil.example"),
    *("/\t/evil.example", "/\n/evil.example", "/\r\n/evil.example", "\t//evil.example", "/\x00/evil.example"),
    *("/\x0b/evil.example", "/\x7f/evil.example", "/\x85/evil.example", "/\u2028/evil.example", "/\u200b/evil.example"),
    *(" //evil.example", "\xa0//evil.example", "%2f%2fevil.example", "%5c%5cevil.example", "%09//evil.example"),
    *("javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\nscript:alert(1)", "data:text/html,x", "vbscript:x"),
    *(
        "https://testserver.local@evil.example",
        "https://testserver.local.evil.example",
        "testserver.local:x@evil.example",
    ),
    *(
        "@evil.example",
        ".evil.example",
        "evil.example",
        "?next=//evil.example",
        "#//evil.example",
        "",
        "／／evil.example",
    ),
    *("/e\r\nSet-Cookie: fg_session=planted", "/e\nLocation: https://evil.example", "/./\\evil.example"),
)
#: Stay on this site, though they look as if they did not.
HARMLESS = ("/%2f%2fevil.example", "/%5cevil.example", "/.//evil.example", "/@evil.example", "/e?to=//evil.example")


def leads_to(address: str) -> str:
    """Return the host that a browser goes to from a page of ours (WHATWG: tabs and newlines go, \\ is /)."""
    seen = re.sub(r"[\t\r\n]", "", address.strip("".join(map(chr, range(33))))).replace("\\", "/")
    return urlsplit(urljoin(f"{HERE}/sign-in", seen)).netloc


def test_the_measure_sees_what_a_browser_would() -> None:
    for address in ("//evil.example", "/\\evil.example", "/\t/evil.example", "https://evil.example"):
        assert leads_to(address) == "evil.example"
    assert leads_to("/me") == "testserver.local"


@pytest.mark.parametrize("evil", EVIL)
def test_what_leads_away_becomes_the_fallback(evil: str) -> None:
    assert local_path(evil, "/me") == "/me"


@pytest.mark.parametrize("path", HARMLESS)
def test_what_stays_is_kept(path: str) -> None:
    assert (local_path(path, "/me"), leads_to(path)) == (path, "testserver.local")


def test_no_form_has_a_way_on_that_this_file_does_not_know() -> None:
    register_modules()  # whose forms are known then
    holders = [kind for kind in _forms() if kind.endswith(".next") and "signature_model" not in kind]
    known = ["AgainForm", "ConsentForm", "PasswordForm", "SaveForm", "SignInForm"]
    assert sorted(holders) == [f"{name}.next" for name in known]


def _forms() -> list[str]:
    def below(kind: type[msgspec.Struct]) -> list[str]:
        own = [f"{kind.__name__}.{name}" for name in getattr(kind, "__struct_fields__", ())]
        return own + [name for child in kind.__subclasses__() for name in below(child)]

    return below(msgspec.Struct)


@pytest.fixture
async def person(client: httpx.AsyncClient) -> Person:
    """Somebody with a password."""
    made = await make_person(phone=None, email="hoa@example.vn")
    await set_password(person_id=made.id, password=PASSWORD, actor=SYSTEM, now=made.created_at)
    return made


async def test_a_page_never_carries_an_evil_next(client: httpx.AsyncClient) -> None:
    for path in ("/sign-in", "/sign-in/password"):
        for evil in EVIL:
            shown = await client.get(path, params={"next": evil})
            (kept,) = re.findall(r'name="next" value="([^"]*)"', shown.text)
            assert leads_to(html.unescape(kept)) == "testserver.local"


async def test_signing_in_never_leads_away(
    client: httpx.AsyncClient, person: Person, frozen_now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    for way in limits.Way:
        monkeypatch.setitem(limits.TRIES, way, limits.Tries(1000, 1000))
    for evil in EVIL:
        asked = await client.post("/sign-in", data={"contact": person.email, "next": evil})
        assert asked.status_code == 200
        messages, _total = await list_messages()
        code = re.findall(r"\b\d{6}\b", messages[0]["body_text"])[0]
        by_code = await client.post("/sign-in/code", data={"contact": person.email, "code": code})
        sent = {"contact": person.email, "password": PASSWORD, "next": evil}
        by_password = await client.post("/sign-in/password", data=sent)
        link, _code = await make_sign_in_link(person_id=person.id, next_path=evil, now=frozen_now)
        by_link = await client.post(httpx.URL(link).path)
        for answer in (by_code, by_password, by_link):
            assert (answer.status_code, leads_to(answer.headers["location"])) == (303, "testserver.local")
            assert [value for value in answer.headers.get_list("set-cookie") if "planted" in value] == []


async def test_signing_in_again_never_leads_away(
    client: httpx.AsyncClient, person: Person, frozen_now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(limits.TRIES, limits.Way.ASK, limits.Tries(1000, 1000))
    await sign_in(client, person.id)
    for evil in EVIL:
        await client.post("/account/data/link", data={"next": evil})
        kept = await SignInToken.select(SignInToken.next_path).order_by(SignInToken.id, ascending=False).first()
        assert kept is not None
        assert leads_to(kept["next_path"]) == "testserver.local"


async def test_keeping_something_never_leads_away(client: httpx.AsyncClient, frozen_now: datetime) -> None:
    festival = await make_festival(frozen_now)
    path = f"/e/{festival.edition.slug}/saved"
    for evil in EVIL:
        answer = await client.post(path, data={"item": f"p{festival.ids['product_id']}", "keep": "on", "next": evil})
        assert (answer.status_code, leads_to(answer.headers["location"])) == (303, "testserver.local")


async def test_an_address_that_looks_like_a_host_is_not_sent_on_to(client: httpx.AsyncClient) -> None:
    async with new_browser() as browser:
        for path in ("//evil.example/account", "//evil.example/%2e%2e/account", "/%5Cevil.example", "//account"):
            answer = await browser.get(f"{HERE}{path}")
            assert leads_to(answer.headers.get("location", "/")) == "testserver.local"

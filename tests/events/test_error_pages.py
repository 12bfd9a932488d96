"""Errors keep the edition's header and navigation, and lead back to where one came from."""

from __future__ import annotations

import re

import httpx
import pytest

from app.accounts.enums import Role
from app.accounts.identity import SESSION_COOKIE
from app.events.tables import Edition
from app.kernel import database
from tests.events.factories import make_edition
from tests.support.client import sign_in
from tests.support.factories import make_holder, make_person

HERE = "http://testserver.local"


def buttons(answer: httpx.Response) -> list[tuple[str, str]]:
    """Return (words, address) of each button that is a link."""
    found = re.findall(
        r'<a class="button[^"]*" href="([^"]+)"[^>]*>(?:<svg.*?</svg>)?<span>([^<]+)</span>', answer.text
    )
    return [(words, address.replace("&amp;", "&")) for address, words in found]


def heading(answer: httpx.Response) -> str:
    """Return what the page is headed with."""
    return re.findall("<h1>([^<]+)</h1>", answer.text)[0]


async def test_an_organisers_error_leads_back_and_keeps_her_navigation(client: httpx.AsyncClient) -> None:
    edition = await make_edition()
    base = f"/manage/{edition.id}"
    await sign_in(client, (await make_holder(Role.MANAGER, edition_id=edition.id)).id)
    came = {"referer": f"{HERE}{base}/orders?q=lan&page=2"}
    answers = [
        await client.post(f"{base}/orders/999/paid", data={"method": "cash"}, headers=came),
        await client.post(f"{base}/orders/999/paid", data={"method": "cash"}),
        await client.post(
            f"{base}/orders/999/paid", data={"method": "cash"}, headers={"referer": "https://elsewhere.example/x"}
        ),
        await client.get(f"{base}/orders/999", headers={"referer": f"{HERE}{base}/orders/999"}),
        await client.get(f"{base}/nothing/of/the/kind"),
    ]
    assert [answer.status_code for answer in answers] == [404, 404, 404, 404, 404]
    ways = [f"{base}/orders?q=lan&page=2", f"{base}/orders", f"{base}/orders", f"{base}/orders", base]
    assert [buttons(answer)[0] for answer in answers] == [("Go back", way) for way in ways]
    assert [answer.text.count(f'href="{base}/people"') for answer in answers] == [1] * 5
    assert [heading(answer) for answer in answers] == ["Page not found"] * 5


async def test_nobody_sees_the_navigation_of_an_edition_that_is_not_hers(client: httpx.AsyncClient) -> None:
    edition, other = await make_edition(), await make_edition("khac")
    await sign_in(client, (await make_holder(Role.MANAGER, edition_id=other.id)).id)
    answer = await client.get(f"/manage/{edition.id}/orders")
    assert (answer.status_code, heading(answer)) == (403, "This page is not open to you")
    assert (edition.title in answer.text, f"/manage/{edition.id}/people" in answer.text) == (False, False)
    assert (await client.get("/manage/99999999999/orders")).status_code == 404


@pytest.mark.parametrize(("state", "framed"), [("open", 1), ("draft", 0)])
async def test_a_public_error_keeps_the_festivals_header_once_it_is_open(
    client: httpx.AsyncClient, state: str, framed: int
) -> None:
    edition = await make_edition()
    await Edition.update({Edition.state: state}).where(Edition.id == edition.id)
    answer = await client.get(f"{edition.path}/programme/999")
    assert (answer.status_code, answer.text.count(f'<a class="brand" href="{edition.path}">')) == (404, framed)


async def test_who_was_signed_out_meanwhile_signs_in_and_comes_back(client: httpx.AsyncClient) -> None:
    edition = await make_edition()
    form = f"/manage/{edition.id}/settings"
    answer = await client.post(form, headers={"referer": f"{HERE}{form}"})
    assert (answer.status_code, heading(answer)) == (401, "Please sign in")
    assert buttons(answer)[0] == ("Sign in", f"/sign-in?next=%2Fmanage%2F{edition.id}%2Fsettings")
    alone = await client.post(form)
    assert buttons(alone)[0] == ("Sign in", "/sign-in?next=%2Fme")


async def test_an_unknown_address_knows_who_is_signed_in(client: httpx.AsyncClient) -> None:
    person = await make_person(name="Nguyễn Thị Hoa")
    await sign_in(client, person.id)
    assert (await client.get("/no/such/page")).text.count("Nguyễn Thị Hoa") == 1


async def test_without_a_database_the_reader_gets_the_page_for_it(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_args: object) -> None:
        raise OSError("the database is away")

    client.cookies.set(SESSION_COOKIE, "some-token", domain="testserver.local")
    monkeypatch.setattr(database.engine().__class__, "run_querystring", away)
    answer = await client.get("/manage/1/orders")
    assert (answer.status_code, heading(answer)) == (500, "Something went wrong on our side")

"""Public pages kept for a second: what is kept, and above all what is not."""

import asyncio
from datetime import datetime
from functools import partial
from itertools import count
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from app.accounts.enums import Role
from app.events.tables import Edition
from app.kernel import page_cache
from app.kernel.database import fetch, write_transaction
from app.kernel.settings import settings
from tests.events.factories import make_edition
from tests.support.client import new_browser, sign_in
from tests.support.factories import make_holder
from tests.support.factories_ticketing import make_open_edition, make_order, make_ticket_type


async def rename(edition_id: int, title: str) -> None:
    """Change the edition behind the service's back, as another process would."""
    await Edition.update({Edition.name: {"vi": title, "en": title}}).where(Edition.id == edition_id)


def keep_for(seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set for how long pages are kept."""
    changed = settings().model_copy(update={"public_page_seconds": seconds})
    monkeypatch.setattr(page_cache, "settings", lambda: changed)


@pytest.fixture(autouse=True)
def kept_for_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep pages, from an empty store."""
    keep_for(60.0, monkeypatch)
    monkeypatch.setattr(page_cache, "time", SimpleNamespace(monotonic=partial(next, count(next(AGES)))))


#: Each test begins an hour after the last one, so that it finds no page of another.
AGES = count(1_000_000, 3_600)


async def test_a_kept_page_is_given_again_whatever_is_written(client: httpx.AsyncClient) -> None:
    edition = await make_edition()
    first = await client.get(edition.path)
    await rename(edition.id, "Tên mới")
    async with write_transaction():
        await fetch("SELECT 1 AS one")
    again = await client.get(edition.path)
    assert again.text == first.text
    assert again.headers["content-type"] == first.headers["content-type"]


@pytest.mark.parametrize("seconds", [0.0, 0.5])
async def test_it_is_kept_no_longer_than_said(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    keep_for(seconds, monkeypatch)
    edition = await make_edition()
    await client.get(edition.path)
    await rename(edition.id, "Tên mới")
    assert "Tên mới" in (await client.get(edition.path)).text


async def test_each_language_has_its_own(client: httpx.AsyncClient) -> None:
    edition = await make_edition()
    await client.get(edition.path + "?lang=vi")
    async with new_browser() as other:
        assert '<html lang="en"' in (await other.get(edition.path, headers={"accept-language": "en"})).text
    async with new_browser() as other:
        assert '<html lang="id"' in (await other.get(edition.path, headers={"accept-language": "id"})).text


async def test_a_signed_in_readers_page_is_for_her_alone(client: httpx.AsyncClient) -> None:
    edition = await make_edition()
    person = await make_holder(Role.MANAGER, edition_id=edition.id, name="Đỗ Thị Yến")
    await sign_in(client, person.id)
    assert "Đỗ Thị Yến" in (await client.get(edition.path)).text
    async with new_browser() as visitor:
        assert "Đỗ Thị Yến" not in (await visitor.get(edition.path)).text


async def test_a_page_with_a_form_is_never_kept(client: httpx.AsyncClient) -> None:
    edition = await make_edition()
    async with new_browser() as one, new_browser() as two:
        await one.get("/healthz")
        await two.get("/healthz")
        first, second = await one.get(edition.path + "/tickets"), await two.get(edition.path + "/tickets")
    for browser, answer in ((one, first), (two, second)):
        if "_csrf_token" in answer.text:
            assert browser.cookies["fg_csrf"] in answer.text


async def test_what_says_that_nobody_keeps_it_is_not_kept(client: httpx.AsyncClient, frozen_now: datetime) -> None:
    edition = await make_open_edition(now=frozen_now)
    kind = await make_ticket_type(edition_id=edition.id, now=frozen_now)
    placed = await make_order(edition.id, {kind: 1}, now=frozen_now)
    path = f"{edition.path}/tickets/done/{placed.secret}"
    first = await client.get(path)
    assert (first.status_code, first.headers["cache-control"]) == (200, "private, no-store")
    await fetch("UPDATE order_item SET holder_name = 'Lê Thị Xyzzy'")
    assert "Lê Thị Xyzzy" not in first.text
    assert "Lê Thị Xyzzy" in (await client.get(path)).text


async def test_no_readers_cookie_is_given_to_another(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    edition = await make_edition()
    async with new_browser() as one, new_browser() as two:
        first, second = await one.get(edition.path), await two.get(edition.path)
    assert "set-cookie" in first.headers
    assert "set-cookie" not in second.headers
    assert first.text == second.text


async def test_readers_who_come_together_have_it_made_once(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    edition = await make_edition()
    made = 0
    remember = page_cache.PageCache._remember

    async def counted(self: page_cache.PageCache, *arguments: Any) -> None:
        nonlocal made
        made += 1
        await remember(self, *arguments)

    monkeypatch.setattr(page_cache.PageCache, "_remember", counted)
    answers = await asyncio.gather(*(client.get(f"{edition.path}?together=yes") for _ in range(8)))
    assert {answer.status_code for answer in answers} == {200}
    assert made == 1


async def test_those_who_wait_get_their_own_page_when_it_cannot_be_kept(client: httpx.AsyncClient) -> None:
    edition = await make_edition()
    missing = f"{edition.path}/exhibitors/999999"
    answers = await asyncio.gather(*(client.get(missing) for _ in range(8)))
    assert [answer.status_code for answer in answers] == [404] * 8

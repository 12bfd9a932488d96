"""Public pages kept for a second: what is kept, and above all what is not."""

import httpx
import pytest

from app.accounts.enums import Role
from app.events.tables import Edition
from app.kernel import database, page_cache
from app.kernel.database import fetch, write_transaction
from tests.events.factories import make_edition
from tests.support.client import new_browser, sign_in
from tests.support.factories import make_holder


async def rename(edition_id: int, title: str) -> None:
    """Change the edition behind the service's back, as another process would."""
    await Edition.update({Edition.name: {"vi": title, "en": title}}).where(Edition.id == edition_id)


async def test_a_kept_page_is_given_again(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    edition = await make_edition()
    monkeypatch.setattr(database, "writes", lambda: 0)  # the worker's own writes would drop it
    first = await client.get(edition.path)
    await rename(edition.id, "Tên mới")
    again = await client.get(edition.path)
    assert again.text == first.text
    assert again.headers["content-type"] == first.headers["content-type"]


async def test_it_is_kept_no_longer_than_said(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_cache, "KEEP_SECONDS", -1.0)
    edition = await make_edition()
    await client.get(edition.path)
    await rename(edition.id, "Tên mới")
    assert "Tên mới" in (await client.get(edition.path)).text


async def test_a_write_drops_it(client: httpx.AsyncClient) -> None:
    edition = await make_edition()
    await client.get(edition.path)
    await rename(edition.id, "Tên mới")
    async with write_transaction():
        await fetch("SELECT 1 AS one")
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
    await sign_in(client, person.id)  # type: ignore[arg-type]
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


async def test_no_readers_cookie_is_given_to_another(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    edition = await make_edition()
    monkeypatch.setattr(database, "writes", lambda: 0)
    async with new_browser() as one, new_browser() as two:
        first, second = await one.get(edition.path), await two.get(edition.path)
    assert "set-cookie" in first.headers
    assert "set-cookie" not in second.headers
    assert first.text == second.text

"""HEAD is answered wherever GET is, as whoever watches a service from outside asks."""

import asyncio
import os
from pathlib import Path

import httpx
import pytest

from app.accounts.enums import Role
from tests.events.factories import make_edition
from tests.support.client import new_browser, sign_in
from tests.support.factories import make_holder
from tests.support.postgres import free_port
from tests.support.service import Home, running_service


@pytest.mark.parametrize(
    "path",
    ["/", "/healthz", "/sign-in", "/static/css/data.css", "/static/icon.svg", "/nowhere", "/api/docs/openapi.json"],
)
async def test_what_can_be_read_can_be_asked_for_without_its_content(client: httpx.AsyncClient, path: str) -> None:
    got, asked = await client.get(path), await client.head(path)
    assert (asked.status_code, asked.content) == (got.status_code, b"")
    assert asked.headers["content-type"] == got.headers["content-type"]
    assert asked.headers["content-security-policy"] == got.headers["content-security-policy"]


async def test_what_only_changes_something_is_not_asked_for(client: httpx.AsyncClient) -> None:
    assert (await client.post("/sign-out")).status_code == 303
    assert (await client.head("/sign-out")).status_code == 405


async def test_a_page_that_lives_is_told_of_and_not_kept_open(client: httpx.AsyncClient) -> None:
    edition = await make_edition()
    owner = await make_holder(Role.OWNER, edition_id=edition.id)
    async with new_browser() as browser:
        await sign_in(browser, owner.id)
        async with asyncio.timeout(20):
            answer = await browser.head(f"/manage/{edition.id}/live/stream")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"].startswith("text/event-stream")


@pytest.mark.slow
async def test_the_connection_serves_the_next_request(database: str, tmp_path: Path) -> None:
    home = Home(tmp_path, database, free_port(), {"DATA_DIR": os.environ["DATA_DIR"], "JOBS_INLINE": "false"})
    with running_service(home, ["serve", "--port", str(home.port)]):
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{home.port}", limits=httpx.Limits(max_connections=1)
        ) as one:
            for _again in range(20):
                assert (await one.head("/sign-in")).status_code == 200
                assert "<form" in (await one.get("/sign-in")).text

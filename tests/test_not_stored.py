"""After signing out, Back shows nothing private: what a browser may keep of every address."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import httpx
import pytest

from tests.support.client import CSRF_COOKIE
from tests.support.festival import make_festival
from tests.test_routes_by_role import NOBODY, address, ask, cookies_of, nothing_stays, routes

__all__ = ["nothing_stays"]

#: Addresses that say themselves how they are kept, the same for everybody: files that hold nothing of anybody.
FILES = ("/static/", "/media/", "/gate/sw.js", "/judge/sw.js", "/judge/manifest.webmanifest")
STREAMS = ("/live/stream", "/progress/live")
PRIVATE_TO_ANYBODY = ("/sign-in", "/pass", "/P/", "/p/", "/invite/")
PUBLIC = ("/", "/e/{slug:str}", "/e/{slug:str}/catalogue", "/e/{slug:str}/map", "/e/{slug:str}/programme", "/help")


async def kept_by(client: httpx.AsyncClient, now: datetime, begin: Any, *who: str) -> dict[tuple[str, str], str]:
    """Return what each answer to a GET says of how it may be kept, by who asks and path."""
    festival = await make_festival(now)
    walkers = await cookies_of(festival, now)
    await client.get("/healthz")
    token = client.cookies[CSRF_COOKIE]
    begin()
    return {
        (one, path): (await ask(method, address(path, festival), f"{CSRF_COOKIE}={token}; {walkers[one]}", token)).kept
        for one in who
        for method, path in routes()
        if method == "GET"
    }


@pytest.mark.parametrize("who", ["owner", "exhibitor_owner", "judge", "team_member"])
async def test_what_a_signed_in_reader_gets_is_not_stored(
    client: httpx.AsyncClient, frozen_now: datetime, nothing_stays: Any, who: str
) -> None:
    found = await kept_by(client, frozen_now, nothing_stays, who)
    stored = {path: kept for (_who, path), kept in found.items() if "no-store" not in kept}
    assert len(found) > 100
    assert [path for path in stored if not path.startswith(FILES) and not path.endswith(STREAMS)] == []


async def test_sign_in_pages_and_passes_are_not_stored_and_public_pages_are_as_they_were(
    client: httpx.AsyncClient, frozen_now: datetime, nothing_stays: Any
) -> None:
    found = await kept_by(client, frozen_now, nothing_stays, NOBODY)
    private = {path: kept for (_who, path), kept in found.items() if path.startswith(PRIVATE_TO_ANYBODY)}
    assert len(private) > 5
    assert [path for path, kept in private.items() if "no-store" not in kept] == []
    assert {path: found[NOBODY, path] for path in PUBLIC} == dict.fromkeys(PUBLIC, "")


async def test_the_apps_of_gates_and_judges_are_kept_as_they_were(
    client: httpx.AsyncClient, frozen_now: datetime, nothing_stays: Any
) -> None:
    found = await kept_by(client, frozen_now, nothing_stays, "gate_phone", "judge_tablet")
    assert (found["gate_phone", "/gate"], found["judge_tablet", "/judge"]) == ("no-cache", "")


async def test_an_error_is_not_stored_either(client: httpx.AsyncClient) -> None:
    assert (await client.get("/no/such/page")).headers["cache-control"] == "no-store"

"""Without the front end: public pages stand as they are, and the screens that need it say what is off."""

import re
from datetime import datetime

import pytest

from app.accounts.enums import DeviceKind
from app.accounts.identity import DEVICE_COOKIES
from app.main import register_modules
from tests.journeys.support.places import PLACES
from tests.support.client import Browser, new_browser, sign_in
from tests.support.festival import Festival, make_festival
from tests.test_one_language import numbers

pytestmark = pytest.mark.once

LINKED = re.compile(r'(?:href|src)="(/static/[^"]+)"')
ELSEWHERE = ("api-docs", "demo-")  # Litestar's own pages, and those of the demo

CALL_CLOSED = {"public-enter": 409}  # in this festival judging has begun


@pytest.fixture
async def festival(client: Browser, frozen_now: datetime, monkeypatch: pytest.MonkeyPatch) -> Festival:
    """A small festival on a service whose front end was never built."""
    monkeypatch.setattr("app.kernel.web._manifest", dict)
    register_modules()
    return await make_festival(frozen_now)


async def test_public_pages_stand_and_find_their_styles(
    client: Browser, festival: Festival, frozen_now: datetime
) -> None:
    ids = await numbers(festival, frozen_now)
    linked: set[str] = set()
    for place in PLACES:
        if place.role is not None or place.name.startswith(ELSEWHERE):
            continue
        answer = await client.get(place.path.format(**ids))
        if not (place.leads_on and answer.is_redirect):
            assert (place.name, answer.status_code) == (place.name, CALL_CLOSED.get(place.name, place.status))
            assert '<script type="module"' not in answer.text, place.name
            linked |= set(LINKED.findall(answer.text))
    assert "/static/css/site.css" in linked
    assert {address: (await client.get(address)).status_code for address in linked} == dict.fromkeys(linked, 200)


async def test_the_gates_screen_says_that_it_is_not_built(festival: Festival) -> None:
    async with new_browser() as phone:
        phone.cookies.set(DEVICE_COOKIES[DeviceKind.GATE], festival.gate_token, domain="testserver.local")
        answer = await phone.get("/gate/")
    assert answer.status_code == 200
    assert "This screen is not built yet. Whoever runs this service can build it with: fairground assets" in answer.text


async def test_a_judge_is_told_that_each_idea_needs_the_network_and_may_score_it(festival: Festival) -> None:
    async with new_browser() as tablet:
        tablet.cookies.set(DEVICE_COOKIES[DeviceKind.JUDGE], festival.judge_token, domain="testserver.local")
        listed = await tablet.get("/judge/")
        idea = re.search(r'href="(/judge/entries/\d+)"', listed.text)
        assert idea is not None
        opened = await tablet.get(idea[1])
    assert (listed.status_code, opened.status_code) == (200, 200)
    assert "The offline app is not built on this service; each idea opens as a page and needs" in listed.text
    assert f'action="{idea[1]}"' in opened.text


async def test_instead_of_the_plan_editor_each_booth_has_a_form(client: Browser, festival: Festival) -> None:
    await sign_in(client, festival.people["owner"].person_id)
    answer = await client.get(f"/manage/{festival.edition.id}/floorplan/editor")
    assert answer.status_code == 200
    assert ("plan-editor" in answer.text, "Each booth has a form of its own." in answer.text) == (False, True)

"""The organiser's floor plan and its editor without script."""

import re
from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.accounts.enums import Role
from app.kernel.sheets import read_table
from booths.floorplan.queries import booths_of
from booths.floorplan.services import hold_booth
from booths.floorplan.sheets import HALLS
from tests.booths.factories import OTHER_ZONE, make_booth, make_hall
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.support.client import Browser, sign_in
from tests.support.factories import make_holder, make_organisation, make_owner
from tests.support.queries import counted_queries


@pytest.fixture
async def organiser(client: Browser) -> Browser:
    """A browser in which an owner of every edition is signed in."""
    await sign_in(client, (await make_owner()).id)
    return client


async def test_without_halls_the_plan_says_what_to_do(organiser: Browser) -> None:
    edition = await make_edition()
    shown = (await organiser.get(f"/manage/{edition.id}/floorplan?lang=en")).text
    assert "There is no plan yet" in shown
    assert f"/manage/{edition.id}/import/halls" in shown
    assert "There is no plan yet" in (await organiser.get(f"/manage/{edition.id}/floorplan/editor?lang=en")).text


async def test_the_plan_shows_states_and_finds_booths(organiser: Browser) -> None:
    edition = await make_edition()
    hall_id = await make_hall(edition.id)
    taken = await make_booth(edition.id, hall_id, "A1", [(0, 0), (1, 0)])
    await make_booth(edition.id, hall_id, "A2", [(0, 2)], zone=OTHER_ZONE)
    organisation = await make_organisation(name="Lụa Vạn Phúc")
    await hold_booth(booth_id=taken, organisation_id=organisation.id, actor=SYSTEM, now=NOW)
    base = f"/manage/{edition.id}/floorplan"
    shown = (await organiser.get(f"{base}?lang=en")).text
    assert "map-held" in shown
    assert "map-free" in shown
    assert f'href="/manage/{edition.id}/booths/{taken}"' in shown
    for query, found, hidden in (
        ("q=van+phuc", ">A1</a>", ">A2</a>"),
        ("q=a2", ">A2</a>", ">A1</a>"),
        ("status=held", ">A1</a>", ">A2</a>"),
        (f"zone={OTHER_ZONE.replace('&', '%26')}", ">A2</a>", ">A1</a>"),
        (f"hall={hall_id}", ">A1</a>", "No booth fits"),
    ):
        text = (await organiser.get(f"{base}?{query}")).text
        assert (query, found in text, hidden in text) == (query, True, False)
    assert "map-pale" in (await organiser.get(f"{base}?q=a2")).text
    assert "No booth fits" in (await organiser.get(f"{base}?q=zzz")).text


async def test_a_booths_page_belongs_to_the_plan(organiser: Browser) -> None:
    edition = await make_edition()
    booth_id = await make_booth(edition.id, await make_hall(edition.id), "A1", [(0, 0)])
    for page in (f"booths/{booth_id}", "floorplan", "floorplan/halls/new"):
        shown = (await organiser.get(f"/manage/{edition.id}/{page}")).text
        assert re.findall(r'href="([^"]+)" aria-current="page"', shown) == [f"/manage/{edition.id}/floorplan"]


async def test_the_export_can_be_loaded_again(organiser: Browser) -> None:
    edition = await make_edition()
    await make_booth(edition.id, await make_hall(edition.id), "A1", [(0, 0), (1, 0)], price_minor=5_400_000)
    sheet = await organiser.get(f"/manage/{edition.id}/floorplan/export.xlsx?lang=en")
    table = read_table(sheet.content, "floorplan.xlsx", HALLS.columns)
    assert [str(cell) for cell in table.rows[0].values][:3] == ["Hội trường A", "A1", "A1 B1"]


@pytest.mark.parametrize("count", [1, 3])
async def test_the_plan_takes_as_many_queries_for_three_booths_as_for_one(organiser: Browser, count: int) -> None:
    edition = await make_edition()
    hall_id = await make_hall(edition.id)
    for number in range(count):
        await make_booth(edition.id, hall_id, f"A{number}", [(number, 0)])
    await organiser.get(f"/manage/{edition.id}/floorplan")
    with counted_queries() as sent:
        await organiser.get(f"/manage/{edition.id}/floorplan")
    assert len(sent) <= 8


async def test_a_booth_is_made_changed_and_removed_by_a_form(organiser: Browser) -> None:
    edition = await make_edition()
    hall_id = await make_hall(edition.id)
    base = f"/manage/{edition.id}/floorplan/editor"
    assert (await organiser.get(f"{base}/new?hall={hall_id}")).status_code == 200
    booth: dict[str, Any] = {
        "hall": hall_id,
        "code": "A1",
        "cells": "A1 B1",
        "price": "5.400.000",
        "power_watts": "1500",
    }
    made = await organiser.post(f"{base}/new", data=booth)
    assert made.headers["location"] == f"{base}?hall={hall_id}"
    ((_hall, stored),) = await booths_of(edition.id)
    assert (stored.squares, stored.price_minor, stored.power_watts) == (((0, 0), (1, 0)), 5_400_000, 1500)
    assert 'value="A1 B1"' in (await organiser.get(f"{base}/{stored.id}")).text
    for changes, sentence in (
        ({"cells": "here"}, "Write cells as column letter"),
        ({"cells": "A1 D4"}, "do not touch"),
        ({"price": "much"}, "Please write an amount"),
        ({"price": "9" * 17}, "No booth costs that much."),
        ({"code": ""}, "Please fill this in"),
    ):
        answer = await organiser.post(f"{base}/{stored.id}?lang=en", data={**booth, **changes})
        assert (answer.status_code, sentence in answer.text) == (422, True)
    both = await organiser.post(f"{base}/{stored.id}", data={**booth, "code": "", "cells": "here", "price": "much"})
    assert set(re.findall(r'id="field-(\w+)-error"', both.text)) == {"code", "cells", "price"}
    doubled = await organiser.post(f"{base}/new?lang=en", data={**booth, "cells": "C3"})
    assert (doubled.status_code, "There is a booth A1" in doubled.text) == (422, True)
    assert (await organiser.post(f"{base}/{stored.id}", data={**booth, "zone": "Lụa"})).status_code == 303
    listed = (await organiser.get(f"{base}?lang=en")).text
    assert (">A1</a>" in listed, "1500 W" in listed) == (True, True)  # no comma beside the dots of prices
    assert (await organiser.post(f"{base}/{stored.id}/delete")).status_code == 303
    assert await booths_of(edition.id) == []
    assert (await organiser.get(f"{base}/{stored.id}")).status_code == 404


async def test_only_the_floors_people_edit(client: Browser) -> None:
    edition = await make_edition()
    hall_id = await make_hall(edition.id)
    chair = await make_holder(Role.JURY_CHAIR, edition_id=edition.id)
    await sign_in(client, chair.id)
    assert (await client.get(f"/manage/{edition.id}/floorplan")).status_code == 200
    assert (await client.get(f"/manage/{edition.id}/floorplan/editor")).status_code == 403
    assert (await client.post(f"/manage/{edition.id}/floorplan/editor/new", data={})).status_code == 403
    made = await client.post(
        f"/api/v1/manage/{edition.id}/halls/{hall_id}/booths", json={"code": "A1", "cells": [[0, 0]]}
    )
    assert made.status_code == 403

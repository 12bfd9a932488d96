"""Halls that are made and changed next to the plan."""

import pytest

from app.accounts.actor import SYSTEM
from app.accounts.enums import Role
from app.events.tables import Hall
from app.kernel.audit import list_entries
from booths.floorplan import services
from booths.floorplan.errors import HallNameTaken
from booths.floorplan.queries import plans_of
from booths.floorplan.services import save_hall
from tests.booths.factories import make_booth, make_hall
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.support.client import Browser, sign_in
from tests.support.factories import make_holder, make_owner
from tests.support.race import losers, meet_before, race, unguarded, winners


@pytest.fixture
async def organiser(client: Browser) -> Browser:
    """A browser in which an owner of every edition is signed in."""
    await sign_in(client, (await make_owner()).id)
    return client


async def test_a_new_edition_gets_its_hall_and_booths_without_a_sheet(organiser: Browser) -> None:
    edition = await make_edition()
    base = f"/manage/{edition.id}/floorplan"
    for path in ("", "/editor"):
        assert f"{base}/halls/new" in (await organiser.get(base + path)).text
    made = await organiser.post(f"{base}/halls/new", data={"name": " Nhà  A ", "width": "12", "depth": "8"})
    (plan,) = await plans_of(edition.id)
    assert (plan.name, plan.width, plan.depth) == ("Nhà A", 12, 8)
    assert made.headers["location"].startswith(f"{base}/editor?hall={plan.hall_id}")
    booth = {"hall": str(plan.hall_id), "code": "A1", "cells": "A1 A2", "power_watts": "500"}
    assert (await organiser.post(f"{base}/editor/new", data=booth)).status_code == 303
    (plan,) = await plans_of(edition.id)
    assert [booth.code for booth in plan.booths] == ["A1"]
    assert (await list_entries(edition_id=edition.id, action="hall.draw"))[1] == 1


@pytest.mark.parametrize(
    ("typed", "status"),
    [
        ({"name": "hoi truong a", "width": "5", "depth": "5"}, 409),
        ({"name": "B", "width": "0", "depth": "5"}, 422),
        ({"name": "B", "width": "201", "depth": "5"}, 422),
        ({"name": "", "width": "5", "depth": "5"}, 422),
    ],
)
async def test_a_hall_that_cannot_be_is_refused(organiser: Browser, typed: dict[str, str], status: int) -> None:
    edition = await make_edition()
    await make_hall(edition.id, name="Hội trường A")
    assert (await organiser.post(f"/manage/{edition.id}/floorplan/halls/new", data=typed)).status_code == status
    assert len(await plans_of(edition.id)) == 1


async def test_a_hall_grows_and_shrinks_as_far_as_its_booths_let_it(organiser: Browser) -> None:
    edition = await make_edition()
    hall_id = await make_hall(edition.id, width=10, depth=6)
    await make_booth(edition.id, hall_id, "A1", [(3, 2)])
    own = f"/manage/{edition.id}/floorplan/halls/{hall_id}"
    assert 'value="10"' in (await organiser.get(own)).text
    refused = await organiser.post(own, data={"name": "A", "width": "3", "depth": "6"})
    assert (refused.status_code, "4 by 3 cells" in refused.text) == (409, True)
    assert (await organiser.post(own, data={"name": "Hội trường B", "width": "4", "depth": "3"})).status_code == 303
    (plan,) = await plans_of(edition.id)
    assert (plan.name, plan.width, plan.depth) == ("Hội trường B", 4, 3)
    elsewhere = await make_edition("other")
    assert (await organiser.get(f"/manage/{elsewhere.id}/floorplan/halls/{hall_id}")).status_code == 404


async def test_who_does_not_draw_makes_no_hall(client: Browser) -> None:
    edition = await make_edition()
    await sign_in(client, (await make_holder(Role.FINANCE, edition_id=edition.id, now=NOW)).id)
    typed = {"name": "B", "width": "5", "depth": "5"}
    assert (await client.post(f"/manage/{edition.id}/floorplan/halls/new", data=typed)).status_code == 403


@pytest.mark.race
async def test_two_halls_of_one_name_are_not_made_at_once(database: str) -> None:
    edition = await make_edition()
    results = await race(
        6,
        lambda number: save_hall(
            edition_id=edition.id, name="NHÀ A" if number % 2 else "Nha a", width=5, depth=5, actor=SYSTEM, now=NOW
        ),
    )
    assert len(winners(results)) == 1
    losers(results, HallNameTaken)


@pytest.mark.race
async def test_without_holding_the_edition_two_halls_of_one_name_are_made(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    edition = await make_edition()
    unguarded(monkeypatch, services)
    meet_before(monkeypatch, Hall, "save", parties=2)
    results = await race(
        2,
        lambda number: save_hall(
            edition_id=edition.id, name="NHÀ A" if number else "Nha a", width=5, depth=5, actor=SYSTEM, now=NOW
        ),
    )
    assert len(winners(results)) == 2
    assert {plan.name for plan in await plans_of(edition.id)} == {"NHÀ A", "Nha a"}

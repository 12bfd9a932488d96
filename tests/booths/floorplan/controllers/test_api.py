"""The JSON API of halls and booths."""

from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.accounts.enums import Role
from booths.floorplan.enums import HolderState
from booths.floorplan.services import hold_booth
from tests.booths.factories import make_booth, make_hall
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.support.client import Browser, new_browser, sign_in
from tests.support.factories import make_holder, make_organisation


async def test_everybody_sees_who_was_allocated_a_booth_and_nobody_else(client: Browser) -> None:
    edition = await make_edition()
    hall_id = await make_hall(edition.id)
    given = await make_booth(edition.id, hall_id, "A1", [(0, 0)])
    held = await make_booth(edition.id, hall_id, "A2", [(1, 0)])
    for booth_id, state in ((given, HolderState.ALLOCATED), (held, HolderState.HELD)):
        organisation = await make_organisation(name=f"Cơ sở {state.value}")
        await hold_booth(booth_id=booth_id, organisation_id=organisation.id, state=state, actor=SYSTEM, now=NOW)
    answer = await client.get(f"/api/v1/editions/{edition.slug}/halls")
    (hall,) = answer.json()
    assert [(booth["code"], booth["exhibitor"]) for booth in hall["booths"]] == [
        ("A1", "Cơ sở allocated"),
        ("A2", ""),
    ]
    assert set(hall["booths"][0]) == {"id", "code", "zone", "cells", "exhibitor"}
    assert (await client.get("/api/v1/editions/none/halls")).json()["code"] == "edition_not_found"


@pytest.fixture
async def floor(client: Browser) -> tuple[Browser, int, int]:
    """A browser of the floor's manager, an edition, and a hall of it."""
    edition = await make_edition()
    person = await make_holder(Role.FLOOR, edition_id=edition.id)
    await sign_in(client, person.id)
    return client, edition.id, await make_hall(edition.id)


async def test_the_editor_draws_changes_and_removes(floor: tuple[Browser, int, int]) -> None:
    browser, edition_id, hall_id = floor
    base = f"/api/v1/manage/{edition_id}"
    booth: dict[str, Any] = {"code": "A1", "cells": [[0, 0], [1, 0]], "zone": "Lụa", "power_watts": 5, "price_minor": 7}
    made = await browser.post(f"{base}/halls/{hall_id}/booths", json=booth)
    assert made.status_code == 201
    stored = made.json()
    assert (stored["written"], stored["state"], stored["zone"]) == ("A1 B1", "free", "Lụa")
    changed = await browser.put(f"{base}/booths/{stored['id']}", json={**booth, "cells": [[1, 0], [1, 1]]})
    assert changed.json()["cells"] == [[1, 0], [1, 1]]
    (hall,) = (await browser.get(f"{base}/halls")).json()
    assert [found["code"] for found in hall["booths"]] == ["A1"]
    assert (await browser.delete(f"{base}/booths/{stored['id']}")).status_code == 204
    assert (await browser.get(f"{base}/halls")).json()[0]["booths"] == []


WRONG: list[tuple[dict[str, Any], int, str]] = [
    ({"cells": [[4, 4], [6, 6]]}, 422, "cells_apart"),
    ({"cells": [[0, 0]]}, 409, "cell_occupied"),
    ({"code": "A1"}, 409, "booth_code_taken"),
    ({"code": ""}, 400, "bad_request"),
    ({"cells": [[0, -1]]}, 400, "bad_request"),
    ({"cells": [[900, 0]]}, 400, "bad_request"),
    ({"owner": 1}, 400, "bad_request"),
]


@pytest.mark.parametrize(("changes", "status", "code"), WRONG)
async def test_refusals_are_named(
    floor: tuple[Browser, int, int], changes: dict[str, Any], status: int, code: str
) -> None:
    browser, edition_id, hall_id = floor
    await make_booth(edition_id, hall_id, "A1", [(0, 0)])
    booth = {"code": "A2", "cells": [[3, 3]], **changes}
    answer = await browser.post(f"/api/v1/manage/{edition_id}/halls/{hall_id}/booths", json=booth)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_a_booth_of_another_edition_is_not_there(floor: tuple[Browser, int, int]) -> None:
    browser, edition_id, _hall = floor
    other = await make_edition("other")
    booth_id = await make_booth(other.id, await make_hall(other.id))
    booth = {"code": "A2", "cells": [[3, 3]]}
    answer = await browser.put(f"/api/v1/manage/{edition_id}/booths/{booth_id}", json=booth)
    assert answer.json()["code"] == "booth_not_found"
    assert (await browser.get(f"/api/v1/manage/{other.id}/halls")).status_code == 403
    assert (await new_browser().get(f"/api/v1/manage/{edition_id}/halls")).status_code == 401

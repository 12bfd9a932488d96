"""The organiser's pages for an edition that is put off, and what everybody sees of it."""

from __future__ import annotations

from datetime import date

import pytest

from app.events.queries import edition_by_id
from tests.events.factories import make_edition
from tests.support.client import Browser, new_browser, sign_in
from tests.support.factories import make_owner


@pytest.fixture
async def organiser(client: Browser) -> Browser:
    """A browser in which an owner of every edition is signed in."""
    await sign_in(client, (await make_owner()).id)
    return client


async def test_the_organiser_sees_what_moves_and_puts_it_off(organiser: Browser) -> None:
    edition = await make_edition()
    here = f"/manage/{edition.id}/postpone"
    assert f'href="{here}"' in (await organiser.get(f"/manage/{edition.id}/settings")).text
    shown = (await organiser.get(f"{here}?starts_on=2026-10-30&lang=en")).text
    assert [title in shown for title in ("16–18 Oct 2026", "30 Oct 2026 – 1 Nov 2026")] == [True, True]
    assert "Days of the festival" in shown
    assert 'name="seen" value="2026-10-16"' in shown
    done = await organiser.post(here, data={"starts_on": "2026-10-30", "seen": "2026-10-16", "reason": "Bão số 9 <b>"})
    assert (done.status_code, done.headers["location"]) == (303, f"/manage/{edition.id}")
    assert (await edition_by_id(edition.id)).starts_on == date(2026, 10, 30)
    for path in (edition.path, f"{edition.path}/programme", f"{edition.path}/tickets"):
        text = (await new_browser().get(f"{path}?lang=en")).text
        assert "Put off: it will be on" in text
        assert "Bão số 9 &lt;b&gt;" in text
    assert "Put off: it will be on" in (await organiser.get(f"/manage/{edition.id}?lang=en")).text
    assert "Put the festival off" in (await organiser.get(f"/manage/{edition.id}/audit?lang=en")).text


@pytest.mark.parametrize(
    ("day", "sentence"),
    [
        ("nonsense", "Please give the new first day."),
        ("2026-10-16", "has to come after"),
        ("2036-10-16", "more than 3 years ahead"),
    ],
)
async def test_a_day_that_cannot_be_is_said_beside_its_field(organiser: Browser, day: str, sentence: str) -> None:
    edition = await make_edition()
    here = f"/manage/{edition.id}/postpone"
    asked = await organiser.get(f"{here}?starts_on={day}&lang=en")
    assert (asked.status_code, sentence in asked.text) == (422, True)
    assert 'name="seen"' not in asked.text
    data = {"starts_on": day, "seen": "2026-10-16"}
    assert (await organiser.post(here, data=data)).status_code == 422
    assert (await edition_by_id(edition.id)).starts_on == edition.starts_on


async def test_days_that_changed_meanwhile_are_not_moved_again(organiser: Browser) -> None:
    edition = await make_edition()
    answer = await organiser.post(
        f"/manage/{edition.id}/postpone", data={"starts_on": "2026-10-30", "seen": "2026-10-15"}
    )
    assert answer.status_code == 409
    assert (await edition_by_id(edition.id)).starts_on == edition.starts_on

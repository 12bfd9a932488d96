"""The organiser's pages for an edition that is put off or cancelled, and what everybody sees of it."""

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


async def test_the_organiser_cancels_by_typing_the_address(organiser: Browser) -> None:
    edition = await make_edition()
    here = f"/manage/{edition.id}/cancel"
    assert f'href="{here}"' in (await organiser.get(f"/manage/{edition.id}/settings")).text
    assert (await organiser.get(here)).status_code == 200
    wrong = await organiser.post(f"{here}?lang=en", data={"typed": "yes", "reason": "Bão"})
    assert (wrong.status_code, f"Please type exactly this: {edition.slug}" in wrong.text) == (422, True)
    done = await organiser.post(here, data={"typed": edition.slug, "reason": "Bão số 9"})
    assert (done.status_code, done.headers["location"]) == (303, f"/manage/{edition.id}")
    everybody = new_browser()
    for path in ("/", "/api/v1/editions"):
        assert (await everybody.get(path)).status_code == 200
    text = (await everybody.get(f"{edition.path}?lang=en")).text
    assert [words in text for words in ("This festival was cancelled.", "Bão số 9")] == [True, True]
    assert "This festival was cancelled." in (await organiser.get(f"/manage/{edition.id}?lang=en")).text
    assert "Cancelled the festival" in (await organiser.get(f"/manage/{edition.id}/audit?lang=en")).text
    settings = (await organiser.get(f"/manage/{edition.id}/settings?lang=en")).text
    assert [f"/manage/{edition.id}/{act}" in settings for act in ("open", "postpone", "cancel")] == [False] * 3
    assert (await organiser.get(here)).headers["location"] == f"/manage/{edition.id}/settings"
    assert (await organiser.post(f"/manage/{edition.id}/open")).status_code == 409

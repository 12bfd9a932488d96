"""Every page of the demo festival: no barrier, no error in the console, nothing refused, nothing too wide."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.journeys.support.people import People
from tests.journeys.support.places import PLACES, Place
from tests.journeys.support.watch import barriers

WIDTHS = {"phone": 360, "desk": 1440}
SETTLED = """async () => {
  for (let frame = 0; frame < 60; frame++) {
    await new Promise(requestAnimationFrame);
    if (frame > 1 && !document.getAnimations().some((one) => one.playState === "running")) return;
  }
}"""


def too_wide(page: Page) -> int:
    """Return how many pixels the page is wider than the screen."""
    return int(page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))


def faults_of(page: Page, place: Place) -> list[str]:
    """Return what is wrong with a page that is open, in light and in dark."""
    wrong = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
        page.evaluate(SETTLED)  # colours change over some milliseconds
        wrong += [f"{place.name} in {scheme}: {barrier}" for barrier in barriers(page)]
    if (over := too_wide(page)) > 0:
        wrong.append(f"{place.name}: {over} px too wide")
    return wrong


@pytest.mark.parametrize("device", list(WIDTHS))
def test_every_page_can_be_read_by_everybody(people: People, device: str) -> None:
    people.watch.allow("404 GET .*/nowhere")
    wrong: list[str] = []
    for role in dict.fromkeys(place.role for place in PLACES):
        page = people.page(signed_in=role, device=device)
        for place in (place for place in PLACES if place.role == role):
            path = people.path(place.path)
            page.goto(path)
            if not place.leads_on and not page.url.endswith(path):
                wrong.append(f"{place.name}: led to {page.url}")
            wrong += faults_of(page, place)
    assert not wrong, "\n".join(wrong)

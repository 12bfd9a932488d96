"""Every page of the demo festival: no barrier, no error in the console, nothing refused, nothing too wide."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.journeys.support.people import DEVICES, People
from tests.journeys.support.places import PLACES, Place, walks
from tests.journeys.support.watch import barriers

#: Devices that are walked, and which of the others a page is held against besides.
WALKED = {"phone": ["tablet", "phone"], "desk": ["desk"]}
#: Colours are the same on every device, so in the dark they are looked at on one.
DARK_TOO = "phone"
SETTLED = """async () => {
  for (let frame = 0; frame < 60; frame++) {
    await new Promise(requestAnimationFrame);
    if (frame > 1 && !document.getAnimations().some((one) => one.playState === "running")) return;
  }
}"""


WIDER = """() => [document.documentElement.scrollWidth - window.innerWidth, ...Array.from(
  document.querySelectorAll(".table-frame:has(> .table-cards)"), (frame) => frame.scrollWidth - frame.clientWidth - 1
)]"""


def too_wide(page: Page) -> int:
    """Return how many pixels the page is wider than the screen, or a list of rows wider than its place on it."""
    return int(max(page.evaluate(WIDER)))


def faults_of(page: Page, place: Place, device: str) -> list[str]:
    """Return what is wrong with a page that is open: barriers, colours in the dark, its width."""
    wrong = []
    if device == DARK_TOO:
        page.emulate_media(color_scheme="dark", reduced_motion="reduce")
        page.evaluate(SETTLED)  # colours change over some milliseconds
        wrong += [f"{place.name} in the dark: {barrier}" for barrier in barriers(page, "color-contrast")]
        page.emulate_media(color_scheme="light", reduced_motion="reduce")
    page.evaluate(SETTLED)
    wrong += [f"{place.name}: {barrier}" for barrier in barriers(page)]
    for width, height in (DEVICES[name] for name in WALKED[device]):
        page.set_viewport_size({"width": width, "height": height})
        if (over := too_wide(page)) > 0:
            wrong.append(f"{place.name}: {over} px too wide at {width}")
    return wrong


@pytest.mark.parametrize("device", list(WALKED))
def test_every_page_can_be_read_by_everybody(people: People, device: str) -> None:
    people.watch.allow("404 GET .*/nowhere")
    people.furnish()
    wrong: list[str] = []
    judging_begun = False
    for judging, role, places in walks(PLACES):
        if judging and not judging_begun:
            people.begin_judging()
            judging_begun = True
        page = people.page(signed_in=role, device=device)
        for place in places:
            path = people.path(place.path)
            answer = page.goto(path)
            if answer is None or answer.status != place.status:
                wrong.append(f"{place.name}: answered {answer and answer.status}")
            if not place.leads_on and not page.url.endswith(path):
                wrong.append(f"{place.name}: led to {page.url}")
            wrong += faults_of(page, place, device)
    assert not wrong, "\n".join(wrong)

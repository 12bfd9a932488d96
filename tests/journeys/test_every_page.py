"""Every page of the demo festival: no barrier, no error in the console, nothing refused, nothing too wide."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.journeys.support.people import DEVICES, People
from tests.journeys.support.places import PLACES, Place, walks
from tests.journeys.support.watch import barriers
from tests.support.postgres import PostgresServer

#: Screens that a page has to fit.
SCREENS = [DEVICES[name] for name in ("desk", "tablet", "phone")]
#: Colours are the same on every device, so in the dark they are looked at on one.
DARK_TOO = "desk"
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


def barriers_of(page: Page, place: Place, device: str) -> list[str]:
    """Return what keeps somebody from reading a page that is open, its colours in the dark included."""
    wrong = []
    if device == DARK_TOO:
        page.emulate_media(color_scheme="dark", reduced_motion="reduce")
        page.evaluate(SETTLED)  # colours change over some milliseconds
        wrong += [f"{place.name} in the dark: {barrier}" for barrier in barriers(page, colours_alone=True)]
        page.emulate_media(color_scheme="light", reduced_motion="reduce")
    page.evaluate(SETTLED)
    return wrong + [f"{place.name}: {barrier}" for barrier in barriers(page)]


def overhang_of(page: Page, place: Place, _device: str) -> list[str]:
    """Return on which screens a page that is open does not fit."""
    wrong = []
    for width, height in SCREENS:
        page.set_viewport_size({"width": width, "height": height})
        if (over := too_wide(page)) > 0:
            wrong.append(f"{place.name}: {over} px too wide at {width}")
    return wrong


def strayed(page: Page, place: Place, path: str) -> list[str]:
    """Open a page; return how it answered otherwise than it should."""
    answer = page.goto(path)
    wrong = []
    if answer is None or answer.status != place.status:
        wrong.append(f"{place.name}: answered {answer and answer.status}")
    if not place.leads_on and not page.url.endswith(path):
        wrong.append(f"{place.name}: led to {page.url}")
    return wrong


def walk(people: People, device: str, locale: str, *looks: Callable[[Page, Place, str], list[str]]) -> list[str]:
    """Open every page as somebody who may, and look at it; returns all that is wrong."""
    for place in PLACES:
        if place.status != 200:
            people.watch.allow(f"{place.status} GET .*{place.path}")
    people.furnish()
    wrong: list[str] = []
    judging_begun = False
    for judging, role, places in walks(PLACES):
        if judging and not judging_begun:
            people.begin_judging()
            judging_begun = True
        page = people.page(signed_in=role, device=device)
        page.goto(f"/?lang={locale}")
        for place in places:
            wrong += strayed(page, place, people.path(place.path))
            wrong += [fault for look in looks for fault in look(page, place, device)]
    return wrong


def test_every_page_answers_and_fits_its_screen(people: People, server: PostgresServer | None) -> None:
    """How a page reads on a phone does not depend on the engine, and is looked at on one; on the other the words are
    Indonesian ones, which are longer.
    """
    looks = (overhang_of,) if server else (barriers_of, overhang_of)
    wrong = walk(people, "phone", "id" if server else "vi", *looks)
    assert not wrong, "\n".join(wrong)


@pytest.mark.once
def test_every_page_can_be_read_at_a_desk(people: People) -> None:
    wrong = walk(people, "desk", "en", barriers_of)
    assert not wrong, "\n".join(wrong)

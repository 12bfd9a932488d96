"""An organiser has badges made: chooses whose, looks at the first page, downloads the file, and takes it back."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.journeys.support.people import DEVICES, People
from tests.journeys.support.watch import assert_accessible
from tests.support.pdf_codes import codes_of
from tests.support.pdf_text import text_of

PRINTS = "/manage/{edition_id}/passes/prints"
ONE = PRINTS + "?pass_id={pass_id}"
PICTURES = Path(__file__).parent / "screenshots" / "badges"


def picture(page: Page, name: str) -> None:
    """Keep the page as it is on the three screens, and see that it fits each."""
    size = page.viewport_size
    for device in ("phone", "tablet", "desk"):
        width, height = DEVICES[device]
        page.set_viewport_size({"width": width, "height": height})
        page.screenshot(path=PICTURES / f"{name}-{width}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    if size is not None:
        page.set_viewport_size(size)


def test_badges_from_the_choice_to_paper_and_back(people: People) -> None:
    page = people.page(signed_in="owner", device="desk")
    page.goto(people.path(PRINTS) + "?paper=card_sheet&unprinted=on")
    shown = page.locator(".print-preview img")
    expect(shown).to_be_visible()
    page.wait_for_function("document.querySelector('.print-preview img').naturalWidth > 500")
    assert_accessible(page)
    picture(page, "choose")

    page.goto(people.path(ONE) + "&paper=card_sheet")
    page.locator(f"form[method=post][action='{people.path(PRINTS)}'] button").click()
    page.wait_for_url(f"**{people.path(PRINTS)}/*")
    ready = page.locator("main a[href$='/file.pdf']")
    expect(ready).to_be_visible(timeout=120_000)
    assert_accessible(page)
    picture(page, "ready")
    made = page.request.get(ready.get_attribute("href") or "").body()
    codes = codes_of(made)
    assert len(codes) == 1
    assert "86 × 54 mm" in page.locator("main").inner_text()
    assert len(text_of(made).split()) > len(codes)

    page.goto(people.path(ONE) + "&unprinted=on")
    expect(page.locator(".print-preview")).to_have_count(0)
    picture(page, "none-left")
    page.goto(people.path(PRINTS))
    picture(page, "made-before")

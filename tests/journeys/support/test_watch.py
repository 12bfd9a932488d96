"""The check for barriers finds them, also where many things look alike."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.journeys.support.watch import barriers

PAGE = """<!doctype html><html lang="en"><head><title>Rows</title><style>
  body { background: #fff; color: #222; } .pale { color: #ccc; } .dark { background: #333; }
</style></head><body><main><h1>Rows</h1>%s</main></body></html>"""
ROW = "<tr><td>Silk</td><td>Hanoi</td></tr>"
PALE = {
    "by its class": "<tr><td>Silk</td><td class=pale>Hanoi</td></tr>",
    "by its style": "<tr><td>Silk</td><td style='color: #ccc'>Hanoi</td></tr>",
    "by its ground": "<tr class=dark><td>Silk</td><td>Hanoi</td></tr>",
    "by what fades": "<tr style='opacity: 0.3'><td>Silk</td><td>Hanoi</td></tr>",
}


def barriers_in(browser: Browser, body: str, *, colours_alone: bool = False) -> list[str]:
    """Show a page with this body and return the names of its barriers."""
    page = browser.new_page()
    page.set_content(PAGE % body)
    found = barriers(page, colours_alone=colours_alone)
    page.close()
    return [one.partition(" ")[0] for one in found]


def test_rows_that_can_be_read_are_no_barrier(browser: Browser) -> None:
    assert barriers_in(browser, f"<table>{ROW * 9}</table>") == []


@pytest.mark.parametrize("row", PALE.values(), ids=PALE)
def test_one_pale_row_among_many_is_found(browser: Browser, row: str) -> None:
    assert barriers_in(browser, f"<table>{ROW * 9}{row}</table>") == ["color-contrast"]


def test_a_pale_button_that_works_is_found_behind_one_that_does_not(browser: Browser) -> None:
    buttons = "<button class=pale disabled>No</button><button class=pale>Yes</button>"
    assert barriers_in(browser, buttons) == ["color-contrast"]


def test_other_barriers_are_found_unless_colours_alone_are_asked_for(browser: Browser) -> None:
    body = "<p class=pale>Silk</p><img src='data:,'>"
    assert barriers_in(browser, body) == ["color-contrast", "image-alt"]
    assert barriers_in(browser, body, colours_alone=True) == ["color-contrast"]

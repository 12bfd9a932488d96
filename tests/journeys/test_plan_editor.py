"""The plan editor: cells are drawn over, become a booth, and the booth is undone; refusals are said."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.support.people import People
from tests.journeys.support.watch import assert_accessible

EDITOR = "/manage/{edition_id}/floorplan/editor"
CELLS = "main .plan-grid .plan-cell"


def draw(page: Page, count: int) -> None:
    """Draw over the last cells of the last row, which is beyond the hall and so is free."""
    cells = page.locator(CELLS)
    cells.last.wait_for()
    first = cells.nth(cells.count() - count)
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    start, end = first.bounding_box(), cells.last.bounding_box()
    assert start is not None
    assert end is not None
    page.mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
    page.mouse.down()
    page.mouse.move(end["x"] + end["width"] / 2, end["y"] + end["height"] / 2, steps=8)
    page.mouse.up()


@pytest.mark.shared
@pytest.mark.parametrize("device", ["desk", "tablet-landscape"])
def test_a_booth_is_drawn_and_undone(people: People, device: str) -> None:
    people.watch.allow("409 POST .*/booths")
    page = people.page(signed_in="owner", at=EDITOR, device=device)
    tools = page.locator(".plan-tools")
    draw(page, 2)
    expect(tools.locator("p").first).to_contain_text("2")
    assert_accessible(page)
    count = page.locator(".tabs [aria-current=page] .count")
    before = int(count.text_content() or "0")
    own = page.locator("#plan-code").input_value()
    taken = page.locator(".map-plan .map-text").first.text_content() or ""
    page.fill("#plan-code", taken)
    tools.locator("button[type=submit]").click()
    expect(tools.locator(".plan-wrong")).to_contain_text(taken)
    page.fill("#plan-code", own)
    page.keyboard.press("Enter")
    expect(page.locator(".map-plan .map-text", has_text=own)).to_be_visible()
    expect(count).to_have_text(str(before + 1))
    expect(tools.locator(".plan-message")).to_contain_text(own)
    expect(page.locator("#toasts .toast")).to_have_count(0)  # it would lie over the tools
    tools.locator(".cluster button:visible").click()
    expect(page.locator(".map-plan .map-text", has_text=own)).to_have_count(0)
    expect(count).to_have_text(str(before))


@pytest.mark.shared
@pytest.mark.once
@pytest.mark.parametrize("device", ["desk", "tablet"])
def test_what_is_chosen_at_the_foot_of_the_plan_stays_in_sight(people: People, device: str) -> None:
    page = people.page(signed_in="owner", at=EDITOR, device=device)
    last, tools = page.locator(CELLS).last, page.locator(".plan-tools")
    last.wait_for()
    last.scroll_into_view_if_needed()
    cell, panel = last.bounding_box(), tools.bounding_box()
    assert cell is not None
    assert panel is not None
    beneath = cell["y"] + cell["height"] + 4 - panel["y"]
    page.evaluate("top => window.scrollBy({top, behavior: 'instant'})", beneath)  # just above the panel, while small
    cell = last.bounding_box()
    assert cell is not None
    page.mouse.click(cell["x"] + cell["width"] / 2, cell["y"] + cell["height"] / 2)
    page.locator("#plan-power_watts").fill("many")
    tools.locator("button[type=submit]").click()
    expect(tools.locator(".plan-wrong")).to_contain_text("1500")
    chosen, panel = page.locator(".plan-selected").bounding_box(), tools.bounding_box()
    assert chosen is not None
    assert panel is not None
    assert chosen["y"] + chosen["height"] <= panel["y"]


def test_without_script_a_form_does_the_same(people: People) -> None:
    page = people.page(signed_in="owner", at=EDITOR, device="tablet", script=False)
    expect(page.locator("#plan-editor")).to_be_hidden()
    page.locator(f"main a[href*='{people.path(EDITOR)}/new']").click()
    page.fill("[name=code]", "Z99")
    page.fill("[name=cells]", "AZ90 AZ91")
    page.locator("main form button[type=submit]").click()
    expect(page.locator("main table").get_by_role("link", name="Z99")).to_be_visible()

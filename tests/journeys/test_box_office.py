"""A family at the box office: two types of tickets in one sale, by number keys, by touch, and without script."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.support.people import People
from tests.journeys.support.watch import assert_accessible

BOX_OFFICE = "/manage/{edition_id}/box-office"


def prices(desk: Page) -> list[int]:
    """What the types cost, in the order in which they stand."""
    desk.locator("[data-till]").wait_for(state="attached")
    found: dict[str, int] = desk.evaluate("JSON.parse(document.querySelector('[data-till]').dataset.prices)")
    names = [one.get_attribute("name") or "" for one in desk.locator("[data-type-count]").all()]
    return [found[name.removeprefix("n-")] for name in names]


def amount(text: str) -> int:
    """An amount as the page writes it."""
    return int(re.sub(r"\D", "", text))


def test_a_family_is_sold_to_by_number_keys(people: People) -> None:
    desk = people.page(signed_in="owner", at=BOX_OFFICE, device="desk", locale="vi")
    assert_accessible(desk)
    first, second, *_others = prices(desk)
    total = 2 * first + second
    for key in "12+2":
        desk.keyboard.press(key)
    expect(desk.locator("[data-type-count]").nth(0)).to_have_value("2")
    expect(desk.locator("[data-type-count]").nth(1)).to_have_value("1")
    assert amount(desk.locator("[data-sum]").inner_text()) == total
    if total:
        desk.fill("[name=given]", str(total + 5_000))
        assert amount(desk.locator("[data-change]").inner_text()) == 5_000
    desk.locator("[data-type-count]").nth(1).press("Enter")
    desk.wait_for_url(re.compile(r"/box-office/\d+"))
    expect(desk.locator("main .qr")).to_have_count(3)
    assert_accessible(desk)
    desk.keyboard.press("2")
    desk.wait_for_url(re.compile(r"/box-office$"))


def test_a_family_is_sold_to_by_touch(people: People) -> None:
    desk = people.page(signed_in="owner", at=BOX_OFFICE, device="phone", locale="vi")
    row = desk.locator(".count-row").nth(1)
    for number, step in ((1, "+"), (2, "+"), (1, "−"), (0, "−")):
        row.locator("button", has_text=step).click()
        expect(row.locator("input")).to_have_value(str(number or ""))
    assert amount(desk.locator("[data-sum]").inner_text() or "0") == 0
    assert_accessible(desk)


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_the_change_stands_above_the_passes(people: People, script: bool) -> None:
    desk = people.page(signed_in="owner", at=BOX_OFFICE, device="desk", locale="vi", script=script)
    counts = desk.locator("[data-type-count]")
    cost = 50_000  # a visitor's pass is free, a family's is not
    for number in range(2):
        counts.nth(number).fill("1")
    desk.fill("[name=given]", "5.000.000")
    desk.locator("main form[method=post] button[type=submit]").first.click()
    desk.wait_for_url(re.compile(r"/box-office/\d+"))
    change = desk.locator("main dd strong").inner_text()
    assert amount(change) == 5_000_000 - cost

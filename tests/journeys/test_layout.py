"""What only a browser can tell: words that are cut off, and labels that leave their icons."""

from __future__ import annotations

from tests.journeys.support.people import People

CUT_OFF = """() => [...document.querySelectorAll(".filters select")].filter((select) => {
  const style = getComputedStyle(select);
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
  const room = select.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
  return pen.measureText(select.selectedOptions[0].text).width > room + 1;
}).map((select) => select.selectedOptions[0].text)"""
BELOW = """() => [...document.querySelectorAll("main ul.grid a")].filter((link) =>
  link.querySelector("strong").getBoundingClientRect().left < link.querySelector("svg").getBoundingClientRect().right
).map((link) => link.textContent.trim())"""


def test_filters_show_all_of_their_words(people: People) -> None:
    page = people.page(signed_in="owner", at="/manage/{edition_id}/floorplan", device="desk")
    assert page.locator(".filters select").count() == 3
    assert page.evaluate(CUT_OFF) == []


def test_a_long_name_stands_beside_its_icon(people: People) -> None:
    page = people.page(signed_in="owner", at="/manage/{edition_id}/import", device="desk")
    assert page.locator("main ul.grid a svg").count() > 5
    assert page.evaluate(BELOW) == []

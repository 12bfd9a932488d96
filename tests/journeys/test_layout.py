"""What only a browser can tell: words that are cut off, and labels that leave their icons."""

from __future__ import annotations

from tests.journeys.support.people import People
from tests.journeys.support.places import Place
from tests.journeys.test_every_page import overhang_of

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


#: Where names, titles and addresses stand, and who reads them there.
NAMED = {
    None: ("/pass/{pass_secret}", "/e/phu-nu-sang-tao-2026/contest", "/e/phu-nu-sang-tao-2026/catalogue"),
    "owner": (
        "/account",
        *(f"/manage/{{edition_id}}/{part}" for part in ("people", "organisations", "outbox", "applications", "passes")),
        "/manage/{edition_id}/orders",
        "/manage/{edition_id}/contest",
        "/manage/{edition_id}/contest/judges",
        "/manage/{edition_id}/programme",
    ),
}
BROKEN = """() => [...document.querySelectorAll(".table .unbroken")].filter((one) =>
  one.textContent.length < 26 && one.offsetHeight > 36
).map((one) => one.textContent)"""


def test_names_of_200_letters_widen_no_page(people: People) -> None:
    people.ask("long")
    place, wrong = Place("", ""), []
    for role, paths in NAMED.items():
        page = people.page(signed_in=role)
        for path in paths:
            page.goto(people.path(path))
            wrong += [f"{path}{fault}" for fault in overhang_of(page, place, "")]
    assert wrong == []


def test_addresses_stay_in_one_piece_on_a_desk(people: People) -> None:
    page = people.page(signed_in="owner", device="desk")
    for part in ("people", "organisations", "outbox", "orders", "contest/judges"):
        page.goto(people.path(f"/manage/{{edition_id}}/{part}"))
        assert page.locator(".table .unbroken").count() > 5
        assert page.evaluate(BROKEN) == []

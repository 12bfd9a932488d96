"""What only a browser can tell: words that are cut off, and labels that leave their icons."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.journeys.support.people import People
from tests.journeys.support.places import Place
from tests.journeys.test_every_page import SETTLED, overhang_of, too_wide
from tests.web.test_budget import BUDGET

pytestmark = pytest.mark.once

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


#: Counts what moves by itself after it was drawn, as Chromium scores it: the share of the screen by the way it went.
WATCH_SHIFTS = """
window.shifted = 0;
new PerformanceObserver((list) => {
  for (const one of list.getEntries()) if (!one.hadRecentInput) window.shifted += one.value;
}).observe({ type: "layout-shift", buffered: true });
"""
MOST_SHIFTED = 0.1  # what Chromium calls good
#: What came over the line but for pictures, in bytes, as it was packed.
CAME = """() => [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
  .filter((one) => one.initiatorType !== "img").map((one) => [one.name, one.encodedBodySize])"""


@pytest.mark.shared
def test_the_edition_page_is_light_and_stands_still_on_a_phone(people: People) -> None:
    page = people.page()
    page.add_init_script(WATCH_SHIFTS)
    page.goto("/e/phu-nu-sang-tao-2026")
    for where in ("document.body.scrollHeight", "0"):  # photos come when they are scrolled to
        page.evaluate(f"window.scrollTo(0, {where})")
        page.wait_for_load_state("networkidle")
        page.evaluate(SETTLED)
    assert page.evaluate("window.shifted") < MOST_SHIFTED
    came = page.evaluate(CAME)
    assert len([name for name, _size in came if name.endswith(".woff2")]) == 4
    assert sum(size for _name, size in came) < BUDGET, came
    page.evaluate("document.querySelector('main').style.marginTop = '400px'")
    page.evaluate(SETTLED)
    assert page.evaluate("window.shifted") > MOST_SHIFTED  # it would be seen


@pytest.mark.shared
def test_filters_show_all_of_their_words(people: People) -> None:
    page = people.page(signed_in="owner", at="/manage/{edition_id}/floorplan", device="desk")
    assert page.locator(".filters select").count() == 3
    assert page.evaluate(CUT_OFF) == []


@pytest.mark.shared
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


@pytest.mark.shared
def test_addresses_stay_in_one_piece_on_a_desk(people: People) -> None:
    page = people.page(signed_in="owner", device="desk")
    for part in ("people", "organisations", "contest/judges"):
        page.goto(people.path(f"/manage/{{edition_id}}/{part}"))
        assert page.locator(".table .unbroken").count() > 5
        assert page.evaluate(BROKEN) == []


#: Where badges stand beside much else; names of many words at a narrow tablet are another matter.
BADGED = ("payments", "payments/bank", "booth-fees", "orders", "devices", "floorplan", "import")
TALL = """() => [...document.querySelectorAll(".table .badge, .table a.nowrap")].filter((one) => {
  const words = document.createRange();
  words.selectNodeContents(one.lastChild);
  return words.getClientRects().length > 1;
}).map((one) => one.textContent)"""


@pytest.mark.parametrize("locale", ["vi", "id", "en"])
def test_states_and_numbers_stay_in_one_piece_on_a_tablet(people: People, locale: str) -> None:
    people.furnish()
    page = people.page(signed_in="owner", device="tablet")
    page.goto(f"/?lang={locale}")
    found: dict[str, tuple[list[str], int]] = {}
    for part in BADGED:
        page.goto(people.path(f"/manage/{{edition_id}}/{part}"))
        assert page.locator(".table .badge").count() > 0
        found[part] = (page.evaluate(TALL), max(0, too_wide(page)))
    assert found == dict.fromkeys(BADGED, ([], 0))
    page.locator(".table .badge").evaluate_all(
        "(all) => all.forEach((one) => Object.assign(one.style, { width: '3rem', whiteSpace: 'normal' }))"
    )
    assert page.evaluate(TALL) != []  # it would be seen


#: Which addresses of a list are broken elsewhere than before an @ or a point, where they do not fit their column.
MID_WORD = """() => [...document.querySelectorAll(".table .unbroken")].filter((one) => one.textContent.includes("@"))
  .filter((one) => [...one.childNodes].some((part) => {
    const range = document.createRange();
    range.selectNodeContents(part);
    return range.getClientRects().length > 1;
  })).map((one) => one.textContent)"""


@pytest.mark.shared
def test_addresses_are_broken_at_their_signs_on_a_tablet(people: People) -> None:
    page = people.page(signed_in="owner", device="tablet")
    for part in ("people", "organisations", "orders", "outbox", "contest/judges"):
        page.goto(people.path(f"/manage/{{edition_id}}/{part}"))
        assert (part, page.evaluate(MID_WORD)) == (part, [])
    page.locator(".table .unbroken").evaluate_all("(all) => all.forEach((one) => (one.style.maxWidth = '3rem'))")
    assert page.evaluate(MID_WORD) != []


#: What a person reads that the passing note lies over, in part or whole.
COVERED = """() => {
  const UNSEEN = ".toast, .visually-hidden, script, details:not([open]) > :not(summary)";
  const over = document.querySelector(".toast").getBoundingClientRect();
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (texts.nextNode()) {
    const text = texts.currentNode;
    if (!text.data.trim() || text.parentElement.closest(UNSEEN)) continue;
    const range = document.createRange();
    range.selectNodeContents(text);
    if ([...range.getClientRects()].some((one) =>
      one.left < over.right && one.right > over.left && one.top < over.bottom && one.bottom > over.top
    )) found.push(text.data.trim());
  }
  return found;
}"""


@pytest.mark.shared
@pytest.mark.parametrize("device", ["phone", "tablet", "desk"])
def test_a_passing_note_covers_nothing_and_leaves_its_space(people: People, device: str) -> None:
    page = people.page(signed_in="owner", at="/manage/{edition_id}/payments/terms", device=device)
    page.locator("form.form button[type=submit]").first.click()
    expect(page.locator(".toast")).to_be_in_viewport()
    page.evaluate(SETTLED)
    assert page.evaluate(COVERED) == []
    top = page.locator("main h1").evaluate("(one) => one.getBoundingClientRect().top")
    page.locator(".toast").evaluate("(one) => one.classList.add('is-over')")
    expect(page.locator(".toast")).to_be_hidden()
    assert page.locator("main h1").evaluate("(one) => one.getBoundingClientRect().top") == top
    page.locator(".toast").evaluate("(one) => one.classList.remove('is-over')")
    page.locator(".toasts").evaluate("(one) => Object.assign(one.style, { position: 'fixed', inset: '30% 0 auto' })")
    assert page.evaluate(COVERED) != []  # it would be seen


@pytest.mark.shared
@pytest.mark.parametrize("device", ["phone", "desk"])
def test_what_the_script_says_moves_nothing_under_a_finger(people: People, device: str) -> None:
    page = people.page(at="/dev/components", device=device)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    heading = page.locator("main h1")
    top = heading.evaluate("(one) => one.getBoundingClientRect().top")
    page.locator("[data-copy]").first.evaluate("(one) => one.click()")  # a press would scroll to it first
    expect(page.locator(".toast.is-said")).to_be_in_viewport()
    assert heading.evaluate("(one) => one.getBoundingClientRect().top") == top


@pytest.mark.shared
def test_the_number_of_an_invoice_stays_whole_in_its_heading(people: People) -> None:
    page = people.page(signed_in="owner", at="/manage/{edition_id}/payments", device="phone", locale="vi")
    page.locator("main tbody a").first.click()
    page.wait_for_url("**/payments/*")
    assert page.locator("main h1 .nowrap").evaluate("(one) => one.getClientRects().length") == 1


@pytest.mark.shared
def test_of_the_two_menus_in_the_header_one_is_open(people: People) -> None:
    for role, path in (
        ("owner", "/manage/{edition_id}"),
        ("owner", "/e/phu-nu-sang-tao-2026"),
        ("team_member", "/team"),
    ):
        for script in (True, False):
            page = people.page(signed_in=role, at=path, script=script)
            language, person = page.locator(".site-tools summary").all()
            for menu in (person, language, person):
                menu.click()
                assert page.locator(".site-tools details[open] summary").all_inner_texts() == [menu.inner_text()]


#: The labels of a row of fields, and their inputs, each stand on one line.
LINES = """() => [".field-label", ".input"].map((what) => new Set(
  [...document.querySelectorAll(".form-row")].flatMap((row) => [...row.querySelectorAll(`:scope > .field > ${what}`)]
    .map((one) => Math.round(one.getBoundingClientRect().top - row.getBoundingClientRect().top)))).size)"""
ENDS = """() => new Set([...document.querySelector("form.filters").children]
  .map((one) => Math.round(one.getBoundingClientRect().bottom))).size"""
HANGING = """() => [...document.querySelectorAll("td.cell-actions > .button")].filter((button) => {
  const middle = (box) => box.top + box.height / 2;
  const row = document.createRange();
  row.selectNodeContents(button.closest("tr").cells[1]);
  return Math.abs(middle(button.getBoundingClientRect()) - middle(row.getBoundingClientRect())) > 2;
}).length"""


@pytest.mark.shared
def test_what_belongs_together_stands_on_one_line_at_a_desk(people: People) -> None:
    page = people.page(signed_in="owner", at="/manage/{edition_id}/applications/new", device="desk")
    assert page.evaluate(LINES) == [1, 2]  # watts have the longest label of their row, which may take two lines
    for part in ("applications", "floorplan", "organisations", "orders"):
        page.goto(people.path(f"/manage/{{edition_id}}/{part}"))
        assert (part, page.evaluate(ENDS)) == (part, 1)
    page.goto(people.path("/manage/{edition_id}/gates"))
    assert page.locator("td.cell-actions > .button").count() > 3
    assert page.evaluate(HANGING) == 0


@pytest.mark.shared
def test_a_file_is_chosen_in_our_words(people: People) -> None:
    page = people.page(signed_in="owner", at="/manage/{edition_id}/import/applications", locale="en")
    field = page.get_by_label("Chọn bảng tính, hoặc thả vào đây", exact=True)
    assert page.locator(".file .button").inner_text() == "Chọn tệp"
    assert page.locator(".file-name").inner_text() == "Chưa chọn tệp nào"
    field.set_input_files({"name": "don.csv", "mimeType": "text/csv", "buffer": b"a"})
    assert page.locator(".file-name").inner_text() == "don.csv"
    outline = "(one) => getComputedStyle(one).outlineStyle"
    assert page.locator(".file .button").evaluate(outline) == "none"
    page.keyboard.press("Shift+Tab")
    field.focus()
    assert page.locator(".file .button").evaluate(outline) == "solid"


def test_a_double_click_neither_answers_nor_closes_the_question_it_opens(people: People) -> None:
    page = people.page(at="/dev/components", device="desk")
    page.get_by_role("button", name="Rút đơn").dblclick()
    expect(page.locator("dialog[open]")).to_be_visible()
    page.locator("dialog[open] button[value=no]").click()
    expect(page.locator("dialog[open]")).to_have_count(0)

"""A gate lead in the middle of a day: who has no code is found by name, a phone is replaced and loses nothing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.support.people import People
from tests.journeys.support.watch import assert_accessible
from tests.journeys.test_gate import ADMITTED, hold_out, may_be_alone
from tests.journeys.test_gate_trouble import offline
from tests.journeys.test_visitor import take_a_free_ticket

pytestmark = [pytest.mark.shared, pytest.mark.once]
LOOK = "#verdict.verdict-look:not([hidden])"


def bind(phone: Page, address: str) -> Page:
    """Open a card on a phone and bind it."""
    phone.goto(address)
    phone.locator("main form button[type=submit]").click()
    phone.wait_for_url("**/gate/**")
    return phone


def new_card(lead: Page, label: str, *, search: bool = False) -> str:
    """Let the lead make a card for a phone; gives its address."""
    lead.goto(re.sub(r"/gates.*", "/gates/phones/new", lead.url))
    lead.fill("[name=label]", label)
    if search:
        lead.check("[name=may_search]")
    lead.locator("main form button[type=submit]").click()
    return shown_card(lead)


def shown_card(lead: Page) -> str:
    address = lead.locator("a[href*='/invite/']").get_attribute("href")
    assert address is not None
    assert_accessible(lead)
    return address


def press(lead: Page, label: str, path: str) -> None:
    """Press what a phone's row offers under a path, and confirm it where that is asked."""
    lead.goto(re.sub(r"/gates.*", "/gates", lead.url))
    row = lead.locator("tr", has_text=label)
    row.locator(f"form[action$='{path}'] button").click()
    asked = lead.locator("dialog[open] button[value], dialog[open] .button").first
    if path == "/revoke":
        asked.click()


def kept(gate: Page) -> list[Any]:
    """All that a phone keeps of what it was told."""
    values: list[Any] = gate.evaluate(
        "() => new Promise((done) => { const opening = indexedDB.open('fairground-gate'); opening.onsuccess = () => { "
        "const asked = opening.result.transaction('values').objectStore('values').getAll(); "
        "asked.onsuccess = () => done(asked.result); }; })"
    )
    return values


def test_a_lead_lets_in_by_name_and_a_withdrawn_phone_forgets_whom_it_found(people: People) -> None:
    visitor = people.page()
    take_a_free_ticket(visitor, name="Giàng Thị Xuyến", contact="0987 654 399")
    lead = people.page(signed_in="owner", at="/manage/{edition_id}/gates", device="desk")
    gate = bind(people.page(), new_card(lead, "Máy trưởng cổng", search=True))
    may_be_alone(gate)
    found = gate.locator("#finder-found li")
    gate.locator("#find").click()
    gate.fill("#finder-name", "xuyen giang")
    gate.press("#finder-name", "Enter")
    expect(found).to_have_count(1)
    expect(found).to_contain_text("Giàng Thị Xuyến")
    assert_accessible(gate)
    found.get_by_role("button").click()
    expect(gate.locator(ADMITTED)).to_be_visible()
    expect(gate.locator("#finder")).to_be_hidden()
    assert "Giàng" not in gate.locator("body").inner_text()
    expect(gate.locator("#verdict")).to_be_hidden()

    gate.locator("#find").click()
    gate.fill("#finder-name", "xuyen giang")
    gate.press("#finder-name", "Enter")
    expect(found).to_contain_text("Đang ở trong")
    people.watch.allow(r"^401 ")
    gate.context.clear_cookies()  # as one that was withdrawn
    expect(gate.locator("#problem")).to_contain_text("đã bị thu hồi", timeout=15_000)
    expect(found).to_have_count(0)
    expect(gate.locator("#find")).to_be_hidden()
    assert "Giàng" not in gate.content() + str(kept(gate))


def test_a_phone_without_search_has_none(people: People) -> None:
    gate = bind(people.page(), people.ask("gate"))
    may_be_alone(gate)
    expect(gate.locator("#find")).to_be_hidden()


def test_a_phone_is_replaced_and_what_it_had_not_sent_leaves_it(people: People, tmp_path: Path) -> None:
    codes = people.passes(5)
    lead = people.page(signed_in="owner", at="/manage/{edition_id}/gates", device="desk")
    old = bind(people.page(device="tablet"), new_card(lead, "Máy sắp hỏng"))
    may_be_alone(old)
    offline(old)
    for code in codes:
        hold_out(old, code)
        expect(old.locator(ADMITTED)).to_be_visible()
        expect(old.locator("#verdict")).to_be_hidden()
    old.locator("#last").click()
    old.locator("#recent [data-hand-over] button").click()
    expect(old.locator("#handing-over-count")).to_contain_text("5")
    pictures = []
    for number in (1, 2):
        expect(old.locator("#handing-over-place")).to_have_text(f"{number} trên 2")
        expect(old.locator("#handing-over-code svg")).to_have_attribute("aria-label", f"{number} trên 2")
        assert_accessible(old)
        pictures.append(old.locator("#handing-over-code svg").screenshot())
        if number == 1:
            old.locator("#handing-over-next").click()
    expect(old.locator("#handing-over-next")).to_be_disabled()
    with old.expect_download() as saved:
        old.locator("#handing-over-share").click()
    file = tmp_path / "scans.json"
    saved.value.save_as(file)

    press(lead, "Máy sắp hỏng", "/replace")
    new = people.page(codes=pictures)
    new.on("dialog", lambda asked: asked.accept())  # whether scans of another phone are to be taken over
    with new.expect_response("**/api/v1/gate/scans", timeout=30_000) as handed:
        bind(new, shown_card(lead))
        expect(new.locator(LOOK)).to_be_visible(timeout=20_000)
    first = handed.value.json()["answers"]
    assert [answer["verdict"] for answer in first] == ["admitted"] * len(first)

    people.watch.allow(r"^401 ")
    old.locator("#handing-over-close").click()
    old.context.set_offline(False)
    expect(old.locator("#problem")).to_contain_text("đã bị thu hồi", timeout=20_000)
    expect(old.locator("#problem [data-hand-over]")).to_be_visible()
    old.reload()  # it is no gate phone any more, and still has what it has not sent
    old.locator("main [data-hand-over]").click()
    expect(old.locator("#handing-over-place")).to_have_text("1 trên 2")
    expect(old.locator("#handing-over-code svg")).to_be_visible()
    assert_accessible(old)

    lead.goto(re.sub(r"/gates.*", "/gates/handed-over", lead.url))
    assert_accessible(lead)
    lead.set_input_files("[name=file]", file)
    lead.locator("main form button[type=submit]").click()
    expect(lead.locator(".toast, [data-toast], #toasts").first).to_contain_text("lượt")

    old.once("dialog", lambda asked: asked.accept())
    old.locator("#handing-over-give-up").click()
    expect(old.locator("#handing-over")).to_be_hidden()
    expect(old.locator("main [data-hand-over]")).to_be_hidden()

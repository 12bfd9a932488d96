"""A buyer looks after her own tickets: other names, one given away, one cancelled, and the link once more."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.journeys.support.people import People
from tests.journeys.support.places import SLUG
from tests.journeys.support.watch import assert_accessible

FESTIVAL = f"/e/{SLUG}"
UNTIL = "2026-10-17T18:00"


def let_buyers(owner: Page) -> None:
    """Let buyers change names, give tickets away and cancel them until the second evening."""
    for field in ("names_until", "changes_until", "handing_until", "back_until"):
        owner.fill(f"[name={field}]", UNTIL)
    owner.locator("main form button[type=submit]").click()
    expect(owner.locator("[name=names_until]")).to_have_value(UNTIL)


def order(page: Page, count: int, contact: str) -> str:
    """Order free tickets; gives the address of the order's page."""
    page.goto(f"{FESTIVAL}/tickets")
    page.locator("select[name^=n-]").first.select_option(str(count))
    press(page)
    page.fill("[name=full_name]", "Hoàng Thị Mơ")
    page.fill("[name=contact]", contact)
    press(page)
    page.wait_for_url("**/tickets/done/**")
    return page.url


def press(page: Page) -> None:
    """Press the button that a page is for."""
    page.locator("main form:not([action$=resend]) button[type=submit]").first.click()


def links_in_messages(page: Page, part: str) -> list[str]:
    """The links that the messages of the demo's outbox bring, the newest first."""
    page.goto("/dev/outbox")
    return re.findall(rf"{FESTIVAL}/tickets/{part}/[\w-]+", page.content())


def test_three_tickets_one_renamed_one_given_away_one_cancelled(people: People) -> None:
    let_buyers(people.page(signed_in="owner", at="/manage/{edition_id}/tickets/rules", device="desk"))
    page = people.page()
    own = order(page, 3, "mo@example.vn")

    page.goto(f"{own}/names")
    assert_accessible(page)
    page.locator("[name^=name_]").nth(1).fill("Bùi Thị Lụa")
    press(page)
    page.wait_for_url(own)
    cards = page.locator("main section.card")
    expect(cards.nth(1)).to_contain_text("Bùi Thị Lụa")

    first_pass = cards.first.locator("a[href*='/pass/']").get_attribute("href")
    cards.first.locator("a[href*='/give/']").click()
    page.fill("[name=full_name]", "Vũ Thị Hạnh")
    page.fill("[name=contact]", "hanh@example.vn")
    assert_accessible(page)
    press(page)
    expect(cards.first.locator("form[action$=withdraw]")).to_be_visible()

    friend = people.page(at=links_in_messages(page, "given")[0])
    assert_accessible(friend)
    friend.locator("[name=agreed]").check(force=True)
    press(friend)
    friend.wait_for_url("**/pass/**")
    expect(friend.locator("h1")).to_have_text("Vũ Thị Hạnh")
    assert first_pass is not None
    assert first_pass not in friend.url

    page.goto(f"{own}/cancel")
    page.locator("label.choice", has_text="Bùi Thị Lụa").locator("input").check(force=True)
    press(page)
    assert_accessible(page)
    press(page)
    page.wait_for_url(own)
    expect(page.locator("main a[href*='/pass/']")).to_have_count(1)  # of three: one is hers still

    before = links_in_messages(page, "done")
    page.goto(f"{FESTIVAL}/tickets/again")
    page.fill("[name=contact]", "mo@example.vn")
    press(page)
    expect(page.locator(".toast")).to_be_visible()
    after = links_in_messages(page, "done")
    assert len(after) > len(before)
    assert own.endswith(after[0])

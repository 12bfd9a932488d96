"""Registering by the poster: an organiser opens it, a visitor has a pass after two fields, and has it again."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.journeys.support.people import People
from tests.journeys.support.watch import assert_accessible


def test_two_fields_lead_to_a_pass_and_to_the_same_again(people: People) -> None:
    owner = people.page(signed_in="owner", at="/manage/{edition_id}/tickets/register", device="desk")
    owner.locator("select[name=ticket_type]").select_option(index=1)
    owner.locator("main form button[type=submit]").click()
    expect(owner.get_by_role("link", name="Áp phích, A3")).to_be_visible()
    assert_accessible(owner)
    address = owner.locator("main section a").first.get_attribute("href") or ""
    visitor = people.page()
    shown = []
    for _time in range(2):
        visitor.goto(re.sub(r"^https?://[^/]+", "", address))
        assert_accessible(visitor)
        visitor.fill("[name=full_name]", "Lò Thị Mai")
        visitor.fill("[name=phone]", "0987 654 321")
        visitor.locator("main form button[type=submit]").click()
        visitor.wait_for_url("**/pass/**")
        expect(visitor.locator("main svg").first).to_be_visible()
        shown.append(visitor.url)
    assert shown[0] == shown[1]

"""Counting at a gate that anybody may enter: +1 and +5, the network down, closed and opened again, taken back."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.journeys.support.people import People
from tests.journeys.support.watch import assert_accessible
from tests.journeys.test_gate import may_be_alone, paired_phone


def tap(page: Page, visitors: int) -> None:
    """Tap so many."""
    page.locator(f"[data-visitors='{visitors}']").click()


def test_taps_outlive_the_network_and_the_page_and_count_once(people: People) -> None:
    phone = paired_phone(people)
    may_be_alone(phone)
    phone.get_by_role("link", name="Đếm khách").click()
    figure, undo, waiting = phone.locator("#visitors"), phone.locator("#undo"), phone.locator("#waiting")
    expect(figure).to_have_text("0")
    expect(undo).to_be_disabled()
    assert_accessible(phone)
    tap(phone, 5)
    expect(figure).to_have_text("5")
    expect(waiting).to_be_hidden()
    phone.context.set_offline(True)
    tap(phone, 1)
    tap(phone, 5)
    expect(figure).to_have_text("11")
    expect(waiting).to_be_visible()
    undo.click()
    expect(figure).to_have_text("6")
    phone.reload()
    expect(figure).to_have_text("6")
    expect(waiting).to_contain_text("3 lần bấm chờ")
    expect(undo).to_have_text("Rút lại +1")
    undo.click()
    expect(phone.locator("#waiting-count")).to_have_text("4")
    assert_accessible(phone)
    phone.context.set_offline(False)
    expect(waiting).to_be_hidden(timeout=15_000)
    expect(figure).to_have_text("5")
    owner = people.page(signed_in="owner", at="/manage/{edition_id}/live", device="desk")
    expect(owner.locator("#counted .figure-large")).to_have_text("5")

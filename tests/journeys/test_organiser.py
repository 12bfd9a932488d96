"""An organiser: the dashboard, a sheet of applications with mistakes and without, the plan, the allocation."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.journeys.support.people import People
from tests.journeys.support.watch import assert_accessible, fits_its_frame
from tests.support.service import ROOT

SHEETS = ROOT / "app" / "demo" / "sheets"
EDITION = "/manage/{edition_id}"


def upload(page: Page, people: People, kind: str, sheet: Path) -> None:
    """Choose a sheet on the page of its kind and have it checked."""
    page.goto(people.path(f"{EDITION}/import/{kind}"))
    page.set_input_files("input[type=file]", sheet)
    page.locator("main form[enctype] button[type=submit]").click()
    page.wait_for_url("**/import/batch/**")


def count_applications(page: Page, people: People) -> int:
    """Return how many applications wait for a booth, as the page of the allocation says."""
    page.goto(people.path(f"{EDITION}/allocation"))
    return int(page.locator("main dl.facts .figure-large").first.inner_text().replace(".", ""))


def confirm(page: Page) -> None:
    """Say yes to what a dialog asks."""
    page.locator("dialog button[value=yes]").click()


def test_a_sheet_is_shown_with_its_mistakes_before_anything_is_written(people: People) -> None:
    page = people.page(signed_in="owner", at=EDITION, device="desk")
    assert_accessible(page)
    before = count_applications(page, people)
    upload(page, people, "applications", SHEETS / "applications_with_errors.xlsx")
    expect(page.locator("td.is-wrong, .preview-reason").first).to_be_visible()
    assert page.locator("form[action$='/accept']").count() == 0
    assert_accessible(page)
    assert count_applications(page, people) == before

    upload(page, people, "applications", SHEETS / "applications_late.xlsx")
    page.locator("form[action$='/accept'] button").click()
    expect(page.locator("main .notice.tone-done")).to_be_visible()
    after = count_applications(page, people)
    assert after > before

    upload(page, people, "applications", SHEETS / "applications_late.xlsx")
    page.locator("form[action$='/accept'] button").click()
    expect(page.locator("main .notice.tone-done")).to_be_visible()
    assert count_applications(page, people) == after


def test_booths_are_proposed_looked_at_and_published(people: People) -> None:
    page = people.page(signed_in="owner", at=f"{EDITION}/floorplan", device="desk")
    expect(page.locator("main svg a").first).to_be_visible()
    assert_accessible(page)
    waiting = count_applications(page, people)
    page.locator("form[action$='/allocation/start'] button").click()
    publish = page.locator("form[action$='/publish'] button")
    publish.wait_for(timeout=90_000)
    assert_accessible(page)
    publish.press("Enter")
    page.locator("dialog[open]").wait_for()
    page.keyboard.press("Shift+Tab")  # from Cancel to the word that does it, quicker than two clicks
    page.keyboard.press("Enter")
    expect(page.locator("main .badge.tone-done").first).to_be_visible()
    assert count_applications(page, people) < waiting
    page.goto(people.path(f"{EDITION}/floorplan"))
    page.locator("main svg a.map-taken, main svg .map-taken").first.wait_for()
    page.goto(people.path(f"{EDITION}/audit?action=allocation.publish&lang=en"))
    assert "Published the allocation" in page.locator("main").inner_text()
    page.goto(people.path(f"{EDITION}/settings"))
    page.fill("[name=intro_en]", "Three days with women who keep crafts alive. " * 40)
    page.locator("form:has([name=intro_en]) button[type=submit]").click()
    page.locator(".toast").wait_for()  # who goes on before the answer may not have sent it
    page.goto(people.path(f"{EDITION}/audit?action=edition.update"))
    expect(page.locator(".changes del").first).to_be_visible()
    assert fits_its_frame(page)

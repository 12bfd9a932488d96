"""An idea from its first word to its award: team, chair, judge with a tablet, chair, everybody."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.journeys.support.people import People
from tests.journeys.support.places import SLUG
from tests.journeys.support.watch import assert_accessible
from tests.journeys.test_jury_tablet import SAVED, open_the_first_round, score

#: Texts of the ranking that run past the right edge of their row.
RUN_OVER = """() => [...document.querySelectorAll(".band-row")].flatMap((row) =>
  [...row.querySelectorAll("span")].filter((part) =>
    part.getBoundingClientRect().right > row.getBoundingClientRect().right + 1).map((part) => part.textContent))"""
TITLE = "Giấy dó từ vỏ cây dướng bỏ đi"


def enter_idea(page: Page) -> None:
    """Write an idea in four steps and send it in."""
    page.fill("[name=title]", TITLE)
    page.fill("[name=team_name]", "Nhóm Giấy Dó")
    page.locator("main form button[type=submit]").click()
    page.fill("[name=summary]", "Chúng tôi làm giấy dó từ vỏ cây mà làng vẫn đốt bỏ mỗi mùa.")
    page.fill("[name=problem]", "Vỏ cây bị đốt, khói bay khắp làng, người làm giấy thiếu nguyên liệu.")
    page.fill("[name=solution]", "Ngâm vôi, giã, xeo thủ công; bán cho thợ tranh và quán cà phê.")
    page.locator("main form button[type=submit]").click()
    page.locator("main a[href$='/edit/4']").click()
    assert_accessible(page)
    page.locator("form[action$='/submit'] button").click()
    page.wait_for_url("**/team/ideas/*")


def confirm(page: Page) -> None:
    """Say yes to what a dialog asks."""
    page.locator("dialog button[value=yes]").click()


def test_an_idea_is_entered_scored_and_awarded(people: People) -> None:
    team = people.page(signed_in="team_member", at="/team/{edition_id}/new")
    enter_idea(team)
    own = team.url
    public = people.page(at=f"/e/{SLUG}/contest")
    public.goto(f"/e/{SLUG}/contest?q=giay+do")
    expect(public.locator("main")).to_contain_text(TITLE)

    chair = open_the_first_round(people)
    tablet = people.page(device="tablet-landscape", at=people.ask("judge"))
    tablet.locator("main form button[type=submit]").click()
    tablet.wait_for_url("**/judge/**")
    tablet.locator(".jury-item").first.click()
    expect(tablet.locator(".jury-criterion").first).to_be_visible()  # the list has a heading of its own
    best = tablet.locator("h1").first.inner_text()
    score(tablet, 5)
    tablet.fill("#comment_to_team", "Rất rõ ràng. Hãy nói thêm về giá bán.")
    expect(tablet.locator(SAVED)).to_be_visible()
    expect(chair.locator(".figure-large")).to_contain_text("1 /")

    chair.locator("a[href$='/ranking'].chip").click()
    expect(chair.locator(".band-row a").first).to_have_text(best)
    assert_accessible(chair)
    chair.set_viewport_size({"width": 1440, "height": 900})
    assert chair.evaluate(RUN_OVER) == []
    chair.locator("form[action$='/lock'] button").click()
    confirm(chair)
    chair.locator("form[action*='/awards#'] button").click()
    chair.locator("form[action*='/publish'] [name=confirmed]").check()
    chair.locator("form[action*='/publish'] button").click()
    confirm(chair)
    expect(chair.locator("form[action*='/publish']")).to_have_count(0)

    public.goto(f"/e/{SLUG}")
    expect(public.locator(".award-idea").first).to_have_text(best)
    assert_accessible(public)
    team.goto(own)
    assert_accessible(team)

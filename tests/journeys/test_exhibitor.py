"""An exhibitor fills its page and prints its poster; a visitor scans it, reads, saves and leaves a contact."""

from __future__ import annotations

from io import BytesIO

from PIL import Image
from playwright.sync_api import Page, expect

from tests.journeys.support.people import People
from tests.journeys.support.places import SLUG
from tests.journeys.support.watch import assert_accessible
from tests.journeys.test_organiser import confirm

FESTIVAL = f"/e/{SLUG}"
HOME = "/exhibitor/{organisation_id}/{edition_id}"
STORY = "Xưởng nhỏ bốn người bên bến sông Hồng."


def photo(colour: str) -> dict[str, object]:
    """Return a picture to upload."""
    buffer = BytesIO()
    Image.new("RGB", (1200, 900), colour).save(buffer, "JPEG")
    return {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": buffer.getvalue()}


def publish_booths(people: People) -> None:
    """Allocate every booth, as the organiser does."""
    page = people.page(signed_in="owner", at="/manage/{edition_id}/allocation", device="desk")
    page.locator("form[action$='/allocation/start'] button").click()
    publish = page.locator("form[action$='/publish'] button")
    publish.wait_for(timeout=90_000)
    publish.click()
    confirm(page)
    page.locator("main .badge.tone-done").first.wait_for()


def save(page: Page) -> None:
    """Press the button of the page's own form."""
    page.locator("main form[enctype] button[type=submit]").click()


def test_from_the_booth_to_a_visitors_contact(people: People) -> None:
    publish_booths(people)
    page = people.page(signed_in="exhibitor_owner", at="/exhibitor/")
    page.wait_for_url(f"**{people.path(HOME)}")
    assert page.locator(".booth-number").inner_text()
    assert page.locator(".booth-plate ~ section li").count() >= 1  # why this booth
    assert_accessible(page)

    page.goto(people.path(f"{HOME}/profile"))
    page.fill("[name=story_vi]", STORY)
    page.set_input_files("[name=photo]", photo("#9e1b32"))
    assert_accessible(page)
    save(page)
    page.wait_for_url(f"**{people.path(HOME)}")

    people.watch.allow("422 POST .*/products/new")
    page.goto(people.path(f"{HOME}/products/new"))
    page.fill("[name=name_vi]", "Bát men lam hoa cúc")
    page.fill("[name=price]", "185.000")
    page.set_input_files("[name=photos]", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"no picture"})
    save(page)
    expect(page.locator("[name=photos][aria-invalid=true]")).to_be_visible()
    assert page.input_value("[name=name_vi]") == "Bát men lam hoa cúc"
    page.set_input_files("[name=photos]", photo("#0b6e4f"))
    save(page)
    page.wait_for_url("**/products")
    assert_accessible(page)
    page.go_back()
    page.wait_for_url("**/products/new")  # and the browser does not ask whether to send the refused form again
    assert page.input_value("[name=name_vi]") == ""

    poster = page.request.get(people.path(f"{HOME}/poster.pdf"))
    assert poster.body().startswith(b"%PDF-")

    visitor = people.page(locale="vi", at=people.ask("code", "booth"))
    assert "/booths/" in visitor.url
    assert STORY in visitor.locator("main").inner_text()
    assert_accessible(visitor)
    visitor.locator("form[action$='/saved'] button").click()
    visitor.locator("form[action$='/saved']:not(:has([name=keep]))").wait_for()  # it is kept
    visitor.locator("main a", has_text="Bát men lam hoa cúc").click()
    expect(visitor.locator("main")).to_contain_text("185.000")
    assert_accessible(visitor)
    visitor.locator("a[href*='/contact?product=']").click()
    assert not visitor.locator("[name=consent]").is_checked()
    visitor.fill("[name=name]", "Lê Ngọc Ánh")
    visitor.fill("[name=phone]", "0912 345 678")
    visitor.check("[name=consent]")
    assert_accessible(visitor)
    visitor.locator("main form[method=post] button[type=submit]").click()
    visitor.wait_for_url("**/products/*")
    visitor.goto(f"{FESTIVAL}/saved")
    assert visitor.locator("article.tile").count() == 1

    page.goto(people.path(f"{HOME}/leads"))
    assert "Lê Ngọc Ánh" in page.locator("main").inner_text()
    assert_accessible(page)
    page.goto(people.path(HOME))
    assert page.locator(".figure-large").first.inner_text() == "1"


def test_the_catalogue_is_searched_without_accents_with_and_without_script(people: People) -> None:
    publish_booths(people)
    for script in (True, False):
        page = people.page(script=script, at=f"{FESTIVAL}/catalogue")
        page.fill("[name=q]", "men lam")
        page.press("[name=q]", "Enter")
        page.wait_for_url("**q=men+lam**")
        assert any("men lam" in name for name in page.locator("article.tile h2").all_inner_texts())
        page.goto(f"{FESTIVAL}/map")
        page.locator(".booth-list summary").first.click()
        page.locator(".booth-list a").first.click()
        assert page.locator("h1").inner_text()
        if script:
            assert_accessible(page)

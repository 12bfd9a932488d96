"""An officer registers somebody without a phone, fills in for her, and hands the account over by a card."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.journeys.support.people import DEVICES, People
from tests.journeys.support.watch import assert_accessible

REGISTERED = "/manage/{edition_id}/people/registered"
PICTURES = Path(__file__).parent / "screenshots" / "officer"
#: Makes a card as a program would: the page itself shows it as a QR code alone.
CARD = """async (path) => {
  const token = document.querySelector("[name=_csrf_token]").value;
  const answer = await fetch(path, { method: "POST", headers: { "x-csrftoken": token } });
  return (await answer.json()).url;
}"""


def picture(page: Page, name: str) -> None:
    """Keep the page as it is on the three screens, and see that it fits each."""
    size = page.viewport_size
    for device in ("phone", "tablet", "desk"):
        width, height = DEVICES[device]
        page.set_viewport_size({"width": width, "height": height})
        page.screenshot(path=PICTURES / f"{name}-{width}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    if size is not None:
        page.set_viewport_size(size)


def register(page: Page, people: People) -> None:
    """Fill the form as it is filled beside somebody who has no phone."""
    page.goto(people.path(f"{REGISTERED}/new"))
    assert_accessible(page)
    picture(page, "register")
    page.fill("[name=full_name]", "Vàng Thị Pà")
    page.fill("[name=organisation]", "Hộ lanh Pà")
    page.fill("[name=ward]", "Lùng Tám")
    page.check("[name=through][value=in_person]")
    page.check("[name=consent]")
    page.locator("main form button[type=submit]").click()


def test_from_the_first_word_to_an_account_of_her_own(people: People) -> None:
    page = people.page(signed_in="owner", device="tablet")
    register(page, people)
    page.wait_for_url(re.compile(r"/people/registered/\d+$"))
    record = page.url
    assert_accessible(page)
    picture(page, "record")

    page.locator("form[action$='/fill-in'] button").click()
    banner = page.locator(".filling-in")
    expect(banner).to_contain_text("Vàng Thị Pà")
    assert_accessible(page)
    picture(page, "filling-in")
    home = page.url
    page.goto(home + "/products/new")
    page.fill("[name=name_vi]", "Khăn lanh")
    page.fill("[name=price]", "250000")
    page.locator("main form:has([name=name_vi]) button[type=submit]").first.click()
    expect(page.locator("main")).to_contain_text("Khăn lanh")
    people.watch.allow("403 GET .*/leads")
    answer = page.goto(home + "/leads")
    assert answer is not None
    assert answer.status == 403
    page.locator(".filling-in button").click()
    page.wait_for_url(record)
    expect(banner).to_have_count(0)

    page.locator("form[action$='/card'] button").click()
    expect(page.locator("figure.qr svg")).to_be_visible()
    assert_accessible(page)
    picture(page, "card")
    page.goto(record)
    api = record.replace("/manage/", "/api/v1/manage/").replace("/people/registered/", "/registered/")
    address = page.evaluate(CARD, f"{api}/card")

    hers = people.page(device="phone")
    hers.goto(address)
    assert_accessible(hers)
    picture(hers, "take-over")
    hers.locator("main form button[type=submit]").click()
    hers.wait_for_url("**/account/filled-in")
    expect(hers.locator("main")).to_contain_text("Khăn lanh")
    assert_accessible(hers)
    picture(hers, "filled-in")
    with hers.expect_navigation():
        hers.locator("main form[action*='/account/data/consents/'] button").first.click()
    hers.goto(hers.url.partition("/account")[0] + "/account/filled-in")
    hers.locator("form[action$='/take-over'] button").click()
    hers.wait_for_url("**/exhibitor/**")

    people.watch.allow("410 GET .*/take-over/")
    late = people.page(device="phone")
    answer = late.goto(address)
    assert answer is not None
    assert answer.status == 410

    page.goto(record)
    expect(page.locator("form[action$='/fill-in'], form[action$='/card']")).to_have_count(0)
    picture(page, "handed-over")
    page.goto(people.path(REGISTERED))
    expect(page.locator("main")).to_contain_text("Vàng Thị Pà")
    assert_accessible(page)
    picture(page, "list")

"""A visitor takes a free ticket, gets the message and the pass, and keeps it as a picture and as a PDF."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.journeys.support.people import People
from tests.journeys.support.places import SLUG
from tests.journeys.support.watch import assert_accessible

pytestmark = pytest.mark.shared

FESTIVAL = f"/e/{SLUG}"


def take_a_free_ticket(page: Page, *, name: str, contact: str) -> None:
    """Walk from the festival's page to the pass, as somebody with a thumb would."""
    page.goto(FESTIVAL)
    page.locator(f"main a[href='{FESTIVAL}/tickets']").first.click()
    page.locator("select[name^=n-]").first.select_option("1")
    page.locator("main form button[type=submit]").click()
    page.fill("[name=full_name]", name)
    page.fill("[name=contact]", contact)
    page.select_option("[name=locale]", "vi")
    page.locator("main form[method=post] button[type=submit]").first.click()
    page.wait_for_url("**/tickets/done/**")
    page.locator("main a[href*='/pass/']").first.click()
    page.wait_for_url("**/pass/**")


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_a_ticket_in_two_steps(people: People, script: bool) -> None:
    page = people.page(locale="vi", script=script)
    take_a_free_ticket(page, name="Hoàng Thị Mơ", contact="0912 345 678")
    assert page.locator("h1").inner_text() == "Hoàng Thị Mơ"
    assert page.locator("main svg").first.is_visible()


@pytest.mark.once
def test_the_open_section_is_in_sight_on_a_phone(people: People) -> None:
    page = people.page(locale="vi")
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{FESTIVAL}/contest")
    box = page.locator(".site-nav [aria-current=page]").bounding_box()
    assert box is not None
    assert (box["x"] >= 0, box["x"] + box["width"] <= 360) == (True, True)


@pytest.mark.once
def test_the_chosen_day_is_in_sight_on_a_phone(people: People) -> None:
    page = people.page(locale="vi", at=f"{FESTIVAL}/programme")
    page.locator(".tabs a").last.click()
    page.wait_for_url("**day=**")
    chosen = page.locator(".tabs [aria-current=page]")
    assert chosen.inner_text() == page.locator(".tabs a").last.inner_text()
    page.locator("html.scripted").wait_for()
    box = chosen.bounding_box()
    assert box is not None
    assert (box["x"] >= 0, box["x"] + box["width"] <= 360) == (True, True)


@pytest.mark.once
@pytest.mark.parametrize(("script", "part"), [(False, "#here"), (True, "#here"), (True, "")])
def test_the_sought_booth_is_in_sight_on_a_phone(people: People, script: bool, part: str) -> None:
    page = people.page(locale="vi", at=f"{FESTIVAL}/map", script=script)
    booths = page.locator(".map-plan").last.locator("a").all()
    far = max(booths, key=lambda booth: (booth.bounding_box() or {"x": 0})["x"])
    number = (far.get_attribute("href") or "").rpartition("/")[2]
    page.goto(f"{FESTIVAL}/map?booth={number}{part}")
    page.locator(".map-here").wait_for()
    box, frame = page.locator(".map-plan .map-chosen").bounding_box(), page.locator(".map-here + .map .map-view")
    around = frame.bounding_box()
    assert box is not None
    assert around is not None
    assert (box["x"] >= around["x"], box["x"] + box["width"] <= around["x"] + around["width"]) == (True, True)
    line = page.locator(".map-here").bounding_box()
    assert line is not None
    assert (box["y"] >= line["y"] + line["height"], box["y"] + box["height"] <= 780) == (True, True)


def test_the_pass_is_a_page_a_picture_and_a_document(people: People) -> None:
    page = people.page(locale="vi")
    take_a_free_ticket(page, name="Đặng Thị Ý", contact="y@example.vn")
    assert_accessible(page)
    secret = page.url.rpartition("/")[2]
    picture = page.request.get(f"/pass/{secret}.png")
    assert Image.open(BytesIO(picture.body())).width >= 300
    document = page.request.get(f"/pass/{secret}.pdf")
    assert document.body().startswith(b"%PDF-")
    calendar = page.request.get(f"/pass/{secret}.ics")
    assert calendar.text().startswith("BEGIN:VCALENDAR")


def test_the_message_stands_on_screen_in_the_demo(people: People) -> None:
    page = people.page(locale="vi")
    take_a_free_ticket(page, name="Vũ Thị Hạnh", contact="hanh@example.vn")
    address = page.url
    page.goto("/dev/outbox")
    assert "hanh@example.vn" in page.locator("main").inner_text()
    assert address.rpartition("/")[2] in page.content()


def test_who_reads_the_code_of_a_pass_sees_the_festival_and_no_name(people: People) -> None:
    code = people.passes(1)[0]
    page = people.page(locale="vi", at=code.replace("HTTP://", "http://"))
    text = page.locator("main").inner_text()
    assert "16–18/10/2026" in text
    assert page.locator("a[href*='/pass/']").count() == 0
    assert_accessible(page)


def test_a_mistake_is_said_beside_its_field_and_nothing_is_lost(people: People) -> None:
    people.watch.allow("422 POST .*/tickets/order")
    page = people.page(locale="vi", at=f"{FESTIVAL}/tickets")
    page.locator("select[name^=n-]").first.select_option("1")
    page.locator("main form button[type=submit]").click()
    page.fill("[name=full_name]", "Bùi Thị Lụa")
    page.fill("[name=contact]", "không phải số")
    page.locator("main form[method=post] button[type=submit]").first.click()
    expect(page.locator("[name=contact][aria-invalid=true]")).to_be_visible()
    assert page.input_value("[name=full_name]") == "Bùi Thị Lụa"
    assert_accessible(page)

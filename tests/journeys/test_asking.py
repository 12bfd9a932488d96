"""An organiser asks for a ward when tickets are ordered and for a consent at the gate; a buyer and a gate answer."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.journeys.support.people import People
from tests.journeys.support.places import SLUG
from tests.journeys.support.watch import assert_accessible
from tests.journeys.test_gate import ADMITTED, hold_out, paired_phone

FESTIVAL = f"/e/{SLUG}"
FAMILY = "Số điện thoại của người thân?"
PHOTOS = "Bạn có đồng ý được chụp ảnh không?"


def ask(owner: Page, kind: str, wording: str, *, choices: str = "", everywhere: bool = False) -> None:
    """Make a question as an organiser does, of every ticket type or only for gates."""
    owner.locator("main a[href$='/questions/new']").first.click()
    owner.select_option("[name=kind]", kind)
    owner.fill("[name=wording_vi]", wording)
    if choices:
        owner.locator("main form details summary").first.click()
        owner.fill("[name=choices_vi]", choices)
        owner.check("[name=required]")
    for box in owner.locator("[name=ticket_types]").all() if everywhere else ():
        box.check()
    assert_accessible(owner)
    owner.locator("main form button[type=submit]").first.click()
    owner.wait_for_url("**/tickets/questions")


def order(visitor: Page) -> None:
    """Go on to the second step of an order of two tickets, and send it without an answer first."""
    visitor.goto(f"{FESTIVAL}/tickets")
    visitor.locator("select[name^=n-]").first.select_option("2")
    visitor.locator("main form button[type=submit]").click()
    visitor.fill("[name=full_name]", "Lò Thị Mai")
    visitor.fill("[name=contact]", "0987 654 321")
    send = visitor.locator("main form[method=post] button[type=submit]").first
    send.click()
    expect(visitor.locator(".form-errors")).to_be_visible()
    assert visitor.input_value("[name=full_name]") == "Lò Thị Mai"
    assert_accessible(visitor)
    for place in range(2):
        visitor.locator("main form section").nth(place).get_by_label("Phường Tây Hồ").check()
    send.click()
    visitor.wait_for_url("**/tickets/done/**")


def test_questions_from_the_organiser_to_the_gate(people: People) -> None:
    people.watch.allow("422 POST .*/tickets/order")
    owner = people.page(signed_in="owner", at="/manage/{edition_id}/tickets/questions", device="desk")
    ask(owner, "choice", "Bạn ở phường nào?", choices="Phường Tây Hồ\nPhường Hoàn Kiếm", everywhere=True)
    ask(owner, "consent", PHOTOS)
    ask(owner, "phone", FAMILY)
    owner.goto(people.path("/manage/{edition_id}/gates"))
    owner.locator("main a[href*='/gates/lists/']:not([href$='/new'])").first.click()
    owner.get_by_label(PHOTOS).check()
    owner.get_by_label(FAMILY).check()
    owner.locator("main form button[type=submit]").first.click()
    owner.wait_for_url("**/gates")

    visitor = people.page(locale="vi", device="phone")
    order(visitor)
    visitor.locator("main a[href*='/pass/']").first.click()
    visitor.wait_for_url("**/pass/**")
    found = re.search(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}\b", visitor.locator("main").inner_text())
    assert found is not None

    gate = paired_phone(people)
    hold_out(gate, found[0])
    asking = gate.locator("#asking")
    expect(asking).to_be_visible()
    expect(gate.locator("#asking-text")).to_have_text(PHOTOS)
    assert_accessible(gate)
    gate.locator("#asking-leave").click()
    expect(gate.locator("#verdict-word")).to_have_text("Cần hỏi trước")
    gate.locator("#verdict").click()
    hold_out(gate, found[0])
    asking.get_by_role("button", name="Không đồng ý").click()
    expect(gate.locator("#asking-text")).to_have_text(FAMILY)
    gate.fill("#asking-field", "12")
    asking.get_by_role("button", name="Tiếp tục").click()
    expect(gate.locator("#asking-label")).to_have_text("Câu trả lời đó chưa đúng: vui lòng hỏi lại.")
    assert_accessible(gate)
    gate.fill("#asking-field", "0912 345 678")
    asking.get_by_role("button", name="Tiếp tục").click()
    expect(gate.locator(ADMITTED)).to_be_visible()

    owner.goto(people.path("/manage/{edition_id}/orders"))
    owner.locator("main table a").first.click()
    answers = owner.locator("section[aria-labelledby=answers]")
    expect(answers).to_contain_text("Phường Tây Hồ")
    expect(answers).to_contain_text("Không đồng ý")
    expect(answers).to_contain_text("0912 345 678")
    assert_accessible(owner)

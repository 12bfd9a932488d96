"""A delegation orders for its members with a sheet; a friend of the festival says what her ticket shall cost."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.journeys.support.people import People
from tests.journeys.support.places import SLUG
from tests.journeys.support.watch import assert_accessible

FESTIVAL = f"/e/{SLUG}"
SHEET = "Họ và tên;Phường\nLò Thị Mai;Tây Hồ\n;Tây Hồ\nSiti Rahayu;Hoàn Kiếm\n"


def test_a_ward_orders_with_a_sheet_of_names(people: People) -> None:
    people.watch.allow("422 POST .*/tickets/group")
    owner = people.page(signed_in="owner", at="/manage/{edition_id}/tickets/{type_id}", device="desk")
    owner.fill("[name=group_most]", "40")
    owner.locator("main form button[type=submit]").first.click()
    owner.wait_for_url("**/tickets")

    ward = people.page(locale="vi", device="phone", at=f"{FESTIVAL}/tickets")
    ward.locator("main a[href$='/tickets/group']").click()
    assert_accessible(ward)
    sheet = {"name": "doan.csv", "mimeType": "text/csv", "buffer": SHEET.encode()}
    ward.set_input_files("[name=sheet]", sheet)
    ward.get_by_role("button", name="Đọc bảng tính").click()
    expect(ward.locator("main table")).to_contain_text("Vui lòng ghi tên.")
    assert ward.input_value("[name=names]") == "Lò Thị Mai\n–\nSiti Rahayu"
    assert_accessible(ward)
    ward.fill("[name=names]", "Lò Thị Mai\nH'Hen Niê\nSiti Rahayu")
    ward.fill("[name=full_name]", "Hội Phụ nữ phường Tây Hồ")
    ward.fill("[name=contact]", "hoi@example.vn")
    ward.get_by_role("button", name="Đặt vé", exact=True).click()
    ward.wait_for_url("**/tickets/done/**")
    expect(ward.locator("main")).to_contain_text("H'Hen Niê")

    ward.locator("main a[href$='/names']").click()
    assert_accessible(ward)
    ward.set_input_files("[name=sheet]", {**sheet, "buffer": "Tên\nMai\nNiê\n".encode()})
    ward.get_by_role("button", name="Đọc bảng tính").click()
    expect(ward.locator("main input[name^=name_]").first).to_have_value("Mai")
    ward.get_by_role("button", name="Lưu tên").click()
    ward.wait_for_url("**/tickets/done/*")
    expect(ward.locator("main")).to_contain_text("Niê")


def test_a_friend_says_how_much(people: People) -> None:
    people.watch.allow("422 GET .*/tickets/order")
    owner = people.page(signed_in="owner", at="/manage/{edition_id}/tickets/new", device="desk")
    for name, value in {"code": "QUY", "name_vi": "Vé ủng hộ", "price": "20.000", "quota": "50"}.items():
        owner.fill(f"[name={name}]", value)
    owner.locator("main form details summary").first.click()
    owner.check("[name=donation]")
    owner.fill("[name=suggestions]", "50.000\n100.000")
    assert_accessible(owner)
    owner.locator("main form button[type=submit]").first.click()
    owner.wait_for_url("**/tickets")

    friend = people.page(locale="vi", device="phone", at=f"{FESTIVAL}/tickets")
    offer = friend.locator("section.card").filter(has_text="Vé ủng hộ")
    offer.locator("select").select_option("2")
    offer.get_by_label("Số tiền khác").fill("1.000")
    friend.get_by_role("button", name="Tiếp tục").click()
    expect(friend.locator("main [role=alert]")).to_contain_text("Vé ủng hộ")
    assert_accessible(friend)
    offer.get_by_label("Số tiền khác").fill("")
    offer.get_by_label("100.000").check()
    friend.get_by_role("button", name="Tiếp tục").click()
    expect(friend.locator("main")).to_contain_text("200.000")
    friend.fill("[name=full_name]", "Lò Thị Mai")
    friend.fill("[name=contact]", "0987 654 321")
    friend.locator("main form[method=post] button[type=submit]").first.click()
    friend.wait_for_url("**/tickets/done/**")
    expect(friend.locator("main")).to_contain_text("200.000")

    counter = people.page(signed_in="owner", at="/manage/{edition_id}/box-office", device="desk")
    row = counter.locator(".count-row").filter(has_text="Vé ủng hộ")
    row.locator("[data-type-count]").fill("1")
    row.locator("[name^=p-]").fill("30.000")
    expect(counter.locator("[data-sum]")).to_contain_text("30.000")
    assert_accessible(counter)

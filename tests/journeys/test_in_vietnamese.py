"""One walk wholly in Vietnamese: pages, errors, the message, the document, the order of names."""

from __future__ import annotations

import re
import unicodedata

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.support.people import People
from tests.journeys.support.places import SLUG
from tests.journeys.test_visitor import take_a_free_ticket
from tests.support.messages import messages, read_catalogue
from tests.support.pdf_text import text_of

FESTIVAL = f"/e/{SLUG}"
#: Who stands on the first page of the people of the demo festival: by given name, then by the rest from its front, both
#: in the order of a Vietnamese dictionary (a ă â b c d đ e ê …, then the tones: hiên hiền).
FIRST_PEOPLE = """
    Lưu Thị Diệu An, Đinh Thị Lan Anh, Lò Thị Vân Anh, Nguyễn Thị Kim Anh, Phạm Quỳnh Anh, Tống Thị Quế Anh,
    Trần Vân Anh, Mạc Thị Bích, Vi Thị Ngọc Bích, Chu Thị Bình, Đinh Thanh Bình, H'Nương Byă, Triệu Mùi Chài,
    Lý Mẩy Chạn, Tạ Minh Châu, Dương Thùy Chi, Nguyễn Lan Chi, Hà Thị Chinh, Lê Thị Cúc, Giàng Thị Dí,
    Trương Ngọc Diệp, Vi Thị Diệp, Hoàng Mỹ Dung, Quách Thị Thùy Dung, Thái Thị Hạnh Dung, Chu Thị Duyên,
    Phạm Thị Duyên, Giang Thị Ánh Dương, Vũ Thùy Dương, Tạ Thị Đàm, Đinh Thị Đạt, Trịnh Thị Đoan, Bùi Thị Đượm,
    Khuất Thị Hồng Gấm, Giáp Thị Hương Giang, Nguyễn Thị Thu Giang, Mẫn Thị Thu Hà, Phạm Thanh Hà, Đoàn Mỹ Hạnh,
    Phạm Hồng Hạnh, Phí Thị Hạnh, Kiều Thị Hảo, Lò Thị Hặc, Bùi Thị Hằng, Bùi Thu Hằng, Lê Diễm Hằng, Lý Gia Hân,
    Đoàn Thị Hậu, Lò Thị Hiên, Lưu Thị Hiền
"""


def english_sentences() -> list[str]:
    """Return the messages that would be seen as English: long enough, translated otherwise, without placeholders."""
    catalogue = read_catalogue("vi")
    found = []
    for key in messages():
        english = key if isinstance(key, str) else key[1]
        entry = catalogue.get(english)
        same = entry is not None and entry.string == english
        if len(english.split()) >= 2 and not re.search(r"[%{]", english) and not same:
            found.append(english)
    return found


@pytest.fixture(scope="module")
def english() -> list[str]:
    """What must not be seen."""
    return english_sentences()


def left_in_english(page: Page, english: list[str]) -> list[str]:
    """Return the English messages that stand on a page."""
    text = page.locator("body").inner_text()
    assert unicodedata.is_normalized("NFC", text)
    return [sentence for sentence in english if re.search(rf"(?<!\w){re.escape(sentence)}(?!\w)", text)]


@pytest.mark.once
@pytest.mark.shared
def test_a_visitor_reads_vietnamese_everywhere(people: People, english: list[str]) -> None:
    people.watch.allow("404 GET .*/nowhere")
    people.watch.allow("422 POST .*/tickets/order")
    page = people.page(locale="vi")
    wrong = {}
    for path in ("", "/tickets", "/programme", "/contest", "/catalogue", "/map", "/apply"):
        page.goto(FESTIVAL + path)
        assert page.locator("html").get_attribute("lang") == "vi"
        wrong[path] = left_in_english(page, english)
    for path in ("/sign-in", "/help", "/nowhere"):
        page.goto(path)
        wrong[path] = left_in_english(page, english)
    take_a_free_ticket(page, name="Nguyễn Thị Ánh", contact="anh@example.vn")
    wrong["pass"] = left_in_english(page, english)
    document = page.request.get(f"{page.url}.pdf").body()
    assert re.search(rb"/Lang\s*\(vi", document)
    code = page.locator(".qr-code").inner_text()
    assert " ".join(text_of(document).split()) == (
        "Ngày hội Phụ nữ Thủ đô sáng tạo 2026 16–18/10/2026 · 08:00–21:00 "
        f"Trung tâm Hội chợ Bờ Sông, phường Hồng Hà, Hà Nội {code} Nguyễn Thị Ánh Vé tham quan · 16–18/10/2026"
    )

    link = page.url.partition("?")[0]
    page.goto("/dev/outbox?q=anh@example.vn")
    wrong["outbox"] = left_in_english(page, english)
    mail = page.locator("main article").first
    assert mail.locator("strong").inner_text() == "Vé của Quý vị: Ngày hội Phụ nữ Thủ đô sáng tạo 2026"
    assert mail.locator(".prose").inner_text().strip() == (
        "Kính gửi Nguyễn Thị Ánh,\n\n"
        "đây là vé vào cổng Ngày hội Phụ nữ Thủ đô sáng tạo 2026 "
        "(16–18/10/2026, Trung tâm Hội chợ Bờ Sông, phường Hồng Hà, Hà Nội):\n\n"
        f"{link}\n\n"
        "Xin xuất trình mã trên điện thoại, hoặc in ra. "
        "Xin không chia sẻ liên kết này: ai có liên kết là có vé của Quý vị."
    )

    page.goto(f"{FESTIVAL}/tickets")
    page.locator("select[name^=n-]").first.select_option("1")
    page.locator("main form button[type=submit]").click()
    page.fill("[name=contact]", "không phải số")
    page.locator("main form[method=post] button[type=submit]").first.click()
    expect(page.locator("[aria-invalid=true]").first).to_be_visible()
    wrong["errors"] = left_in_english(page, english)
    assert {path: found for path, found in wrong.items() if found} == {}


def test_names_stand_in_vietnamese_order(people: People) -> None:
    page = people.page(signed_in="owner", at="/manage/{edition_id}/people", device="desk", locale="vi")
    assert page.locator("html").get_attribute("lang") == "vi"
    names = [name.strip().splitlines()[0] for name in page.locator("main tbody th").all_inner_texts()]
    assert names == [" ".join(name.split()) for name in FIRST_PEOPLE.split(",")]

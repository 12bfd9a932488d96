"""Money that comes when an order's time is over: one buyer gets her passes, another her money back, and sees it."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Page

from tests.faults.trouble import Troubled
from tests.journeys.conftest import running_copy
from tests.journeys.support.ledger import AT_THE_BANK, PAYABLE, RECEIVABLE, balances
from tests.journeys.support.people import SECRET_SETTINGS, People
from tests.journeys.support.places import SLUG
from tests.journeys.support.watch import assert_accessible
from tests.support.postgres import PostgresServer
from tests.support.service import Home, Service

FESTIVAL = f"/e/{SLUG}"
KEY = "sepay-only-the-tests-know"
ACCOUNT = "0011001932418"
BANK = {"BANK_BIN": "970436", "BANK_ACCOUNT": ACCOUNT, "BANK_ACCOUNT_NAME": "HOI LHPN", "SEPAY_API_KEY": KEY}


@pytest.fixture
def service(festival: Home, server: PostgresServer | None, trouble: bool) -> Iterator[Service | Troubled]:
    """The running service, with a bank account of which SePay tells."""
    with running_copy(replace(festival, settings={**SECRET_SETTINGS, **BANK}), server, trouble=trouble) as running:
        yield running


def order_a_family_ticket(page: Page, name: str, contact: str) -> tuple[str, str]:
    """Walk from the tickets to an order that waits for its money; gives its page and the reference of its transfer."""
    page.goto(f"{FESTIVAL}/tickets")
    page.locator("section.card", has_text="Vé gia đình").locator("select").select_option("1")
    page.locator("main form button[type=submit]").click()
    page.fill("[name=full_name]", name)
    page.fill("[name=contact]", contact)
    page.locator("main form[method=post] button[type=submit]").first.click()
    page.wait_for_url("**/tickets/done/**")
    found = re.search(r"FG[A-Z0-9]{10}", page.locator("main").inner_text())
    assert found is not None
    return re.sub(r"^[a-z]+://[^/]+", "", page.url), found[0]


def tell_of_a_transfer(people: People, number: int, reference: str) -> None:
    """Let SePay tell that 50.000 ₫ came, as banks write the text of a transfer."""
    notice = {
        "id": number,
        "gateway": "Vietcombank",
        "transactionDate": "2026-11-21 14:02:37",
        "accountNumber": ACCOUNT,
        "content": f"MBVCB.{number}.{reference.lower()} chuyen tien ve.CT tu 0123",
        "transferType": "in",
        "transferAmount": 50_000,
        "referenceCode": f"FT{number:012d}",
    }
    asked = urllib.request.Request(
        f"{people.service.url}/payments/bank/sepay/webhook",
        json.dumps(notice).encode(),
        {"Content-Type": "application/json", "Authorization": f"Apikey {KEY}"},
    )
    with urllib.request.urlopen(asked, timeout=20) as answer:
        assert json.loads(answer.read()) == {"success": True}


def look_until(page: Page, path: str, selector: str) -> None:
    """Open a page again until something stands on it, as somebody does who waits."""
    for _again in range(60):
        page.goto(path)
        if page.locator(selector).count():
            return
        page.wait_for_timeout(500)
    raise AssertionError(f"{selector} never stood on {path}")


def test_late_money_takes_the_place_that_is_free_and_goes_back_where_it_is_gone(people: People) -> None:
    desk = people.page(signed_in="owner", at="/manage/{edition_id}/payments/ledger", device="desk", locale="vi")
    before = balances(desk, people)
    quick, slow = people.page(locale="vi"), people.page(locale="vi")
    quick_path, quick_reference = order_a_family_ticket(quick, "Hoàng Thị Mơ", "mo@example.vn")
    slow_path, slow_reference = order_a_family_ticket(slow, "Phạm Thị Sen", "sen@example.vn")
    people.ask("expire")
    quick.goto(quick_path)
    assert quick.locator("main a[href*='/pass/']").count() == 0
    assert "Bạn đã chuyển khoản" in quick.locator("main").inner_text()
    assert_accessible(quick)

    tell_of_a_transfer(people, 92704, quick_reference)
    look_until(quick, quick_path, "main a[href*='/pass/']")

    kept = balances(desk, people)
    assert kept[AT_THE_BANK] - before[AT_THE_BANK] == 50_000
    assert (kept[RECEIVABLE], kept[PAYABLE]) == (before[RECEIVABLE], before[PAYABLE])

    desk.goto(people.path("/manage/{edition_id}/tickets"))
    desk.locator("main tbody tr", has_text="Vé gia đình").locator("a").first.click()
    taken = people.ask("taken", "Vé gia đình")
    desk.fill("[name=quota]", taken)
    desk.locator("main form[method=post] button[type=submit]").first.click()
    desk.wait_for_url("**/tickets")

    tell_of_a_transfer(people, 92705, slow_reference)
    look_until(slow, slow_path, "main :text('50.000 ₫')")
    assert_accessible(slow)
    slow.goto("/dev/outbox")
    told = slow.locator("main").inner_text()
    assert "sen@example.vn" in told
    assert "50.000\xa0₫" in told

    owed = balances(desk, people)
    assert owed[AT_THE_BANK] - before[AT_THE_BANK] == 100_000
    assert before[PAYABLE] - owed[PAYABLE] == 50_000
    assert owed[RECEIVABLE] == before[RECEIVABLE]
    desk.goto(people.path("/manage/{edition_id}/payments?state=refund_due"))
    desk.locator("main tbody tr", has_text="Phạm Thị Sen").locator("a").first.click()
    assert_accessible(desk)
    desk.locator("main form[action*='/refunds/'] select").select_option("transfer")
    desk.fill("main form[action*='/refunds/'] [name=note]", "FT26333")
    desk.locator("main form[action*='/refunds/'] button").click()
    assert re.search(r"Đã hoàn [\d.]+\s₫ cho .+: Chuyển khoản", desk.locator("dialog p").inner_text())
    desk.locator("dialog button[value=yes]").click()
    desk.locator("main form[action*='/refunds/']").wait_for(state="detached")

    slow.goto(slow_path)
    said = slow.locator("main").inner_text()
    assert "50.000\xa0₫ đã được hoàn lại" in said
    assert_accessible(slow)
    assert balances(desk, people) == kept

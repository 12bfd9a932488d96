"""A treasurer's day: cash through her drawer, the day closed over books that balance, a batch of cards paid out."""

from __future__ import annotations

import csv
import re
from datetime import date, timedelta
from io import StringIO
from pathlib import Path

from playwright.sync_api import Page

from tests.journeys.support.people import People
from tests.journeys.support.watch import assert_accessible
from tests.journeys.test_card_payment import order_a_family_ticket

PAYMENTS = "/manage/{edition_id}/payments"
TERMINALS = r"Máy quẹt thẻ ngân hàng\s+{}\s₫"


def record(desk: Page, people: People, method: str) -> None:
    """Write down that the newest invoice was paid."""
    desk.goto(people.path(PAYMENTS))
    desk.locator("main tbody a").first.click()
    desk.locator(f"main input[name=method][value={method}]").check()
    if method == "terminal":
        desk.fill("main [name=note]", "000123")
    desk.locator("main form[action$='/payments'] button").click()
    desk.locator("main input[name=method]").first.wait_for(state="detached")


def count(desk: Page, people: People, amount: str, *, closes: bool) -> None:
    """Open her drawer, or count and close it."""
    desk.goto(people.path(PAYMENTS + "/drawers"))
    desk.fill("[name=amount]", amount)
    desk.locator("main form[method=post] button[type=submit]").click()
    desk.locator("main form[action$='/close']").wait_for(state="detached" if closes else "attached")
    assert_accessible(desk)


def test_cash_is_counted_the_day_closed_and_cards_paid_out(people: People) -> None:
    order_a_family_ticket(people.page(locale="vi"))
    desk = people.page(signed_in="owner", at=PAYMENTS, device="desk", locale="vi")
    assert_accessible(desk)
    count(desk, people, "200.000", closes=False)
    record(desk, people, "cash")

    desk.goto(people.path(PAYMENTS + "/days"))
    assert "Ngăn tiền còn mở" in desk.locator("main").inner_text()
    assert desk.locator("main form[action$='/days']").count() == 0
    count(desk, people, "250.000", closes=True)

    desk.goto(people.path(PAYMENTS + "/days"))
    day = date.fromisoformat(desk.input_value("[name=day]"))
    desk.locator("main form[action$='/days'] button").click()
    desk.locator("dialog button[value=yes]").click()
    desk.locator("main form[action$='/days']").wait_for(state="detached")
    shown = desk.locator("main").inner_text()
    assert re.search(r"Tất cả tài khoản cộng lại\s+0\s₫", shown)
    # what the demo's box office sold, and the ticket
    assert re.search(r"Tiền mặt\s+1\.100\.000\s₫", shown)
    assert re.search(TERMINALS.format(r"2\.650\.000"), shown)
    assert_accessible(desk)

    order_a_family_ticket(people.page(locale="vi"))
    record(desk, people, "terminal")
    desk.goto(people.path(f"{PAYMENTS}/days?day={day}"))
    assert re.search(TERMINALS.format(r"2\.650\.000"), desk.locator("main").inner_text())
    desk.goto(people.path(f"{PAYMENTS}/days?day={day + timedelta(days=1)}"))
    assert re.search(TERMINALS.format(r"50\.000"), desk.locator("main").inner_text())

    desk.goto(people.path(PAYMENTS + "/payouts"))
    assert_accessible(desk)
    assert desk.input_value("[name=taken]") == "2.700.000"
    desk.fill("[name=fee]", "1.000")
    desk.fill("[name=reference]", "LO-0017")
    desk.locator("main form[action$='/payouts'] button").click()
    desk.locator("main tbody", has_text="LO-0017").wait_for()
    assert "2.699.000\xa0₫" in desk.locator("main").inner_text()

    desk.goto(people.path(PAYMENTS + "/exports"))
    with desk.expect_download() as download:
        desk.locator("main a[href*='/exports/ledger?format=csv']").click()
    rows = list(csv.reader(StringIO(Path(download.value.path()).read_text(encoding="utf-8-sig"))))[1:]
    debits, credits = [sum(int(row[column] or 0) for row in rows) for column in (5, 6)]
    assert debits == credits > 0
    desk.goto("/help/finance")
    assert_accessible(desk)

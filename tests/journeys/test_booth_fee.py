"""A booth's fee from invoice to ledger: billed in two parts, the first paid by card, the second by a bank transfer
whose reference the bank has mangled; later the booth is taken back, and its exhibitor sees her money go back.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Page

from app.kernel import clock
from tests.faults.trouble import Troubled
from tests.journeys.conftest import running_copy
from tests.journeys.support.ledger import AT_THE_BANK, CARD, KEPT_BY_STRIPE, PAYABLE, RECEIVABLE, balances
from tests.journeys.support.people import SECRET_SETTINGS, People
from tests.journeys.support.places import SLUG
from tests.journeys.support.watch import assert_accessible
from tests.journeys.test_card_payment import go_to_the_payment, press
from tests.journeys.test_exhibitor import publish_booths
from tests.journeys.test_organiser import confirm
from tests.support.card_payments import StripeServer, running_stripe
from tests.support.postgres import PostgresServer
from tests.support.service import Home, Service

ACCOUNT = "0011001932418"
SEPAY_KEY = "sepay-only-the-tests-know"
BANK = {
    "BANK_BIN": "970436",
    "BANK_ACCOUNT": ACCOUNT,
    "BANK_ACCOUNT_NAME": "HOI CHO PHU NU SANG TAO",
    "SEPAY_API_KEY": SEPAY_KEY,
}
OWN = f"/e/{SLUG}/apply/mine/{{own_application_id}}"
FEES = "/manage/{edition_id}/booth-fees"
DAYS = "/manage/{edition_id}/payments/days"


@pytest.fixture
def stripe(festival: Home) -> Iterator[StripeServer]:
    """The server that stands for Stripe; its webhooks go to the service."""
    with running_stripe(webhook=f"{festival.url}/payments/stripe/webhook") as made:
        yield made


@pytest.fixture
def service(
    festival: Home, server: PostgresServer | None, trouble: bool, stripe: StripeServer
) -> Iterator[Service | Troubled]:
    """The running service, with keys of Stripe and SePay and a bank account."""
    paying = replace(festival, settings={**SECRET_SETTINGS, **stripe.settings(), **BANK})
    with running_copy(paying, server, trouble=trouble) as running:
        yield running


def amount_in(text: str) -> int:
    """Return the number of an amount such as 1.250.000 ₫."""
    return int("".join(sign for sign in text if sign.isdigit()))


def tell_of_transfer(people: People, amount: int, purpose: str) -> None:
    """Let the bank tell of a transfer, as SePay sends it."""
    notice = {
        "id": 92704,
        "gateway": "Vietcombank",
        "transactionDate": "2026-11-21 14:02:37",
        "accountNumber": ACCOUNT,
        "content": purpose,
        "transferType": "in",
        "transferAmount": amount,
        "referenceCode": "MBVCB.3278907687",
    }
    headers = {"authorization": f"Apikey {SEPAY_KEY}", "content-type": "application/json"}
    asked = Request(f"{people.service.url}/payments/bank/sepay/webhook", json.dumps(notice).encode(), headers)
    with urlopen(asked, timeout=20) as answer:
        assert json.loads(answer.read()) == {"success": True}


def bill_in_halves(people: People) -> Page:
    """Make the plan and bill all booths, as the organiser does."""
    desk = people.page(signed_in="owner", at=f"{FEES}/plan", device="desk")
    desk.fill("[name=first_percent]", "50")
    desk.fill("[name=first_days]", "7")
    desk.fill("[name=rest_due_on]", (clock.now().date() + timedelta(days=30)).isoformat())
    assert_accessible(desk)
    desk.locator("main form[action$='/plan'] button").click()
    desk.wait_for_url("**/booth-fees")
    desk.locator("form[action$='/bill'] button").click()
    confirm(desk)
    desk.locator("main .badge.tone-wait").first.wait_for()
    assert_accessible(desk)
    assert desk.locator("form[action$='/bill']").count() == 0  # nothing is left to bill
    return desk


def reload_until(page: Page, selector: str) -> None:
    """Load a page again until it shows what a job has done meanwhile."""
    for _try in range(60):
        if page.locator(selector).count():
            return
        page.wait_for_timeout(500)
        page.reload()
    raise AssertionError(f"{selector} never came: {page.locator('main').inner_text()}")


def take_the_booth_back(desk: Page, people: People) -> None:
    """Release the exhibitor's booth, as the organiser does from her application."""
    desk.goto(people.path("/manage/{edition_id}/applications/{own_application_id}"))
    desk.locator("main a.figure-large").click()
    desk.locator("main form[action$='/release'] button").click()
    confirm(desk)
    desk.locator("main form[action$='/release']").wait_for(state="detached")


def give_back(desk: Page, people: People) -> None:
    """Send the first part back to its card, and note that the second went back by transfer."""
    desk.goto(people.path("/manage/{edition_id}/payments?state=refund_due"))
    desk.locator("main tbody a").first.click()
    desk.locator("main a[href*='/card-refunds/']").click()
    desk.locator("main form[action*='/card-refunds/'] button").click()
    desk.locator("main a[href*='/card-refunds/']").wait_for(state="detached")
    desk.locator("main form[action*='/refunds/'] select").select_option("transfer")
    desk.fill("main form[action*='/refunds/'] [name=note]", "FT26333")
    desk.locator("main form[action*='/refunds/'] button").click()
    confirm(desk)
    desk.locator("main form[action*='/refunds/']").wait_for(state="detached")


def has_come(desk: Page, people: People) -> Counter[str]:
    """Open the books of the day and return what has come of each kind."""
    desk.goto(people.path(DAYS))
    rows = desk.locator("main tbody tr", has=desk.locator("td[data-label='Đã nhận']")).all()
    return Counter(
        {row.locator("th").inner_text().strip(): amount_in(row.locator("td").first.inner_text()) for row in rows}
    )


def close_the_day(desk: Page, people: People) -> str:
    """Close the day, as the treasurer does at its end, and return what its page says then."""
    desk.goto(people.path(DAYS))
    desk.locator("main form[action$='/days'] button").click()
    confirm(desk)
    desk.locator("main form[action$='/days']").wait_for(state="detached")
    assert_accessible(desk)
    return desk.locator("main").inner_text()


def by_card(found: Mapping[str, int]) -> int:
    """Return what came by card, whether it is known by now or not how much of it Stripe keeps."""
    return found[CARD] + found[KEPT_BY_STRIPE]


def test_a_fee_in_two_parts_goes_from_invoice_to_ledger_and_back(people: People, stripe: StripeServer) -> None:
    publish_booths(people)
    desk = bill_in_halves(people)
    billed, before = balances(desk, people), has_come(desk, people)

    exhibitor = people.page(signed_in="exhibitor_owner", at=OWN, device="phone")
    assert_accessible(exhibitor)
    paper = exhibitor.request.get(exhibitor.locator("main a[href$='/invoice.pdf']").first.get_attribute("href") or "")
    assert paper.body().startswith(b"%PDF-")
    first, rest = [
        amount_in(one) for one in exhibitor.locator("main caption ~ tbody td[data-label='Số tiền']").all_inner_texts()
    ]
    assert 0 <= rest - first <= 1
    go_to_the_payment(exhibitor)
    press(exhibitor, "pay")
    exhibitor.wait_for_url(f"**{people.path(OWN)}")
    shown = exhibitor.locator("main").inner_text()
    assert stripe.control("sessions") == {"complete": 1}

    reference = exhibitor.locator("main dd .mono").last.inner_text().strip()
    assert reference.startswith("FG")
    assert reference in shown
    tell_of_transfer(people, rest, f"mbvcb3278907687.ck{reference.lower()}nop phi gian hang")
    reload_until(exhibitor, "main .badge.tone-done >> text=Đã thanh toán")
    assert exhibitor.locator("main form[action$='/card']").count() == 0
    assert_accessible(exhibitor)

    paid = balances(desk, people)
    assert paid[AT_THE_BANK] - billed[AT_THE_BANK] == rest
    assert by_card(paid) - by_card(billed) == first
    assert billed[RECEIVABLE] - paid[RECEIVABLE] == first + rest
    assert paid[PAYABLE] == billed[PAYABLE]

    take_the_booth_back(desk, people)
    exhibitor.goto(people.path(OWN))
    assert exhibitor.locator("main .notice.tone-wait").count() == 1  # it has to go back
    owed = balances(desk, people)
    assert billed[PAYABLE] - owed[PAYABLE] == first + rest
    assert (owed[AT_THE_BANK], owed[RECEIVABLE]) == (paid[AT_THE_BANK], paid[RECEIVABLE])
    give_back(desk, people)
    exhibitor.goto(people.path(OWN))
    notices = exhibitor.locator("main .notice.tone-done").all_inner_texts()
    assert sorted(amount_in(one.split("₫")[0]) for one in notices) == sorted([first, rest])
    assert exhibitor.locator("main .notice.tone-wait").count() == 0
    assert_accessible(exhibitor)
    given_back = balances(desk, people)
    assert (given_back[AT_THE_BANK], given_back[PAYABLE]) == (billed[AT_THE_BANK], billed[PAYABLE])
    assert by_card(given_back) == by_card(billed)

    shown = close_the_day(desk, people)
    assert re.search(r"Tất cả tài khoản cộng lại\s+0\s₫", shown)
    assert has_come(desk, people) - before == {"Thẻ ngân hàng": first, "Chuyển khoản ngân hàng": rest}

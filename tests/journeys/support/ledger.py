"""What the ledger's page shows, as a treasurer reads it."""

from __future__ import annotations

from collections import Counter

from playwright.sync_api import Page

from tests.journeys.support.people import People

#: Accounts by their Vietnamese names.
RECEIVABLE, PAYABLE = "Phải thu của người thanh toán", "Phải hoàn cho người thanh toán"
AT_THE_BANK, CARD, KEPT_BY_STRIPE = "Ngân hàng", "Thẻ ngân hàng", "Phí"


def balances(desk: Page, people: People) -> Counter[str]:
    """Open the ledger and return what each account comes to; one that is not there comes to nothing."""
    desk.goto(people.path("/manage/{edition_id}/payments/ledger"))
    found: Counter[str] = Counter()
    for row in desk.locator("main tbody tr").all():
        shown = row.locator("td").last.inner_text().strip()
        amount = int("".join(sign for sign in shown if sign.isdigit()))
        found[row.locator("th").inner_text().strip()] += -amount if shown.startswith(("-", "−")) else amount
    return found

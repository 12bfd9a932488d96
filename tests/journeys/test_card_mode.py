"""Finance lets a festival charge cards, and goes back to trying them out: each is asked once more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect

from tests.faults.trouble import Troubled
from tests.journeys.conftest import running_copy
from tests.journeys.support.people import SECRET_SETTINGS, People
from tests.journeys.support.watch import assert_accessible
from tests.journeys.test_card_payment import order_a_family_ticket
from tests.support.card_payments import KEY, LIVE_KEY
from tests.support.postgres import PostgresServer, free_port
from tests.support.service import Home, Service

TERMS = "/manage/{edition_id}/payments/terms"


@pytest.fixture
def service(festival: Home, server: PostgresServer | None, trouble: bool) -> Iterator[Service | Troubled]:
    """The running service with a live key and a test key, and no way to Stripe itself."""
    nowhere = f"http://127.0.0.1:{free_port()}"
    keys = {"STRIPE_SECRET_KEY": LIVE_KEY, "STRIPE_TEST_SECRET_KEY": KEY, "HTTPS_PROXY": nowhere}
    with running_copy(replace(festival, settings={**SECRET_SETTINGS, **keys}), server, trouble=trouble) as running:
        yield running


def chosen(page: Page) -> str:
    """The button of the mode that a festival is in."""
    return page.locator("#cards [aria-pressed=true]").inner_text().strip()


def test_a_festival_goes_live_and_back_and_is_asked_each_time(people: People) -> None:
    finance = people.page(signed_in="finance", at=TERMS, device="phone")
    assert chosen(finance) == "Sandbox"
    assert_accessible(finance)
    finance.locator("#cards [value=live]").click()
    expect(finance.locator("h1")).to_have_text("Thu tiền thật từ thẻ ngân hàng?")
    assert_accessible(finance)
    finance.locator("main a", has_text="Hủy").click()
    assert chosen(finance) == "Sandbox"  # whoever thinks better of it has changed nothing

    finance.locator("#cards [value=live]").click()
    finance.locator("main form button[type=submit]").click()
    finance.wait_for_url("**/payments/terms**")
    assert chosen(finance) == "Live"

    buyer = people.page(locale="vi")
    order_a_family_ticket(buyer)
    expect(buyer.locator("main form[action$='/card'] button")).to_be_visible()
    expect(buyer.locator("main")).not_to_contain_text("Sandbox")

    finance.locator("#cards [value=sandbox]").click()  # an invoice is open
    assert_accessible(finance)
    finance.locator("main form button[type=submit]").click()
    finance.wait_for_url("**/payments/terms**")
    assert chosen(finance) == "Sandbox"
    buyer.reload()
    expect(buyer.locator("main")).to_contain_text("Sandbox")

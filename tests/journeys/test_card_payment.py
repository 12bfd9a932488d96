"""A visitor buys a ticket, pays by card on the provider's page and gets her pass; later her money goes back to it.

The page that she pays on is served by the server that stands for Stripe, a process of its own that sends its webhooks
to the service. The demo stands in days of its own: what Stripe is told of times is told in the real ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect

from tests.faults.trouble import Troubled
from tests.journeys.conftest import running_copy
from tests.journeys.support.people import SECRET_SETTINGS, People
from tests.journeys.support.places import SLUG
from tests.journeys.support.watch import assert_accessible
from tests.support.card_payments import StripeServer, running_stripe
from tests.support.postgres import PostgresServer
from tests.support.service import Home, Service

FESTIVAL = f"/e/{SLUG}"


@pytest.fixture
def stripe(festival: Home) -> Iterator[StripeServer]:
    """The server that stands for Stripe; its webhooks go to the service."""
    with running_stripe(webhook=f"{festival.url}/payments/stripe/webhook") as made:
        yield made


@pytest.fixture
def service(
    festival: Home, server: PostgresServer | None, trouble: bool, stripe: StripeServer
) -> Iterator[Service | Troubled]:
    """The running service, with keys of Stripe."""
    paying = replace(festival, settings={**SECRET_SETTINGS, **stripe.settings()})
    with running_copy(paying, server, trouble=trouble) as running:
        yield running


def order_a_family_ticket(page: Page) -> str:
    """Walk from the festival's page to an order that waits for its money; gives the path of its page."""
    page.goto(f"{FESTIVAL}/tickets")
    page.locator("section.card", has_text="Vé gia đình").locator("select").select_option("1")
    page.locator("main form button[type=submit]").click()
    page.fill("[name=full_name]", "Hoàng Thị Mơ")
    page.fill("[name=contact]", "mo@example.vn")
    page.locator("main form[method=post] button[type=submit]").first.click()
    page.wait_for_url("**/tickets/done/**")
    return re.sub(r"^[a-z]+://[^/]+", "", page.url)


def go_to_the_payment(page: Page) -> None:
    """Press the button and arrive on the provider's page."""
    page.locator("main form[action$='/card'] button").click()
    page.wait_for_url("**/pay/cs_test_**")


def press(page: Page, act: str) -> None:
    """Press a button of the provider's page."""
    page.locator(f"form[action$='/{act}'] button").click()


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_a_ticket_is_paid_by_card(people: People, stripe: StripeServer, script: bool) -> None:
    page = people.page(locale="vi", script=script)
    path = order_a_family_ticket(page)
    if script:
        assert_accessible(page)
    go_to_the_payment(page)
    assert path.rpartition("/")[2] not in page.content()
    press(page, "leave")
    page.wait_for_url(f"**{path}")
    go_to_the_payment(page)  # the same page at Stripe: she has one checkout
    press(page, "decline")
    assert "declined" in page.content()
    assert stripe.control("sessions") == {"open": 1}
    press(page, "pay")
    page.wait_for_url(f"**{path}")
    page.locator("main a[href*='/pass/']").first.click()
    page.wait_for_url("**/pass/**")
    assert page.locator("h1").inner_text() == "Hoàng Thị Mơ"
    assert stripe.control("sessions") == {"complete": 1}


def test_a_ticket_is_paid_though_the_webhook_is_lost(people: People, stripe: StripeServer) -> None:
    stripe.control("set", mode="lost")
    page = people.page(locale="vi")
    path = order_a_family_ticket(page)
    go_to_the_payment(page)
    address = page.url
    page.goto("/pay/card/done")  # she comes back though she has not paid
    assert_accessible(page)
    assert "không cần thanh toán lại" in page.locator("main").inner_text()
    page.goto(address)
    press(page, "pay")
    page.wait_for_url(f"**{path}")
    page.locator("main a[href*='/pass/']").first.wait_for()


def test_pages_around_a_payment_can_be_read_by_everybody(people: People, stripe: StripeServer) -> None:
    buyer = people.page(locale="vi")
    path = order_a_family_ticket(buyer)
    go_to_the_payment(buyer)
    session_id = buyer.url.rpartition("/")[2]
    stripe.control("set", mode="held")
    intent = stripe.pay(session_id, amount=40_000)
    stripe.control("dispute", payment_intent=intent, status="needs_response")
    stripe.control("release")
    desk = people.page(signed_in="owner", at="/manage/{edition_id}/payments/inbox", device="phone", locale="vi")
    desk.locator("main", has_text="40.000 ₫ là số tiền khác").wait_for()
    assert_accessible(desk)
    desk.goto(people.path("/manage/{edition_id}/payments/disputes"))
    assert_accessible(desk)
    elsewhere = people.page(locale="vi", at="/pay/card/done")
    assert_accessible(elsewhere)
    buyer.goto(path)
    assert buyer.locator("main form[action$='/card']").count() == 1  # what came is not what was to be paid


def test_her_money_goes_back_to_the_card_and_she_sees_it(people: People, stripe: StripeServer) -> None:
    buyer = people.page(locale="vi")
    path = order_a_family_ticket(buyer)
    go_to_the_payment(buyer)
    press(buyer, "pay")
    buyer.locator("main a[href*='/pass/']").first.wait_for()

    desk = people.page(signed_in="owner", at="/manage/{edition_id}/orders", device="desk", locale="vi")
    desk.goto(desk.url + "?q=mo")
    desk.locator("main tbody tr", has_text="Hoàng Thị Mơ").locator("a").first.click()
    desk.locator("main form[action$='/cancel'] button").click()
    desk.locator("dialog button[value=yes]").click()
    desk.locator("main form[action$='/cancel']").wait_for(state="detached")
    buyer.goto(path)
    assert "50.000\xa0₫" in buyer.locator("main").inner_text()

    desk.goto(people.path("/manage/{edition_id}/payments?state=refund_due"))
    desk.locator("main tbody a").first.click()
    assert_accessible(desk)
    desk.locator("main a[href*='/card-refunds/']").click()
    assert_accessible(desk)
    desk.fill("[name=amount]", "20.000")
    desk.fill("[name=note]", "một phần trước")
    desk.locator("main form[action*='/card-refunds/'] button").click()
    desk.locator("main a[href*='/card-refunds/']").click()
    expect(desk.locator("[name=amount]")).to_have_value("30.000")
    desk.locator("main form[action*='/card-refunds/'] button").click()
    desk.wait_for_url("**/payments/*")
    assert_accessible(desk)
    assert desk.locator("main a[href*='/card-refunds/']").count() == 0

    buyer.goto(path)
    said = buyer.locator("main").inner_text()
    assert "20.000\xa0₫ đã được hoàn về thẻ ngân hàng" in said
    assert "30.000\xa0₫ đã được hoàn về thẻ ngân hàng" in said
    assert_accessible(buyer)
    buyer.goto("/dev/outbox")
    sent = buyer.locator("main").inner_text()
    assert re.search(r"20\.000\s₫ trong số Quý vị đã trả cho [^.]+ đã được hoàn về thẻ ngân hàng", sent)
    assert len(stripe.asked("POST /v1/refunds")) == 2

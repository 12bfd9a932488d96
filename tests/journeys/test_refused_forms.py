"""A form that is refused comes back with its reader at the error: in sight on a phone, and where the next key goes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Page, Route, expect

from tests.faults.trouble import Troubled
from tests.journeys.conftest import running_copy
from tests.journeys.support.people import SECRET_SETTINGS, People
from tests.journeys.support.watch import assert_accessible
from tests.journeys.test_late_order import BANK, FESTIVAL, order_a_family_ticket
from tests.support.postgres import PostgresServer
from tests.support.service import Home, Service

PAYMENTS = "/manage/{edition_id}/payments"


@pytest.fixture
def service(festival: Home, server: PostgresServer | None, trouble: bool) -> Iterator[Service | Troubled]:
    """The running service, with a bank account: payers may send proofs of transfers."""
    with running_copy(replace(festival, settings={**SECRET_SETTINGS, **BANK}), server, trouble=trouble) as running:
        yield running


def stands_at(page: Page, name: str) -> None:
    """Assert that a page that came back shows the error of a field, and that what is typed next goes into it."""
    page.wait_for_load_state()  # with its script
    field = page.locator(f"main [name={name}]").first
    error = page.locator(f"#field-{name}-error")
    expect(error).to_be_in_viewport(ratio=1)
    if page.evaluate("document.activeElement.name") != name:  # it stands above choices, or at a part of the page
        page.keyboard.press("Tab")
    expect(field).to_be_focused()
    expect(field).to_be_in_viewport()
    assert page.locator("[autofocus]").count() == 1


def send(page: Page, path: str) -> None:
    """Press the button of the form that posts to a path."""
    page.locator(f"main form:is([action$='{path}'], [action*='{path}#']) button[type=submit]").click()
    page.locator("main .field-error").first.wait_for()


def late(page: Page) -> None:
    """Let the page's script come when the browser has long gone to the error: it must not lead away from it."""

    def wait(route: Route) -> None:
        page.wait_for_timeout(400)
        route.continue_()

    page.route("**/site-*.js", wait)


@pytest.mark.parametrize("script", [True, False])
def test_who_is_refused_stands_at_the_error(people: People, script: bool) -> None:
    people.watch.allow("422 POST .*")
    buyer = people.page(locale="vi", script=script)
    late(buyer)
    order_a_family_ticket(buyer, "Hoàng Thị Mơ", "mo@example.vn")
    send(buyer, "/proof")
    stands_at(buyer, "proof")

    desk = people.page(signed_in="owner", at=PAYMENTS, locale="vi", script=script)
    desk.locator("main tbody a").first.click()
    desk.locator("main form[action$='/payments'] [name=amount]").fill("nhiều")
    send(desk, "/payments")
    stands_at(desk, "amount")
    desk.locator("main [name=amount]").fill("50000")
    desk.locator("main form[action*='/credits'] [name=credit]").fill("90.000.000")
    desk.locator("main form[action*='/credits'] [name=reason]").fill("Thử")
    send(desk, "/credits")
    stands_at(desk, "credit")

    desk.goto(people.path("/manage/{edition_id}/booth-fees/plan"))
    desk.locator("main [name=first_percent]").fill("50")
    send(desk, "/plan")
    stands_at(desk, "rest_due_on")

    buyer.goto(f"{FESTIVAL}/tickets")
    buyer.locator("section.card", has_text="Vé gia đình").locator("select").select_option("1")
    buyer.locator("main form button[type=submit]").click()
    buyer.locator("main [name=full_name]").fill("Bùi Thị Lụa")
    buyer.locator("main [name=contact]").fill("không phải số")
    buyer.locator("main form[method=post] button[type=submit]").first.click()
    buyer.locator("main .field-error").first.wait_for()
    stands_at(buyer, "contact")
    if script:
        assert_accessible(buyer)

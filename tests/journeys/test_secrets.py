"""Every way in, one after the other: what lets somebody in stands nowhere afterwards but where it has to."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from playwright.sync_api import Page

from tests.journeys.support.people import People
from tests.journeys.support.secrets import KINDS
from tests.journeys.test_gate import paired_phone
from tests.journeys.test_visitor import FESTIVAL, take_a_free_ticket
from tests.support.two_step import code_at

PASSWORD = "bốn từ chẳng liên quan: mưa ghế vàng cá"


def press(page: Page, action: str) -> None:
    """Press the button of the form that goes to a path."""
    page.locator(f"main form[action='{action}'] button").click()


def sign_in_by_code(people: People) -> None:
    """Ask for a code as somebody who exhibits, read it on the screen of the demo and type it."""
    page = people.page(at="/sign-in")
    page.fill("[name=contact]", people.ask("phone", "exhibitor_owner"))
    press(page, "/sign-in")
    reader = people.page(at="/dev/outbox")
    found = re.search(r"(?<!\d)\d{6}(?!\d)", reader.locator("main").inner_text())
    assert found is not None
    page.fill("[name=code]", found[0])
    press(page, "/sign-in/code")
    page.wait_for_url("**/exhibitor/**")


def set_a_password_and_a_second_step(people: People) -> list[str]:
    """Let the owner have both; returns her recovery codes."""
    page = people.page(signed_in="owner", at="/account")
    page.fill("[name=password]", PASSWORD)
    press(page, "/account/password")
    page.goto("/account/two-step")
    press(page, "/account/two-step/begin")
    page.fill("[name=code]", code_at(page.locator("code.secret").inner_text(), datetime.now(UTC)))
    press(page, "/account/two-step")
    return page.locator(".recovery-codes code").all_inner_texts()


def sign_in_by_password(people: People, recovery_code: str) -> None:
    """Sign the owner in by her password and one of her recovery codes."""
    page = people.page(at="/sign-in/password")
    page.fill("[name=contact]", people.ask("phone", "owner"))
    page.fill("[name=password]", PASSWORD)
    press(page, "/sign-in/password")
    page.locator("summary", has_text="").last.click()
    page.fill("[name=recovery]", recovery_code)
    page.locator("form:has([name=recovery]) button").click()
    page.wait_for_url(lambda url: "/sign-in/" not in url)


def test_what_lets_people_in_stands_nowhere_else(people: People) -> None:
    sign_in_by_code(people)
    people.recovery_codes = set_a_password_and_a_second_step(people)
    sign_in_by_password(people, people.recovery_codes[0])
    paired_phone(people)
    people.begin_judging()
    tablet = people.page(device="tablet", at=people.ask("judge"))
    tablet.locator("main form button[type=submit]").click()
    tablet.wait_for_url("**/judge/**")
    take_a_free_ticket(people.page(), name="Hoàng Thị Mơ", contact="0912 345 678")
    assert {kind.name for kind in people.sought().values()} == KINDS.keys()
    assert {given.name for given in people.watch.cookies} >= {"fg_session", "fg_half", "fg_gate", "fg_judge"}


def test_a_secret_on_a_page_is_found(people: People) -> None:
    """The negative control: the cookie of one browser and the token of its forms, on a page of another."""
    page, other = people.page(signed_in="owner"), people.page()
    cookies = {one["name"]: one["value"] for one in page.context.cookies()}
    before = list(people.watch.pages)
    asked = f"{FESTIVAL}/catalogue?q={cookies['fg_session']}+{cookies['fg_csrf']}"
    other.goto(asked)  # shows what is sought
    other.goto("/help")
    assert sorted(people.leaks()) == [f"{kind} on {people.service.url}{asked}" for kind in ("cookie", "token of forms")]
    people.watch.pages = before

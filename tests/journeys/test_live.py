"""A page on the wall finds its way back: the node that it hung on is killed, and it shows what happens afterwards."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.faults.trouble import Troubled
from tests.journeys.support.patience import EXPECTED
from tests.journeys.support.people import People
from tests.journeys.test_gate import hold_out, paired_phone
from tests.journeys.test_visitor import take_a_free_ticket
from tests.support.service import wait_for_page

STREAM = "**/live/stream"
TRIES = 90


def kill_its_node(people: People, wall: Page) -> None:
    """Kill whatever serves the page: in the cluster both nodes one after the other, since nobody knows which it is."""
    service = people.service
    if isinstance(service, Troubled):
        falls = service.trouble.falls["node"]
        while service.trouble.falls["node"] < falls + 2:
            wall.wait_for_timeout(500)
        service.loading.end()  # whose scans would hide ours
    else:
        service.guarded.start_again()
        wait_for_page(service.url + "/healthz", service.guarded, service.log, 60)


def test_a_live_page_shows_what_happens_after_its_node_was_killed(people: People) -> None:
    people.watch.allow(EXPECTED)
    visitor = people.page()
    take_a_free_ticket(visitor, name="Lò Thị Mai", contact="0987 654 321")
    code = visitor.locator(".qr-code").inner_text()
    gate = paired_phone(people)
    wall = people.page(signed_in="owner", device="desk")
    with wall.expect_request(STREAM):
        wall.goto(people.path("/manage/{edition_id}/live"))
    expect(wall.locator("#now")).not_to_contain_text(code)
    with wall.expect_request(STREAM, timeout=120_000):
        kill_its_node(people, wall)
    now = wall.locator("#now")
    for _again in range(TRIES):
        hold_out(gate, code)  # a code that is typed is not judged until the phone has found its way back, too
        wall.wait_for_timeout(1_000)
        if code in now.inner_text():
            break
    expect(now).to_contain_text(code)
    expect(gate.locator("#state[data-state=online]")).to_be_visible()

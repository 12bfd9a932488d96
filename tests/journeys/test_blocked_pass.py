"""The desk blocks a pass: gates refuse it with the network up and down, until the block is lifted."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.journeys.support.people import People
from tests.journeys.support.watch import assert_accessible
from tests.journeys.test_gate import ADMITTED, REFUSED, hold_out, may_be_alone, paired_phone


@pytest.mark.shared
@pytest.mark.once
def test_a_pass_that_the_desk_blocks_opens_no_gate_until_it_lifts_that(people: People) -> None:
    (code,) = people.passes(1)
    desk = people.page(signed_in="gate_lead", at="/manage/{edition_id}/passes/{pass_id}", device="tablet")
    desk.fill("form[action$='/block'] [name=reason]", "Hai người cùng đưa thẻ này")
    desk.locator("form[action$='/block'] button[type=submit]").click()
    expect(desk.locator("main .notice")).to_contain_text("Hai người cùng đưa thẻ này")
    assert_accessible(desk)

    gate = paired_phone(people, locale="id")
    hold_out(gate, code)
    expect(gate.locator(REFUSED)).to_contain_text("Diblokir")
    expect(gate.locator("#verdict")).to_be_hidden()
    may_be_alone(gate)
    gate.context.set_offline(True)
    expect(gate.locator("#state[data-state=offline]")).to_be_visible()
    hold_out(gate, code)
    expect(gate.locator(REFUSED)).to_contain_text("Diblokir")
    expect(gate.locator("#verdict")).to_be_hidden()
    gate.context.set_offline(False)
    expect(gate.locator("#waiting")).to_be_hidden(timeout=20_000)

    desk.locator("form[action$='/unblock'] button[type=submit]").click()
    expect(desk.locator("form[action$='/block']")).to_be_visible()
    hold_out(gate, code)
    expect(gate.locator(ADMITTED)).to_be_visible()

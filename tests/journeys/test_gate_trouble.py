"""A gate phone in trouble: full, with no storage at all, before a service that is slow."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.support.people import People
from tests.journeys.support.watch import assert_accessible
from tests.journeys.test_gate import ADMITTED, REFUSED, hold_out, may_be_alone, paired_phone

#: A disk that takes nothing more while ``full`` is true.
FULL_DISK = """() => {
  window.full = true;
  for (const name of ["add", "put"]) {
    const write = IDBObjectStore.prototype[name];
    IDBObjectStore.prototype[name] = function (...given) {
      if (window.full) throw new DOMException("no room", "QuotaExceededError");
      return write.apply(this, given);
    };
  }
}"""
#: A browser that opens no database, as in a broken profile.
NO_DISK = """IDBFactory.prototype.open = () => {
  const asked = new EventTarget();
  setTimeout(() => {
    asked.error = new DOMException("cannot be opened", "UnknownError");
    asked.dispatchEvent(new Event("error"));
  });
  return asked;
};"""


def offline(gate: Page) -> None:
    """Take the network away and wait until the phone has seen it."""
    gate.context.set_offline(True)
    expect(gate.locator("#state[data-state=offline]")).to_be_visible()


def test_a_full_phone_says_so_and_goes_on(people: People) -> None:
    one, two = people.passes(2)
    gate = paired_phone(people)
    may_be_alone(gate)
    gate.evaluate(FULL_DISK)
    offline(gate)
    hold_out(gate, one)
    expect(gate.locator(ADMITTED)).to_be_visible()
    notice = gate.locator("[data-notice=keeping]")
    expect(notice).to_have_text("Điện thoại này đã đầy: lượt quét chỉ được giữ khi trang này còn mở.")
    assert_accessible(gate)
    expect(gate.locator("#verdict")).to_be_hidden()
    hold_out(gate, one)
    expect(gate.locator(REFUSED)).to_be_visible()
    expect(gate.locator("#waiting")).to_contain_text("2")
    expect(gate.locator("#verdict")).to_be_hidden()

    gate.evaluate("window.full = false")  # somebody made room: what was in memory goes to disk with the next scan
    hold_out(gate, two)
    expect(gate.locator(ADMITTED)).to_be_visible()
    expect(notice).to_be_hidden()
    expect(gate.locator("#waiting")).to_contain_text("3")

    gate.evaluate("window.full = true")
    expect(gate.locator("#verdict")).to_be_hidden()
    hold_out(gate, two)
    expect(gate.locator(REFUSED)).to_be_visible()
    expect(gate.locator("#waiting")).to_contain_text("4")
    gate.context.set_offline(False)
    expect(gate.locator("#waiting")).to_be_hidden(timeout=20_000)


@pytest.mark.shared
@pytest.mark.once
def test_a_phone_without_storage_works_while_its_page_is_open(people: People) -> None:
    (code,) = people.passes(1)
    gate = people.page()
    gate.add_init_script(NO_DISK)
    gate.goto(people.ask("gate"))
    gate.locator("main form button[type=submit]").click()
    gate.wait_for_url("**/gate/**")
    may_be_alone(gate)
    expect(gate.locator("[data-notice=keeping]")).to_contain_text("không lưu được gì")
    offline(gate)
    hold_out(gate, code)
    expect(gate.locator(ADMITTED)).to_be_visible()
    expect(gate.locator("#verdict")).to_be_hidden()
    hold_out(gate, code)
    expect(gate.locator(REFUSED)).to_be_visible()
    expect(gate.locator("#waiting")).to_contain_text("2")
    gate.context.set_offline(False)
    expect(gate.locator("#waiting")).to_be_hidden(timeout=20_000)


@pytest.mark.shared
@pytest.mark.once
def test_a_phone_that_will_soon_be_full_says_so_before(people: People) -> None:
    gate = people.page()
    gate.add_init_script("navigator.storage.estimate = () => Promise.resolve({ usage: 83, quota: 100 })")
    gate.goto(people.ask("gate"))
    gate.locator("main form button[type=submit]").click()
    gate.wait_for_url("**/gate/**")
    expect(gate.locator("[data-notice=storage]")).to_contain_text("83%")
    assert_accessible(gate)


def slow_answers(gate: Page, milliseconds: int) -> None:
    """Let each answer to a scan come so much later."""
    gate.evaluate(
        "(late) => { const ask = window.fetch; window.fetch = async (what, how) => { "
        "const answer = await ask(what, how); if (String(what.url ?? what).endsWith('/gate/redeem')) "
        "await new Promise((done) => setTimeout(done, late)); return answer; }; }",
        milliseconds,
    )


def test_nobody_waits_for_a_slow_service(people: People) -> None:
    codes = people.passes(3)
    elsewhere = paired_phone(people)
    gate = paired_phone(people)
    may_be_alone(gate)
    hold_out(elsewhere, codes[0])  # which the phone before the slow service cannot know
    expect(elsewhere.locator(ADMITTED)).to_be_visible()
    slow_answers(gate, 1_900)
    for code in codes:
        hold_out(gate, code)
        expect(gate.locator(ADMITTED)).to_be_visible()
        expect(gate.locator("#verdict")).to_be_hidden()
    expect(gate.locator("[data-notice=differs]")).to_contain_text("Đã dùng rồi")
    expect(gate.locator("[data-notice=slow]")).to_be_visible()
    expect(gate.locator("#state[data-state=offline]")).to_be_visible()
    assert_accessible(gate)
    expect(gate.locator("#waiting")).to_be_hidden(timeout=20_000)
    expect(gate.locator("#state[data-state=online]")).to_be_visible(timeout=40_000)
    expect(gate.locator("[data-notice=slow]")).to_be_hidden()
    # What is over has been read by then, and goes with the next contact.
    gate.evaluate("() => { const now = performance.now.bind(performance); performance.now = () => now() + 20_000; }")
    expect(gate.locator("[data-notice=differs]")).to_be_hidden(timeout=25_000)

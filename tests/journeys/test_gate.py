"""A gate phone: paired by its card, with the camera open, with the network up and down."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.support.camera import picture_of
from tests.journeys.support.people import People
from tests.journeys.support.watch import assert_accessible
from tests.journeys.test_visitor import take_a_free_ticket

ADMITTED = "#verdict:not([hidden]):not(.verdict-refused):not(.verdict-look)"
REFUSED = "#verdict.verdict-refused:not([hidden])"


def paired_phone(people: People, *, codes: list[bytes] | None = None, locale: str = "vi") -> Page:
    """Open the card that a gate phone scans once, bind the phone, and go on to the scanner."""
    page = people.page(codes=codes, locale=locale)
    page.goto(people.ask("gate"))
    assert_accessible(page)
    page.locator("main form button[type=submit]").click()
    page.wait_for_url("**/gate/**")
    return page


def may_be_alone(page: Page) -> None:
    """Wait until a phone can do without the network: it has its page, and then what it judges by, before the count."""
    page.wait_for_function("navigator.serviceWorker.ready.then(() => true)")
    expect(page.locator("#inside")).to_have_text(re.compile(r"\d"))


def hold_out(page: Page, code: str) -> None:
    """Give the phone a code as a reader at its side would."""
    page.fill("#code", code)
    page.press("#code", "Enter")


def read_by_hand(page: Page, code: str) -> None:
    """Give the phone a code as a hand reader types it: at once, however busy this machine is."""
    page.evaluate(
        """code => [...code, "Enter"].forEach(key => document.dispatchEvent(
            new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true})))""",
        code,
    )


def inside_is(people: People, gate: Page, count: int) -> None:
    """Expect how many are inside; while there is trouble others go in and out as well."""
    expect(gate.locator("#inside")).to_have_text(re.compile(r"[\d.]+") if people.patient else str(count))


def test_the_camera_admits_a_pass_once(people: People) -> None:
    visitor = people.page()
    take_a_free_ticket(visitor, name="Lò Thị Mai", contact="0987 654 321")
    picture = visitor.request.get(f"/pass/{visitor.url.rpartition('/')[2]}.png").body()
    gate = paired_phone(people, codes=[picture])
    expect(gate.locator(ADMITTED)).to_be_visible(timeout=15_000)
    inside_is(people, gate, 1)
    expect(gate.locator(REFUSED)).to_be_visible(timeout=15_000)
    detail, place = gate.locator("#verdict-detail").inner_text(), gate.locator("#gate").inner_text()
    assert re.fullmatch(r"\d\d:\d\d · (.+)", detail)[1] == place  # type: ignore[index]
    assert_accessible(gate)


@pytest.mark.shared
@pytest.mark.parametrize(("locale", "word"), [("vi", "Đã dùng rồi"), ("id", "Sudah dipakai")])
def test_a_pass_that_was_used_is_refused_with_when_and_where(people: People, locale: str, word: str) -> None:
    (code,) = people.passes(1)
    gate = paired_phone(people, locale=locale)
    hold_out(gate, code)
    expect(gate.locator(ADMITTED)).to_be_visible()
    expect(gate.locator("#verdict")).to_be_hidden()
    used_at = people.ask("earlier", code, "17")
    hold_out(gate, code)
    expect(gate.locator(REFUSED)).to_be_visible()
    expect(gate.locator("#verdict-word")).to_have_text(word)
    expect(gate.locator("#verdict-detail")).to_have_text(f"{used_at} · Cổng A1 – sảnh chính")


@pytest.mark.shared
@pytest.mark.once
def test_a_refusal_stands_until_the_next_code_and_then_as_a_card(people: People) -> None:
    one, two = people.passes(2)
    gate = paired_phone(people)
    may_be_alone(gate)
    verdict, last = gate.locator("#verdict"), gate.locator("#last")
    gate.clock.pause_at(datetime.now(UTC) + timedelta(seconds=2))
    for code, look, after_the_pause in ((one, ADMITTED, False), (one, REFUSED, True), (two, ADMITTED, False)):
        hold_out(gate, code)
        expect(gate.locator(look)).to_be_visible()
        gate.clock.run_for(1_300)  # from now on the next code is read
        expect(verdict).to_be_visible(visible=after_the_pause)
    assert last.get_attribute("data-look") == "admitted"
    hold_out(gate, two)
    expect(gate.locator(REFUSED)).to_be_visible()
    gate.clock.run_for(4_100)
    expect(verdict).to_be_hidden()
    assert last.get_attribute("data-look") == "refused"
    assert gate.locator("#gate").inner_text() in last.inner_text()
    gate.clock.resume()
    assert_accessible(gate)
    hold_out(gate, "7KQ2")
    expect(last.locator("strong")).to_have_text("Chưa đủ mã")


@pytest.mark.shared
def test_the_card_pairs_one_phone(people: People) -> None:
    card = people.ask("gate")
    first = people.page(at="/me")
    first.goto(card)
    first.locator("main form button[type=submit]").click()
    first.wait_for_url("**/gate/**")
    people.watch.allow(r"4\d\d GET .*/invite/")
    second = people.page()
    answer = second.goto(card)
    assert answer is not None
    assert answer.status >= 400
    assert_accessible(second)


def test_without_network_the_phone_judges_alone_and_hands_over_later(people: People) -> None:
    one, two = people.passes(2)
    gate = paired_phone(people)
    may_be_alone(gate)
    gate.context.set_offline(True)
    expect(gate.locator("#state[data-state=offline]")).to_be_visible()
    hold_out(gate, one)
    expect(gate.locator(ADMITTED)).to_be_visible()
    assert gate.locator("#verdict-label").inner_text().startswith(("Vé", "Ghế"))
    expect(gate.locator("#verdict")).to_be_hidden()
    hold_out(gate, one)
    expect(gate.locator(REFUSED)).to_be_visible()
    expect(gate.locator("#verdict")).to_be_hidden()
    hold_out(gate, two)
    expect(gate.locator(ADMITTED)).to_be_visible()
    expect(gate.locator("#waiting")).to_contain_text("3")
    gate.reload()
    expect(gate.locator("#waiting")).to_contain_text("3")

    with gate.expect_request("**/api/v1/gate/scans", timeout=20_000) as handed_in:
        gate.context.set_offline(False)
    bundle = gate.request.get("/api/v1/gate/bundle").json()
    scans = handed_in.value.post_data_json["scans"]
    assert [(scan["list"], scan["gate"]) for scan in scans] == [(bundle["list_id"], bundle["gate_id"])] * 3
    expect(gate.locator("#waiting")).to_be_hidden(timeout=20_000)
    other = paired_phone(people)
    inside_is(people, other, 2)
    hold_out(other, two)
    expect(other.locator(REFUSED)).to_be_visible()
    expect(other.locator("#verdict")).to_be_hidden()
    may_be_alone(other)
    other.context.set_offline(True)
    expect(other.locator("#state[data-state=offline]")).to_be_visible()
    hold_out(other, two)  # which the service has told it of: it does not let it in now
    expect(other.locator(REFUSED)).to_be_visible()


@pytest.mark.shared
@pytest.mark.once
def test_a_phone_that_is_back_judges_by_what_holds_now(people: People) -> None:
    (code,) = people.passes(1)
    gate = paired_phone(people)
    may_be_alone(gate)
    gate.context.set_offline(True)
    expect(gate.locator("#state[data-state=offline]")).to_be_visible()
    hold_out(gate, code)
    expect(gate.locator(ADMITTED)).to_be_visible()
    # No count comes: what waited is handed over, and that alone says that the network is back.
    gate.evaluate(
        "() => { const ask = window.fetch; window.fetch = (what, how) => "
        "String(what.url ?? what).endsWith('/gate/status') ? new Promise(() => undefined) : ask(what, how); }"
    )
    with gate.expect_response("**/api/v1/gate/bundle?since=*", timeout=30_000):
        gate.context.set_offline(False)


@pytest.mark.shared
@pytest.mark.once
def test_what_a_hand_reader_types_does_not_stay_in_the_field(people: People) -> None:
    (code,) = people.passes(1)
    gate = paired_phone(people)
    expect(gate.locator("#state[data-state=online]")).to_be_visible()
    gate.locator("#code").focus()
    gate.keyboard.type(code)
    gate.keyboard.press("Enter")
    expect(gate.locator(ADMITTED)).to_be_visible()
    expect(gate.locator("#code")).to_have_value("")


@pytest.mark.shared
@pytest.mark.once
def test_a_code_that_nobody_knows_says_what_to_do(people: People) -> None:
    gate = paired_phone(people)
    hold_out(gate, "7KQ2-M9XA")
    expect(gate.locator(REFUSED)).to_be_visible()
    expect(gate.locator("#verdict-detail")).to_contain_text("bàn đón tiếp")


@pytest.mark.shared
@pytest.mark.once
def test_a_code_that_is_no_pass_is_said_to_be_none(people: People) -> None:
    gate = paired_phone(people, codes=[picture_of("https://example.org/menu")])
    expect(gate.locator("#verdict.verdict-look:not([hidden])")).to_be_visible(timeout=15_000)


def test_who_is_scanned_out_may_come_in_again(people: People) -> None:
    (code,) = people.passes(1)
    lead = people.page(signed_in="gate_lead", at="/manage/{edition_id}/gates", device="desk")
    lead.locator("main a[href*='/gates/lists/']:not([href$='/new'])").first.click()
    lead.check("[name=exits]")
    assert_accessible(lead)
    lead.locator("main form button[type=submit]").click()
    lead.wait_for_url("**/gates")
    gate = paired_phone(people)
    inside_is(people, gate, 0)
    hold_out(gate, code)
    expect(gate.locator(ADMITTED)).to_be_visible()
    inside_is(people, gate, 1)
    expect(gate.locator("#verdict")).to_be_hidden()
    gate.locator("[data-way=out]").click()
    assert_accessible(gate)
    hold_out(gate, code)
    expect(gate.locator("#verdict.verdict-left:not([hidden])")).to_be_visible()
    inside_is(people, gate, 0)
    expect(gate.locator("#verdict")).to_be_hidden()
    gate.locator("[data-way=in]").click()
    hold_out(gate, code)
    expect(gate.locator(ADMITTED)).to_be_visible()

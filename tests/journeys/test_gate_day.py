"""A long day of a gate phone: what it has scanned, a clock that is moved, a service that is slow, its death."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.journeys.support.people import DEVICES, SWITCHES, People
from tests.journeys.support.watch import assert_accessible
from tests.journeys.test_gate import ADMITTED, REFUSED, hold_out, may_be_alone, paired_phone, read_by_hand
from tests.journeys.test_gate_trouble import offline, slow_answers
from tests.support.chromium import find_chromium

LOOK = "#verdict.verdict-look:not([hidden])"
HOURS = timedelta(hours=3)
#: Moves the device's clock and leaves the browser's steady one alone.
SET_CLOCK = "(by) => { const now = Date.now.bind(Date); Date.now = () => now() + by; }"
#: Answers to a scan that never come.
NO_ANSWER = """() => {
  const ask = window.fetch;
  window.asked = [];
  window.fetch = (what, how) => {
    if (!String(what.url ?? what).endsWith("/gate/redeem")) return ask(what, how);
    window.asked.push(JSON.parse(how.body).client_id);
    if (window.answers) return ask(what, how);
    return new Promise((_, no) => {
      how.signal.addEventListener("abort", () => no(new DOMException("late", "AbortError")));
    });
  };
}"""
#: A disk that is busy until ``letGo`` is called; whether a scan has been handed to it stands in ``handed``.
BUSY_DISK = """() => new Promise((ready) => {
  const opening = indexedDB.open("fairground-gate-queue");
  opening.onsuccess = () => {
    const change = opening.result.transaction("records", "readwrite");
    let held = true;
    window.letGo = () => { held = false; };
    const hold = () => { if (held) change.objectStore("records").count().onsuccess = hold; };
    hold();
    const begin = IDBDatabase.prototype.transaction;
    IDBDatabase.prototype.transaction = function (...given) {
      if (given[1] === "readwrite" && this.name === "fairground-gate-queue") window.handed = true;
      return begin.apply(this, given);
    };
    ready();
  };
})"""


def recent(gate: Page) -> Any:
    """Open the last scans; gives their lines."""
    gate.locator("#last").click()
    expect(gate.locator("#recent")).to_be_visible()
    return gate.locator("#recent-scans > li")


@pytest.mark.shared
def test_the_last_scans_say_why_somebody_was_refused_and_outlive_a_reload_without_network(people: People) -> None:
    (code,) = people.passes(1)
    gate = paired_phone(people)
    may_be_alone(gate)
    expect(recent(gate)).to_have_count(0)
    expect(gate.locator("#recent-none")).to_be_visible()
    assert_accessible(gate)
    read_by_hand(gate, code)  # whoever scans looks at the verdict
    expect(gate.locator("#recent")).to_be_hidden()
    expect(gate.locator(ADMITTED)).to_be_visible()
    expect(gate.locator("#verdict")).to_be_hidden()
    used_at = people.ask("earlier", code, "17")
    hold_out(gate, code)
    expect(gate.locator(REFUSED)).to_be_visible()
    expect(gate.locator("#verdict")).to_be_hidden()
    offline(gate)
    hold_out(gate, code)
    expect(gate.locator(REFUSED)).to_be_visible()
    expect(gate.locator("#verdict")).to_be_hidden()
    gate.reload()
    expect(gate.locator("#last strong")).to_have_text("Đã dùng rồi")
    lines = recent(gate)
    expect(lines).to_have_count(3)
    assert lines.locator("strong").all_inner_texts() == ["Đã dùng rồi", "Đã dùng rồi", "Được vào"]
    place = gate.locator("#gate").inner_text()
    assert all(place in line and re.search(r"\d\d:\d\d", line) for line in lines.all_inner_texts())
    lines.nth(1).locator("summary").click()
    expect(lines.nth(1)).to_contain_text(f"{used_at} · Cổng A1 – sảnh chính")
    lines.nth(0).locator("summary").click()
    expect(lines.nth(0)).to_contain_text("tự kiểm tra")
    assert_accessible(gate)
    box = lines.nth(2).bounding_box()
    assert box is not None
    assert box["height"] >= 64
    gate.locator("#recent-close").click()
    expect(gate.locator("#recent")).to_be_hidden()


@pytest.mark.shared
@pytest.mark.once
def test_a_phone_that_is_withdrawn_forgets_its_last_scans(people: People) -> None:
    (code,) = people.passes(1)
    gate = paired_phone(people)
    may_be_alone(gate)
    hold_out(gate, code)
    expect(gate.locator(ADMITTED)).to_be_visible()
    expect(gate.locator("#verdict")).to_be_hidden()
    people.watch.allow(r"^401 ")
    gate.context.clear_cookies()
    expect(gate.locator("#problem")).to_contain_text("đã bị thu hồi", timeout=15_000)
    expect(gate.locator("#last")).to_have_text("Các lượt quét gần đây")
    expect(recent(gate)).to_have_count(0)
    kept = gate.evaluate(
        "() => new Promise((done) => { const opening = indexedDB.open('fairground-gate'); opening.onsuccess = () => { "
        "const asked = opening.result.transaction('values').objectStore('values').getAllKeys(); "
        "asked.onsuccess = () => done(asked.result); }; })"
    )
    assert "recent" not in kept
    assert "bundle" not in kept


@pytest.mark.shared
def test_a_clock_that_is_moved_is_noticed_and_both_times_are_kept(people: People) -> None:
    one, two = people.passes(2)
    gate = paired_phone(people)
    may_be_alone(gate)
    offline(gate)
    hold_out(gate, one)
    expect(gate.locator(ADMITTED)).to_be_visible()
    expect(gate.locator("#verdict")).to_be_hidden()
    gate.evaluate(SET_CLOCK, -HOURS / timedelta(milliseconds=1))
    expect(gate.locator("[data-notice=clock]")).to_contain_text("chưa chắc đúng")
    assert_accessible(gate)
    hold_out(gate, two)
    expect(gate.locator(ADMITTED)).to_be_visible()
    expect(gate.locator("#verdict")).to_be_hidden()
    line = recent(gate).nth(0)
    line.locator("summary").click()
    expect(line).to_contain_text("đồng hồ điện thoại khi đó chỉ")
    gate.locator("#recent-close").click()
    with gate.expect_request("**/api/v1/gate/scans", timeout=20_000) as handed_in:
        gate.context.set_offline(False)
    first, second = handed_in.value.post_data_json["scans"]
    assert [first["clock"], second["clock"]] == ["measured", "jumped"]
    corrected, raw = (
        datetime.fromisoformat(second[name]) - datetime.fromisoformat(first[name])
        for name in ("device_at", "device_clock")
    )
    assert corrected > timedelta(0)
    assert abs(corrected - raw - HOURS) < timedelta(seconds=1)
    moved = gate.locator("[data-notice=moved]")
    expect(moved).to_contain_text("3 giờ", timeout=20_000)
    expect(gate.locator("[data-notice=clock]")).to_be_hidden()
    moved.click()
    expect(moved).to_be_hidden()


@pytest.mark.shared
@pytest.mark.once
def test_whoever_types_a_code_is_told_that_the_service_is_slow_and_gets_its_answer(people: People) -> None:
    gate = paired_phone(people)
    may_be_alone(gate)
    slow_answers(gate, 3_500)
    hold_out(gate, "7KQ2-M9XA")
    expect(gate.locator("[data-notice=asking]")).to_contain_text("Mạng chậm")
    assert_accessible(gate)
    expect(gate.locator(REFUSED)).to_be_visible()
    expect(gate.locator("#verdict-detail")).to_contain_text("bàn đón tiếp")
    expect(gate.locator("[data-notice=asking]")).to_be_hidden()


@pytest.mark.shared
@pytest.mark.once
def test_a_typed_code_without_an_answer_is_the_same_scan_when_it_is_typed_again(people: People) -> None:
    gate = paired_phone(people)
    may_be_alone(gate)
    gate.evaluate(NO_ANSWER)
    hold_out(gate, "7KQ2-M9XA")
    expect(gate.locator(LOOK)).to_be_visible(timeout=15_000)
    expect(gate.locator("#verdict-word")).to_have_text("Mạng chậm")
    expect(gate.locator("#verdict")).to_be_hidden()
    gate.evaluate("window.answers = true")
    hold_out(gate, "7KQ2-M9XA")
    expect(gate.locator(REFUSED)).to_be_visible()
    expect(gate.locator("#verdict")).to_be_hidden()
    hold_out(gate, "7KQ2-M9XA")
    expect(gate.locator(REFUSED)).to_be_visible()
    first, again, another = gate.evaluate("asked")
    assert first == again != another


#: Whether the phone has on its disk that its list opens at an hour.
KEEPS_HOURS = """(opens) => new Promise((resolve, reject) => {
    const asked = indexedDB.open("fairground-gate");
    asked.onerror = () => reject(asked.error);
    asked.onsuccess = () => {
        const read = asked.result.transaction("values").objectStore("values").get("bundle");
        read.onsuccess = () => {
            asked.result.close();
            resolve(read.result?.list_rules?.opens_daily === opens);
        };
    };
})"""


def test_without_network_a_phone_keeps_to_the_hours_of_its_list(people: People) -> None:
    (code,) = people.passes(1)
    gate = paired_phone(people)
    bundle = gate.request.get("/api/v1/gate/bundle").json()
    now = datetime.fromisoformat(bundle["server_time"]).astimezone(ZoneInfo(bundle["timezone"]))
    opens, closes = (f"{(now + timedelta(hours=hours)):%H:%M}" for hours in (2, 3))
    lead = people.page(signed_in="gate_lead", at="/manage/{edition_id}/gates", device="desk")
    lead.locator(f"main a[href*='/gates/lists/{bundle['list_id']}']").first.click()
    lead.locator("details:has([name=opens_daily]) > summary").click()
    lead.fill("[name=opens_daily]", opens)
    lead.fill("[name=closes_daily]", closes)
    lead.locator("main form button[type=submit]").click()
    lead.wait_for_url("**/gates")
    gate.wait_for_function(  # each worker goes for a while by what it knew of the gate
        "(opens) => Promise.all(Array.from({ length: 6 }, () => fetch('/api/v1/gate/bundle')))"
        ".then((answers) => Promise.all(answers.map((answer) => answer.json())))"
        ".then((told) => told.every(({ list_rules }) => list_rules.opens_daily === opens))",
        arg=opens,
    )
    with gate.expect_response("**/api/v1/gate/bundle**") as told:
        gate.reload()
    told.value.finished()
    gate.wait_for_function(KEEPS_HOURS, arg=opens)
    may_be_alone(gate)
    offline(gate)
    hold_out(gate, code)
    expect(gate.locator(REFUSED)).to_be_visible()
    expect(gate.locator("#verdict-detail")).to_have_text(f"{bundle['list_name']}: {opens}–{closes}")


@pytest.mark.shared
@pytest.mark.once
def test_no_verdict_is_shown_before_its_scan_lies_on_the_disk(people: People) -> None:
    (code,) = people.passes(1)
    gate = paired_phone(people)
    may_be_alone(gate)
    offline(gate)
    gate.evaluate(BUSY_DISK)
    gate.evaluate(
        "() => new MutationObserver(() => { window.shown = true; })"
        ".observe(document.querySelector('#verdict'), { attributes: true, attributeFilter: ['hidden'] })"
    )
    hold_out(gate, code)
    gate.wait_for_function("() => window.handed")
    gate.evaluate("() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
    assert gate.evaluate("window.shown") is None
    gate.evaluate("letGo()")
    expect(gate.locator(ADMITTED)).to_be_visible()
    expect(gate.locator("#waiting")).to_contain_text("1")


@contextmanager
def own_phone(people: People, folder: Path) -> Iterator[BrowserContext]:
    """A browser of its own that keeps what it knows in a folder, as a phone does."""
    width, height = DEVICES["phone"]
    context = people._playwright.chromium.launch_persistent_context(
        str(folder),
        executable_path=find_chromium(),
        args=SWITCHES,
        headless=True,
        base_url=people.service.url,
        viewport={"width": width, "height": height},
        locale="vi",
        timezone_id="Asia/Ho_Chi_Minh",
    )
    people.watch.attach(context)
    with closing(context):
        yield context


def kill(folder: Path) -> None:
    """Kill the browser that keeps what it knows in a folder, with all its processes, as an empty battery does."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if f"--user-data-dir={folder}".encode() in command:
            os.kill(int(process.name), signal.SIGKILL)


@pytest.mark.once
def test_a_phone_that_dies_over_a_verdict_has_lost_nothing_the_next_morning(people: People, tmp_path: Path) -> None:
    one, two = people.passes(2)
    folder = tmp_path / "phone"
    people.watch.allow("ERR_")
    with own_phone(people, folder) as context:
        gate = context.pages[0]
        gate.goto(people.ask("gate"))
        gate.locator("main form button[type=submit]").click()
        gate.wait_for_url("**/gate/**")
        may_be_alone(gate)
    with own_phone(people, folder) as context:
        gate = context.pages[0]
        gate.goto("/gate/")
        may_be_alone(gate)
        offline(gate)
        hold_out(gate, one)
        expect(gate.locator(ADMITTED)).to_be_visible()
        expect(gate.locator("#verdict")).to_be_hidden()
        # From the moment at which the verdict stands there the page does nothing more.
        gate.evaluate(
            "() => new MutationObserver((_, watch) => { watch.disconnect(); console.warn('shown'); for (;;); })"
            ".observe(document.querySelector('#verdict'), { attributes: true, attributeFilter: ['hidden'] })"
        )
        with gate.expect_console_message(lambda message: message.text == "shown"):
            gate.evaluate("(code) => { document.querySelector('#code').value = code; }", two)
            gate.evaluate("() => setTimeout(() => document.querySelector('#typed').requestSubmit())")
        kill(folder)
    with own_phone(people, folder) as context:
        context.set_offline(True)
        gate = context.pages[0]
        gate.goto("/gate/")
        expect(gate.locator("#waiting")).to_contain_text("2")
        expect(gate.locator("#last strong")).to_be_visible()
        with gate.expect_response("**/api/v1/gate/scans", timeout=30_000) as handed_in:
            context.set_offline(False)
        answers = handed_in.value.json()["answers"]
        assert [answer["verdict"] for answer in answers] == ["admitted", "admitted"]
        expect(gate.locator("#waiting")).to_be_hidden(timeout=20_000)

"""A gate phone alone: it knows whom others let in, and loses nothing that the service does not take."""

from __future__ import annotations

import csv

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.support.people import People
from tests.journeys.support.watch import assert_accessible
from tests.journeys.test_gate import ADMITTED, REFUSED, hold_out, may_be_alone, paired_phone
from tests.journeys.test_gate_trouble import offline

#: Lets the scan that waits be of a list that the edition does not have.
OF_NO_LIST = """() => new Promise((done) => {
  const opening = indexedDB.open("fairground-gate-queue");
  opening.onsuccess = () => {
    const change = opening.result.transaction("records", "readwrite");
    const records = change.objectStore("records");
    records.getAll().onsuccess = ({ target }) => {
      for (const record of target.result) records.put({ ...record, body: { ...record.body, list: 2 ** 31 - 1 } });
    };
    change.oncomplete = () => { opening.result.close(); done(); };
  };
})"""
#: Whether the disk holds what the service told of passes.
IS_TOLD = """() => new Promise((done) => {
  const opening = indexedDB.open("fairground-gate");
  opening.onsuccess = () => {
    const asked = opening.result.transaction("values").objectStore("values").get("bundle");
    asked.onsuccess = () => { opening.result.close(); done(Boolean(asked.result?.passes?.since)); };
  };
})"""


def told_phone(people: People) -> Page:
    """A phone that holds on its disk what the service knows of passes."""
    gate = paired_phone(people)
    may_be_alone(gate)
    for _again in range(100):
        if gate.evaluate(IS_TOLD):
            return gate
        gate.wait_for_timeout(100)
    raise AssertionError("the phone was told nothing")


@pytest.mark.shared
def test_without_network_a_phone_refuses_whom_another_gate_let_in(people: People) -> None:
    used, fresh = people.passes(2)
    other = paired_phone(people)
    hold_out(other, used)
    expect(other.locator(ADMITTED)).to_be_visible()
    used_at = people.ask("earlier", used, "17")
    gate = told_phone(people)
    offline(gate)
    gate.reload()  # as on the next morning
    expect(gate.locator("#last")).to_be_visible()
    hold_out(gate, used)
    expect(gate.locator(REFUSED)).to_be_visible()
    expect(gate.locator("#verdict-detail")).to_contain_text(used_at)
    expect(gate.locator("#verdict")).to_be_hidden()
    hold_out(gate, fresh)
    expect(gate.locator(ADMITTED)).to_be_visible()
    expect(gate.locator("#verdict")).to_be_hidden()
    hold_out(gate, fresh)
    expect(gate.locator(REFUSED)).to_be_visible()


@pytest.mark.shared
@pytest.mark.once
def test_scans_that_the_service_does_not_take_stay_until_somebody_takes_them_off(people: People) -> None:
    (code,) = people.passes(1)
    gate = told_phone(people)
    offline(gate)
    hold_out(gate, code)
    expect(gate.locator(ADMITTED)).to_be_visible()
    expect(gate.locator("#verdict")).to_be_hidden()
    gate.evaluate(OF_NO_LIST)
    gate.context.set_offline(False)
    line = gate.locator("[data-notice=untaken]")
    expect(line).to_contain_text("không nhận 1 lượt quét", timeout=20_000)
    expect(gate.locator("#waiting")).to_be_hidden()
    gate.reload()
    expect(line).to_be_visible()
    line.click()
    expect(gate.locator("#untaken-scans li")).to_have_count(1)
    expect(gate.locator("#untaken-scans")).to_contain_text("không thuộc hội chợ này")
    assert_accessible(gate)
    remove = gate.locator("#untaken-remove")
    expect(remove).to_be_disabled()
    with gate.expect_download() as saved:
        gate.locator("#untaken-save").click()
    with saved.value.path().open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["code"], row["shown"], row["error"]) == (code.rpartition("/")[2].upper(), "admitted", "list_not_found")
    remove.click()
    expect(gate.locator("#untaken")).to_be_hidden()
    expect(line).to_be_hidden()
    gate.reload()
    expect(gate.locator("#inside")).not_to_have_text("–", timeout=20_000)
    expect(line).to_be_hidden()

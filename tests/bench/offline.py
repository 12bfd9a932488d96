"""``offline``: how soon a gate phone alone shows a verdict, with 100,000 passes that its list knows, and what that
takes on the wire and on the disk.

A real service and a real page in Chromium: the phone is paired, told everything, cut off, loaded anew from its disk,
and given codes as a reader at its side would. A verdict counts as shown at the first picture after it stands there; its
scan lies on the disk by then.
"""

from __future__ import annotations

import json
import statistics
from typing import Any

from playwright.sync_api import Page, sync_playwright

from tests.bench.measured import demo_festival
from tests.journeys.support.people import DEVICES, SWITCHES
from tests.support.chromium import find_chromium

PASSES = 100_000
#: Scans a second that are measured.
A_SECOND = 20
#: Fetches what the phone fetches: the bytes before compression, and the milliseconds from asking to the last byte.
FETCH = """async () => {
  const asked = performance.now();
  const answer = await fetch("/api/v1/gate/bundle?since=", { cache: "no-store" });
  const bytes = (await answer.arrayBuffer()).byteLength;
  return [bytes, performance.now() - asked];
}"""
#: Whether all is on the disk.
IS_KEPT = """() => new Promise((done) => {
  const opening = indexedDB.open("fairground-gate");
  opening.onsuccess = () => {
    const asked = opening.result.transaction("values").objectStore("values").get("bundle");
    asked.onsuccess = () => { opening.result.close(); done(Boolean(asked.result?.passes)); };
  };
})"""
#: Gives the phone a code; the milliseconds until its verdict is to be seen, and what it says.
SCAN = """(code) => new Promise((done) => {
  const verdict = document.querySelector("#verdict");
  const watch = new MutationObserver(() => {
    if (verdict.hidden) return;
    watch.disconnect();
    requestAnimationFrame(() => {
      const took = performance.now() - began;
      const told = document.querySelector("#verdict-word").textContent;
      verdict.dispatchEvent(new PointerEvent("pointerdown"));
      setTimeout(() => done([took, told]), 20);
    });
  });
  watch.observe(verdict, { attributes: true, attributeFilter: ["hidden"] });
  document.querySelector("#code").value = code;
  const began = performance.now();
  document.querySelector("#typed").requestSubmit();
})"""


def run(engine: str, seconds: float) -> dict[str, Any]:
    """Measure ``A_SECOND`` scans for each of ``seconds``: every other is of somebody who is inside already."""
    scans = max(2, int(A_SECOND * seconds))
    with demo_festival(engine) as bench:
        folder = bench.home.folder
        bench.home.python("-m", "tests.bench.known_passes", str(PASSES), str(scans), str(folder))
        made = json.loads((folder / "known.json").read_text())
        with bench.running() as service, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=find_chromium(), args=SWITCHES)
            width, height = DEVICES["phone"]
            context = browser.new_context(base_url=service.url, viewport={"width": width, "height": height})
            context.add_cookies([{"name": "fg_gate", "value": made["token"], "url": service.url}])
            page = context.new_page()
            page.goto("/gate/")
            page.wait_for_function("navigator.serviceWorker.ready.then(() => true)")
            while not page.evaluate(IS_KEPT):
                page.wait_for_timeout(200)
            told, took = page.evaluate(FETCH)
            context.set_offline(True)
            page.reload()
            page.wait_for_selector("#state[data-state=offline]")
            verdicts = [page.evaluate(SCAN, code) for code in made["codes"]]
            storage = page.evaluate("navigator.storage.estimate().then(({ usage }) => usage)")
            waiting = waits(page)
            browser.close()
    times = sorted(milliseconds for milliseconds, _told in verdicts)
    words = [word for _milliseconds, word in verdicts]
    return {
        "bytes_per_pass": round(told / PASSES, 2),
        "whole_ms": round(took),
        "verdict_p50_ms": round(statistics.median(times), 1),
        "verdict_p95_ms": round(times[int(0.95 * (len(times) - 1))], 1),
        "storage_mib": round(storage / 2**20, 1),
        "passes": PASSES,
        "scans": len(times),
        "verdicts": {word: words.count(word) for word in sorted(set(words))},
        "scans_kept": waiting,
    }


def waits(page: Page) -> int:
    """How many scans lie in the queue."""
    return int("".join(letter for letter in page.locator("#waiting-count").inner_text() if letter.isdigit()) or 0)

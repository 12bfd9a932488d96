"""``gate``: how soon a phone that opens its card has scanned its first pass, and how soon a scan has its verdict while
32 gates scan.

Both are of a real browser. The first opens the card, binds itself and reads a pass with its camera, which a film plays;
the second is given codes as by a reader at its side, as fast as its page takes them (a verdict stands for 1.2 s), among
31 clients of one scan a second each, spread over the second.
"""

from __future__ import annotations

import asyncio
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from app.events.passes.codec import qr_text
from tests.bench.checkin import PATH
from tests.bench.measured import demo_festival
from tests.journeys.support.camera import picture_of, write_camera_file
from tests.journeys.support.people import CAMERA_SWITCHES, launch
from tests.support.service import Service

CLIENTS = 31
ADMITTED = "#verdict:not([hidden]):not(.verdict-refused):not(.verdict-look)"
VERDICT_GONE = "() => document.querySelector('#verdict').hidden"
#: Type a code as a reader does, and give the milliseconds until its verdict fills the screen, and whether it is let in.
SCAN = """(code) => new Promise((done) => {
  const verdict = document.querySelector("#verdict");
  const begun = performance.now();
  new MutationObserver((_, watching) => {
    if (verdict.hidden) return;
    watching.disconnect();
    const took = performance.now() - begun;
    done([took, !verdict.classList.contains("verdict-refused") && !verdict.classList.contains("verdict-look")]);
  }).observe(verdict, { attributes: true, attributeFilter: ["hidden"] });
  for (const key of [...code, "Enter"]) {
    document.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  }
})"""


def run(engine: str, seconds: float) -> dict[str, Any]:
    """Bind a phone and let it scan; then scan for ``seconds`` among the other gates."""
    with demo_festival(engine) as bench:
        folder = bench.home.folder
        count = 2 + int(seconds * (CLIENTS + 2)) + CLIENTS
        bench.home.python("-m", "tests.bench.passes", str(count), str(folder), str(CLIENTS))
        codes = (folder / "codes").read_text().splitlines()
        tokens = (folder / "tokens").read_text().splitlines()
        cards = [path.rpartition("/invite/")[2] for path in (folder / "cards").read_text().splitlines()]
        with bench.running() as service, sync_playwright() as playwright:
            pairing = pair_to_first_scan(playwright, service, cards[0], codes.pop(), folder)
            browser = launch(playwright)
            phone = bound_phone(browser, service, cards[1])
            own = [codes.pop() for _number in range(int(seconds) + 1)]
            with scanning(service, tokens, codes) as elsewhere:
                verdicts, refused = scan_for(phone, own, seconds)
            browser.close()
    return {
        "pair_to_first_scan_seconds": round(pairing, 2),
        "scan_to_verdict_p50_ms": round(statistics.median(verdicts), 1),
        "scan_to_verdict_p95_ms": round(percentile(verdicts, 95), 1),
        "scans_of_the_phone": len(verdicts),
        "refused": refused,
        "gates": CLIENTS + 1,
        "scans_elsewhere": len(elsewhere.took),
        "elsewhere_p95_ms": round(percentile(elsewhere.took, 95), 1),
        "elsewhere_not_admitted": elsewhere.not_admitted,
    }


def pair_to_first_scan(playwright: Playwright, service: Service, card: str, code: str, folder: Path) -> float:
    """Seconds from opening a card to the verdict on the pass that is held before the camera all the while."""
    film = write_camera_file(folder / "pass.y4m", [picture_of(qr_text(code, service.url))], seconds_between=0)
    browser = launch(playwright, [*CAMERA_SWITCHES, f"--use-file-for-fake-video-capture={film}"])
    page = browser.new_context(base_url=service.url, permissions=["camera"]).new_page()
    begun = time.monotonic()
    page.goto(f"/invite/{card}")
    page.locator("main form button[type=submit]").click()
    page.locator(ADMITTED).wait_for(timeout=60_000)
    took = time.monotonic() - begun
    browser.close()
    return took


def bound_phone(browser: Browser, service: Service, card: str) -> Page:
    """A phone without a camera that has its bundle and the network."""
    page = browser.new_context(base_url=service.url).new_page()
    page.goto(f"/invite/{card}")
    with page.expect_response("**/api/v1/gate/status"):
        page.locator("main form button[type=submit]").click()
    page.locator("#state[data-state=online]").wait_for()
    return page


def scan_for(phone: Page, codes: list[str], seconds: float) -> tuple[list[float], int]:
    """Scan one pass after the other: (milliseconds from each code to its verdict, how many were not let in)."""
    took, refused = [], 0
    end = time.monotonic() + seconds
    while time.monotonic() < end and codes:
        phone.wait_for_function(VERDICT_GONE)
        milliseconds, admitted = phone.evaluate(SCAN, codes.pop())
        took.append(milliseconds)
        refused += not admitted
    return took, refused


class Elsewhere:
    """What the other gates saw."""

    def __init__(self) -> None:
        self.took: list[float] = []
        self.not_admitted = 0
        self.ended = threading.Event()


@contextmanager
def scanning(service: Service, tokens: list[str], codes: list[str]) -> Iterator[Elsewhere]:
    """Let clients scan at one pass a second each, from when all have scanned once until the block ends."""
    seen = Elsewhere()
    begun = threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(_scan_all(service.url, tokens, codes, seen, begun)))
    thread.start()
    try:
        begun.wait(30)
        yield seen
    finally:
        seen.ended.set()
        thread.join()


async def _scan_all(url: str, tokens: list[str], codes: list[str], seen: Elsewhere, begun: threading.Event) -> None:
    async with httpx.AsyncClient(base_url=url, timeout=30) as client:

        async def one(number: int) -> None:
            headers = {"authorization": f"Bearer {tokens[number]}"}
            due = time.monotonic() + number / CLIENTS
            mine = codes[number::CLIENTS]
            for place, code in enumerate(mine):
                await asyncio.sleep(max(0, due - time.monotonic()))
                if seen.ended.is_set():
                    return
                asked = time.monotonic()
                body = {"client_id": f"bench-{number:02d}-{place:06d}", "code": code}
                answer = await client.post(PATH, json=body, headers=headers)
                seen.took.append(1000 * (time.monotonic() - asked))
                seen.not_admitted += answer.status_code != 200 or answer.json()["verdict"] != "admitted"
                begun.set()
                due += 1

        await asyncio.gather(*(one(number) for number in range(CLIENTS)))


def percentile(values: list[float], percent: int) -> float:
    """The value that so many of a hundred do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]

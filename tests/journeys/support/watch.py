"""Keeps an eye on a page: errors in the console, refused content, failed requests, barriers to reading."""

from __future__ import annotations

import re
from base64 import b64decode
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import BrowserContext, CDPSession, ConsoleMessage, Error, Page, Request, Response, WebError

from tests.support.engine import on_postgres

SERIOUS = ("serious", "critical")
BY_NETWORK = "Failed to load resource"
#: To compute the contrast of a text takes longer than all other rules together. Texts in the same place of the same
#: elements, with the same styles all the way up, look the same, as in the rows of a table: the first of them is asked.
CONTRAST_OF_EACH_LOOK = """() => {
  const styles = ["color", "fill", "backgroundColor", "backgroundImage", "opacity", "visibility", "filter",
    "mixBlendMode", "position", "fontSize", "fontWeight", "textShadow"];
  const looks = new Map([[null, ""]]);
  const look = (one) => {
    if (!looks.has(one)) {
      const style = getComputedStyle(one);
      looks.set(one, [look(one.parentElement), one.localName, one.getAttribute("class"), one.control?.disabled,
        one.matches("[disabled], [aria-disabled]"), ...styles.map((name) => style[name])].join("|"));
    }
    return looks.get(one);
  };
  const said = (one) => one.matches("input, select, textarea")
    || [...one.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
  const first = new Map();
  for (const one of document.body.querySelectorAll("*")) {
    if (said(one) && !first.has(look(one))) first.set(look(one), one);
  }
  if (!first.size) return [];
  const options = { resultTypes: ["violations"], runOnly: { type: "rule", values: ["color-contrast"] } };
  return axe.run({ include: [...first.values()] }, options).then((results) => results.violations);
}"""
ALL_BUT_CONTRAST = """() => axe.run({
  resultTypes: ["violations"], rules: { "color-contrast": { enabled: false } },
}).then((results) => results.violations)"""
FORM = "application/x-www-form-urlencoded"
#: Where devices send what they have done.
QUEUES = ("/api/v1/gate/redeem", "/api/v1/gate/scans", "/api/v1/judge/ballots")


class Seen(NamedTuple):
    """A page that somebody saw: the number of the browser, the address, what it held."""

    browser: int
    address: str
    body: str


class Answered(NamedTuple):
    """What somebody was answered to have done: a form that led on, or a queue of a device."""

    path: str
    body: str


class Given(NamedTuple):
    """A cookie that a browser was given."""

    browser: int
    name: str
    value: str


@dataclass
class Watch:
    """Collects what went wrong in a browser context; ``allow`` what a journey provokes on purpose."""

    faults: list[str] = field(default_factory=list)
    allowed: list[re.Pattern[str]] = field(default_factory=list)
    addresses: set[str] = field(default_factory=set)
    pages: list[Seen] = field(default_factory=list)
    cookies: set[Given] = field(default_factory=set)
    typed: set[tuple[str, str]] = field(default_factory=set)
    answered: list[Answered] = field(default_factory=list)

    def allow(self, pattern: str) -> None:
        """Expect faults that match ``pattern``, such as ``409 .*/redeem``."""
        self.allowed.append(re.compile(pattern))

    def attach(self, context: BrowserContext) -> None:
        """Watch every page of a context."""
        context.on("console", self._console)
        context.on("weberror", self._error)
        context.on("response", self._response)
        context.on("request", self._request)

    def read_along(self, page: Page, browser: int) -> None:
        """Keep what a page shows from now on, each one that it goes to, and the cookies that its browser is given.

        Chromium forgets a page with the next one: so each waits until it has been read.
        """
        session = page.context.new_cdp_session(page)
        session.on("Fetch.requestPaused", lambda event: self._read(session, browser, event))
        session.on("Network.responseReceivedExtraInfo", lambda event: self._cookies(browser, event["headers"]))
        session.send("Network.enable")
        patterns = [{"resourceType": "Document"}, *({"urlPattern": f"*{path}"} for path in QUEUES)]
        session.send("Fetch.enable", {"patterns": [{**pattern, "requestStage": "Response"} for pattern in patterns]})

    def unexpected(self) -> list[str]:
        """Return the faults that nobody allowed."""
        return [fault for fault in self.faults if not any(rule.search(fault) for rule in self.allowed)]

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(BY_NETWORK):
            where = message.page.url if message.page else ""
            self.faults.append(f"console: {message.text} ({where})")

    def _error(self, error: WebError) -> None:
        self.faults.append(f"script: {error.error.message}")

    def _request(self, request: Request) -> None:
        self.addresses.add(request.url)
        if request.headers.get("content-type") == FORM:
            self.typed |= set(parse_qsl(request.post_data or ""))

    def _read(self, session: CDPSession, browser: int, event: dict[str, Any]) -> None:
        headers = {one["name"].lower(): one["value"] for one in event.get("responseHeaders", ())}
        paused, address = {"requestId": event["requestId"]}, event["request"]["url"]
        path = urlsplit(address).path
        with suppress(Error):  # the page was closed meanwhile
            if "location" in headers:
                if event["request"]["method"] == "POST":
                    self.answered.append(Answered(path, "{}"))
            elif "errorReason" in event:
                pass  # the network was down: there is nothing to read, and the page is to hear of it
            elif path in QUEUES or headers.get("content-type", "").startswith("text/html"):
                answer = session.send("Fetch.getResponseBody", paused)
                body = b64decode(answer["body"]).decode() if answer["base64Encoded"] else answer["body"]
                self.pages.append(Seen(browser, address, body))
                if path in QUEUES and event["responseStatusCode"] == 200:
                    self.answered.append(Answered(path, body))
        with suppress(Error):
            session.send("Fetch.continueRequest", paused)

    def _cookies(self, browser: int, headers: dict[str, str]) -> None:
        lines = next((value for name, value in headers.items() if name.lower() == "set-cookie"), "")
        for line in filter(None, lines.splitlines()):
            name, _equals, value = line.partition(";")[0].partition("=")
            self.cookies.add(Given(browser, name, value.strip('"')))

    def _response(self, response: Response) -> None:
        if response.status >= 400:
            self.faults.append(f"{response.status} {response.request.method} {response.url}")


def barriers(page: Page, *, colours_alone: bool = False) -> list[str]:
    """Return the serious and critical barriers that axe-core finds on the page, which must allow script."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found = page.evaluate(CONTRAST_OF_EACH_LOOK)
    if not colours_alone:
        found += page.evaluate(ALL_BUT_CONTRAST)
    return [
        f"{rule['id']} ({rule['impact']}): {rule['help']}: "
        + "; ".join(str(node["target"][0]) for node in rule["nodes"][:5])
        for rule in found
        if rule["impact"] in SERIOUS
    ]


def assert_accessible(page: Page) -> None:
    """Fail when there is a serious or critical barrier on the page as it stands.

    What stands there does not hang on the engine, so that it is looked at on SQLite alone.
    """
    if not on_postgres():
        assert barriers(page) == [], page.url


def fits_its_frame(page: Page) -> bool:
    """Whether the page has a table and every one fits into its frame, without being scrolled sideways."""
    widths = "(frames) => frames.map((frame) => frame.scrollWidth - frame.clientWidth)"
    over: list[int] = page.locator(".table-frame").evaluate_all(widths)
    return bool(over) and max(over) <= 0

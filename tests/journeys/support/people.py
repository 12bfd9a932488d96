"""People with browsers: each signed in or not, with a device, a language, and perhaps a camera."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from playwright.sync_api import Browser, BrowserContext, Page, Playwright

from tests.faults.trouble import Troubled
from tests.journeys.support.asking import Asking
from tests.journeys.support.camera import write_camera_file
from tests.journeys.support.patience import EXPECTED, patiently
from tests.journeys.support.secrets import (
    APP,
    CODE,
    COOKIE,
    FORM_TOKEN,
    KEPT,
    KEY,
    ONCE,
    PASSWORD,
    Sought,
    in_fours,
    kinds_in,
    writings,
)
from tests.journeys.support.watch import Given, Watch
from tests.support.card_payments import KEY as STRIPE_KEY
from tests.support.chromium import find_chromium
from tests.support.service import Service

DEVICES = {
    "phone": (360, 780),
    "tablet": (820, 1180),
    "tablet-landscape": (1180, 820),
    "desk": (1440, 900),
}
SWITCHES = ["--no-sandbox", "--disable-background-networking", "--disable-component-update"]
#: Cookies that let somebody in, and that of forms.
COOKIES = dict.fromkeys(("fg_session", "fg_half", "fg_gate", "fg_judge"), COOKIE) | {"fg_csrf": FORM_TOKEN}
ONCE_PATH = re.compile(r"/(?:sign-in|take-over|invite|contacts/link)/([\w-]{20,})")
KEPT_PATH = re.compile(r"/(?:pass|done)/([\w-]{20,})")
#: Fields of forms in which a secret is typed.
TYPED = {
    **dict.fromkeys(("code", "email_code", "phone_code"), (CODE, re.compile(r"\d{6}"))),
    **dict.fromkeys(("password", "old"), (PASSWORD, re.compile(r".{8,}"))),
    "recovery": (APP, re.compile(r".{8,}")),
}
LEAKS = "tests.journeys.support.leaks"
#: Settings of every journey's installation that nothing may tell.
SECRET_SETTINGS = {
    "SECRET_KEY": "what signs links, and only the tests know",
    "KEY_ENCRYPTION_KEY": "what seals, and only the tests know, 32+",
    "SMTP_PASSWORD": "the mail server's, only the tests know",
    "SMS_TOKEN": "sms-gateway-only-the-tests-know",
    "ZALO_TOKEN": "zalo-gateway-only-the-tests-know",
    "STRIPE_WEBHOOK_SECRET": "whsec_only_the_tests_know",
    "SEPAY_API_KEY": "sepay-key-only-the-tests-know",
    "EINVOICE_TOKEN": "e-invoices-only-the-tests-know",
    "METRICS_TOKEN": "prometheus-only-the-tests-know",
}
#: Of the address of a PostgreSQL database; the tests' own server takes any.
DATABASE_PASSWORD = "database-only-the-tests-know"
CAMERA_SWITCHES = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]


class People:
    """Opens pages as one person or another; every page is watched for errors."""

    def __init__(
        self,
        playwright: Playwright,
        browser: Browser,
        service: Service | Troubled,
        ask: Asking,
        folder: Path,
        *,
        patient: bool = False,
    ) -> None:
        self.service = service
        self.patient = patient
        self.ask = ask
        self.watch = Watch()
        if patient:
            self.watch.allow(EXPECTED)
        self.recovery_codes: list[str] = []
        self._playwright = playwright
        self._folder = folder
        self._browser = browser
        self._with_cameras: list[Browser] = []
        self._contexts: list[BrowserContext] = []
        self._numbers: dict[str, Any] = {}

    def page(
        self,
        *,
        signed_in: str | None = None,
        at: str | None = None,
        device: str = "phone",
        locale: str = "vi",
        dark: bool = False,
        script: bool = True,
        codes: list[bytes] | None = None,
        cameras: int = 1,
    ) -> Page:
        """Open a browser of somebody's own and return its page, which shows the path ``at`` if one is given.

        ``signed_in`` names a role of the demo festival, ``device`` one of ``DEVICES``; ``codes`` are PNG pictures
        of QR codes that the camera sees one after the other; with none of them there may be several ``cameras``.
        """
        width, height = DEVICES[device]
        browser = self._browser if codes is None else self._browser_with_camera(codes, cameras)
        context = browser.new_context(
            base_url=self.service.url,
            viewport={"width": width, "height": height},
            locale=locale,
            timezone_id="Asia/Ho_Chi_Minh",
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            has_touch=device != "desk",
            java_script_enabled=script,
            permissions=[] if codes is None else ["camera"],
            accept_downloads=True,
        )
        context.set_default_timeout(10_000)
        if self.patient:
            context.set_default_timeout(90_000)
            context.route("**/*", patiently)
        self.watch.attach(context)
        self._contexts.append(context)
        page = context.new_page()
        self.watch.read_along(page, len(self._contexts) - 1)
        if signed_in is not None:
            sign_in(page, self.ask, signed_in, next_path=self.path(at or "/me"))
        elif at is not None:
            page.goto(self.path(at))
        return page

    def path(self, pattern: str) -> str:
        """Return a path with its ids filled in, such as ``/manage/{edition_id}``.

        Raises KeyError for an id of which the demo festival has none.
        """
        if "{" in pattern and not self._numbers:
            self._numbers = self.ask.json("numbers")
        return pattern.format_map(self._numbers)

    def furnish(self) -> None:
        """Let the installation have one of everything that a path may name."""
        self._numbers = self.ask.json("furnish")

    def begin_judging(self) -> None:
        """Let the first round begin."""
        self._numbers |= self.ask.json("judging")

    def passes(self, count: int) -> list[str]:
        """Return what the QR codes of ``count`` passes say that nobody has used."""
        codes: list[str] = json.loads(self.ask("passes", str(count)))
        return codes

    def unexpected_faults(self) -> list[str]:
        """Return what went wrong in any page and was not provoked."""
        return self.watch.unexpected()

    def acknowledged(self) -> dict[str, dict[str, Any]]:
        """Return what this journey was answered to have done, as ``tests.faults.reconcile`` reads it."""
        seen = [found for page in self.watch.pages if (found := KEPT_PATH.search(page.address))]
        done = [one for one in self.watch.answered if one.path.startswith(("/api/", "/manage/"))]
        return {found[1]: {"path": found[0].rpartition("/")[0], "answer": {}} for found in seen} | {
            f"walk-{number}": {"path": one.path, "answer": json.loads(one.body)} for number, one in enumerate(done)
        }

    def sought(self) -> Sought:
        """Return each secret of this journey: of the settings, of the database, and what it has come by."""
        self.watch.cookies |= {
            Given(number, one["name"], one["value"])
            for number, context in enumerate(self._contexts)
            for one in context.cookies()
        }
        sealed = self.ask.json("sealed")
        found: Sought = {}
        for text in (
            *SECRET_SETTINGS.values(),
            STRIPE_KEY,
            DATABASE_PASSWORD,
            *(bytes.fromhex(key) for key in sealed["keys"]),
        ):
            found |= dict.fromkeys(writings(text), KEY)
        for text in (*sealed["apps"], *self.recovery_codes):
            found |= dict.fromkeys(writings(text), APP) | {in_fours(text): APP}
        for given in self.watch.cookies:
            if given.value and given.name in COOKIES:
                found[given.value] = COOKIES[given.name]
        for pattern, kind in ((ONCE_PATH, ONCE), (KEPT_PATH, KEPT)):
            found |= {matched[1]: kind for one in self.watch.addresses if (matched := pattern.search(one))}
        for name, text in self.watch.typed:
            if name in TYPED and TYPED[name][1].fullmatch(text):
                found[text] = TYPED[name][0]
        return found

    def leaks(self) -> list[str]:
        """Return where a secret of this journey stands and should not: on a page, in what the service and its workers
        said, in a file, among the figures for Prometheus, in a table.
        """
        sought = self.sought()
        own = {(given.browser, given.value) for given in self.watch.cookies}
        leaks = [
            f"{kind.name} on {page.address}"
            for page in self.watch.pages
            for writing, kind in kinds_in(page.body, sought)
            if not kind.may_be_shown_at(page.address, writing)
            and not (kind is FORM_TOKEN and (page.browser, writing) in own)
        ]
        leaks += [f"{kind.name} among the figures" for _writing, kind in kinds_in(self._figures(), sought)]
        path = self._folder / "secrets.json"
        path.write_text(json.dumps({writing: kind.name for writing, kind in sought.items()}))
        elsewhere: list[str] = json.loads(self.service.home.python("-m", LEAKS, str(path)).splitlines()[-1])
        return leaks + elsewhere

    def _figures(self) -> str:
        token = {"authorization": f"Bearer {SECRET_SETTINGS['METRICS_TOKEN']}"}
        with urlopen(Request(f"{self.service.url}/metrics", headers=token), timeout=20) as answer:
            figures: str = answer.read().decode()
        return figures

    def close(self) -> None:
        """Close all that these people opened."""
        for context in self._contexts:
            context.close()
        for browser in self._with_cameras:
            browser.close()

    def _browser_with_camera(self, codes: list[bytes], cameras: int) -> Browser:
        switches = [*CAMERA_SWITCHES, f"--use-fake-device-for-media-stream=device-count={cameras}"]
        if codes:  # Chromium plays a film to one camera alone
            film = write_camera_file(self._folder / f"camera-{len(self._with_cameras)}.y4m", codes)
            switches.append(f"--use-file-for-fake-video-capture={film}")
        browser = launch(self._playwright, switches)
        self._with_cameras.append(browser)
        return browser


def launch(playwright: Playwright, switches: list[str] | None = None) -> Browser:
    """Start headless Chromium: the one that is installed, else Playwright's own."""
    return playwright.chromium.launch(
        executable_path=find_chromium(), args=[*SWITCHES, *(switches or [])], headless=True
    )


def sign_in(page: Page, ask: Asking, role: str, *, next_path: str = "/me") -> None:
    """Follow a one-time link and press the button that it leads to."""
    page.goto(ask("link", role, next_path))
    if "/sign-in/" in page.url:
        page.locator("main form button[type=submit]").first.click()
        page.wait_for_url(lambda url: "/sign-in/" not in url)

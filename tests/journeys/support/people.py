"""People with browsers: each signed in or not, with a device, a language, and perhaps a camera."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, Playwright

from tests.faults.trouble import Troubled
from tests.journeys.support.asking import Asking
from tests.journeys.support.camera import write_camera_file
from tests.journeys.support.patience import EXPECTED, patiently
from tests.journeys.support.watch import Watch
from tests.support.chromium import find_chromium
from tests.support.service import Service

DEVICES = {
    "phone": (360, 780),
    "tablet": (820, 1180),
    "tablet-landscape": (1180, 820),
    "desk": (1440, 900),
}
SWITCHES = ["--no-sandbox", "--disable-background-networking", "--disable-component-update"]
#: Cookies that let somebody in, and paths that do.
TELLING = ("fg_session", "fg_half", "fg_gate", "fg_judge")
SECRET_PATH = re.compile(r"/(?:sign-in|take-over|invite|pass|done)/([\w-]{20,})")
KEY = "a secret that only the tests know, 32+"
LEAKS = "tests.journeys.support.leaks"
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
    ) -> Page:
        """Open a browser of somebody's own and return its page, which shows the path ``at`` if one is given.

        ``signed_in`` names a role of the demo festival, ``device`` one of ``DEVICES``; ``codes`` are PNG pictures
        of QR codes that the camera sees one after the other.
        """
        width, height = DEVICES[device]
        browser = self._browser if codes is None else self._browser_with_camera(codes)
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

    def leaks(self) -> list[str]:
        """Return where a secret of this journey stands openly: in what the service said, on a page, in a table."""
        cookies = {one["value"] for context in self._contexts for one in context.cookies() if one["name"] in TELLING}
        secrets = cookies | {found[1] for one in self.watch.addresses if (found := SECRET_PATH.search(one))} | {KEY}
        said = self.service.said()
        leaks = [f"{secret} was said by the service" for secret in secrets if secret in said]
        for page in (page for context in self._contexts for page in context.pages):
            content = page.content()
            leaks += [f"{secret} stands on {page.url}" for secret in {*cookies, KEY} if secret in content]
        path = self._folder / "secrets.json"
        path.write_text(json.dumps(sorted(secrets)))
        where: list[str] = json.loads(self.service.home.python("-m", LEAKS, str(path)).splitlines()[-1])
        return leaks + where

    def close(self) -> None:
        """Close all that these people opened."""
        for context in self._contexts:
            context.close()
        for browser in self._with_cameras:
            browser.close()

    def _browser_with_camera(self, codes: list[bytes]) -> Browser:
        film = write_camera_file(self._folder / f"camera-{len(self._with_cameras)}.y4m", codes)
        browser = launch(self._playwright, [*CAMERA_SWITCHES, f"--use-file-for-fake-video-capture={film}"])
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

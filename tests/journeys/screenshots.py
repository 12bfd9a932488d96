"""Takes a picture of every page: ``python -m tests.journeys.screenshots [--only TEXT] [--engine postgres]``.

Four sizes, light and dark, into ``tests/journeys/screenshots/``, which git ignores: to be looked at by people.
``--url`` takes them of a service that runs already (public pages only).
"""

from __future__ import annotations

import argparse
import contextlib
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from tests.journeys.support.asking import Asking
from tests.journeys.support.people import DEVICES, launch, sign_in
from tests.journeys.support.places import PLACES, Place, walks
from tests.support.postgres import free_port, running_postgres
from tests.support.service import Home, administer, new_home, running_service

FOLDER = Path(__file__).parent / "screenshots"
THEMES = ("light", "dark")


@dataclass(frozen=True)
class Options:
    """What to picture: places, sizes, themes and the language."""

    places: list[Place]
    devices: list[str]
    themes: list[str]
    locale: str
    folder: Path


@contextlib.contextmanager
def demo_service(engine: str) -> Iterator[Home]:
    """Run the demo festival for the time being."""
    with contextlib.ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="fairground-screenshots-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        server = stack.enter_context(running_postgres()) if engine == "postgres" else None
        if server is not None:
            administer(server, "CREATE DATABASE fairground TEMPLATE template0")
        home = new_home(folder / "home", port=free_port(), server=server, database="fairground")
        home.run("demo", "--no-serve")
        stack.enter_context(running_service(home, ["demo", "--port", str(home.port)]))
        yield home


def take(browser: Browser, url: str, ask: Asking | None, options: Options) -> list[str]:
    """Take all pictures; returns what could not be pictured."""
    problems: list[str] = []
    numbers = {} if ask is None else ask.json("furnish")
    judging_begun = False
    for judging, role, places in walks(options.places):
        if judging and not judging_begun and ask is not None:
            numbers |= ask.json("judging")
            judging_begun = True
        if role is not None and ask is None:
            problems.append(f"left out, nobody can sign in there: {[place.name for place in places]}")
            continue
        with contextlib.closing(new_context(browser, url, options.locale)) as context:
            page = context.new_page()
            for place in places:
                try:
                    path = place.path.format_map(numbers)
                    if role is not None and ask is not None and place is places[0]:
                        sign_in(page, ask, role)
                    problems += picture(page, place, path, options)
                except (PlaywrightError, KeyError, RuntimeError) as error:
                    problems.append(f"{place.name}: {str(error).splitlines()[-1]}")
    return problems


def new_context(browser: Browser, url: str, locale: str) -> BrowserContext:
    """Open a browser of somebody's own."""
    context = browser.new_context(base_url=url, locale=locale, timezone_id="Asia/Ho_Chi_Minh", reduced_motion="reduce")
    context.set_default_timeout(15_000)
    return context


def picture(page: Page, place: Place, path: str, options: Options) -> list[str]:
    """Take the pictures of one place; returns what was wrong with it."""
    answer = page.goto(path)
    wrong = [f"{place.name}: {answer.status} at {page.url}"] if answer and answer.status != place.status else []
    for theme in options.themes:
        page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
        for device in options.devices:
            width, height = DEVICES[device]
            page.set_viewport_size({"width": width, "height": height})
            page.wait_for_load_state("networkidle") if not place.live else page.wait_for_timeout(500)
            name = f"{place.name}-{width}x{height}-{theme}.png"
            page.screenshot(path=options.folder / name, full_page=place.full, animations="disabled")
            over = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            if over > 0:
                wrong.append(f"{place.name}: {over} px too wide at {width}")
    return wrong


def main() -> int:
    """Take the pictures that the command line asks for."""
    parser = argparse.ArgumentParser(description="Take a picture of every page.")
    parser.add_argument("--only", action="append", help="only places whose name contains this (repeatable)")
    parser.add_argument("--engine", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--url", help="a service that runs already; public pages only")
    parser.add_argument("--locale", default="vi", choices=("vi", "id", "en"))
    parser.add_argument("--device", choices=tuple(DEVICES), action="append", help="only this size (repeatable)")
    parser.add_argument("--theme", choices=THEMES, action="append", help="only this theme (repeatable)")
    parser.add_argument("--out", type=Path, default=FOLDER)
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    options = Options(
        places=[place for place in PLACES if any(text in place.name for text in given.only or [""])],
        devices=given.device or list(DEVICES),
        themes=given.theme or list(THEMES),
        locale=given.locale,
        folder=given.out,
    )
    options.folder.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        home = None if given.url else stack.enter_context(demo_service(given.engine))
        browser = launch(stack.enter_context(sync_playwright()))
        stack.callback(browser.close)
        ask = None if home is None else stack.enter_context(contextlib.closing(Asking(home)))
        problems = take(browser, given.url or (home.url if home else ""), ask, options)
    print("\n".join([*problems, f"{len(list(options.folder.glob('*.png')))} pictures in {options.folder}"]))
    return 1 if problems else 0


if __name__ == "__main__":
    raise SystemExit(main())

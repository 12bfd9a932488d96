"""What islands share, in Chromium: the scanner before a recorded camera, the queue, an app without network."""

import functools
import http.server
import itertools
import json
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from app.kernel.documents.qr import qr_png
from app.kernel.security import SCANNER_CSP
from tests.journeys.support.camera import write_camera_file
from tests.journeys.support.people import CAMERA_SWITCHES, launch
from tests.web.conftest import WEB

pytestmark = pytest.mark.slow

PAGES = Path(__file__).parent / "pages"
CODE = "HTTPS://FAIR.EXAMPLE/P/" + "A2B3" * 33 + "A2B"


class Handler(http.server.SimpleHTTPRequestHandler):
    """Files of a folder, under the policy of scanner pages."""

    def end_headers(self) -> None:
        """Add the policy."""
        self.send_header("content-security-policy", SCANNER_CSP)
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def site(hook: ModuleType, manifest: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A small site with the test pages, bundled as the build does it; gives its address."""
    folder = tmp_path_factory.mktemp("site")
    node, _npm = hook._find_node(None)
    assets = {"offline.js": "/offline.js"}
    options = ["--bundle", "--format=esm", f"--outdir={folder}", "--loader:.wasm=file", "--public-path=/"]
    options += [f"--alias:@fairground={WEB / 'ui'}", "--external:module", "--log-level=error", "--target=es2022"]
    options += [f"--define:__ASSETS__={json.dumps(assets)}", '--define:__BUILD__="1"']
    pages = [str(path) for path in sorted(PAGES.glob("*.ts"))]
    environment = {"NODE_PATH": str(WEB / "node_modules"), "PATH": str(Path(node[0]).parent)}
    esbuild = str(WEB / "node_modules/esbuild/bin/esbuild")
    subprocess.run([*node, esbuild, *pages, *options], check=True, env=environment)
    for name, body in (
        ("scanner", "<video></video><ol></ol>"),
        ("queue", "<h1>Queue</h1>"),
        ("offline", "<h1>Here</h1>"),
    ):
        page = f'<!doctype html><title>{name}</title><body>{body}<script type="module" src="/{name}.js"></script>'
        (folder / f"{name}.html").write_text(page, encoding="utf-8")
    (folder / "app").mkdir()
    shutil.move(folder / "offline.html", folder / "app" / "index.html")
    shutil.move(folder / "offline_sw.js", folder / "app" / "sw.js")
    handler = functools.partial(Handler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture
def browse(tmp_path: Path) -> Iterator[Callable[..., Page]]:
    """Open a page, with a recorded camera that sees codes if any are given; nothing may fail in it."""
    faults: list[str] = []
    with sync_playwright() as playwright:
        browsers: list[Browser] = []

        def open_page(address: str, codes: tuple[str, ...] = (), camera: bool = True) -> Page:
            switches: list[str] = []
            if codes:
                film = write_camera_file(tmp_path / "camera.y4m", [qr_png(code) for code in codes], seconds_each=1)
                switches = [*CAMERA_SWITCHES, f"--use-file-for-fake-video-capture={film}"]
            browser = launch(playwright, switches)
            browsers.append(browser)
            page = browser.new_page()
            page.on("pageerror", lambda error: faults.append(str(error)))
            page.goto(address)
            return page

        yield open_page
        for browser in browsers:
            browser.close()
    assert faults == []


def until(page: Page, expression: str) -> None:
    """Wait until an expression is true; Playwright's own waiting needs eval, which the policy forbids."""
    for _ in range(100):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"still not true: {expression}")


def test_the_scanner_reads_each_code_once_while_it_is_in_sight(site: str, browse: Callable[..., Page]) -> None:
    page = browse(f"{site}/scanner.html", (CODE, "K7M2QX9A"))
    page.locator("li").nth(3).wait_for()
    read = page.locator("li").all_inner_texts()
    assert set(read[:4]) == {CODE, "K7M2QX9A"}
    assert all(one != other for one, other in itertools.pairwise(read))


def test_without_a_camera_the_scanner_says_why(site: str, browse: Callable[..., Page]) -> None:
    page = browse(f"{site}/scanner.html")
    page.wait_for_selector("li")
    assert page.locator("li").all_inner_texts() in (["missing"], ["refused"])


def test_what_was_queued_outlives_a_reload_and_is_sent_once_in_order(site: str, browse: Callable[..., Page]) -> None:
    page = browse(f"{site}/queue.html")
    page.wait_for_selector("body[data-ready]")
    page.evaluate("(async () => { for (let n = 1; n <= 150; n++) await queue.add({ n }, `id-${n % 149}`); })()")
    page.reload()
    page.wait_for_selector("body[data-ready]")
    assert page.evaluate("queue.count()") == 149
    assert page.evaluate("queue.flush(send).then(() => 'sent', (error) => error.message)") == "down"
    assert page.evaluate("queue.count()") == 149
    assert page.evaluate("queue.pending(1).then(([first]) => first.tries)") == 1
    page.evaluate("setUp(true)")
    assert page.evaluate("Promise.all([queue.flush(send), queue.flush(send)])") == [149, 149]
    assert page.evaluate("sent") == list(range(1, 150))
    assert page.evaluate("queue.count()") == 0
    assert page.evaluate("seen.at(-1)") == 0


def test_a_queue_sends_by_itself_when_the_service_is_back(site: str, browse: Callable[..., Page]) -> None:
    page = browse(f"{site}/queue.html")
    page.wait_for_selector("body[data-ready]")
    page.evaluate("queue.keepSending(send); queue.add({ n: 1 })")
    page.wait_for_timeout(300)
    assert page.evaluate("sent") == []
    page.evaluate("setUp(true)")
    until(page, "sent.length === 1")
    until(page, "queue.count().then((count) => count === 0)")


def test_an_app_opens_without_network(site: str, browse: Callable[..., Page]) -> None:
    page = browse(f"{site}/app/")
    page.evaluate("navigator.serviceWorker.ready.then(() => undefined)")
    until(page, "navigator.serviceWorker.controller !== null")
    page.context.set_offline(True)
    page.reload()
    page.wait_for_selector("body[data-ready]", state="attached")
    assert page.locator("h1").inner_text() == "Here"

"""Every public page is measured, or it is said why not; one that does not answer ends the measuring."""

from __future__ import annotations

import csv
import json
import signal
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from tests.bench import __main__ as bench
from tests.bench.pages import LEFT_OUT, PAGES, UNCACHED, failures, refuse
from tests.test_routes import page_at, pages, plain
from tests.test_routes_by_role import NOBODY, TABLE


def public_pages() -> set[str]:
    """Return the paths of all pages that everybody may read."""
    with TABLE.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["method"] == "GET" and row[NOBODY] == "ok"]
    return {plain(row["path"]) for row in rows} & set(pages())


def test_every_public_page_is_measured_or_left_out_with_its_reason() -> None:
    measured = {page_at(path) for path in PAGES.values()}
    assert measured | LEFT_OUT.keys() == public_pages()
    assert measured & LEFT_OUT.keys() == set()


class Answers(BaseHTTPRequestHandler):
    """Answers with the status that the path names."""

    def do_GET(self) -> None:
        status = int(self.path.strip("/"))
        self.send_response(status)
        if status == 303:
            self.send_header("location", "/200")
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        """Keep quiet."""


@pytest.fixture
def url() -> Iterator[str]:
    """The address of a server of statuses."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_page_that_does_not_answer_200_ends_the_measuring_by_its_name(url: str) -> None:
    wrong = failures(url, {"edition": "/200", "exhibitor": "/404", "start": "/303"})
    assert wrong == {"exhibitor": "answered 404 at /404", "start": "answered 303 at /303"}
    with pytest.raises(SystemExit) as ended:
        refuse(wrong)
    assert ended.value.code == "exhibitor: answered 404 at /404\nstart: answered 303 at /303"


def test_pages_that_answer_go_on(url: str) -> None:
    refuse(failures(url, {"edition": "/200"}))


SAID = {
    *("requests_per_second_per_core", "requests_per_second", "p50_ms", "p95_ms", "errors", "bytes", "client_cpu_share"),
    *(f"uncached_{key}" for key in UNCACHED),
}


@pytest.mark.long
@pytest.mark.slow
def test_a_second_of_two_pages_says_all_figures_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tests.bench.pages.PAGES", {name: PAGES[name] for name in ("edition", "product")})
    monkeypatch.setattr(sys, "argv", ["tests.bench", "pages", "--seconds", "1", "--json"])
    before = signal.getsignal(signal.SIGTERM)
    try:
        assert bench.main() == 0
    finally:
        signal.signal(signal.SIGTERM, before)
    (line,) = capsys.readouterr().out.splitlines()
    figures = json.loads(line)
    assert list(figures) == [
        *("name", "engine", "requests_per_second_per_core", "uncached_requests_per_second_per_core"),
        *("public_page_seconds", "pages"),
    ]
    assert (figures["name"], figures["engine"], list(figures["pages"])) == ("pages", "sqlite", ["edition", "product"])
    for found in figures["pages"].values():
        assert (found.keys(), found["errors"]) == (SAID, 0)
        assert min(found[key] for key in SAID - {"errors"}) > 0
        assert max(found["client_cpu_share"], found["uncached_client_cpu_share"]) < 1

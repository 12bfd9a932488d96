"""The audits of packages: what is unsafe fails, and nothing but a registry that is not there passes for one."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from tests.support import audits
from tests.support.audits import NOT_ASKED, Broken, NotAsked, ask_npm, ask_pip, audit

LEFT_OUT = {"name": "a", "skip_reason": "Dependency not found on PyPI and could not be audited: a (1)"}
GOOD = {"name": "b", "version": "1", "vulns": []}
BAD = {"name": "c", "version": "2", "vulns": [{"id": "CVE-1"}, {"id": "CVE-2"}]}
UNSAFE = {"esbuild": [{"id": 1, "title": "bad", "severity": "high", "vulnerable_versions": "*", "url": "https://x"}]}


def prints(said: Any = "", *, error: str = "", code: int = 0) -> list[str]:
    """Return a command that prints JSON, or a text, and ends."""
    text = said if isinstance(said, str) else json.dumps(said)
    return [sys.executable, "-c", f"import sys; print({text!r}); print({error!r}, file=sys.stderr); sys.exit({code})"]


@pytest.mark.parametrize(
    ("dependencies", "found"),
    [([GOOD], (1, [])), ([GOOD, LEFT_OUT], (1, [])), ([GOOD, BAD], (2, ["c 2: CVE-1, CVE-2"])), ([], (0, []))],
)
def test_pip_audit_is_read(dependencies: list[Any], found: tuple[int, list[str]]) -> None:
    assert ask_pip(prints({"dependencies": dependencies, "fixes": []}, code=len(found[1]))) == found


@pytest.mark.parametrize(
    "command",
    [
        prints({"dependencies": [LEFT_OUT]}),
        prints(error="Traceback\nrequests.exceptions.ProxyError: HTTPSConnectionPool(host='x', port=443)", code=1),
        prints(error="ERROR:pip_audit._cli:Could not connect to PyPI's vulnerability feed", code=1),
        prints(error="requests.exceptions.HTTPError: 503 Server Error: Service Unavailable", code=1),
    ],
    ids=["no page for any", "no way there", "no feed", "away"],
)
def test_where_no_registry_answers_pip_audit_has_not_asked(command: list[str]) -> None:
    with pytest.raises(NotAsked):
        ask_pip(command)


@pytest.mark.parametrize(
    "command",
    [
        prints(error="Traceback\nZeroDivisionError: division by zero", code=1),
        prints(error="requests.exceptions.ConnectionError was met\nKeyError: 'vulns'", code=1),
        prints(error="requests.exceptions.HTTPError: 400 Client Error", code=1),
        prints("usage: pip-audit [-h]", code=2),
        prints([GOOD]),
        prints({"packages": [GOOD]}),
        prints({"dependencies": [{"name": "b", "version": "1"}]}),
    ],
    ids=["crash", "crash after trouble", "bad question", "usage", "list", "other names", "no vulns"],
)
def test_what_pip_audit_could_not_do_is_no_missing_registry(command: list[str]) -> None:
    with pytest.raises(Broken):
        ask_pip(command)


def test_a_registry_that_hangs_has_not_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audits, "LONGEST_SECONDS", 0.2)
    with pytest.raises(NotAsked, match=r"no answer in 0\.2 s"):
        ask_pip([sys.executable, "-c", "import time; time.sleep(60)"])


class Registry(BaseHTTPRequestHandler):
    """Answers npm's question which packages are unsafe with what ``unsafe`` holds, under ``status``."""

    unsafe: ClassVar[dict[str, object]] = {}
    status: ClassVar[int] = 200

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        body = json.dumps(self.unsafe).encode()
        self.send_response(self.status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[ThreadingHTTPServer]:
    """A registry that npm asks."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Registry) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("npm_config_registry", f"http://127.0.0.1:{server.server_port}")
        yield server
        server.shutdown()


@pytest.mark.slow
@pytest.mark.usefixtures("registry")
def test_npm_audit_finds_what_a_registry_calls_unsafe(monkeypatch: pytest.MonkeyPatch) -> None:
    assert audit("npm") == 0
    monkeypatch.setattr(Registry, "unsafe", UNSAFE)
    assert audit("npm") == 1


@pytest.mark.slow
@pytest.mark.usefixtures("registry")
@pytest.mark.parametrize("status", [405, 404, 503])
def test_where_a_registry_knows_no_such_question_npm_audit_has_not_asked(
    monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setattr(Registry, "status", status)
    assert audit("npm") == NOT_ASKED


@pytest.mark.slow
def test_where_nobody_is_npm_audit_has_not_asked(registry: ThreadingHTTPServer) -> None:
    registry.shutdown()
    registry.server_close()
    assert audit("npm") == NOT_ASKED


@pytest.mark.slow
@pytest.mark.usefixtures("registry")
@pytest.mark.parametrize("lock", ["{ broken", "", None], ids=["broken", "empty", "none"])
def test_a_lock_file_that_cannot_be_read_is_no_missing_registry(lock: str | None, tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"name": "x", "dependencies": {"htmx.org": "2"}}')
    if lock is not None:
        (tmp_path / "package-lock.json").write_text(lock)
    with pytest.raises(Broken, match="ENOLOCK"):
        ask_npm(tmp_path)


@pytest.mark.parametrize(
    ("asked", "code"),
    [((3, []), 0), ((3, ["b 1: CVE-1"]), 1), ((0, []), 1), (NotAsked("away"), NOT_ASKED), (Broken("crash"), 1)],
    ids=["safe", "unsafe", "nothing to ask", "away", "crash"],
)
def test_the_step_passes_fails_or_is_skipped(monkeypatch: pytest.MonkeyPatch, asked: Any, code: int) -> None:
    def ask() -> tuple[int, list[str]]:
        if isinstance(asked, Exception):
            raise asked
        found: tuple[int, list[str]] = asked
        return found

    monkeypatch.setattr(audits, "ask_pip", ask)
    assert audit("pip") == code

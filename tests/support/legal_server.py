"""A provider of e-invoices that speaks JSON over HTTP, as a process of its own.

It numbers what it issues, once for each key, and makes a file of each. Tests steer it at ``/_control``: it can refuse,
fail, lose its answers on their way, keep silent, or forget what a key is for and issue a second time.
"""

from __future__ import annotations

import argparse
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

Thing = dict[str, Any]


class Issuer:
    """What the provider knows. Every method is called under one lock."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self.issued: dict[str, Thing] = {}
        self.orders: list[Thing] = []
        self.asked: list[str] = []
        self.refuses: str = ""
        self.faults = self.drops = 0
        self.silence = 0.0
        self.forgets = self.conflicts = False
        self.files: dict[str, str] = {"pdf": "%PDF-1.7 {key}", "xml": "<?xml version='1.0'?><hoadon>{key}</hoadon>"}

    def answer(self, method: str, path: str, given: Thing) -> tuple[int, Any]:
        """Return status and content of an answer."""
        match method, *path.strip("/").split("/"):
            case "POST", "invoices":
                return self.issue(given)
            case "GET", "invoices", key:
                known = self.issued.get(unquote(key))
                return (200, known) if known else (404, {"error": "unknown"})
            case "GET", "invoices", key, name if unquote(key) in self.issued:
                text = self.files.get(name.removeprefix("file."))
                return (404, {}) if text is None else (200, text.replace("{key}", unquote(key)).encode())
        return 404, {}

    def issue(self, order: Thing) -> tuple[int, Any]:
        """Number an order."""
        if self.refuses:
            return 422, {"error": self.refuses}
        key = order["key"]
        if key in self.issued and not self.forgets:
            return (409, {"error": "known"}) if self.conflicts else (200, self.issued[key])
        self.orders.append(order)
        number = len(self.orders)
        self.issued[key] = {"series": "1C26TFG", "number": f"{number:08d}", "lookup": f"TRA{number:05d}"}
        return 201, self.issued[key]


class Door(BaseHTTPRequestHandler):
    """HTTP in front of the provider."""

    issuer: Issuer
    lock = threading.Lock()
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer a request without a body."""
        self._serve("GET")

    def do_POST(self) -> None:
        """Answer a request with a body."""
        self._serve("POST")

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def _serve(self, method: str) -> None:
        path = urlsplit(self.path).path
        given = json.loads(self.rfile.read(int(self.headers.get("content-length") or 0)) or "{}")
        issuer = self.issuer
        if path == "/_control/reset":
            issuer.reset()
            self._send(200, {})
        elif path == "/_control/set":
            vars(issuer).update(given)
            self._send(200, {})
        elif path == "/_control/told":
            self._send(200, {"orders": issuer.orders, "asked": issuer.asked, "issued": issuer.issued})
        else:
            self._api(method, path, given)

    def _api(self, method: str, path: str, given: Thing) -> None:
        issuer = self.issuer
        with self.lock:
            issuer.asked.append(f"{method} {path} {self.headers.get('idempotency-key', '')}".strip())
            if self.headers.get("authorization") != f"Bearer {issuer.token}":
                self._send(401, {"error": "no such token"})
                return
            if issuer.faults:
                issuer.faults -= 1
                self._send(503, {"error": "later"})
                return
            status, content = issuer.answer(method, path, given)
            dropped, issuer.drops = issuer.drops > 0, max(0, issuer.drops - 1)
        if issuer.silence:
            time.sleep(issuer.silence)
        if dropped:
            self.close_connection = True
            return
        self._send(status, content)

    def _send(self, status: int, content: Any) -> None:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main() -> None:
    """Serve until ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("--token", required=True)
    given = parser.parse_args()
    Door.issuer = Issuer(given.token)
    ThreadingHTTPServer(("127.0.0.1", given.port), Door).serve_forever()


if __name__ == "__main__":
    main()

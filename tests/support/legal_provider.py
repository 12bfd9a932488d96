"""Runs the server that stands for a provider of e-invoices, and settings that lead the service to it."""

from __future__ import annotations

import contextlib
import json
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.support.guard import start_guarded
from tests.support.postgres import free_port
from tests.support.service import ROOT

TOKEN = "only-the-tests-know-this-token"


@dataclass(frozen=True)
class LegalServer:
    """The running server, and what tests ask it to do."""

    url: str

    def settings(self) -> dict[str, str]:
        """Return the settings under which e-invoices are issued by it."""
        return {"EINVOICE_URL": self.url, "EINVOICE_TOKEN": TOKEN, "EINVOICE_PROVIDER": "Nhà cung cấp"}

    def control(self, action: str, **given: Any) -> Any:
        """Steer it; ``tests.support.legal_server`` says how."""
        with urllib.request.urlopen(f"{self.url}/_control/{action}", json.dumps(given).encode(), timeout=20) as answer:
            return json.loads(answer.read())

    def orders(self) -> list[dict[str, Any]]:
        """Return what it was asked to issue and issued, in that order."""
        found: list[dict[str, Any]] = self.control("told")["orders"]
        return found

    def asked(self, start: str = "") -> list[str]:
        """Return the requests that begin so: method, path, idempotency key."""
        return [line for line in self.control("told")["asked"] if line.startswith(start)]


@contextlib.contextmanager
def running_provider() -> Iterator[LegalServer]:
    """Start the server."""
    port = free_port()
    guarded = start_guarded([sys.executable, "-m", "tests.support.legal_server", str(port), "--token", TOKEN], cwd=ROOT)
    made = LegalServer(f"http://127.0.0.1:{port}")
    try:
        for _try in range(400):
            with contextlib.suppress(OSError):
                made.control("told")
                break
            time.sleep(0.05)
        yield made
    finally:
        guarded.stop()

"""Runs the server that speaks Stripe's API, and settings that lead the service to it."""

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

KEY, LIVE_KEY = "sk_test_only_the_tests_know", "sk_live_only_the_tests_know"
SECRET = "whsec_only_the_tests_know"


@dataclass(frozen=True)
class StripeServer:
    """The running server, and what tests ask it to do."""

    url: str

    def settings(self) -> dict[str, str]:
        """Return the settings under which the service pays through it."""
        return {"STRIPE_TEST_SECRET_KEY": KEY, "STRIPE_WEBHOOK_SECRET": SECRET, "STRIPE_API_BASE": self.url}

    def control(self, action: str, **given: Any) -> Any:
        """Steer it; ``tests.support.stripe_things.Stripe.control`` says how."""
        with urllib.request.urlopen(f"{self.url}/_control/{action}", json.dumps(given).encode(), timeout=20) as answer:
            return json.loads(answer.read())

    def pay(self, session_id: str, **given: Any) -> str:
        """Let a session be paid; gives the id of its PaymentIntent."""
        paid: str = self.control("pay", session=session_id, **given)["payment_intent"]
        return paid

    def asked(self, start: str = "") -> list[str]:
        """Return the requests of the API that begin so: method, path, idempotency key."""
        return [line for line in self.control("asked") if line.startswith(start)]

    def events(self, *kinds: str) -> list[tuple[bytes, str]]:
        """Return the held webhooks of some kinds, or all, as (body, signature); all others are lost."""
        taken = [(body.encode(), header) for body, header in self.control("take")]
        return [one for one in taken if not kinds or json.loads(one[0])["type"] in kinds]


@contextlib.contextmanager
def running_stripe(webhook: str = "") -> Iterator[StripeServer]:
    """Start the server; with the address of a ``webhook`` it sends its events there by itself."""
    port = free_port()
    command = [sys.executable, "-m", "tests.support.stripe_server", str(port), "--secret", SECRET]
    keys = ["--key", KEY, "--live-key", LIVE_KEY]
    guarded = start_guarded([*command, *keys, "--webhook", webhook], cwd=ROOT)
    made = StripeServer(f"http://127.0.0.1:{port}")
    try:
        for _try in range(400):
            with contextlib.suppress(OSError):
                made.control("asked")
                break
            time.sleep(0.05)
        yield made
    finally:
        guarded.stop()

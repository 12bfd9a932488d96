"""Runs ``localstripe``, a server of Stripe's API that others wrote: cards, payments, refunds, signed webhooks.

It speaks of 2017, has no Checkout Sessions and heeds no idempotency key: what needs those runs against
:mod:`tests.support.stripe_server`.
"""

from __future__ import annotations

import contextlib
import http.server
import queue
import sys
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import stripe

from tests.support.card_payments import KEY, SECRET
from tests.support.guard import start_guarded
from tests.support.postgres import free_port
from tests.support.service import ROOT


@dataclass(frozen=True)
class Localstripe:
    """The running server; ``webhooks`` are those it has sent, as (body, headers)."""

    url: str
    webhooks: queue.Queue[tuple[bytes, dict[str, str]]] = field(default_factory=queue.Queue)

    def settings(self) -> dict[str, str]:
        """Return the settings under which the service asks it."""
        return {"STRIPE_TEST_SECRET_KEY": KEY, "STRIPE_WEBHOOK_SECRET": SECRET, "STRIPE_API_BASE": self.url}

    def client(self) -> stripe.StripeClient:
        """Return Stripe's own SDK, led to it."""
        return stripe.StripeClient(KEY, base_addresses={"api": self.url})

    def pay(self, amount: int, currency: str) -> str:
        """Let a card pay so many of Stripe's units; gives the id of the PaymentIntent."""
        method: Any = {
            "type": "card",
            "card": {"number": "4242424242424242", "exp_month": 12, "exp_year": 2040, "cvc": "123"},
        }
        client = self.client()
        card = client.v1.payment_methods.create(method)  # its types leave numbers to the browser
        made = client.v1.payment_intents.create({"amount": amount, "currency": currency, "payment_method": card.id})
        assert client.v1.payment_intents.confirm(made.id).status == "succeeded"
        return made.id

    def send_webhooks_to(self, address: str) -> None:
        """Let it send what happens to an address, signed."""
        form = urllib.parse.urlencode({"url": address, "secret": SECRET}).encode()
        with urllib.request.urlopen(f"{self.url}/_config/webhooks/fair", form, timeout=20):
            pass


@contextlib.contextmanager
def running_localstripe() -> Iterator[Localstripe]:
    """Start it, with nothing in it, and listen for what it sends."""
    port = free_port()
    command = [sys.executable, "-m", "localstripe", "--port", str(port), "--from-scratch"]
    made = Localstripe(f"http://127.0.0.1:{port}")

    class Listener(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Keep a webhook as it came."""
            body = self.rfile.read(int(self.headers["content-length"]))
            made.webhooks.put((body, {name.lower(): value for name, value in self.headers.items()}))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    listener = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Listener)
    threading.Thread(target=listener.serve_forever, daemon=True).start()
    guarded = start_guarded(command, cwd=ROOT)
    try:
        for _try in range(400):
            with contextlib.suppress(OSError):
                made.send_webhooks_to(f"http://127.0.0.1:{listener.server_port}/")
                break
            time.sleep(0.05)
        yield made
    finally:
        guarded.stop()
        listener.shutdown()
        listener.server_close()

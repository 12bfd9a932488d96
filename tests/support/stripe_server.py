"""A server that speaks the part of Stripe's API that the service uses, as a process of its own.

It honours ``Idempotency-Key``, answers errors in Stripe's shape, and shows a page on which a browser pays. What it
knows and does is in :mod:`tests.support.stripe_things`. Tests steer it at ``/_control``: events can be held, doubled,
turned round or lost, answers dropped on their way. ``localstripe`` 1.15 can stand in for none of it: asked by the same
SDK it has no Checkout Sessions and no disputes, heeds no idempotency key (two refunds under one key are two), gives
back more than came, and answers in the shape of 2017, without ``latest_charge``.
"""

from __future__ import annotations

import argparse
import json
import re
import threading
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.support.stripe_balance import Refused, Thing
from tests.support.stripe_things import Stripe


def nested(pairs: list[tuple[str, str]]) -> Thing:
    """Return form fields such as ``line_items[0][quantity]`` as the tree that they mean."""
    tree: Thing = {}
    for name, value in pairs:
        *way, last = re.findall(r"[^\[\]]+", name)
        place = tree
        for step in way:
            place = place.setdefault(step, {})
        place[str(len(place)) if name.endswith("[]") else last] = value
    return tree


PAGE = """<!doctype html><html lang="en"><title>Pay</title><link rel="icon" href="data:,">
<main><h1>{name}</h1><p>{amount} {currency}</p><p>{said}</p>
<form method="post" action="/pay/{id}/pay"><button>Pay</button></form>
<form method="post" action="/pay/{id}/decline"><button>Decline</button></form>
<form method="post" action="/pay/{id}/leave"><button>Go away</button></form></main></html>"""


class Door(BaseHTTPRequestHandler):
    """HTTP in front of Stripe."""

    stripe: Stripe
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
        url = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
        if url.path.startswith("/_control/"):
            if url.path == "/_control/release":  # sends, and is asked meanwhile
                self._send(200, json.dumps(self.stripe.control("release", json.loads(body))))
                return
            with self.lock:
                self._send(200, json.dumps(self.stripe.control(url.path[10:], json.loads(body or "{}"))))
                self.stripe.asked_live = None
        elif url.path.startswith("/pay/"):
            with self.lock:
                self._page(method, *url.path.split("/")[2:])
                self.stripe.asked_live = None
        else:
            with self.lock:
                self._api(method, url.path, nested(parse_qsl(url.query) + parse_qsl(body)), body)
                self.stripe.asked_live = None

    def _page(self, method: str, name: str, act: str = "") -> None:
        session, said = self.stripe.find(name, "checkout.session"), ""
        if act == "pay":
            self.stripe.pay(name)
            self._go(session["success_url"].replace("{CHECKOUT_SESSION_ID}", name))
        elif act == "leave":
            self._go(session["cancel_url"])
        else:
            said = "Your card was declined." if act == "decline" else ""
            shown = {"id": name, "amount": session["amount_total"], "currency": session["currency"], "said": said}
            self._send(200, PAGE.format(name=escape(session["_told"]["name"]), **shown), "text/html; charset=utf-8")

    def _api(self, method: str, path: str, given: Thing, body: str) -> None:
        stripe, key = self.stripe, self.headers.get("idempotency-key", "") if method == "POST" else ""
        stripe.asked.append(f"{method} {path} {key}".strip())
        try:
            bearer = self.headers.get("authorization", "").removeprefix("Bearer ")
            if bearer not in (stripe.key, stripe.live_key):
                raise Refused(401, "Invalid API Key provided.")
            stripe.asked_live = bearer == stripe.live_key
            if stripe.faults or (stripe.faulty and path.endswith(stripe.faulty)):
                stripe.faults -= 1 if stripe.faults else 0
                raise Refused(500, "Something went wrong on Stripe's end.", kind="api_error")
            asked = f"{path}?{body}"
            known, answer = stripe.answers.get(key, (asked, None)) if key else (asked, None)
            if known != asked:
                raise Refused(
                    400,
                    "Keys for idempotent requests can only be used with the same parameters they were first used with.",
                    kind="idempotency_error",
                )
            if answer is None:
                answer = json.loads(json.dumps(stripe.answer(method, path, given)))
                if key:
                    stripe.answers[key] = (asked, answer)
        except Refused as error:
            self._send(error.status, json.dumps(error.body))
            return
        if stripe.drops:
            stripe.drops -= 1
            self.close_connection = True
            return
        self._send(200, json.dumps(answer))

    def _go(self, address: str) -> None:
        self.send_response(303)
        self.send_header("location", address)
        self.send_header("content-length", "0")
        self.end_headers()

    def _send(self, status: int, text: str, kind: str = "application/json") -> None:
        content = text.encode()
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(content)))
        self.send_header("request-id", "req_test")
        self.end_headers()
        self.wfile.write(content)


def main() -> None:
    """Serve until ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("--key", required=True)
    parser.add_argument("--live-key", required=True)
    parser.add_argument("--secret", required=True)
    parser.add_argument("--webhook", default="")
    given = parser.parse_args()
    Door.stripe = Stripe(f"http://127.0.0.1:{given.port}", given.key, given.secret, given.webhook, given.live_key)
    ThreadingHTTPServer(("127.0.0.1", given.port), Door).serve_forever()


if __name__ == "__main__":
    main()

"""A server that speaks the part of Stripe's API that the service uses, as a process of its own.

It keeps Checkout Sessions, payments, refunds, disputes and events in memory, honours ``Idempotency-Key``, answers
errors in Stripe's shape, shows a page on which a browser pays, and sends webhooks signed as Stripe signs them.
Tests steer it at ``/_control``: events can be held, doubled, turned round or lost, answers dropped on their way.
Shapes are those of https://docs.stripe.com/api. ``localstripe`` 1.15 can stand in for none of it: asked by the same SDK
it has no Checkout Sessions and no disputes, heeds no idempotency key (two refunds under one key are two), gives back
more than came, and answers in the shape of 2017, without ``latest_charge``.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import itertools
import json
import re
import threading
import time
import urllib.request
from contextlib import suppress
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.support.stripe_balance import Balance, Refused, Thing, shown

ACCOUNT = "acct_tests"
#: What a session may be made with; anything else is refused as Stripe refuses it.
KNOWN = {
    *("mode", "success_url", "cancel_url", "line_items", "metadata", "payment_intent_data", "client_reference_id"),
    *("locale", "expires_at", "allowed_payment_method_types", "adaptive_pricing", "expand"),
}
#: Cents of a dollar that a payment has at least, as units of each currency.
LEAST = {"vnd": 13_000, "idr": 800_000, "usd": 50, "eur": 50, "jpy": 50}
SHORTEST, LONGEST = 30 * 60, 24 * 3600


def signature(secret: str, body: bytes, at: int) -> str:
    """Return the header ``Stripe-Signature`` of a body sent at an instant (seconds)."""
    mac = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={mac}"


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


class Stripe(Balance):
    """What Stripe knows. Every method is called under one lock."""

    def __init__(self, address: str, key: str, secret: str, webhook: str) -> None:
        self.address, self.key, self.secret, self.webhook = address, key, secret, webhook
        self.things: dict[str, Thing] = {}
        self.events: list[Thing] = []
        self.waiting: list[Thing] = []
        self.answers: dict[str, tuple[str, Thing]] = {}
        self.asked: list[str] = []
        self.mode = "now" if webhook else "held"
        self.refunds_end = "succeeded"
        self.drops = self.faults = 0
        self.faulty = ""
        self._numbers = itertools.count(1)

    def make(self, prefix: str, kind: str, **values: Any) -> Thing:
        """Keep a new thing under an id of its own."""
        name = f"{prefix}_test_{next(self._numbers)}{hashlib.sha256(str(time.time_ns()).encode()).hexdigest()[:12]}"
        self.things[name] = {"id": name, "object": kind, "livemode": False, "created": int(time.time()), **values}
        return self.things[name]

    def find(self, name: str, kind: str) -> Thing:
        """Return a thing. Raises Refused."""
        found = self.things.get(name)
        if found is None or found["object"] != kind:
            raise Refused(404, f"No such {kind}: '{name}'", code="resource_missing")
        return found

    def tell(self, kind: str, thing: Thing) -> None:
        """Make an event of a thing as it is now, and send it, hold it or lose it."""
        event = self.make("evt", "event", type=kind, api_version="2026-10-28.endive", pending_webhooks=1)
        event["data"] = {"object": json.loads(json.dumps(thing))}
        self.events.append(event)
        if self.mode == "now":
            threading.Thread(target=self.send, args=(event,)).start()
        elif self.mode == "held":
            self.waiting.append(event)

    def signed(self, event: Thing) -> tuple[bytes, str]:
        """Return an event's body with its signature of now."""
        body = json.dumps(event).encode()
        return body, signature(self.secret, body, int(time.time()))

    def send(self, event: Thing) -> None:
        """Send an event to the webhook, once."""
        body, header = self.signed(event)
        headers = {"stripe-signature": header, "content-type": "application/json"}
        with suppress(OSError):
            urllib.request.urlopen(urllib.request.Request(self.webhook, body, headers), timeout=10).close()

    def create_session(self, given: Thing) -> Thing:
        """Make a Checkout Session. Raises Refused."""
        for name in sorted(given.keys() - KNOWN):
            raise Refused(400, f"Received unknown parameter: {name}", code="parameter_unknown")
        line = given["line_items"]["0"]
        price = line["price_data"]
        amount = int(price["unit_amount"]) * int(line["quantity"])
        if amount < LEAST[price["currency"]]:
            raise Refused(400, "The Checkout Session's total amount must convert to at least 50 cents.")
        ends = int(given.get("expires_at", time.time() + LONGEST))
        if not SHORTEST <= ends - time.time() <= LONGEST:
            raise Refused(400, "The `expires_at` timestamp must be between 30 minutes and 24 hours from now.")
        session = self.make(
            "cs",
            "checkout.session",
            mode=given["mode"],
            amount_total=amount,
            currency=price["currency"],
            status="open",
            payment_status="unpaid",
            payment_intent=None,
            metadata=given.get("metadata", {}),
            client_reference_id=given.get("client_reference_id"),
            success_url=given["success_url"],
            cancel_url=given.get("cancel_url"),
            expires_at=ends,
        )
        session["url"] = f"{self.address}/pay/{session['id']}"
        session["_told"] = {"name": price["product_data"]["name"], **given.get("payment_intent_data", {})}
        return session

    def expire(self, name: str) -> Thing:
        """End an open session. Raises Refused."""
        session = self.find(name, "checkout.session")
        if session["status"] != "open":
            raise Refused(400, 'Only Checkout Sessions with a status in ["open"] can be expired.')
        session.update(status="expired", url=None)
        self.tell("checkout.session.expired", session)
        return session

    def pay(self, name: str, amount: int | None = None, currency: str | None = None) -> Thing:
        """Let the payer of a session pay it, or as a fault another amount than it is over. Raises Refused."""
        session = self.find(name, "checkout.session")
        if session["status"] != "open":
            raise Refused(400, "This session is over.")
        session["amount_total"] = amount or session["amount_total"]
        session["currency"] = currency or session["currency"]
        money = {"amount": session["amount_total"], "currency": session["currency"]}
        fee = money["amount"] // 25
        balance = self.moved("charge", **money, fee=fee)
        intent = self.make("pi", "payment_intent", **money, status="succeeded")
        told = {"payment_intent": intent["id"], "metadata": session["_told"].get("metadata", {})}
        rest = {"amount_refunded": 0, "refunded": False, "balance_transaction": balance["id"]}
        charge = self.make("ch", "charge", **money, **told, **rest, status="succeeded")
        balance.update(source=charge["id"])
        intent.update(latest_charge=charge["id"], metadata=told["metadata"])
        session.update(status="complete", payment_status="paid", payment_intent=intent["id"], url=None)
        self.tell("payment_intent.succeeded", intent)
        self.tell("charge.succeeded", charge)
        self.tell("checkout.session.completed", session)
        return session

    def pay_later(self, name: str, comes: bool | None) -> Thing:
        """Let a payer choose a way that takes days (``comes`` None), and then let the money come or not."""
        session = self.find(name, "checkout.session")
        if comes is None:
            session.update(
                status="complete", payment_intent=self.make("pi", "payment_intent", status="processing")["id"]
            )
            self.tell("checkout.session.completed", session)
        else:
            session["payment_status"] = "paid" if comes else "unpaid"
            self.tell(f"checkout.session.async_payment_{'succeeded' if comes else 'failed'}", session)
        return session

    def refund(self, given: Thing) -> Thing:
        """Give money back. Raises Refused."""
        charge = self.find(self.find(given["payment_intent"], "payment_intent")["latest_charge"], "charge")
        left = charge["amount"] - charge["amount_refunded"]
        amount = int(given.get("amount", left))
        if not left:
            raise Refused(400, "Charge has already been refunded.", code="charge_already_refunded")
        if not 0 < amount <= left:
            raise Refused(400, f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})")
        made = self.make(
            "re",
            "refund",
            amount=amount,
            currency=charge["currency"],
            charge=charge["id"],
            payment_intent=given["payment_intent"],
            metadata=given.get("metadata", {}),
            status=self.refunds_end,
        )
        self.moved("refund", -amount, charge["currency"], source=made["id"])
        charge["amount_refunded"] += amount
        charge["refunded"] = charge["amount_refunded"] == charge["amount"]
        self.tell("refund.created", made)
        self.tell("charge.refunded", charge)
        return made

    def end_refund(self, name: str, status: str) -> Thing:
        """Let a pending refund succeed, or any fail."""
        refund = self.find(name, "refund")
        refund.update(status=status, **({"failure_reason": "expired_or_canceled_card"} if status == "failed" else {}))
        if status == "failed":
            charge = self.find(refund["charge"], "charge")
            charge["amount_refunded"] -= refund["amount"]
            charge["refunded"] = False
            again = self.moved("refund_failure", refund["amount"], refund["currency"], source=refund["id"])
            refund["failure_balance_transaction"] = again["id"]
        self.tell("refund.failed" if status == "failed" else "refund.updated", refund)
        return refund

    def dispute(self, intent: str, status: str, fee: int | None = None, kind: str = "") -> Thing:
        """Let the cardholder's bank ask for the money back, or close that as ``won`` or ``lost``.

        With a ``fee`` money moves: the bank takes it, and Stripe keeps the fee, or it comes again and so does the fee.
        """
        charge = self.find(self.find(intent, "payment_intent")["latest_charge"], "charge")
        known = next(
            (one for one in self.things.values() if one.get("charge") == charge["id"] and "reason" in one), None
        )
        money = {"amount": charge["amount"], "currency": charge["currency"], "charge": charge["id"]}
        found = known or self.make("dp", "dispute", **money, payment_intent=intent, reason="fraudulent")
        found.update(status=status, evidence_details={"due_by": int(time.time()) + 7 * 24 * 3600})
        if fee is not None:
            amount = charge["amount"] if found.get("balance_transactions") else -charge["amount"]
            balance = shown(self.moved("adjustment", amount, charge["currency"], fee, found["id"]))
            found["balance_transactions"] = [*found.get("balance_transactions", []), balance]
        known_as = "closed" if status in ("won", "lost") else "updated" if known else "created"
        self.tell(f"charge.dispute.{kind or known_as}", found)
        return found

    def listed(self, given: Thing) -> Thing:
        """Return a page of events, the newest first."""
        since = int(given.get("created", {}).get("gte", 0))
        found = [event for event in reversed(self.events) if event["created"] >= since]
        after = given.get("starting_after")
        if after:
            found = found[[event["id"] for event in found].index(after) + 1 :]
        size = int(given.get("limit", 10))
        return {"object": "list", "url": "/v1/events", "data": found[:size], "has_more": len(found) > size}

    def answer(self, method: str, path: str, given: Thing) -> Thing:
        """Do what the API was asked for. Raises Refused."""
        match method, *path.removeprefix("/v1/").split("/"):
            case "POST", "checkout", "sessions":
                return self.create_session(given)
            case "GET", "checkout", "sessions":
                mine = [one for one in self.things.values() if one["object"] == "checkout.session"]
                wanted = given.get("payment_intent")
                data = [one for one in mine if wanted in (None, one["payment_intent"])]
                return {"object": "list", "url": path, "data": data, "has_more": False}
            case "GET", "checkout", "sessions", name:
                return self.find(name, "checkout.session")
            case "POST", "checkout", "sessions", name, "expire":
                return self.expire(name)
            case "GET", "payment_intents", name:
                intent = dict(self.find(name, "payment_intent"))
                if "latest_charge.balance_transaction" in given.get("expand", {}).values():
                    charge = self.things[intent["latest_charge"]]
                    intent["latest_charge"] = charge | {
                        "balance_transaction": self.things[charge["balance_transaction"]]
                    }
                return intent
            case "GET", ("charges" | "disputes") as many, name:
                return self.find(name, many.removesuffix("s"))
            case "POST", "refunds":
                return self.refund(given)
            case "GET", "refunds":
                made = [one for one in self.things.values() if one["object"] == "refund"]
                data = [one for one in made if one["payment_intent"] == given["payment_intent"]]
                return {"object": "list", "url": path, "data": data, "has_more": False}
            case "GET", "refunds", name:
                return self.find(name, "refund")
            case "GET", "balance_transactions":
                return self.transactions(given)
            case "GET", "events":
                return self.listed(given)
        raise Refused(404, f"Unrecognized request URL ({method}: {path}).")

    def control(self, action: str, given: Thing) -> Any:
        """Do what a test asked for."""
        match action:
            case "pay":
                return self.pay(given["session"], given.get("amount"), given.get("currency"))
            case "refund":
                return self.refund(given)
            case "stranger":
                charge = self.make("ch", "charge", amount=50_000, currency="vnd", amount_refunded=0, refunded=False)
                intent = self.make("pi", "payment_intent", latest_charge=charge["id"])
                charge.update(payment_intent=intent["id"])
                return intent["id"]
            case "later":
                return self.pay_later(given["session"], given.get("comes"))
            case "session":
                return self.find(given["session"], "checkout.session")
            case "charge":
                return self.find(self.find(given["payment_intent"], "payment_intent")["latest_charge"], "charge")
            case "sessions":
                states = [one["status"] for one in self.things.values() if one["object"] == "checkout.session"]
                return {state: states.count(state) for state in states}
            case "set":
                vars(self).update(given)
            case "dispute":
                return self.dispute(given["payment_intent"], given["status"], given.get("fee"), given.get("kind", ""))
            case "end_refund":
                return self.end_refund(given["refund"], given["status"])
            case "balance":
                return self.steer(given.pop("act"), given)
            case "asked":
                return self.asked
            case "take":  # what would have been sent, for the test to send
                taken, self.waiting = self.waiting, []
                return [[body.decode(), header] for body, header in map(self.signed, taken)]
            case "release":
                taken, self.waiting = self.waiting, []
                for event in (taken[::-1] if given.get("reversed") else taken) * given.get("times", 1):
                    self.send(event)
        return {}


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
        elif url.path.startswith("/pay/"):
            with self.lock:
                self._page(method, *url.path.split("/")[2:])
        else:
            with self.lock:
                self._api(method, url.path, nested(parse_qsl(url.query) + parse_qsl(body)), body)

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
            if self.headers.get("authorization") != f"Bearer {stripe.key}":
                raise Refused(401, "Invalid API Key provided.")
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
    parser.add_argument("--secret", required=True)
    parser.add_argument("--webhook", default="")
    given = parser.parse_args()
    Door.stripe = Stripe(f"http://127.0.0.1:{given.port}", given.key, given.secret, given.webhook)
    ThreadingHTTPServer(("127.0.0.1", given.port), Door).serve_forever()


if __name__ == "__main__":
    main()

"""What the server that stands for Stripe knows: Checkout Sessions, payments, refunds, disputes and events, in memory.

Shapes are those of https://docs.stripe.com/api. Webhooks are signed as Stripe signs them.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import threading
import time
import urllib.request
from contextlib import suppress
from typing import Any

from tests.support.stripe_balance import Balance, Refused, Thing, shown

#: What a session may be made with; anything else is refused as Stripe refuses it.
KNOWN = {
    *("mode", "success_url", "cancel_url", "line_items", "metadata", "payment_intent_data", "client_reference_id"),
    *("locale", "expires_at", "allowed_payment_method_types", "adaptive_pricing", "expand"),
}
#: Cents of a dollar that a payment has at least, as units of each currency.
LEAST = {"vnd": 13_000, "idr": 800_000, "usd": 50, "eur": 50, "jpy": 50}
#: What an amount stays below: eight digits, twelve of rupiah.
BEYOND = {"idr": 10**12}
SHORTEST, LONGEST = 30 * 60, 24 * 3600
#: Who pays: what Stripe asks of everybody, whatever we know of her.
PAYER = {"name": "Nguyễn Thị Thử", "email": "thu@example.vn", "phone": "+84905123123"}
#: What of her stands in a session that was paid, and in its charge.
IN_SESSION = {
    "collected_information": {"individual_name": PAYER["name"], "shipping_details": None},
    "customer_details": {**PAYER, "address": {"country": "VN", "line1": "12 Hàng Gai"}, "tax_exempt": "none"},
    "customer_email": PAYER["email"],
}
IN_CHARGE = {
    "billing_details": {**PAYER, "address": {"country": "VN", "line1": "12 Hàng Gai"}},
    "payment_method_details": {"type": "card", "card": {"brand": "visa", "last4": "4242", "wallet": None}},
    "receipt_email": PAYER["email"],
    "receipt_url": "https://pay.stripe.com/receipts/payment/her",
    "shipping": {"name": PAYER["name"], "address": {"country": "VN", "line1": "12 Hàng Gai"}},
}
#: What a dispute says of her, filled in by Stripe from her payment.
IN_DISPUTE = {"customer_name": PAYER["name"], "customer_email_address": PAYER["email"]}


def signature(secret: str, body: bytes, at: int) -> str:
    """Return the header ``Stripe-Signature`` of a body sent at an instant (seconds)."""
    mac = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={mac}"


class Stripe(Balance):
    """What Stripe knows. Every method is called under one lock."""

    def __init__(self, address: str, key: str, secret: str, webhook: str, live_key: str) -> None:
        self.address, self.key, self.secret, self.webhook, self.live_key = address, key, secret, webhook, live_key
        self.things: dict[str, Thing] = {}
        self.events: list[Thing] = []
        self.waiting: list[Thing] = []
        self.answers: dict[str, tuple[str, Thing]] = {}
        self.asked: list[str] = []
        self.mode = "now" if webhook else "held"
        self.refunds_end = "succeeded"
        self.drops = self.faults = 0
        self.faulty = ""
        self.asked_live: bool | None = None  # in which mode: None where a test asks, and not the service
        self._numbers = itertools.count(1)

    def make(self, prefix: str, kind: str, **values: Any) -> Thing:
        """Keep a new thing under an id of its own."""
        mode = "live" if self.asked_live else "test"
        name = f"{prefix}_{mode}_{next(self._numbers)}{hashlib.sha256(str(time.time_ns()).encode()).hexdigest()[:12]}"
        self.things[name] = {
            "id": name,
            "object": kind,
            "livemode": bool(self.asked_live),
            "created": int(time.time()),
            **values,
        }
        return self.things[name]

    def find(self, name: str, kind: str) -> Thing:
        """Return a thing. Raises Refused."""
        found = self.things.get(name)
        if found is None or found["object"] != kind or self.asked_live not in (None, found["livemode"]):
            raise Refused(404, f"No such {kind}: '{name}'", code="resource_missing")
        return found

    def tell(self, kind: str, thing: Thing) -> None:
        """Make an event of a thing as it is now, and send it, hold it or lose it."""
        event = self.make("evt", "event", type=kind, api_version="2026-10-28.endive", pending_webhooks=1)
        event["livemode"] = thing["livemode"]
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
        if amount >= BEYOND.get(price["currency"], 10**8):
            raise Refused(400, "The Checkout Session's total amount due has too many digits.", code="amount_too_large")
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
        self.asked_live = session["livemode"]
        session["amount_total"] = amount or session["amount_total"]
        session["currency"] = currency or session["currency"]
        money = {"amount": session["amount_total"], "currency": session["currency"]}
        fee = money["amount"] // 25
        balance = self.moved("charge", **money, fee=fee)
        intent = self.make("pi", "payment_intent", **money, status="succeeded")
        told = {"payment_intent": intent["id"], "metadata": session["_told"].get("metadata", {})}
        rest = {"amount_refunded": 0, "refunded": False, "balance_transaction": balance["id"]}
        charge = self.make("ch", "charge", **money, **told, **rest, **IN_CHARGE, status="succeeded")
        balance.update(source=charge["id"])
        intent.update(latest_charge=charge["id"], metadata=told["metadata"])
        session.update(status="complete", payment_status="paid", payment_intent=intent["id"], url=None, **IN_SESSION)
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
        self.asked_live = charge["livemode"]
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
        told = {"reason": "fraudulent", "evidence": IN_DISPUTE}
        found = known or self.make("dp", "dispute", **money, **told, payment_intent=intent)
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
        mine = [event for event in reversed(self.events) if event["livemode"] == bool(self.asked_live)]
        found = [event for event in mine if event["created"] >= since]
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

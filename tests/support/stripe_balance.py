"""The part of the server that stands for Stripe which keeps the account's balance and pays it out.

Shapes are those of https://docs.stripe.com/api/balance_transactions and https://docs.stripe.com/api/payouts.
"""

from __future__ import annotations

import time
from abc import abstractmethod
from typing import Any

Thing = dict[str, Any]


class Refused(Exception):
    """An error as Stripe answers it."""

    def __init__(self, status: int, message: str, *, kind: str = "invalid_request_error", code: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": {"type": kind, "message": message, **({"code": code} if code else {})}}


def shown(transaction: Thing) -> Thing:
    """Return a balance transaction as Stripe shows it: of which payout it is, it does not say."""
    return {name: value for name, value in transaction.items() if name != "_payout"}


class Balance:
    """What changed the balance, and payouts that take from it."""

    things: dict[str, Thing]
    page_size = 100

    @abstractmethod
    def make(self, prefix: str, kind: str, **values: Any) -> Thing:
        """Keep a new thing under an id of its own."""

    @abstractmethod
    def find(self, name: str, kind: str) -> Thing:
        """Return a thing. Raises Refused."""

    @abstractmethod
    def tell(self, kind: str, thing: Thing) -> None:
        """Make an event of a thing as it is now."""

    def moved(self, kind: str, amount: int, currency: str, fee: int = 0, source: str | None = None) -> Thing:
        """Keep that the account's balance changed; the next payout pays it out."""
        values = {"amount": amount, "currency": currency, "fee": fee, "net": amount - fee, "source": source}
        return self.make("txn", "balance_transaction", type=kind, **values, _payout=None)

    def payout(self, given: Thing) -> Thing:
        """Pay out all of the balance that is not paid out yet, as one sum."""
        found = [one for one in self.things.values() if one["object"] == "balance_transaction" and not one["_payout"]]
        total = sum(one["net"] for one in found)
        money = {"amount": total, "currency": given.get("currency") or found[0]["currency"]}
        arrives = int(time.time()) + 24 * 3600
        made = self.make("po", "payout", **money, arrival_date=arrives, automatic=True, metadata={}, status="paid")
        for one in [*found, self.moved("payout", -total, money["currency"], source=made["id"])]:
            one["_payout"] = made["id"]
        self.tell("payout.paid", made)
        return made

    def payout_fails(self, name: str, status: str) -> Thing:
        """Let a bank send a payout back (``failed``), or call it off (``canceled``): the next one pays it out again."""
        payout = self.find(name, "payout")
        if payout["status"] == "paid":
            kind = "payout_failure" if status == "failed" else "payout_cancel"
            again = self.moved(kind, payout["amount"], payout["currency"], source=name)
            payout.update(status=status, failure_balance_transaction=again["id"])
        self.tell(f"payout.{status}", payout)
        return payout

    def transactions(self, given: Thing) -> Thing:
        """Return a page of what a payout is made of, the newest first. Raises Refused."""
        payout = self.find(given["payout"], "payout")
        if not payout["automatic"]:
            raise Refused(400, "Balance transaction history can only be filtered on automatic transfers, not manual.")
        found = [one for one in reversed(self.things.values()) if one.get("_payout") == payout["id"]]
        if after := given.get("starting_after"):
            found = found[[one["id"] for one in found].index(after) + 1 :]
        size = min(int(given.get("limit", 10)), self.page_size)
        data = [shown(one) for one in found[:size]]
        if "data.source" in given.get("expand", {}).values():
            data = [one | {"source": self.things.get(one["source"])} for one in data]
        return {"object": "list", "url": "/v1/balance_transactions", "data": data, "has_more": len(found) > size}

    def steer(self, act: str, given: Thing) -> Any:
        """Do what a test asked for: move the balance, pay it out, let that fail, change what a thing says."""
        match act:
            case "move":
                return self.moved(**given)
            case "pay_out":
                return self.payout(given)
            case "fail":
                return self.payout_fails(given["payout"], given.get("status", "failed"))
            case "of_net":
                return self.find(given["transaction"], "balance_transaction").update(net=given["net"])
            case "of_kind":
                return self.find(given["transaction"], "balance_transaction").update(type=given["kind"])
            case "in_currency":
                mine = [one for one in self.things.values() if one.get("_payout") == given["payout"]]
                for one in mine:
                    one["currency"] = given["currency"]
                return len(mine)
        raise Refused(404, act)

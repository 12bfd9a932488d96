"""A load that never gives up: each request is sent again under its own id until somebody answers it."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import itertools
import json
import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

AT_ONCE = 8
PAUSE_SECONDS = 0.05
CSRF_COOKIE, CSRF_HEADER = "fg_csrf", "x-csrftoken"
#: What a booth is answered when the answer before this one was lost: it was held then.
HELD_BEFORE = ("has_booth", "booth_taken")


@dataclass
class Load:
    """Gate scans, orders, payments, ballots and booths against ``url``; ``prepared`` is what ``prepare`` printed.

    ``acknowledged`` holds by client id what was asked and answered.
    """

    url: str
    slug: str
    codes: list[str]
    tokens: list[str]
    run: str
    prepared: dict[str, Any]
    stripe_secret: str
    ticket: str = "NGAY"
    acknowledged: dict[str, dict[str, Any]] = field(default_factory=dict)
    sent_again: int = 0
    refused: list[str] = field(default_factory=list)
    stopping: bool = False
    numbers: Iterator[int] = field(default_factory=itertools.count)
    heads: dict[int, str] = field(default_factory=dict)

    async def go_on(self, seconds: float) -> None:
        """Load for some seconds, or until ``stopping``; what is under way is answered before this returns."""
        self.stopping = False
        async with httpx.AsyncClient(base_url=self.url, timeout=10) as client:
            ends = time.monotonic() + seconds
            await asyncio.gather(*(self._one_by_one(client, ends) for _ in range(AT_ONCE)))

    async def _one_by_one(self, client: httpx.AsyncClient, ends: float) -> None:
        while not self.stopping and time.monotonic() < ends:
            await self.ask_for(client, next(self.numbers))

    def kinds(self) -> dict[str, int]:
        """Return how much of each kind was acknowledged, by the last word of its path."""
        return dict(Counter(one["path"].rpartition("/")[2] for one in self.acknowledged.values()))

    async def ask_for(self, client: httpx.AsyncClient, number: int) -> None:
        """Send one request; its number decides which."""
        client_id = f"{self.run}-{number:07d}"
        if number % 4 == 0:
            await self._ask(client, client_id, f"/api/v1/editions/{self.slug}/orders", self._order(client_id))
        elif number % 16 == 3 and self.prepared.get("ideas"):
            await self._score(client, client_id, number)
        elif number % 16 == 5 and self.prepared["documents"]:
            await self._pay(client, client_id, self.prepared["documents"].pop())
        elif number % 16 == 7 and self.prepared.get("holds"):
            await self._hold(client, client_id, self.prepared["holds"].pop())
        else:
            await self._ask(client, client_id, "/api/v1/gate/redeem", self._scan(number, client_id))

    async def _score(self, client: httpx.AsyncClient, client_id: str, number: int) -> None:
        """A new version of a ballot; of two that follow the same one the second is set aside for the chair."""
        idea = self.prepared["ideas"][number // 16 % len(self.prepared["ideas"])]
        sent = {
            "client_id": client_id,
            "assignment_id": idea["assignment"],
            "base_hash": self.heads.get(idea["assignment"], ""),
            "scores": {str(criterion): 1 + (number + criterion) % 5 for criterion in idea["criteria"]},
            "scored_at": datetime.now(UTC).isoformat(),
        }
        headers = {"authorization": f"Bearer {idea['token']}"}
        said = await self._ask(
            client, client_id, "/api/v1/judge/ballots", {"json": {"ballots": [sent]}, "headers": headers}
        )
        if said and said["answers"][0]["head_hash"]:
            self.heads[idea["assignment"]] = said["answers"][0]["head_hash"]

    async def _pay(self, client: httpx.AsyncClient, client_id: str, document: dict[str, Any]) -> None:
        """Tell of a payment as Stripe does."""
        paid = {
            "id": f"cs_{client_id}",
            "payment_intent": f"pi_{client_id}",
            "payment_status": "paid",
            "amount_total": document["amount_minor"],
            "currency": document["currency"].lower(),
            "metadata": {"document_id": str(document["id"])},
        }
        kind = "checkout.session.completed"
        body = json.dumps({"id": client_id, "object": "event", "type": kind, "data": {"object": paid}}).encode()
        stamp = int(time.time())
        mac = hmac.new(self.stripe_secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
        headers = {"stripe-signature": f"t={stamp},v1={mac}", "content-type": "application/json"}
        await self._ask(client, client_id, "/payments/stripe/webhook", {"content": body, "headers": headers})

    async def _hold(self, client: httpx.AsyncClient, client_id: str, wanted: dict[str, int]) -> None:
        """Give an application a booth, as an organiser does."""
        while CSRF_COOKIE not in client.cookies:
            with contextlib.suppress(httpx.HTTPError):
                await client.get("/healthz")
            await asyncio.sleep(PAUSE_SECONDS)
        cookies = f"{CSRF_COOKIE}={client.cookies[CSRF_COOKIE]}; fg_session={self.prepared['session']}"
        path = f"/api/v1/manage/{self.prepared['edition_id']}/booths/{wanted['booth']}/hold"
        sent = {"application": wanted["application"], "tell_now": True}
        headers = {"cookie": cookies, CSRF_HEADER: client.cookies[CSRF_COOKIE]}
        await self._ask(client, client_id, path, {"json": sent, "headers": headers})

    def _scan(self, number: int, client_id: str) -> dict[str, Any]:
        """A scan of a pass; one in ten is of a pass that was scanned before."""
        code = self.codes[number % len(self.codes) if number % 10 else number // 2 % len(self.codes)]
        return {"json": {"client_id": client_id, "code": code}, "headers": self._phone(number)}

    def _order(self, client_id: str) -> dict[str, Any]:
        lines = [{"ticket_type": self.ticket, "count": 1}]
        person = {"full_name": "Nguyễn Thị Thử", "email": f"{client_id}@example.com"}
        return {"json": {"client_id": client_id, "lines": lines, **person}}

    def _phone(self, number: int) -> dict[str, str]:
        return {"authorization": f"Bearer {self.tokens[number % len(self.tokens)]}"}

    async def _ask(
        self, client: httpx.AsyncClient, client_id: str, path: str, request: dict[str, Any]
    ) -> dict[str, Any] | None:
        """Send until there is an answer, and return it: who waits at a gate and a browser do so under the same id."""
        for again in itertools.count():
            try:
                answer = await client.post(path, **request)
            except httpx.HTTPError:
                answer = None
            if answer is not None and answer.status_code < 500:
                said: dict[str, Any] = answer.json()
                if answer.status_code < 300 or (again and said.get("code") in HELD_BEFORE):
                    self.acknowledged[client_id] = {"path": path, "sent": request.get("json"), "answer": said}
                    return said
                self.refused.append(f"{answer.status_code} {path} {answer.text[:200]}")
                return None
            self.sent_again += 1
            await asyncio.sleep(PAUSE_SECONDS * (0.5 + random.random()))
        return None

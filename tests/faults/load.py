"""A load that never gives up: each request is sent again under its own id until somebody answers it."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx

AT_ONCE = 8
PAUSE_SECONDS = 0.05


@dataclass
class Load:
    """Gate scans and free orders against ``url``. ``acknowledged`` holds what was answered, by client id."""

    url: str
    slug: str
    codes: list[str]
    tokens: list[str]
    run: str
    acknowledged: dict[str, dict[str, Any]] = field(default_factory=dict)
    sent_again: int = 0
    refused: list[str] = field(default_factory=list)
    stopping: bool = False
    numbers: Iterator[int] = field(default_factory=itertools.count)

    async def go_on(self, seconds: float) -> None:
        """Load for some seconds, or until ``stopping``; what is under way is answered before this returns."""
        self.stopping = False
        async with httpx.AsyncClient(base_url=self.url, timeout=10) as client:
            ends = time.monotonic() + seconds
            await asyncio.gather(*(self._one_by_one(client, ends) for _ in range(AT_ONCE)))

    async def _one_by_one(self, client: httpx.AsyncClient, ends: float) -> None:
        while not self.stopping and time.monotonic() < ends:
            number = next(self.numbers)
            client_id = f"{self.run}-{number:07d}"
            if number % 4:
                await self._ask(client, client_id, "/api/v1/gate/redeem", self._scan(number, client_id))
            else:
                await self._ask(client, client_id, f"/api/v1/editions/{self.slug}/orders", self._order(client_id))

    def _scan(self, number: int, client_id: str) -> dict[str, Any]:
        """A scan of a pass; one in ten is of a pass that was scanned before."""
        code = self.codes[number % len(self.codes) if number % 10 else number // 2 % len(self.codes)]
        return {"json": {"client_id": client_id, "code": code}, "headers": self._phone(number)}

    def _order(self, client_id: str) -> dict[str, Any]:
        lines = [{"ticket_type": "NGAY", "count": 1}]
        person = {"full_name": "Nguyễn Thị Thử", "email": f"{client_id}@example.com"}
        return {"json": {"client_id": client_id, "lines": lines, **person}}

    def _phone(self, number: int) -> dict[str, str]:
        return {"authorization": f"Bearer {self.tokens[number % len(self.tokens)]}"}

    async def _ask(self, client: httpx.AsyncClient, client_id: str, path: str, request: dict[str, Any]) -> None:
        """Send until there is an answer: a gate phone and a browser do so under the same id."""
        while True:
            try:
                answer = await client.post(path, **request)
            except httpx.HTTPError:
                answer = None
            if answer is not None and answer.status_code < 300:
                self.acknowledged[client_id] = {"path": path, "answer": answer.json()}
                return
            if answer is not None and answer.status_code < 500:
                self.refused.append(f"{answer.status_code} {answer.text[:200]}")
                return
            self.sent_again += 1
            await asyncio.sleep(PAUSE_SECONDS * (0.5 + random.random()))

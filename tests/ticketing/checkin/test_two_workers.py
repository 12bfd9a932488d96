"""One pass held out 64 times at once to a service of two workers, on two lists: one admission on each."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from app.kernel.clock import now
from app.kernel.database import dialect, fetch
from tests.bench.measured import worker_pids
from tests.support.factories_ticketing import make_gate, make_list, make_open_edition, make_pass
from tests.support.postgres import free_port
from tests.support.service import Home, running_service

pytestmark = [pytest.mark.engines, pytest.mark.slow]
SCANS = 64


async def test_64_scans_over_two_workers_and_two_lists_are_one_admission_each(database: str, tmp_path: Path) -> None:
    at = now()
    edition = await make_open_edition(
        now=at, starts_on=at.date(), ends_on=at.date() + timedelta(days=1)
    )  # where it is held it may be the next day
    lists = [await make_list(edition.id, now=at, name=name) for name in ("Cửa chính", "Hội thảo")]
    gates = [await make_gate(edition.id, each, now=at, name=f"Cổng {each}") for each in lists]
    issued = await make_pass(edition, now=at)
    home = Home(tmp_path, database, free_port(), {"JOBS_INLINE": "false", "DATA_DIR": os.environ["DATA_DIR"]})
    workers = 1 if dialect() == "sqlite" else 2  # SQLite takes one writer

    def sent(number: int) -> tuple[dict[str, object], dict[str, str]]:
        place = number % len(lists)
        body = {"nonce": f"race-{number:04d}", "code": issued.code, "list": lists[place]}
        return body, {"authorization": f"Bearer {gates[place][2]}"}

    async def scan(number: int) -> dict[str, object]:
        body, headers = sent(number)
        async with httpx.AsyncClient(base_url=home.url, timeout=60) as phone:  # a connection of its own: any worker's
            answer = await phone.post("/api/v1/checkin/redeem", json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        told: dict[str, object] = answer.json()
        return told

    def race() -> list[dict[str, object]]:
        async def all_at_once() -> list[dict[str, object]]:
            return await asyncio.gather(*(scan(number) for number in range(SCANS)))

        with running_service(home, ["serve", "--port", str(home.port), "--workers", str(workers)]) as service:
            assert len(worker_pids(service)) == workers
            return asyncio.run(all_at_once())

    answers = await asyncio.to_thread(race)
    for place, list_id in enumerate(lists):
        outcomes = Counter(one.get("reason", one["outcome"]) for one in answers[place :: len(lists)])
        assert outcomes == {"admitted": 1, "already_admitted": SCANS // len(lists) - 1}
        rows = await fetch("SELECT entries FROM admission WHERE list_id = {}", list_id)
        assert [row["entries"] for row in rows] == [1]
    assert len(await fetch("SELECT id FROM scan")) == SCANS

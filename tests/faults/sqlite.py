"""SQLite: the service is killed at random moments under load, started again, and asked for what it acknowledged."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import signal
from typing import Any

from tests.bench.measured import Bench, demo_festival
from tests.faults.load import Load
from tests.support.guard import Guarded, child_pids
from tests.support.service import Service, running_service

#: What the load pays with.
SETTINGS = {"STRIPE_WEBHOOK_SECRET": "whsec_of_the_load"}
PASSES = 6000
LONGEST_SECONDS = 3.0


def make_load(bench: Bench, url: str, *, everything: bool = True) -> Load:
    """Issue passes, pair phones, and make the load that uses them; with ``everything`` ballots and booths besides."""
    from app.demo.command import SLUG

    folder = bench.home.folder
    bench.home.python("-m", "tests.bench.passes", str(PASSES), str(folder))
    codes, tokens = ((folder / name).read_text().split() for name in ("codes", "tokens"))
    said = bench.home.python("-m", "tests.faults.prepare", "all" if everything else "sales")
    return Load(
        url=url,
        slug=SLUG,
        codes=codes,
        tokens=tokens,
        run="fault",
        prepared=json.loads(said.splitlines()[-1]),
        stripe_secret=bench.home.settings["STRIPE_WEBHOOK_SECRET"],
    )


def kill(service: Service | Guarded) -> None:
    """End every process of a service at once, without a word."""
    for pid in [*child_pids(service.pid), service.pid]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def reconcile(bench: Bench, acknowledged: dict[str, dict[str, Any]]) -> dict[str, int]:
    """Hold what was acknowledged so far against the database."""
    path = bench.home.folder / "acknowledged.json"
    path.write_text(json.dumps(acknowledged))
    found: dict[str, int] = json.loads(bench.home.python("-m", "tests.faults.reconcile", str(path)).splitlines()[-1])
    return found


async def run(kills: int) -> dict[str, Any]:
    """Kill ``kills`` times; returns the sums of all faults and how much was acknowledged."""
    faults: dict[str, int] = {}
    with demo_festival("sqlite", SETTINGS) as bench:
        load = make_load(bench, bench.home.url)
        for number in range(kills):
            with running_service(bench.home, ["demo", "--port", str(bench.home.port)]) as service:
                loading = asyncio.create_task(load.go_on(LONGEST_SECONDS))
                await asyncio.sleep(random.uniform(0.3, LONGEST_SECONDS))
                kill(service)
            for name, count in reconcile(bench, load.acknowledged).items():
                faults[name] = faults.get(name, 0) + count
            with running_service(bench.home, ["demo", "--port", str(bench.home.port)]):
                await loading  # what nobody had answered is answered now, under the same ids
            print(f"kill {number + 1}: {len(load.acknowledged)} answered, {sum(faults.values())} faults", flush=True)
        for name, count in reconcile(bench, load.acknowledged).items():
            faults[name] = faults.get(name, 0) + count
    return {
        "kills": kills,
        "acknowledged": len(load.acknowledged),
        "kinds": load.kinds(),
        "sent_again": load.sent_again,
        "refused": len(load.refused),
        "first_refusals": load.refused[:3],
        "faults": faults,
    }

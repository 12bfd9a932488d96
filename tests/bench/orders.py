"""``orders``: how many orders a minute one edition takes, and whether any quota is oversold.

An order is one ``POST /api/v1/editions/{slug}/orders`` over HTTP for one free ticket, by a buyer who was not known
before: she is added, the places are taken of two quotas (the type's own, and one that it shares with another type), the
order is confirmed, its pass signed and issued, the message with her link written into the outbox and the log kept. All
of it is on disk before the answer. Afterwards everybody rushes for the last places of a second type.
"""

from __future__ import annotations

import json
from typing import Any

from tests.bench.measured import demo_festival
from tests.bench.wrk import Run, run_wrk

CONNECTIONS = 32
RUSH_SECONDS = 2.0
WARM_UP = 2.0  # seconds, and a fifth of shorter runs


def run(engine: str, seconds: float) -> dict[str, Any]:
    """Place orders for ``seconds``, then rush for the last places."""
    with demo_festival(engine) as bench:
        folder = bench.home.folder
        made = json.loads(bench.home.python("-m", "tests.bench.places", "make").splitlines()[-1])
        with bench.running() as service:
            url = f"{service.url}/api/v1/editions/{made['slug']}/orders"

            def load(name: str, kind: str, duration: float) -> Run:
                arguments = [kind, name, str(folder / f"{name}.acknowledged")]
                return run_wrk(url, "order.lua", seconds=duration, connections=CONNECTIONS, arguments=arguments)

            load("warm", "BENCH", min(WARM_UP, seconds / 5))
            before = bench.cpu_seconds(service)
            result = load("measured", "BENCH", seconds)
            used = bench.cpu_seconds(service) - before
            rush = load("rush", "LAST", RUSH_SECONDS)
        said = [str(folder / f"{name}.acknowledged") for name in ("warm", "measured", "rush")]
        counted = json.loads(bench.home.python("-m", "tests.bench.places", "count", *said).splitlines()[-1])
    unsold = counted.pop("last_places_not_sold")
    faults = counted | {
        "refused_with_places_left": unsold
        if rush.extra["refused"]
        else 0,  # a slow machine sells fewer, and refuses none
        "errors": result.not_2xx + result.broken + rush.broken,
        "rush_errors": rush.not_2xx - rush.extra["refused"],
    }
    placed = result.requests - result.not_2xx
    return {
        "orders_per_minute": round(60 * placed / result.seconds),
        "p50_ms": result.p50_ms,
        "p99_ms": result.p99_ms,
        "cpu_ms_per_order": round(1000 * used / max(1, placed), 3),
        "oversold": faults["oversold"],
        "last_places_not_sold": unsold,
        "rush_refused": rush.extra["refused"],
        "violations": sum(faults.values()),
        "violations_by_kind": faults,
        "client_cpu_share": round(result.client_seconds / (result.client_seconds + used), 3),
        "connections": CONNECTIONS,
    }

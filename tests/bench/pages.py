"""``pages``: how many of each public page a core gives, and how long the slowest twentieth waits."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

from tests.bench.measured import Bench, demo_festival
from tests.bench.wrk import run_wrk
from tests.support.service import Service

EDITION = "/e/phu-nu-sang-tao-2026"
PAGES = {
    "edition": EDITION,
    "tickets": f"{EDITION}/tickets",
    "programme": f"{EDITION}/programme",
    "session": f"{EDITION}/programme/{{session_id}}",
    "catalogue": f"{EDITION}/catalogue",
    "exhibitor": f"{EDITION}/exhibitors/{{organisation_id}}",
    "booth": f"{EDITION}/booths/{{booth_id}}",
    "product": f"{EDITION}/products/{{product_id}}",
    "map": f"{EDITION}/map",
    "contest": f"{EDITION}/contest",
    "idea": f"{EDITION}/contest/{{entry_id}}",
    "apply": f"{EDITION}/apply",
    "sign_in": "/sign-in",
    "help": "/help",
}
CONNECTIONS = 16


def run(engine: str, seconds: float) -> dict[str, Any]:
    """Ask for each public page for ``seconds``, with the booths published.

    A page that does not answer 200 is reported as such.
    """
    figures: dict[str, Any] = {}
    with demo_festival(engine) as bench, bench.running() as service:
        bench.home.python("-m", "tests.journeys.support.installation", "publish")
        said = bench.home.python("-m", "tests.journeys.support.installation", "numbers")
        numbers = json.loads(said.splitlines()[-1])
        for name, path in PAGES.items():
            figures[name] = measure(bench, service, path.format_map(numbers), seconds)
    rates = [page["requests_per_second_per_core"] for page in figures.values() if "status" not in page]
    return {"requests_per_second_per_core": min(rates, default=0), "pages": figures}


def measure(bench: Bench, service: Service, path: str, seconds: float) -> dict[str, Any]:
    """Measure one page after a second of warming up."""
    try:
        with urllib.request.urlopen(service.url + path, timeout=10) as answer:
            size = len(answer.read())
    except urllib.error.HTTPError as error:
        return {"status": error.code}
    run_wrk(service.url + path, "page.lua", seconds=1, connections=CONNECTIONS)
    before = bench.cpu_seconds(service)
    load = run_wrk(service.url + path, "page.lua", seconds=seconds, connections=CONNECTIONS)
    used = bench.cpu_seconds(service) - before
    return {
        "requests_per_second_per_core": round(load.requests / used, 1),
        "requests_per_second": round(load.per_second, 1),
        "p50_ms": load.p50_ms,
        "p95_ms": load.p95_ms,
        "errors": load.not_2xx + load.broken,
        "bytes": size,
        "client_cpu_share": round(load.client_seconds / (load.client_seconds + used), 3),
    }

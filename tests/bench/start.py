"""``start``: how soon the first page comes after the command, data there, and what an idle worker holds."""

from __future__ import annotations

import statistics
from typing import Any

from tests.bench.measured import demo_festival, idle_memory

FIRST_PAGE = "/e/phu-nu-sang-tao-2026"


def run(engine: str, seconds: float) -> dict[str, Any]:
    """Start the service three times and take the median; ``seconds`` is not used."""
    times, memory = [], []
    with demo_festival(engine) as bench:
        for _ in range(3):
            with bench.running(first_page=FIRST_PAGE) as service:
                times.append(service.seconds_to_first_page)
                memory = idle_memory(service)
    return {
        "seconds_to_first_page": round(statistics.median(times), 2),
        "resident_mib_per_worker": max(memory),
        "workers": len(memory),
    }

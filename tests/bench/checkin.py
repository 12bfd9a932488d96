"""``checkin``: how many passes a second the gates can redeem, at what cost, and how near to the bare SQL that is; and
how many scans a second phones can hand in that they made alone."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.bench.measured import Bench, demo_festival
from tests.bench.wrk import Run, run_wrk

PATH = "/api/v1/gate/redeem"
SCANS_PATH = "/api/v1/checkin/scans"
CONNECTIONS = 32
FLOOR_PROCESSES = 2
A_SECOND_AT_MOST = 2500
#: Scans a second that are handed in at the most, and batches under way at once.
HANDED_IN_AT_MOST, HANDING_IN = 9000, 8
WARM_UP = 2.0  # seconds, and a fifth of shorter runs


def run(engine: str, seconds: float) -> dict[str, Any]:
    """Redeem for ``seconds`` over HTTP, hand in batches for as long, then redeem as long through the driver alone."""
    warm_up = min(WARM_UP, seconds / 5)
    share = int(A_SECOND_AT_MOST * (seconds + warm_up))
    with demo_festival(engine) as bench:
        folder = bench.home.folder
        handed_in = int(HANDED_IN_AT_MOST * seconds)
        bench.home.python("-m", "tests.bench.passes", str(2 * share + handed_in), str(folder))
        codes = (folder / "codes").read_text().splitlines()
        warm = int(A_SECOND_AT_MOST * warm_up)
        (folder / "warm").write_text("\n".join(codes[:warm]) + "\n")
        (folder / "measured").write_text("\n".join(codes[warm:share]) + "\n")
        (folder / "alone").write_text("\n".join(codes[2 * share :]) + "\n")
        with bench.running() as service:
            url = service.url + PATH
            tokens = str(folder / "tokens")

            def load(name: str, duration: float) -> Any:
                arguments = [str(folder / name), tokens, "1", name, str(folder / f"{name}.acknowledged")]
                return run_wrk(url, "redeem.lua", seconds=duration, connections=CONNECTIONS, arguments=arguments)

            load("warm", warm_up)
            before = bench.cpu_seconds(service)
            result = load("measured", seconds)
            used = bench.cpu_seconds(service) - before
            scans = hand_in(service.url, folder, seconds)
        faults = faults_of(bench, folder / "measured.acknowledged", result)
        floor = floor_per_second(bench, share, seconds)
    return {
        "redeems_per_second": round(result.per_second, 1),
        "p50_ms": result.p50_ms,
        "p99_ms": result.p99_ms,
        "cpu_ms_per_redeem": round(1000 * used / max(1, result.requests), 3),
        "floor_per_second": round(floor, 1),
        "ratio_to_floor": round(result.per_second / floor, 3),
        "scans_per_second": round(scans.extra["scans_admitted"] / scans.seconds, 1),
        "batch_p99_ms": scans.p99_ms,
        "batches_refused": scans.not_2xx + scans.broken,
        "scans_after_the_last_pass": scans.extra["after_the_last_pass"],
        "violations": sum(faults.values()),
        "violations_by_kind": faults,
        "after_the_last_pass": result.extra["after_the_last_pass"],
        "client_cpu_share": round(result.client_seconds / (result.client_seconds + used), 3),
        "connections": CONNECTIONS,
        "floor_concurrency": CONNECTIONS,
    }


def hand_in(url: str, folder: Path, seconds: float) -> Run:
    """Hand in batches of 200 scans of passes that nobody has used."""
    made = json.loads((folder / "passes.json").read_text())
    arguments = [str(folder / "alone"), str(folder / "tokens"), "alone", str(made["list_id"])]
    arguments.append(datetime.now(UTC).isoformat())
    return run_wrk(url + SCANS_PATH, "scans.lua", seconds=seconds, connections=HANDING_IN, arguments=arguments)


def faults_of(bench: Bench, acknowledged: Path, result: Run) -> dict[str, int]:
    """Count what must never be; ``acknowledged`` is the file of the ids that the client got an answer for."""
    said = bench.home.python("-m", "tests.bench.counts", "measured", str(acknowledged))
    counts: dict[str, int] = json.loads(said.splitlines()[-1])
    named = len(acknowledged.read_text().split())
    return counts | {
        "answers_without_an_id": result.requests - result.not_2xx - named,
        "errors": result.not_2xx + result.broken,
        "not_admitted": result.extra["not_admitted"],
    }


def floor_per_second(bench: Bench, first: int, seconds: float) -> float:
    """Return what the redeem's own SQL does through the driver alone, at the same concurrency."""
    processes = 1 if bench.server is None else FLOOR_PROCESSES
    share = first // processes
    running = [
        subprocess.Popen(
            [
                *(sys.executable, "-m", "tests.bench.floor", str(bench.home.folder / "passes.json")),
                *(str(first + number * share), str(first + (number + 1) * share)),
                *(str(seconds), str(CONNECTIONS // processes)),
            ],
            env=bench.home.environment(),
            cwd=bench.home.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(processes)
    ]
    return sum(float(process.communicate()[0].splitlines()[-1]) for process in running)

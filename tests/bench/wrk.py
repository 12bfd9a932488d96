"""Drives the service with wrk, a compiled client, and reads what it measured."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.debian import install_package

LUA = Path(__file__).parent / "lua"
ADVICE = "wrk is not there and could not be installed: `apt-get install wrk` as root, or set WRK to its path."


@dataclass(frozen=True)
class Run:
    """What one run of wrk measured. ``not_2xx`` counts answers other than 200–299, ``broken`` those that failed."""

    requests: int
    seconds: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    not_2xx: int
    broken: int
    client_seconds: float
    extra: dict[str, Any]

    @property
    def per_second(self) -> float:
        """Requests that were answered, by second."""
        return self.requests / self.seconds


def find_wrk() -> str | None:
    """Return the path of wrk: ``$WRK``, or the one that is installed."""
    return os.environ.get("WRK") or shutil.which("wrk")


def find_or_install_wrk() -> str:
    """Return the path of wrk, installing Debian's package when there is none.

    Raises RuntimeError with advice when none could be had.
    """
    if found := find_wrk():
        return found
    install_package("wrk")
    if found := find_wrk():
        return found
    raise RuntimeError(ADVICE)


def run_wrk(
    url: str, script: str, *, seconds: float, connections: int, threads: int = 1, arguments: Sequence[str] = ()
) -> Run:
    """Run wrk on ``url`` with one of the scripts in ``lua/``, which prints its figures as JSON in ``done``.

    Raises RuntimeError with wrk's output when it fails.
    """
    command = [find_or_install_wrk(), "--threads", str(threads), "--connections", str(connections)]
    command += ["--duration", f"{max(1, round(seconds))}s", "--timeout", "10s", "--script", str(LUA / script)]
    before = _client_seconds()
    done = subprocess.run(
        [*command, url, "--", *arguments],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        env=os.environ | {"LUA_PATH": f"{LUA}/?.lua;;"},
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode or not lines:
        raise RuntimeError(f"wrk failed: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    said = json.loads(lines[-1])
    return Run(
        requests=said.pop("requests"),
        seconds=said.pop("microseconds") / 1e6,
        p50_ms=round(said.pop("p50") / 1e3, 2),
        p95_ms=round(said.pop("p95") / 1e3, 2),
        p99_ms=round(said.pop("p99") / 1e3, 2),
        not_2xx=said.pop("not_2xx"),
        broken=said.pop("broken"),
        client_seconds=_client_seconds() - before,
        extra=said,
    )


def _client_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime

"""``gate`` runs to its end with a real browser and says what it must."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.bench.gate import percentile
from tests.support.service import ROOT


def test_the_percentile_is_one_of_the_values() -> None:
    values = [float(number) for number in range(100, 0, -1)]
    assert (percentile(values, 95), percentile(values, 50), percentile([7.0], 95)) == (96.0, 51.0, 7.0)


@pytest.mark.long
@pytest.mark.slow
def test_gate_says_how_soon_a_phone_scans_and_how_soon_it_answers() -> None:
    command = [sys.executable, "-m", "tests.bench", "gate", "--engine", "sqlite", "--seconds", "5"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=600
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["pair_to_first_scan_seconds"] > 0
    assert figures["scan_to_verdict_p95_ms"] >= figures["scan_to_verdict_p50_ms"] > 0
    assert (figures["gates"], figures["refused"], figures["elsewhere_not_admitted"]) == (32, 0, 0)
    assert figures["scans_of_the_phone"] > 1
    assert figures["scans_elsewhere"] > 31

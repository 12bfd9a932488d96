"""``start`` runs to its end and says what it must."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.support.service import ROOT


@pytest.mark.long
@pytest.mark.slow
def test_start_says_how_soon_the_first_page_came_and_what_a_worker_holds() -> None:
    command = [sys.executable, "-m", "tests.bench", "start", "--engine", "sqlite"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=600
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    figures = json.loads(lines[-1])
    assert (lines[0].startswith("start on sqlite, "), lines[-2].startswith("done in ")) == (True, True)
    assert list(figures) == ["name", "engine", "seconds_to_first_page", "resident_mib_per_worker", "workers"]
    assert (figures["name"], figures["engine"], figures["workers"]) == ("start", "sqlite", 1)
    assert min(figures["seconds_to_first_page"], figures["resident_mib_per_worker"]) > 0

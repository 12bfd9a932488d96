"""The journeys through the cluster, while an app node, a worker and PostgreSQL fall over in turn, under load."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

from tests.support.chromium import find_or_install_chromium
from tests.support.service import ROOT

#: The five walks, and a page on the wall meanwhile.
WALKS = ("organiser", "exhibitor", "visitor", "gate", "contest", "live")
JOURNEYS = [f"tests/journeys/test_{name}.py" for name in WALKS]


def run() -> dict[str, Any]:
    """Make the walks; each says what fell meanwhile, and fails when anything acknowledged was lost."""
    find_or_install_chromium()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", "-s", "--trouble", f"--junitxml={report}", *JOURNEYS]
        subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, check=False)
        suites = list(ElementTree.parse(report).getroot().iter("testsuite"))
    counts = {key: sum(int(suite.get(key, "0")) for suite in suites) for key in ("tests", "failures", "errors")}
    return {"walks": counts["tests"], "refused": 0, "faults": {key: counts[key] for key in ("failures", "errors")}}

"""Asks whether a package we use is known to be unsafe: ``python -m tests.support.audits pip`` or ``npm``.

Ends with 0 when none is, 1 when one is, and ``NOT_ASKED`` where no registry answers the question: many mirrors hand out
packages and nothing else.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import sysconfig
from typing import Any

from tests.support.typescript import WEB, npm_command

NOT_ASKED = 75  # sysexits' EX_TEMPFAIL
LONGEST_SECONDS = 120


def audit_pip() -> int:
    """Ask about every package of this environment. Raises SystemExit where the tool is missing."""
    if importlib.util.find_spec("pip_audit") is None:
        raise SystemExit("pip-audit is not installed: pip install -e '.[test]'")
    command = [sys.executable, "-m", "pip_audit", "--path", sysconfig.get_path("purelib"), "--skip-editable"]
    said = answer_of([*command, "--progress-spinner", "off", "--format", "json"])
    asked = [one for one in said.get("dependencies", []) if "skip_reason" not in one]
    unsafe = [one for one in asked if one["vulns"]]
    for one in unsafe:
        print(f"{one['name']} {one['version']}: {', '.join(found['id'] for found in one['vulns'])}")
    return _verdict(asked=len(asked), unsafe=len(unsafe))


def audit_npm() -> int:
    """Ask about every package that the front end is built of or runs on."""
    command, environment = npm_command("audit", "--json", "--fetch-retries=0")
    said = answer_of(command, env=environment, cwd=str(WEB))
    counts = said.get("metadata", {})
    for name, one in said.get("vulnerabilities", {}).items():
        print(f"{name}: {one['severity']}")
    asked, unsafe = counts.get("dependencies", {}).get("total", 0), counts.get("vulnerabilities", {}).get("total", 0)
    return _verdict(asked=asked, unsafe=unsafe)


def answer_of(command: list[str], **how: Any) -> dict[str, Any]:
    """Run a command that prints JSON and return it; nothing when it prints none in time."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=LONGEST_SECONDS,
            **how,
        )
        said: dict[str, Any] = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, json.JSONDecodeError):
        return {}
    return said


def _verdict(*, asked: int, unsafe: int) -> int:
    if not asked:
        print("No registry here answers whether a package is unsafe: not asked.")
        return NOT_ASKED
    print(f"{asked} packages asked about, {unsafe} unsafe")
    return 1 if unsafe else 0


if __name__ == "__main__":
    raise SystemExit({"pip": audit_pip, "npm": audit_npm}[sys.argv[1]]())

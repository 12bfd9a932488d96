"""Asks whether a package we use is known to be unsafe: ``python -m tests.support.audits pip`` or ``npm``.

Ends with 0 when none is, with 1 when one is or when the tool itself failed (it crashed, the lock file cannot be read,
what it prints is not what it printed), and with ``NOT_ASKED`` where no registry answers the question: many mirrors hand
out packages and nothing else.
"""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

from tests.support.typescript import WEB, npm_command

NOT_ASKED = 75  # sysexits' EX_TEMPFAIL
LONGEST_SECONDS = 120
#: How the tools say that nobody is there, or that nobody there knows such a question.
UNREACHABLE = re.compile(
    r"requests\.exceptions\.(?:Connection|Proxy|SSL)Error|requests\.exceptions\.\w*Timeout|Could not connect to "
    r"|requests\.exceptions\.HTTPError: (?:403|405|429|5\d\d) "
    r"|\b(?:ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT)\b"
)
UNANSWERED_STATUS = (403, 404, 405, 429, 500, 501, 502, 503, 504)
#: Why pip-audit leaves a package out where the registry has no such page; it says nothing of the package.
NO_PAGE = "not found on PyPI"


class NotAsked(Exception):
    """No registry answers here."""


class Broken(Exception):
    """The audit itself failed, whatever the registry would have said."""


def ask_pip(command: list[str] | None = None) -> tuple[int, list[str]]:
    """Ask about every package of this environment; returns how many were asked about and what is unsafe.

    Raises NotAsked, Broken.
    """
    if importlib.util.find_spec("pip_audit") is None:
        raise Broken("pip-audit is not installed: pip install -e '.[test]'")
    audit = [sys.executable, "-m", "pip_audit", "--path", sysconfig.get_path("purelib"), "--skip-editable"]
    said = answer_of(command or [*audit, "--progress-spinner", "off", "--format", "json"])
    try:
        asked = [one for one in said["dependencies"] if "skip_reason" not in one]
        unsafe = [f"{one['name']} {one['version']}: {ids(one['vulns'])}" for one in asked if one["vulns"]]
        without_page = [one for one in said["dependencies"] if NO_PAGE in one.get("skip_reason", "")]
    except (KeyError, TypeError) as error:
        raise Broken(f"pip-audit prints something else than it did ({error!r}): {shortened(said)}") from error
    if not asked and without_page:
        raise NotAsked(f"the registry has a page for none of {len(without_page)} packages")
    return len(asked), unsafe


def ids(found: list[dict[str, Any]]) -> str:
    """Return the names of what is known against a package."""
    return ", ".join(one["id"] for one in found)


def ask_npm(folder: Path = WEB) -> tuple[int, list[str]]:
    """Ask about every package that the front end is built of or runs on, as the lock file in ``folder`` says.

    Returns how many were asked about and what is unsafe. Raises NotAsked, Broken.
    """
    command, environment = npm_command("audit", "--json", "--fetch-retries=0")
    said = answer_of(command, env=environment, cwd=str(folder))
    if said.get("statusCode") in UNANSWERED_STATUS or UNREACHABLE.search(str(said.get("message", ""))):
        raise NotAsked(said["message"])
    try:
        unsafe = [f"{name}: {one['severity']}" for name, one in said["vulnerabilities"].items()]
        return said["metadata"]["dependencies"]["total"], unsafe
    except (KeyError, TypeError, AttributeError) as error:
        raise Broken(f"npm audit failed or prints something else than it did: {shortened(said)}") from error


def answer_of(command: list[str], **how: Any) -> dict[str, Any]:
    """Run a command that prints JSON and return it. Raises NotAsked when nobody answers it in time, Broken."""
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
    except subprocess.TimeoutExpired as error:
        raise NotAsked(f"no answer in {LONGEST_SECONDS} s") from error
    try:
        said = json.loads(done.stdout)
    except json.JSONDecodeError as error:
        last = (done.stderr.strip().splitlines() or [""])[-1]
        if UNREACHABLE.search(last):
            raise NotAsked(last) from error
        raise Broken(f"it ended with {done.returncode} and printed no JSON: {done.stderr[-2000:]}") from error
    if not isinstance(said, dict):
        raise Broken(f"it prints something else than it did: {shortened(said)}")
    return said


def shortened(said: Any) -> str:
    """Return the beginning of an answer."""
    return json.dumps(said)[:500]


def audit(kind: str) -> int:
    """Ask, say what came of it, and return the exit code."""
    try:
        asked, unsafe = {"pip": ask_pip, "npm": ask_npm}[kind]()
        if not asked:
            raise Broken("there is nothing to ask about")
    except NotAsked as error:
        print(f"No registry here answers whether a package is unsafe: not asked ({error}).")
        return NOT_ASKED
    except Broken as error:
        print(f"The audit failed: {error}")
        return 1
    print("\n".join([*unsafe, f"{asked} packages asked about, {len(unsafe)} unsafe"]))
    return 1 if unsafe else 0


if __name__ == "__main__":
    raise SystemExit(audit(sys.argv[1]))

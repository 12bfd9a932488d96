"""Asks an installation for things, of a process of its own that stays: its modules are loaded once for a journey."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from tests.support.service import Home

INSIDE = "tests.journeys.support.installation"


class Asking:
    """Answers about an installation, which it may change too; ``INSIDE`` says what can be asked."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._process: subprocess.Popen[str] | None = None

    def __call__(self, *question: str) -> str:
        """Return the answer to a question. Raises RuntimeError with what happened there instead of one."""
        process = self._process or self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(question) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"{question}: the installation's process has ended")
        said: dict[str, str] = json.loads(line)
        if "error" in said:
            raise RuntimeError(f"{question}: {said['error']}")
        return said["answer"]

    def json(self, *question: str) -> dict[str, Any]:
        """Return an answer that is JSON."""
        found: dict[str, Any] = json.loads(self(*question))
        return found

    def close(self) -> None:
        """Let the process end."""
        if self._process is not None:
            self._process.communicate()

    def _start(self) -> subprocess.Popen[str]:
        self._process = subprocess.Popen(
            [sys.executable, "-m", INSIDE, "stay"],
            cwd=self._home.folder,
            env=self._home.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self._process

"""Asks an installation for things, of a process of its own that stays: its modules are loaded once for a journey."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from typing import Any

from tests.support.service import Home

PATIENT_TRIES, PAUSE_SECONDS = 20, 0.5
INSIDE = "tests.journeys.support.installation"


class Asking:
    """Answers about an installation, which it may change too; ``INSIDE`` says what can be asked."""

    def __init__(self, home: Home, *, patient: bool = False) -> None:
        self._home = home
        self._tries = PATIENT_TRIES if patient else 1
        self._process: subprocess.Popen[str] | None = None

    def __call__(self, *question: str) -> str:
        """Return the answer to a question. Raises RuntimeError with what happened there instead of one.

        Who is patient asks again while the database is away.
        """
        for _again in range(self._tries):
            said = self._ask(question)
            if "answer" in said:
                return said["answer"]
            time.sleep(PAUSE_SECONDS)
        raise RuntimeError(f"{question}: {said['error']}")

    def _ask(self, question: tuple[str, ...]) -> dict[str, str]:
        process = self._process or self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(question) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if line:
            said: dict[str, str] = json.loads(line)
            return said
        self.close()
        return {"error": "the installation's process has ended"}

    def json(self, *question: str) -> dict[str, Any]:
        """Return an answer that is JSON."""
        found: dict[str, Any] = json.loads(self(*question))
        return found

    def close(self) -> None:
        """Let the process end."""
        if self._process is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.communicate()
            self._process = None

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

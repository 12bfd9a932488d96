"""What ``tests/run`` runs, step by step, with one honest count at the end."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.audits import NOT_ASKED
from tests.support.chromium import find_or_install_chromium
from tests.support.postgres import quick_folder, running_postgres

ROOT = Path(__file__).resolve().parents[2]
NOT_JOURNEYS = "--ignore=tests/journeys"
LONGEST_STEP_SECONDS = 1200
#: What a run may take on two cores, and says when it takes more.
QUICK_TARGET_SECONDS, WHOLE_TARGET_SECONDS = 180, 1_800
#: A database of its own is given to each step; a test that is not compiled again is there in half the time.
LEFT_OUT = ("DATABASE_URL", "PYTHONDONTWRITEBYTECODE")
ON_POSTGRES = "(database or race or engines) and not once"
QUICK_ON_POSTGRES = "race"


@dataclass
class Step:
    """One step and what came of it."""

    name: str
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0


@dataclass
class Begun:
    """A check that runs beside the others, what it says kept in a file until it is its turn."""

    step: Step
    process: subprocess.Popen[bytes]
    said: Path
    started: float


@dataclass
class Suite:
    """Runs steps one after the other, but for those that are begun, and keeps the count."""

    folder: Path
    target_seconds: int = WHOLE_TARGET_SECONDS
    steps: list[Step] = field(default_factory=list)
    begun: list[Begun] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)

    def check(self, name: str, command: Sequence[str]) -> None:
        """Run a check that passes, fails or, where it could not be made, is skipped as a whole."""
        step, code = self._run(name, command, {})
        step.passed, step.failed, step.skipped = int(code == 0), int(code not in (0, NOT_ASKED)), int(code == NOT_ASKED)

    def begin(self, name: str, command: Sequence[str]) -> None:
        """Start a check that passes or fails, and go on with the next step meanwhile."""
        step = Step(name)
        self.steps.append(step)
        said = self.folder / f"{len(self.steps)}.said"
        with said.open("wb") as output:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self._environment({}),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self.begun.append(Begun(step, process, said, time.time()))

    def finish(self) -> None:
        """Wait for what was begun, and tell what it said."""
        for one in self.begun:
            left = one.started + LONGEST_STEP_SECONDS - time.time()
            code = self._wait(one.step.name, one.process, max(1.0, left))
            one.step.seconds = one.said.stat().st_mtime - one.started  # it may have ended long ago, with its last word
            one.step.passed, one.step.failed = int(code == 0), int(code != 0)
            print(f"\n== {one.step.name}\n{one.said.read_text(errors='replace')}", flush=True)
        self.begun.clear()

    def pytest(self, name: str, arguments: Sequence[str], env: Mapping[str, str]) -> None:
        """Run pytest and count its tests; one that ends badly without a failed test is itself a failure."""
        report = self.folder / f"{len(self.steps)}.xml"
        command = [sys.executable, "-m", "pytest", "-q", f"--junitxml={report}", *arguments]
        step, code = self._run(name, command, env)
        if report.exists():
            for suite in ElementTree.parse(report).getroot().iter("testsuite"):
                counts = {key: int(suite.get(key, "0")) for key in ("tests", "failures", "errors", "skipped")}
                step.failed += counts["failures"] + counts["errors"]
                step.skipped += counts["skipped"]
                step.passed += counts["tests"] - counts["failures"] - counts["errors"] - counts["skipped"]
        if code != 0 and step.failed == 0:
            step.failed = 1

    def fail(self, name: str, reason: str) -> None:
        """Note a step that could not even start."""
        print(f"\n== {name}\n{reason}", flush=True)
        self.steps.append(Step(name, failed=1))

    def _run(self, name: str, command: Sequence[str], env: Mapping[str, str]) -> tuple[Step, int]:
        print(f"\n== {name}", flush=True)
        step = Step(name)
        self.steps.append(step)
        started = time.monotonic()
        process = subprocess.Popen(command, cwd=ROOT, env=self._environment(env), stdin=subprocess.DEVNULL)
        code = self._wait(name, process, LONGEST_STEP_SECONDS)
        step.seconds = time.monotonic() - started
        return step, code

    def _environment(self, env: Mapping[str, str]) -> dict[str, str]:
        kept = {key: value for key, value in os.environ.items() if key not in LEFT_OUT}
        return kept | dict(env) | {"TMPDIR": str(self.folder)}  # goes at the end, whatever a killed step leaves in it

    def _wait(self, name: str, process: subprocess.Popen[bytes], seconds: float) -> int:
        """Return how a step ended; it is ended itself after so many seconds, or with the run."""
        try:
            return process.wait(timeout=seconds)
        except BaseException as error:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=10)
            process.kill()
            if not isinstance(error, subprocess.TimeoutExpired):
                raise
            print(f"{name} took more than {LONGEST_STEP_SECONDS} s and was ended.", flush=True)
            return 124

    def end(self) -> None:
        """End what was begun and is not finished: the run was stopped."""
        for one in self.begun:
            one.process.terminate()
            one.process.wait()

    def summary(self) -> int:
        """Print what each step came to, the time of all against the target, and the sum as the last line.

        Returns the exit code, which no time changes: the machine may have had something else to do.
        """
        print("\n== Summary")
        for step in self.steps:
            counts = f"{step.passed} passed, {step.failed} failed, {step.skipped} skipped"
            print(f"{'FAILED' if step.failed else 'ok':7}{step.seconds:7.1f} s  {step.name}: {counts}")
        passed, failed, skipped = (
            sum(getattr(step, kind) for step in self.steps) for kind in ("passed", "failed", "skipped")
        )
        taken = time.monotonic() - self.started
        print(f"       {taken:7.1f} s  in all; the target is {self.target_seconds} s on two cores")
        if taken > self.target_seconds:
            print(f"SLOW   {taken - self.target_seconds:7.1f} s  over the target")
        print(f"\n{passed} passed, {failed} failed, {skipped} skipped", flush=True)
        return 1 if failed or not passed else 0


def run_lint(suite: Suite) -> None:
    """Run the checks that need no database; the longest, on one core, goes on beside the tests.

    They wait for the front end: they read what it builds.
    """
    python = sys.executable
    suite.begin("Types (mypy --strict)", [python, "-m", "mypy", "--strict"])
    suite.check("Lint (ruff check)", [python, "-m", "ruff", "check", "."])
    suite.check("Format (ruff format)", [python, "-m", "ruff", "format", "--check", "."])
    lint_imports = "import sys; from importlinter.cli import lint_imports_command as run; sys.exit(run())"
    suite.check("Imports point one way (import-linter)", [python, "-c", lint_imports])
    suite.check("Front end (types, tests, build)", [python, "-m", "tests.support.typescript"])


def run_audits(suite: Suite) -> None:
    """Ask the registries about the packages we use."""
    for kind in ("pip", "npm"):
        command = [sys.executable, "-m", "tests.support.audits", kind]
        suite.check(f"No package is known to be unsafe ({kind})", command)


def run_tests(suite: Suite, *, quick: bool, workers: int, env: Mapping[str, str]) -> None:
    """Run pytest without the browser, on the engine that ``env`` names."""
    which = (QUICK_ON_POSTGRES if quick else ON_POSTGRES) if env else ""
    if quick:
        which = f"({which}) and not slow" if which else "not slow"
    arguments = [NOT_JOURNEYS, *_workers(workers), "-m", which]
    suite.pytest(f"Tests on {_engine(env)}", arguments, env)


def run_journeys(suite: Suite, *, workers: int, env: Mapping[str, str]) -> None:
    """Run the journeys in Chromium, on the engine that ``env`` names; those marked ``once`` on SQLite alone."""
    name = f"Journeys on {_engine(env)}"
    try:
        chromium = find_or_install_chromium()
    except RuntimeError as error:
        suite.fail(name, str(error))
        return
    arguments = ["tests/journeys", *_workers(workers), *(["-m", "not once"] if env else [])]
    suite.pytest(name, arguments, {"CHROMIUM": chromium, **env})


def _workers(count: int) -> list[str]:
    return ["-n", str(count), "--dist", "worksteal"] if count > 1 else []


def _engine(env: Mapping[str, str]) -> str:
    return "PostgreSQL" if env else "SQLite"


def run_all(suite: Suite, *, quick: bool, unit: bool, journeys: bool, workers: int) -> None:
    """Run the chosen parts, the quickest to fail first."""
    if unit:
        run_lint(suite)
        if not quick:
            run_audits(suite)
        run_tests(suite, quick=quick, workers=workers, env={})
        suite.finish()
    try:
        with running_postgres() as server:
            postgres = {"DATABASE_URL": server.url}
            if unit:
                run_tests(suite, quick=quick, workers=workers, env=postgres)
            if journeys:
                run_journeys(suite, workers=workers, env={})
                run_journeys(suite, workers=workers, env=postgres)
    except RuntimeError as error:
        suite.fail("PostgreSQL", str(error))


def main() -> int:
    """Run everything, or with ``--quick`` what answers within three minutes."""
    parser = argparse.ArgumentParser(prog="tests/run", description="Run Fairground's tests on both engines.")
    parser.add_argument("--quick", action="store_true", help="an answer within three minutes: no journeys")
    parser.add_argument("--no-journeys", action="store_true", help="leave the browser out")
    parser.add_argument("--only-journeys", action="store_true", help="the browser alone")
    parser.add_argument("-n", "--workers", type=int, default=min(2, os.cpu_count() or 1))
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="fairground-tests-", dir=quick_folder()) as folder:
        suite = Suite(Path(folder), QUICK_TARGET_SECONDS if options.quick else WHOLE_TARGET_SECONDS)
        try:
            run_all(
                suite,
                quick=options.quick,
                unit=not options.only_journeys,
                journeys=not (options.quick or options.no_journeys),
                workers=options.workers,
            )
        except KeyboardInterrupt:
            suite.fail("Interrupted", "Stopped by hand.")
        finally:
            suite.end()
        return suite.summary()


if __name__ == "__main__":
    raise SystemExit(main())

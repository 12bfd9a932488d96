"""Run a server under a guard, so that nothing is left behind however the test run ends.

The guard is a small process of its own. It starts the command, and ends the command and every process that
came of it as soon as its own standard input closes: when the caller says so, or when the caller is gone, by
an exception, by SIGTERM, or by SIGKILL. Should the guard itself be killed, the kernel signals the command.

Linux only: it uses ``prctl`` and ``/proc``.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import os
import pwd
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
ASKED, AGAIN, BY_ITSELF = "asked", "again", "by itself"
_libc = ctypes.CDLL(None, use_errno=True)


class Guarded:
    """A command that runs under a guard. ``pid`` is the command's own process."""

    def __init__(self, process: subprocess.Popen[bytes], pid: int) -> None:
        self._guard = process
        self.pid = pid

    @property
    def running(self) -> bool:
        """Whether the command is still alive."""
        return self._guard.poll() is None

    def start_again(self) -> None:
        """End the command and all that came of it, and start it anew, with another ``pid``."""
        assert self._guard.stdin is not None
        assert self._guard.stdout is not None
        self._guard.stdin.write(b"again")
        self._guard.stdin.flush()
        self.pid = int(self._guard.stdout.readline())

    def stop(self) -> None:
        """End the command and all that came of it; returns when they are gone."""
        if self._guard.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._guard.stdin.close()
        self._guard.wait(timeout=30)
        if self._guard.stdout is not None:
            self._guard.stdout.close()


def start_guarded(
    command: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    output: IO[bytes] | int | None = None,
    user: str | None = None,
    stop_signal: signal.Signals = signal.SIGTERM,
    remove: Sequence[Path] = (),
) -> Guarded:
    """Start ``command`` under a guard and return once it runs.

    ``output`` takes the command's stdout and stderr, ``user`` is the system user it runs as, ``stop_signal``
    asks it to end (it is killed ten seconds later), and the folders ``remove`` go when it has ended.
    """
    arguments = [sys.executable, str(Path(__file__).resolve()), "--signal", str(int(stop_signal))]
    if user is not None:
        arguments += ["--user", user]
    for path in remove:
        arguments += ["--remove", str(path)]
    process = subprocess.Popen(
        [*arguments, "--", *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=output,
        env=None if env is None else dict(env),
        cwd=cwd,
        start_new_session=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line.strip():
        process.wait(timeout=10)
        raise RuntimeError(f"{command[0]} could not be started")
    return Guarded(process, int(line))


def child_pids(pid: int) -> list[int]:
    """Return every living process that came of ``pid``, itself not included."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, IndexError):
                stat = (entry / "stat").read_text()
                parent = int(stat.rpartition(")")[2].split()[1])
                parents.setdefault(parent, []).append(int(entry.name))
    found: list[int] = []
    waiting = [pid]
    while waiting:
        children = parents.get(waiting.pop(), [])
        found += children
        waiting += children
    return found


def _signal_all(pids: Sequence[int], number: int) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def _reap() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _end_all(main: int, stop_signal: int) -> None:
    """Ask the command to end, wait ten seconds, then kill whatever is left."""
    _signal_all([main], stop_signal)
    ends = time.monotonic() + 10
    while time.monotonic() < ends:
        _reap()
        if not Path(f"/proc/{main}").exists():
            break
        time.sleep(0.02)
    _signal_all(child_pids(os.getpid()), signal.SIGTERM)
    ends = time.monotonic() + 2
    while (left := child_pids(os.getpid())) and time.monotonic() < ends:
        _reap()
        time.sleep(0.02)
    while left:
        _signal_all(left, signal.SIGKILL)
        time.sleep(0.02)
        _reap()
        left = child_pids(os.getpid())


def main() -> int:
    """Guard one command: the process that ``start_guarded`` starts."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--signal", type=int, required=True)
    parser.add_argument("--user")
    parser.add_argument("--remove", type=Path, action="append", default=[])
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    _libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)

    def prepare() -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        _libc.prctl(PR_SET_PDEATHSIG, options.signal, 0, 0, 0)

    why = AGAIN
    while why == AGAIN:
        process = subprocess.Popen(
            options.command,
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr,
            stderr=sys.stderr,
            preexec_fn=prepare,
            user=options.user,
            group=None if options.user is None else _group_of(options.user),
            extra_groups=None if options.user is None else [],
        )
        print(process.pid, flush=True)
        why = _wait_for_end(process)
        _end_all(process.pid, options.signal)
    for path in options.remove:
        shutil.rmtree(path, ignore_errors=True)
    return 1 if why == BY_ITSELF else 0


def _group_of(user: str) -> int:
    return pwd.getpwnam(user).pw_gid


def _wait_for_end(process: subprocess.Popen[bytes]) -> str:
    """Wait until standard input closes or wants another start, or the command ends by itself; tells which."""
    while True:
        readable, _, _ = select.select([0], [], [], 0.2)
        if readable:
            return AGAIN if os.read(0, 1024) else ASKED
        if process.poll() is not None:
            return BY_ITSELF


if __name__ == "__main__":
    raise SystemExit(main())

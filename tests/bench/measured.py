"""An installation under load: the service and its database, started for the purpose and measured from ``/proc``."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from tests.support.guard import child_pids
from tests.support.postgres import PostgresServer, free_port, running_postgres
from tests.support.processes import command_line, cpu_seconds, resident_mib
from tests.support.service import Home, Service, administer, new_home, running_service


@dataclass(frozen=True)
class Bench:
    """A home with the demo festival in it, not yet running, and the database server it uses."""

    engine: str
    home: Home
    server: PostgresServer | None

    @property
    def workers(self) -> int:
        """How many processes a user gets on this engine."""
        return 1 if self.server is None else 2

    @contextlib.contextmanager
    def running(self, *, first_page: str = "/healthz", **settings: object) -> Iterator[Service]:
        """Start the service as a user does, but for these settings, and wait for its first page."""
        arguments = ["demo", "--port", str(self.home.port)]
        home = replace(self.home, settings={name.upper(): str(value) for name, value in settings.items()})
        with running_service(home, arguments, first_page=first_page) as service:
            yield service

    def roots(self, service: Service) -> tuple[int, ...]:
        """Return the processes whose trees are the service and its database."""
        return (service.pid,) if self.server is None else (service.pid, self.server.pid)

    def cpu_seconds(self, service: Service) -> float:
        """Return the processor seconds that the service and its database have used so far."""
        return cpu_seconds(*self.roots(service))


@contextlib.contextmanager
def demo_festival(engine: str, settings: Mapping[str, str] = MappingProxyType({})) -> Iterator[Bench]:
    """Make an installation with the demo festival on a durable database; everything goes at the end."""
    folder = Path(tempfile.mkdtemp(prefix="fairground-bench-"))
    try:
        with contextlib.ExitStack() as stack:
            server = stack.enter_context(running_postgres(durable=True)) if engine == "postgres" else None
            if server is not None:
                administer(server, "CREATE DATABASE fairground TEMPLATE template0")
            home = new_home(folder / "home", port=free_port(), server=server, database="fairground")
            home = replace(home, settings=settings)
            home.run("demo", "--no-serve")
            yield Bench(engine, home, server)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def worker_pids(service: Service) -> list[int]:
    """Return the processes that answer requests: Granian's children, or the command itself when it has none."""
    children = [pid for pid in child_pids(service.pid) if "resource_tracker" not in command_line(pid)]
    return children or [service.pid]


def idle_memory(service: Service, *, settle: float = 3.0) -> list[float]:
    """Return the resident MiB of each worker after ``settle`` seconds of quiet."""
    time.sleep(settle)
    return [round(resident_mib(pid), 1) for pid in worker_pids(service)]

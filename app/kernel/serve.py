"""Serving with Granian."""

import errno
import fcntl
import multiprocessing
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from app.kernel.live import END_STREAMS
from app.kernel.metrics import share_between_workers
from app.kernel.settings import settings


def check_port(host: str, port: int, refusal: Callable[[str], BaseException]) -> None:
    """Raise ``refusal(sentence)`` when nothing can listen there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError as error:
            raise refusal(f"no permission to listen on port {port}; choose one above 1023 with --port.") from error
        except OSError as error:
            if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
                raise refusal(f"{host} is no address of this machine; --host takes one of its own.") from error
            raise refusal(f"port {port} on {host} is in use; choose another with --port.") from error


@contextmanager
def marked_as_serving() -> Iterator[None]:
    """Say, for the time being, that somebody serves from this data folder; a killed process says so no longer."""
    with (settings().data_dir / "serving.lock").open("w") as mark:
        fcntl.flock(mark, fcntl.LOCK_SH)
        yield


def is_being_served() -> bool:
    """Whether somebody serves from this data folder."""
    with (settings().data_dir / "serving.lock").open("w") as mark:
        try:
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def serve(host: str, port: int, workers: int | None = None) -> None:
    """Serve until stopped: one process on SQLite (one writer), two on PostgreSQL unless told otherwise."""
    from granian.constants import Interfaces, Loops
    from granian.server.mp import MPServer

    class StreamEndingServer(MPServer):
        """Ends live streams first: a worker that is asked to stop waits for its open connections."""

        def shutdown(self, exit_code: int = 0) -> None:
            for worker in multiprocessing.active_children():
                if worker.pid is not None:
                    os.kill(worker.pid, END_STREAMS)
            stop: Callable[[int], None] = super().shutdown
            stop(exit_code)

    sqlite = settings().database_url.startswith("sqlite")
    os.environ.setdefault("PICCOLO_CONF", "app.piccolo_conf")
    share_between_workers()
    server = StreamEndingServer(
        "app.main:create_app",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        loop=Loops.uvloop,
        workers=1 if sqlite else (workers or 2),
        backlog=1024,
        log_enabled=True,
        log_access=False,
        respawn_failed_workers=not sqlite,
        workers_kill_timeout=10,
    )
    with marked_as_serving():
        server.serve()

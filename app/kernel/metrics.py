"""``/metrics`` for Prometheus: requests by worker, and what waits.

Worker processes share a folder (``share_between_workers``), so that whichever is asked answers for all of them; each
figure says whose it is. What waits is counted in the database when asked.
"""

import hmac
import os
import shutil
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Any

from litestar import Request, Response, get

from app.kernel.clock import now
from app.kernel.errors import NotFound
from app.kernel.settings import settings
from app.kernel.waiting import Waiting, all_waiting

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


def share_between_workers() -> None:
    """Name an empty folder for the figures of all processes that are started after this."""
    folder = settings().data_dir / f"metrics-{os.getpid()}"
    for old in settings().data_dir.glob("metrics-*"):
        # Its service is gone, or had this process's number before it, as in a container.
        if old == folder or not os.path.exists(f"/proc/{old.name.removeprefix('metrics-')}"):
            shutil.rmtree(old, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    os.environ[FOLDER] = str(folder)


@lru_cache(maxsize=1)
def _requests() -> tuple[Any, Any]:
    """Counter and histogram; made when first used, since making them reads the folder from the environment."""
    from prometheus_client import Counter, Histogram

    labels = ("worker", "method", "route")
    return (
        Counter("fairground_requests_total", "Answered requests.", (*labels, "status")),
        Histogram("fairground_request_seconds", "Time to answer.", labels, buckets=BUCKETS),
    )


@lru_cache(maxsize=4096)
def _of(method: str, route: str, status: int) -> tuple[Any, Any]:
    counter, histogram = _requests()
    worker = str(os.getpid())
    method = method if method in METHODS else "other"
    return counter.labels(worker, method, route, str(status)), histogram.labels(worker, method, route)


def count_request(method: str, route: str, status: int, seconds: float) -> None:
    """Count an answered request under the path of its route (never the address itself, which may carry a secret)."""
    counter, histogram = _of(method, route, status)
    counter.inc()
    histogram.observe(seconds)


@get("/metrics", opt={"public": True}, include_in_schema=False)
async def metrics(request: Request[Any, Any, Any]) -> Response[bytes]:
    """All figures, for who sends ``METRICS_TOKEN`` as a bearer token; without the setting there is no such page."""
    token = settings().metrics_token
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    if not token or not hmac.compare_digest(given.encode(), token.encode()):
        raise NotFound
    present = now()
    return Response(_shared() + _written(await all_waiting(present), present), media_type=CONTENT_TYPE)


def _shared() -> bytes:
    from prometheus_client import REGISTRY, CollectorRegistry, generate_latest, multiprocess

    _requests()
    if not os.environ.get(FOLDER):
        return bytes(generate_latest(REGISTRY))
    registry = CollectorRegistry()
    collect: Callable[[Any], object] = multiprocess.MultiProcessCollector
    collect(registry)
    return bytes(generate_latest(registry))


def _written(found: list[Waiting], present: datetime) -> bytes:
    """What waits, as gauges: how many of each kind, and how long the oldest has been waiting."""
    from prometheus_client import CollectorRegistry, Gauge, generate_latest

    registry = CollectorRegistry()
    count = Gauge("fairground_waiting", "Things that wait.", ("kind",), registry=registry)
    age = Gauge("fairground_waiting_oldest_seconds", "Age of the oldest one.", ("kind",), registry=registry)
    for waiting in found:
        count.labels(waiting.kind).set(waiting.count)
        age.labels(waiting.kind).set((present - waiting.since).total_seconds() if waiting.since else 0)
    return bytes(generate_latest(registry))

"""``/metrics`` of a service with two worker processes: each under its own label, and the sum is all that was asked."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from datetime import timedelta
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from app.kernel.clock import now
from app.kernel.database import dialect
from app.kernel.enums import ChannelKind
from app.kernel.jobs import enqueue
from app.kernel.outbox import send_message
from app.payments.tables import PaymentEvent
from tests.bench.measured import worker_pids
from tests.support.postgres import free_port
from tests.support.service import Home, Service, running_service

pytestmark = [pytest.mark.engines, pytest.mark.slow]
TOKEN = "only the tests know this token"
AT_LEAST, AT_MOST = 40, 2_000
SECONDS_BEFORE = 600


def answered(service: Service, path: str, token: str = "") -> str:
    """Ask over a connection of its own: whichever worker takes it answers."""
    with urlopen(Request(service.url + path, headers={"authorization": f"Bearer {token}"}), timeout=20) as answer:
        body: str = answer.read().decode()
    return body


def samples(service: Service, name: str) -> list[Sample]:
    """Return the figures of a name."""
    text = answered(service, "/metrics", TOKEN)
    return [found for family in text_string_to_metric_families(text) for found in family.samples if found.name == name]


def health_by_worker(service: Service) -> Counter[str]:
    """Return how often each worker was asked whether it is well."""
    found = samples(service, "fairground_requests_total")
    return Counter({each.labels["worker"]: int(each.value) for each in found if each.labels["route"] == "/healthz"})


def asked(home: Home, workers: int) -> tuple[Counter[str], Counter[str], int, set[str], dict[str, float]]:
    """Ask until every worker has answered; returns the figures before and after, how often, the workers, the ages."""
    with running_service(home, ["serve", "--port", str(home.port), "--workers", "2"]) as service:
        before, times = health_by_worker(service), 0
        while times < AT_LEAST or (len(health_by_worker(service)) < workers and times < AT_MOST):
            answered(service, "/healthz")
            times += 1
        after = health_by_worker(service)
        ages = {each.labels["kind"]: each.value for each in samples(service, "fairground_waiting_oldest_seconds")}
        return before, after, times, {str(pid) for pid in worker_pids(service)}, ages


async def test_each_worker_has_its_label_and_the_sum_is_all_that_was_asked(database: str, tmp_path: Path) -> None:
    earlier = now() - timedelta(seconds=SECONDS_BEFORE)
    await enqueue("test.due", run_at=earlier, now=earlier)
    await send_message(
        to="hoa@example.com", channel=ChannelKind.MAIL, subject="Vé", body="Xin chào", locale="vi", now=earlier
    )
    await PaymentEvent(provider="stripe", event_id="evt_1", kind="x", payload="{}", received_at=earlier).save()
    settings = {"METRICS_TOKEN": TOKEN, "JOBS_INLINE": "false", "DATA_DIR": os.environ["DATA_DIR"]}
    home = Home(tmp_path, database, free_port(), settings)
    workers = 1 if dialect() == "sqlite" else 2  # SQLite takes one writer
    before, after, times, pids, ages = await asyncio.to_thread(asked, home, workers)
    assert (len(pids), set(after)) == (workers, pids)
    assert after.total() - before.total() == times
    assert [ages[kind] >= SECONDS_BEFORE for kind in ("job", "mail", "payment_event")] == [True] * 3

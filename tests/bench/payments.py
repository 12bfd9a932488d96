"""``payments``: notices of a card provider, a bank's statement, and invoices as PDFs."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Any
from urllib.parse import urlsplit

from tests.bench.importing import QUIET_SECONDS, Gates, percentile
from tests.bench.measured import Bench, demo_festival
from tests.bench.notices import notice
from tests.support.service import Service
from tests.support.stripe_things import signature

EVENTS = 10_000
DOUBLED = EVENTS // 3
LINES = 20_000
PAPERS = 200
CLIENTS = 8
PASSES = 2_000
SECRET = "whsec_of_the_bench"
#: What the codes on open invoices lead to.
ACCOUNT = {"BANK_BIN": "970436", "BANK_ACCOUNT": "0011001932418", "BANK_ACCOUNT_NAME": "HOI LHPN"}
PATH = "/payments/stripe/webhook"


def run(engine: str, seconds: float) -> dict[str, Any]:
    """Send ``EVENTS`` notices, match a statement, set PDFs; ``seconds`` is not used, it takes as long as it takes."""
    settings = {"STRIPE_WEBHOOK_SECRET": SECRET, "ORDER_BRAKE": "0"}
    with demo_festival(engine, settings) as bench:
        made = inside(bench, "make", str(EVENTS - DOUBLED))
        with bench.running(stripe_webhook_secret=SECRET) as service:
            events = told(made["documents"], bench.home.url)
            waiting = threading.Thread(target=lambda: found.update(inside(bench, "wait")))
            found: dict[str, Any] = {}
            began = time.time()
            refused = send(service, events)
            sent = time.time()
            waiting.start()
            waiting.join()
        inside(bench, "bills", str(LINES))
        with_account = replace(bench, home=replace(bench.home, settings={**settings, **ACCOUNT}))
        papers = inside(with_account, "papers", str(PAPERS))
        statement = matched(bench)
    return {
        "events_per_second": round(EVENTS / (max(found["ended"], sent) - began), 1),
        "events_taken_per_second": round(EVENTS / (sent - began), 1),
        "events": EVENTS,
        "misapplied": found["misapplied"] + refused,
        **statement,
        **papers,
    }


def matched(bench: Bench) -> dict[str, Any]:
    """Keep and match a statement, while gates go on scanning; a process of its own does it, as it would a job's."""
    bench.home.python("-m", "tests.bench.passes", str(PASSES), str(bench.home.folder))
    with bench.running(jobs_inline="false") as service:
        gates = Gates(service, bench.home.folder)
        with gates.scanning() as quiet:
            time.sleep(QUIET_SECONDS)
        with gates.scanning() as during:
            figures = inside(bench, "statement", str(LINES))
    return {
        **figures,
        "gate_p99_ms_during": percentile(during),
        "gate_p99_ms_before": percentile(quiet),
        "gate_longest_ms_during": round(1000 * max(during), 1),
        "gate_errors": gates.errors,
    }


def inside(bench: Bench, *arguments: str) -> dict[str, Any]:
    """Run a part in the installation; returns what it printed."""
    result: dict[str, Any] = json.loads(bench.home.python("-m", "tests.bench.bills", *arguments).splitlines()[-1])
    return result


def told(documents: Sequence[dict[str, Any]], site: str) -> list[bytes]:
    """The notices, a third of them twice, in any order."""
    chance = Random(1)
    bodies = [notice(row, site, int(time.time())) for row in documents]
    bodies += chance.sample(bodies, DOUBLED)
    chance.shuffle(bodies)
    return bodies


def send(service: Service, bodies: Sequence[bytes]) -> int:
    """Send the notices from ``CLIENTS`` connections at once; returns how many were not taken."""
    refused: list[int] = []

    def client(own: Sequence[bytes]) -> None:
        connection = http.client.HTTPConnection(urlsplit(service.url).netloc, timeout=60)
        for body in own:
            headers = {
                "stripe-signature": signature(SECRET, body, int(time.time())),
                "content-type": "application/json",
            }
            connection.request("POST", PATH, body, headers)
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                refused.append(answer.status)
        connection.close()

    threads = [threading.Thread(target=client, args=(bodies[start::CLIENTS],)) for start in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(refused)

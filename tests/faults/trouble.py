"""Trouble while people walk: an app node, a worker and PostgreSQL fall over in turn and come back, under load."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bench.measured import Bench
from tests.faults.cluster import Node, cluster
from tests.faults.load import Load
from tests.faults.sqlite import make_load, reconcile
from tests.support.postgres import PostgresServer
from tests.support.service import Home

#: From one fall to the next, and how long what fell stays away.
PAUSE_SECONDS, AWAY_SECONDS = 2.0, 1.5
LONGEST_WALK_SECONDS = 900.0


@dataclass
class Troubled:
    """The service behind nginx: what a journey needs of it."""

    home: Home
    logs: list[Path]
    trouble: Trouble
    loading: Loading
    #: What the walk itself was answered, for the reconciliation.
    walked: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """The address people reach it at."""
        return self.home.url

    def calm(self) -> None:
        """Let nothing fall and nobody scan any more."""
        self.trouble.end()
        self.loading.end()

    def said(self) -> str:
        """Return what all nodes and workers have printed so far."""
        return "".join(log.read_text(encoding="utf-8", errors="replace") for log in self.logs)


class Trouble(threading.Thread):
    """Lets one thing after the other fall until ``end``; ``falls`` counts them."""

    def __init__(self, nodes: list[Node], workers: list[Node], server: PostgresServer) -> None:
        super().__init__(name="trouble")
        self.nodes, self.workers, self.server = nodes, workers, server
        self.ended = threading.Event()
        self.falls = {"node": 0, "worker": 0, "database": 0}
        self.failed: BaseException | None = None

    def run(self) -> None:
        """Go round: a node, the database and a worker at once, then the other node and worker, and so on."""
        try:
            for number in itertools.count():
                self._fall(number)  # at once: the shortest of journeys meets it
                if self.ended.wait(PAUSE_SECONDS):
                    return
        except BaseException as error:
            self.failed = error
            raise

    def _fall(self, number: int) -> None:
        node, worker = (each[number % len(each)] for each in (self.nodes, self.workers))
        node.kill()
        self.falls["node"] += 1
        self.server.start_again()
        self.falls["database"] += 1
        worker.kill()
        self.falls["worker"] += 1
        self.ended.wait(AWAY_SECONDS)
        worker.start()
        node.start()

    def end(self) -> None:
        """Let nothing fall any more; returns when all is back. Raises what went wrong with the trouble itself."""
        self.ended.set()
        self.join()
        if self.failed is not None:
            raise self.failed


class Loading(threading.Thread):
    """Scans and orders until ``end``."""

    def __init__(self, load: Load) -> None:
        super().__init__(name="loading")
        self.load = load

    def run(self) -> None:
        """Load."""
        asyncio.run(self.load.go_on(LONGEST_WALK_SECONDS))

    def end(self) -> None:
        """Wait until what is under way is answered."""
        self.load.stopping = True
        self.join()


@contextlib.contextmanager
def troubled(home: Home, server: PostgresServer) -> Iterator[Troubled]:
    """Run the cluster over a home, with load and trouble, and hold what it acknowledged against the database."""
    bench = Bench("postgres", home, server)
    load = make_load(bench, home.url, everything=False)  # the walks judge and allot
    with cluster(bench) as (_url, nodes, workers):
        trouble, loading = Trouble(nodes, workers, server), Loading(load)
        around = Troubled(home, [node.log for node in [*nodes, *workers]], trouble, loading)
        loading.start()
        trouble.start()
        try:
            yield around
        finally:
            around.calm()
        print(f"\n{trouble.falls}, {len(load.acknowledged)} answered, {load.sent_again} sent again", flush=True)
        broken = [line for line in around.said().splitlines() if '"unexpected error"' in line]
        found = reconcile(bench, load.acknowledged | around.walked)
    wrong = [*broken, *load.refused, *(f"{count} {name}" for name, count in found.items() if count)]
    if not all(trouble.falls.values()):
        wrong.append(f"the journey was over before each of them fell: {trouble.falls}")
    if wrong:
        raise AssertionError("\n".join(wrong)[:20_000])

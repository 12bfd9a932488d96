"""Two app nodes and two workers over one PostgreSQL behind nginx: each is killed in turn under load."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg

from tests.bench.measured import Bench, demo_festival
from tests.faults.sqlite import SETTINGS, kill, make_load, reconcile
from tests.support.guard import Guarded, child_pids, start_guarded
from tests.support.postgres import free_port
from tests.support.processes import command_line, tree
from tests.support.service import CLI, Home, wait_for_page

#: How long a round's load goes on at most, and after everything is back.
ROUND_SECONDS, AFTERWARDS_SECONDS = 300.0, 5.0
LEASE_SECONDS, LOOK_SECONDS = 90.0, 0.02

NGINX = """
worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log crit;
events {{ worker_connections 512; }}
http {{
  access_log off; client_max_body_size 40m; client_body_buffer_size 8m;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  upstream nodes {{ {servers} }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://nodes; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off;
      proxy_set_header Host $http_host;
      proxy_next_upstream error timeout; proxy_connect_timeout 2s;
    }}
  }}
}}
"""


@dataclass
class Node:
    """A process tree that can be killed and started again: an app node, or a worker."""

    home: Home
    arguments: list[str]
    log: Path
    guarded: Guarded | None = None

    def start(self) -> None:
        """Start it, and wait for an app node's first page."""
        environment = self.home.environment() | {"JOBS_INLINE": "false", "DEMO": "true"}
        with self.log.open("ab") as output:
            self.guarded = start_guarded([*CLI, *self.arguments], env=environment, cwd=self.home.folder, output=output)
        if "--port" in self.arguments:
            port = self.arguments[self.arguments.index("--port") + 1]
            wait_for_page(f"http://127.0.0.1:{port}/healthz", self.guarded, self.log, 60)

    def kill(self) -> None:
        """End all of it without a word."""
        assert self.guarded is not None
        kill(self.guarded)
        self.guarded.stop()

    def stop(self) -> None:
        """End it as an operator does."""
        if self.guarded is not None:
            self.guarded.stop()


def find_nginx() -> str:
    """Return nginx, installed by the system's packages when it is missing. Raises RuntimeError without one."""
    if (found := shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")) is None:
        subprocess.run(["apt-get", "install", "-y", "-q", "nginx-light"], check=False, stdin=subprocess.DEVNULL)
        found = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if found is None:
        raise RuntimeError("nginx is needed before the two nodes")
    return found


@contextlib.contextmanager
def cluster(bench: Bench) -> Iterator[tuple[str, list[Node], list[Node]]]:
    """Run nginx, two app nodes and two workers; gives the address, the nodes and the workers."""
    folder = bench.home.folder / "cluster"
    folder.mkdir()
    front, ports = bench.home.port, [free_port(), free_port()]
    arguments = [["serve", "--port", str(port), "--workers", "2"] for port in ports]
    nodes = [Node(bench.home, given, folder / f"node{number}.log") for number, given in enumerate(arguments)]
    workers = [Node(bench.home, ["worker"], folder / f"worker{number}.log") for number in range(2)]
    servers = " ".join(f"server 127.0.0.1:{port} max_fails=1 fail_timeout=1s;" for port in ports)
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, servers=servers, port=front))
    with contextlib.ExitStack() as stack:
        for node in [*nodes, *workers]:
            node.start()
            stack.callback(node.stop)
        with (folder / "nginx.out").open("wb") as output:
            proxy = start_guarded(
                [find_nginx(), "-c", str(folder / "nginx.conf"), "-p", str(folder)],
                output=output,
                stop_signal=signal.SIGQUIT,
            )
        stack.callback(proxy.stop)
        wait_for_page(bench.home.url + "/readyz", proxy, folder / "nginx.out", 30)
        yield bench.home.url, nodes, workers


def break_database(bench: Bench) -> None:
    """Kill one of PostgreSQL's own processes: the server ends all sessions, recovers from its log, and goes on."""
    assert bench.server is not None
    sessions = [pid for pid in child_pids(bench.server.pid) if "fairground 127.0.0.1" in command_line(pid)]
    os.kill(random.choice(sessions), signal.SIGKILL)


def jobs(bench: Bench) -> dict[str, Any]:
    """Give the state of the job that issues passes again, and how many passes still carry the leaked key."""
    said: dict[str, Any] = json.loads(bench.home.python("-m", "tests.faults.leak", "look").splitlines()[-1])
    return said


@dataclass(frozen=True)
class Orphan:
    """The job as it stood when the worker that did it was killed."""

    worker: str
    attempts: int


def not_taken_over(orphan: Orphan | None, job: dict[str, Any]) -> int:
    """1 unless another worker has done the job since; 1 too where none was killed at it, so that nothing was tried."""
    if orphan is None:
        return 1
    return int(job["state"] != "done" or job["worker"] == orphan.worker or job["attempts"] <= orphan.attempts)


async def kill_at_work(bench: Bench, workers: list[Node]) -> tuple[Orphan | None, Node]:
    """Let the passes' key leak and kill the worker that issues them again, in the middle of it.

    Returns what it left behind, or None when the job had ended already, and the worker that is to be started again.
    """
    begun = await asyncio.to_thread(bench.home.python, "-m", "tests.faults.leak", "begin")
    number = json.loads(begun.splitlines()[-1])["job"]
    connection = await asyncpg.connect(bench.home.database_url)
    look = partial(connection.fetchrow, "SELECT state, worker, attempts, progress_done FROM job WHERE id = $1", number)
    try:
        row = await look()
        for _ in range(int(LEASE_SECONDS / LOOK_SECONDS)):
            if row["state"] == "done" or row["progress_done"]:
                break
            await asyncio.sleep(LOOK_SECONDS)
            row = await look()
        if row["state"] != "running":
            return None, workers[0]
        pid = int(row["worker"].split(":")[1])
        (at_work,) = [each for each in workers if each.guarded is not None and pid in tree([each.guarded.pid])]
        await asyncio.to_thread(at_work.kill)
        row = await look()
        return (Orphan(row["worker"], row["attempts"]) if row["state"] == "running" else None), at_work
    finally:
        await connection.close()


async def run(rounds: int) -> dict[str, Any]:
    """Kill a node, a worker and the database's processes ``rounds`` times each; returns what was found.

    In the first round the worker is killed in the middle of a job, which the other one has to take over.
    """
    faults: dict[str, int] = {}
    orphan: Orphan | None = None
    with demo_festival("postgres", SETTINGS) as bench:
        load = make_load(bench, bench.home.url)
        with cluster(bench) as (_url, nodes, workers):
            for number in range(rounds):
                loading = asyncio.create_task(load.go_on(ROUND_SECONDS))
                await asyncio.sleep(1)
                if number == 0:
                    orphan, fallen = await kill_at_work(bench, workers)
                else:
                    fallen = workers[number % 2]
                    await asyncio.to_thread(fallen.kill)
                await asyncio.to_thread(nodes[number % 2].kill)
                await asyncio.sleep(1)
                await asyncio.to_thread(nodes[number % 2].start)
                break_database(bench)
                await asyncio.sleep(2)
                await asyncio.to_thread(fallen.start)
                await asyncio.sleep(AFTERWARDS_SECONDS)
                load.stopping = True
                await loading
                for name, count in reconcile(bench, load.acknowledged).items():
                    faults[name] = faults.get(name, 0) + count
                print(
                    f"round {number + 1}: {len(load.acknowledged)} answered, {sum(faults.values())} faults",
                    flush=True,
                )
            job = await until_done(bench)
        for name, count in reconcile(bench, load.acknowledged).items():
            faults[name] = faults.get(name, 0) + count
    faults |= {
        "no_job_taken_over": not_taken_over(orphan, job),
        "job_not_done": int(job["state"] != "done"),
        "job_written_twice": job["jobs"] - 1,
        "passes_of_the_leaked_key": job["left"],
        "nobody_told": int(not job["told"]),
        "messages_sent_twice": job["twice"],
        "jobs_left_behind": job["stuck"],
    }
    return {
        "rounds": rounds,
        "acknowledged": len(load.acknowledged),
        "kinds": load.kinds(),
        "sent_again": load.sent_again,
        "refused": len(load.refused),
        "first_refusals": load.refused[:3],
        "job_attempts": job["attempts"],
        "faults": faults,
    }


async def until_done(bench: Bench) -> dict[str, Any]:
    """Wait until the job has ended, through the lease of the worker that was killed with it."""
    for _ in range(int(LEASE_SECONDS)):
        found = await asyncio.to_thread(jobs, bench)
        if found["state"] in ("done", "failed") and not found["stuck"]:
            return found
        await asyncio.sleep(1)
    return found

"""``badges``: ten thousand badges in one PDF, by the job that makes them, on one core.

``python -m tests.bench.badges make|print COUNT`` is its part inside the installation.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import resource
import subprocess
import sys
import time
from random import Random
from typing import Any

from app.accounts.actor import SYSTEM
from app.events.enums import BadgePaper, PassKind
from app.events.passes.choosing import Choice, Wanted
from app.events.passes.printing import make_file, start_printing
from app.events.passes.prints import printed_file, run_of
from app.events.passes.services import PassRequest, issue_passes_bulk
from app.events.queries import EditionInfo, edition_by_id
from app.events.tables import Edition
from app.kernel import clock
from app.kernel.database import close_database, open_database
from app.kernel.jobs import JobContext, claim
from tests.bench.measured import demo_festival
from tests.support.processes import resident_mib, tree

COUNT = 10_000
CHUNK = 5_000
LABEL = "Thử in thẻ"
SAMPLE_SECONDS = 0.05
FAMILY = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Công Tằng Tôn Nữ", "Đặng", "Bùi")
MIDDLE = ("Thị", "Ngọc", "Thu", "Thị Hồng", "Diệu Thục", "Mỹ", "Bích", "Phương Khánh")
GIVEN = ("Lan", "Hạnh", "Ánh", "Thảo", "Quyên", "Linh", "Thủy", "Yến", "Trâm Anh")
HOUSES = ("", "Hội Liên hiệp Phụ nữ phường Hải Châu", "HTX Thủ công mỹ nghệ Kim Bồng", "Công ty TNHH Lụa Vạn Phúc")


def run(engine: str, seconds: float) -> dict[str, Any]:
    """Make the badges once on each paper of a few; ``seconds`` is not used, it takes as long as it takes."""
    with demo_festival(engine) as bench:
        bench.home.python("-m", "tests.bench.badges", "make", str(COUNT))
        made = {
            paper: _measured(bench.home.environment(), str(bench.home.folder), paper)
            for paper in (BadgePaper.A6, BadgePaper.CARD_SHEET, BadgePaper.LABELS_64X38)
        }
    slowest = min(made.values(), key=lambda one: one["badges_per_second"])
    return {
        "badges_per_second": slowest["badges_per_second"],
        "peak_mib": max(one["peak_mib"] for one in made.values()),
        "badges": COUNT,
        **{f"{name}_{paper.value}": value for paper, one in made.items() for name, value in one.items()},
    }


def _measured(environment: dict[str, str], folder: str, paper: BadgePaper) -> dict[str, Any]:
    """Let a process of its own make the file, and watch the memory of it and of its children."""
    peak = 0.0
    command = [sys.executable, "-m", "tests.bench.badges", "print", paper.value]
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True) as process:
        while process.poll() is None:
            total = 0.0
            for pid in tree([process.pid]):
                with contextlib.suppress(OSError):
                    total += resident_mib(pid)
            peak = max(peak, total)
            time.sleep(SAMPLE_SECONDS)
        assert process.stdout is not None
        said = process.stdout.read()
    if process.returncode:
        raise RuntimeError(said[-2000:])
    found: dict[str, Any] = json.loads(said.splitlines()[-1])
    return {**found, "peak_mib": round(peak, 1)}


async def make(count: int) -> None:
    """Issue passes of all kinds under names as people have them, short and long."""
    edition, chance, now = await _the_edition(), Random(1), clock.now()
    begin, end = edition.window
    for start in range(0, count, CHUNK):
        requests = [
            PassRequest(
                kind=list(PassKind)[number % len(PassKind)],
                valid_from=begin,
                valid_until=end,
                holder_name=" ".join(chance.choice(part) for part in (FAMILY, MIDDLE, GIVEN)),
                organisation=chance.choice(HOUSES),
                label=LABEL,
            )
            for number in range(start, min(start + CHUNK, count))
        ]
        await issue_passes_bulk(edition_id=edition.id, requests=requests, now=now)


async def print_all(paper: BadgePaper) -> dict[str, Any]:
    """Queue the job and do it, as a worker does; returns what came of it."""
    edition, now = await _the_edition(), clock.now()
    wanted = Wanted(paper=paper, choice=Choice(label=LABEL))
    run_id = await start_printing(edition_id=edition.id, wanted=wanted, actor=SYSTEM, now=now)
    job_id = (await run_of(edition.id, run_id))["job_id"]
    while True:
        row = await claim("bench", clock.now())
        assert row is not None
        if row["id"] == job_id:
            break
    began, used = time.monotonic(), _processor_seconds()
    done = await make_file(JobContext(row, "bench"))
    took, used = time.monotonic() - began, _processor_seconds() - used
    _name, path = await printed_file(edition.id, run_id)
    size = path.stat().st_size
    return {
        "badges_per_second": round(done["passes"] / took, 1),
        "processor_ms_each": round(1000 * used / done["passes"], 2),
        "pages": done["pages"],
        "pdf_mib": round(size / 2**20, 1),
    }


def _processor_seconds() -> float:
    """What this process and its children that have ended have used."""
    return sum(
        used.ru_utime + used.ru_stime
        for used in (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    )


async def _the_edition() -> EditionInfo:
    row = await Edition.objects().order_by(Edition.id).first()
    assert row is not None
    return await edition_by_id(row.id)


async def _main(part: str, what: str) -> None:
    await open_database()
    try:
        if part == "make":
            await make(int(what))
        else:
            print(json.dumps(await print_all(BadgePaper(what))))
    finally:
        await close_database()


if __name__ == "__main__":
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # children stay on the same core
    asyncio.run(_main(sys.argv[1], sys.argv[2]))

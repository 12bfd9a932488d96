"""Counts what must never be after a run of ``checkin``: ``python -m tests.bench.counts RUN FILE``.

RUN is what the ids of its scans begin with, FILE holds the ids that the service acknowledged, one a line.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterable
from pathlib import Path

from app.kernel.database import close_database, fetch, open_database


async def violations(run: str, acknowledged: Iterable[str]) -> dict[str, int]:
    """Return how many passes are inside a list twice, how many have other admissions than their scans say, and how
    many scans were acknowledged but are not there.
    """
    twice = await fetch(
        "SELECT COUNT(*) AS n FROM (SELECT list_id, event_pass FROM admission "
        "GROUP BY list_id, event_pass HAVING COUNT(*) > 1) AS twice"
    )
    differing = await fetch(
        "SELECT COUNT(*) AS n FROM (SELECT list_id, event_pass FROM ("
        "SELECT list_id, event_pass, 1 AS said, 0 AS done FROM scan WHERE verdict = 'admitted' "
        "UNION ALL SELECT list_id, event_pass, 0 AS said, entries AS done FROM admission"
        ") AS both_sides WHERE event_pass IN (SELECT event_pass FROM scan WHERE client_id LIKE {}) "
        "GROUP BY list_id, event_pass HAVING SUM(said) <> SUM(done)) AS differing",
        f"{run}-%",
    )
    stored = {row["client_id"] for row in await fetch("SELECT client_id FROM scan WHERE client_id LIKE {}", f"{run}-%")}
    return {
        "inside_twice": twice[0]["n"],
        "scan_and_admission_differ": differing[0]["n"],
        "acknowledged_and_lost": len(set(acknowledged) - stored),
    }


async def main(run: str, file: Path) -> None:
    """Print the counts."""
    await open_database()
    try:
        print(json.dumps(await violations(run, file.read_text().split())))
    finally:
        await close_database()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))

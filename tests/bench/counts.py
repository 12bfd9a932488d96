"""Counts what a run of ``checkin`` left in the database: ``python -m tests.bench.counts RUN``."""

from __future__ import annotations

import asyncio
import json
import sys

from app.kernel.database import close_database, fetch, open_database


async def counts(run: str) -> dict[str, int]:
    """Return the scans of a run, those that were admitted, their admissions, and passes inside more than once."""
    scans = await fetch("SELECT COUNT(*) AS n FROM scan WHERE client_id LIKE {}", f"{run}-%")
    admitted = await fetch(
        "SELECT COUNT(*) AS n FROM scan WHERE client_id LIKE {} AND verdict = 'admitted'", f"{run}-%"
    )
    admissions = await fetch(
        "SELECT COUNT(*) AS n FROM admission WHERE event_pass IN (SELECT event_pass FROM scan WHERE client_id LIKE {})",
        f"{run}-%",
    )
    twice = await fetch(
        "SELECT COUNT(*) AS n FROM (SELECT list_id, event_pass FROM admission WHERE left_at IS NULL "
        "GROUP BY list_id, event_pass HAVING COUNT(*) > 1) AS twice"
    )
    return {
        "scans": scans[0]["n"],
        "admitted_scans": admitted[0]["n"],
        "admissions": admissions[0]["n"],
        "inside_twice": twice[0]["n"],
    }


async def main(run: str) -> None:
    """Print the counts."""
    await open_database()
    try:
        print(json.dumps(await counts(run)))
    finally:
        await close_database()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))

"""A long job for the cluster: ``python -m tests.faults.leak begin`` lets the passes' key leak, ``… look`` looks on."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from typing import Any

from app.accounts.actor import SYSTEM
from app.events.passes.reissuing import JOB, replace_leaked_key
from app.kernel import clock
from app.kernel.database import close_database, fetch, open_database
from app.kernel.signing import list_keys


async def begin() -> dict[str, Any]:
    """Retire the key that signs passes; the job is queued in the same transaction."""
    key = next(key for key in await list_keys() if key.purpose.startswith("passes-") and key.state == "signs")
    return {"job": await replace_leaked_key(key_id=key.key_id, actor=SYSTEM, now=clock.now())}


async def look() -> dict[str, Any]:
    """State, attempts and worker of the job, how many such ``jobs`` there are, and what came of it.

    ``left``: passes that still carry a leaked key; ``told``: passes whose holders were told, ``twice`` again;
    ``stuck``: jobs of any kind that a killed worker holds and nobody took over.
    """
    job, *more = await fetch("SELECT state, attempts, worker FROM job WHERE kind = {}", JOB)
    left = await fetch(
        'SELECT COUNT(*) AS n FROM "pass" p JOIN signing_key k ON k.key_id = p.key_id '
        "WHERE k.leaked_at IS NOT NULL AND p.state = 'issued'"
    )
    told = Counter(
        row["unique_key"].split(":")[1]
        for row in await fetch("SELECT unique_key FROM outbox_message WHERE unique_key LIKE 'pass.reissued:%'")
    )
    stuck = await fetch("SELECT id FROM job WHERE state = 'running' AND lease_until < {}", clock.now())
    return {
        **job,
        "jobs": 1 + len(more),
        "left": left[0]["n"],
        "told": len(told),
        "twice": sum(count - 1 for count in told.values()),
        "stuck": len(stuck),
    }


async def main(what: str) -> None:
    """Do it and print what came of it."""
    await open_database()
    try:
        print(json.dumps(await (begin() if what == "begin" else look())))
    finally:
        await close_database()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))

"""A long job for the cluster: ``python -m tests.faults.leak begin`` lets the passes' key leak, ``… look`` looks on."""

from __future__ import annotations

import asyncio
import json
import sys
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
    """State and attempts of the job, passes that still carry a leaked key, passes whose holders were told twice."""
    job = (await fetch("SELECT state, attempts FROM job WHERE kind = {}", JOB))[0]
    left = await fetch(
        'SELECT COUNT(*) AS n FROM "pass" p JOIN signing_key k ON k.key_id = p.key_id '
        "WHERE k.leaked_at IS NOT NULL AND p.state = 'issued'"
    )
    twice = await fetch(
        "SELECT unique_key FROM outbox_message WHERE unique_key LIKE 'pass.reissued:%' GROUP BY unique_key "
        "HAVING COUNT(*) > 1"
    )
    return {**job, "left": left[0]["n"], "twice": len(twice)}


async def main(what: str) -> None:
    """Do it and print what came of it."""
    await open_database()
    try:
        print(json.dumps(await (begin() if what == "begin" else look())))
    finally:
        await close_database()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))

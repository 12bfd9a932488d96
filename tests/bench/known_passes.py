"""Issues passes of which a gate's list knows all but a few: ``python -m tests.bench.known_passes COUNT SCANS FOLDER``.

Run in the environment of the installation. Writes ``known.json`` into FOLDER: the token of a gate's phone, and the
codes to be scanned, by turns of somebody who is not inside yet and of somebody who is.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from app.kernel import clock
from app.kernel.database import close_database, fetch, open_database, write_transaction
from tests.bench.passes import prepare
from ticketing.checkin.changes import this_write

ENTER = (
    "INSERT INTO admission (list_id, event_pass, gate_id, admitted_at, last_at, attempts, entries, entries_of_day, "
    'changed_in) SELECT {}, p.id, {}, {}, {}, 0, 1, 1, {} FROM "pass" p WHERE p.edition = {} AND p.serial > {} '
    "AND p.serial <= {}"
)


async def main(count: int, scans: int, folder: Path) -> None:
    """Prepare and write the file."""
    await open_database()
    try:
        made = await prepare(count)
        new = (scans + 1) // 2
        first, last = made["serials"][0], made["serials"][-1]
        now = clock.now()
        async with write_transaction():
            number = await this_write()
            await fetch(
                ENTER, made["list_id"], made["gates"][0], now, now, number, made["edition_id"], first - 1, last - new
            )
    finally:
        await close_database()
    outside, inside = made["codes"][count - new :], made["codes"][:new]
    codes = [code for pair in zip(outside, inside, strict=True) for code in pair][:scans]
    (folder / "known.json").write_text(json.dumps({"token": made["tokens"][0], "codes": codes}))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])))

"""Makes things go wrong and reconciles: ``python -m tests.faults sqlite --kills 50``, ``… cluster --rounds 3``,
``… walks``, ``… mail --people 10000``.

``sqlite`` kills the service with SIGKILL at random moments. ``cluster`` runs two app nodes and two workers over one
PostgreSQL behind nginx, and kills a node, a worker and the database's processes in turn; ``walks`` sends people in
browsers through it, too, and restarts the whole database. ``mail`` tells people of new days through a mail server that
refuses, delays and drops. All print what was found as the last line, one JSON object, and end with 1 if anything
acknowledged was lost or an invariant broken.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from typing import Any

from tests.faults import cluster, mail, sqlite, walks

#: Of a load, by the last word of its path: orders, scans, ballots, payments and booths.
KINDS = {"orders", "redeem", "ballots", "webhook", "hold"}


def main() -> int:
    """Run what the command line names."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    kinds = parser.add_subparsers(dest="kind", required=True)
    kinds.add_parser("sqlite").add_argument("--kills", type=int, default=50)
    kinds.add_parser("cluster").add_argument("--rounds", type=int, default=3)
    kinds.add_parser("walks")
    mails = kinds.add_parser("mail")
    mails.add_argument("--people", type=int, default=10_000)
    mails.add_argument("--engine", choices=("sqlite", "postgres"), default="sqlite")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if options.kind == "mail":
        found: dict[str, Any] = asyncio.run(mail.run(options.engine, options.people))
    elif options.kind == "walks":
        found = walks.run()
    elif options.kind == "sqlite":
        found = asyncio.run(sqlite.run(options.kills))
    else:
        found = asyncio.run(cluster.run(options.rounds))
    print(json.dumps(found))
    return 0 if stood(found) else 1


def stood(found: dict[str, Any]) -> bool:
    """Whether nothing was lost, and whether that was tried: each kind of request was answered, some only again."""
    untried = found.get("walks") == 0
    if "kinds" in found:
        untried = bool(KINDS - found["kinds"].keys()) or not found["sent_again"]
    return not untried and not sum(found["faults"].values()) and not found["refused"]


if __name__ == "__main__":
    raise SystemExit(main())

"""Kills processes under load and reconciles: ``python -m tests.faults sqlite --kills 50``, ``… cluster --rounds 3``.

``sqlite`` kills the service with SIGKILL at random moments. ``cluster`` runs two app nodes and two workers over one
PostgreSQL behind nginx, and kills a node, a worker and the database's processes in turn. Both print what was found as
the last line, one JSON object, and end with 1 if anything acknowledged was lost or an invariant broken.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from typing import Any

from tests.faults import cluster, sqlite


def main() -> int:
    """Run what the command line names."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    kinds = parser.add_subparsers(dest="kind", required=True)
    kinds.add_parser("sqlite").add_argument("--kills", type=int, default=50)
    kinds.add_parser("cluster").add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    found: dict[str, Any] = asyncio.run(
        sqlite.run(options.kills) if options.kind == "sqlite" else cluster.run(options.rounds)
    )
    print(json.dumps(found))
    return 1 if sum(found["faults"].values()) or found["refused"] else 0


if __name__ == "__main__":
    raise SystemExit(main())

"""``python -m tests.bench NAME [--engine sqlite|postgres] [--seconds N] [--format csv|xlsx] [--json]``.

Starts the service as a user would, drives it from another process, and prints one JSON object as its last line.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import signal
import sys
import time

NAMES = {
    "start": "start",
    "checkin": "checkin",
    "offline": "offline",
    "orders": "orders",
    "pages": "pages",
    "import": "importing",
    "payments": "payments",
    "badges": "badges",
    "gate": "gate",
}


def main() -> int:
    """Run one benchmark."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure Fairground from outside.")
    parser.add_argument("name", choices=NAMES)
    parser.add_argument("--engine", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--seconds", type=float, default=10.0, help="how long each load lasts (10)")
    parser.add_argument("--format", choices=("csv", "xlsx"), help="import: of which form the sheet is (csv)")
    parser.add_argument("--json", action="store_true", help="print the JSON object alone")
    options = parser.parse_args()
    if options.format and options.name != "import":
        parser.error("--format is for import")
    sheet = {"form": options.format} if options.format else {}
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    started = time.monotonic()
    if not options.json:
        print(f"{options.name} on {options.engine}, {os.cpu_count()} cores, Python {platform.python_version()}")
    bench = importlib.import_module(f"tests.bench.{NAMES[options.name]}")
    figures = bench.run(options.engine, options.seconds, **sheet)
    if not options.json:
        print(json.dumps(figures, indent=2))
        print(f"done in {time.monotonic() - started:.0f} s")
    print(json.dumps({"name": options.name, "engine": options.engine, **figures}))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

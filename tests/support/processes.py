"""What processes use, read from ``/proc``: seconds of processor and resident memory of whole process trees."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

from tests.support.guard import child_pids

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(*roots: int) -> float:
    """Return the user and system seconds of the trees under ``roots``, with children that have ended.

    A child that ended is counted by the parent that waited for it.
    """
    total = 0
    for pid in tree(roots):
        with contextlib.suppress(OSError, IndexError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += sum(int(field) for field in fields[11:15])
    return total / TICKS


def tree(roots: Iterable[int]) -> list[int]:
    """Return the processes of the trees under ``roots``, the roots included, each once."""
    found: dict[int, None] = {}
    for root in roots:
        found.update(dict.fromkeys([root, *child_pids(root)]))
    return list(found)


def resident_mib(pid: int) -> float:
    """Return the resident memory of one process in MiB (``VmRSS``, shared pages included)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def own_mib(*roots: int) -> float:
    """Return the memory of the trees under ``roots`` in MiB, each shared page once (``Pss``)."""
    total = 0
    for pid in tree(roots):
        with contextlib.suppress(OSError):
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


def command_line(pid: int) -> str:
    """Return the command line of a process, empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""

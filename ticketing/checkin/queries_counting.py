"""Reads of counted visitors; none of them reads a scan, as none of those of scans reads these."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from app.kernel.database import fetch
from ticketing.checkin.queries import STRETCH, gate_names, quarters

#: Of head counts (``c``): those that stand.
_STANDS = (
    "c.undoes IS NULL AND NOT EXISTS "
    "(SELECT 1 FROM head_count u WHERE u.undoes = c.client_id AND u.device_id = c.device_id)"
)


async def counted_at_gate(gate_id: int, since: datetime) -> int:
    """How many visitors were counted at a gate since a moment."""
    rows = await fetch(
        f"SELECT SUM(c.visitors) AS visitors FROM head_count c WHERE c.gate_id = {{}} AND c.counted_at >= {{}} "
        f"AND {_STANDS}",
        gate_id,
        since,
    )
    return int(rows[0]["visitors"] or 0)


async def counted_by_gate(edition_id: int, since: datetime | None = None) -> dict[str, int]:
    """Counted visitors of an edition by gate's name, since a moment or ever; gates of none are left out."""
    condition, values = ("AND c.counted_at >= {} ", [since]) if since else ("", [])
    rows = await fetch(
        "SELECT gate.id AS gate_id, SUM(c.visitors) AS visitors FROM head_count c JOIN gate ON gate.id = c.gate_id "
        f"WHERE gate.edition = {{}} {condition}AND {_STANDS} GROUP BY gate.id ORDER BY gate.id",
        edition_id,
        *values,
    )
    names = await gate_names(edition_id)
    return {names[row["gate_id"]]: int(row["visitors"]) for row in rows}


async def counted_flow(edition_id: int, now: datetime, steps: int = 12) -> tuple[list[datetime], dict[str, list[int]]]:
    """Counted visitors by gate in the last ``steps`` quarters of an hour: the beginnings, and figures by gate's name
    for the gates that counted anybody."""
    starts = quarters(now, steps)
    step = " ".join(f"WHEN c.counted_at < {{}} THEN {number}" for number in range(steps - 1))
    rows = await fetch(
        "SELECT gate_id, step, SUM(visitors) AS visitors FROM ("
        f"SELECT c.gate_id AS gate_id, CASE {step} ELSE {steps - 1} END AS step, c.visitors AS visitors "
        "FROM head_count c JOIN gate ON gate.id = c.gate_id WHERE gate.edition = {} AND c.counted_at >= {} "
        f"AND {_STANDS}) AS counted GROUP BY gate_id, step ORDER BY gate_id",
        *starts[1:],
        edition_id,
        starts[0],
    )
    names = await gate_names(edition_id)
    figures: dict[str, list[int]] = {}
    for row in rows:
        figures.setdefault(names[row["gate_id"]], [0] * steps)[row["step"]] = int(row["visitors"])
    return starts, figures


async def all_head_counts(edition_id: int) -> AsyncIterator[list[dict[str, Any]]]:
    """Every count of an edition in stretches, the newest first, each with when it was taken back, if it was."""
    (row,) = await fetch("SELECT COALESCE(MAX(id), 0) AS newest FROM head_count")
    before = row["newest"] + 1
    while found := await fetch(
        "SELECT c.id AS id, c.at AS at, c.device_at AS device_at, c.counted_at AS counted_at, c.visitors AS visitors, "
        "gate.name AS gate, device.label AS device, (SELECT MIN(u.counted_at) FROM head_count u "
        "WHERE u.undoes = c.client_id AND u.device_id = c.device_id) AS undone_at "
        "FROM head_count c JOIN gate ON gate.id = c.gate_id LEFT JOIN device ON device.id = c.device_id "
        "WHERE gate.edition = {} AND c.undoes IS NULL AND c.id < {} ORDER BY c.id DESC LIMIT {}",
        edition_id,
        before,
        STRETCH,
    ):
        before = found[-1]["id"]
        yield found

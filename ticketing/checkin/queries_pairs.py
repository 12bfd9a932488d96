"""Pairs of scans: two gates let the same pass in, and each knew nothing of the other."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.kernel.database import as_moment, fetch
from app.kernel.rows import among


async def scans_against(scans: Sequence[Mapping[str, Any]]) -> dict[int, dict[str, Any]]:
    """The scan of the same pass that stands against each of some scans, by the ids of these."""
    wanted = [row for row in scans if row["pass_id"] is not None and row["previous_at"] is not None]
    if not wanted:
        return {}
    chosen, ids = among(sorted({row["pass_id"] for row in wanted}))
    rows = await fetch(
        "SELECT s.id, s.event_pass, s.list_id, s.gate_id, COALESCE(s.judged_at, s.at) AS judged_at, s.at, s.device_at, "
        "s.clock_at, s.offline, gate.name AS gate, device.label AS device, holder.full_name AS holder "
        "FROM scan s JOIN gate ON gate.id = s.gate_id LEFT JOIN device ON device.id = s.device_id "
        f"LEFT JOIN person holder ON holder.id = device.person WHERE s.event_pass {chosen} "
        "AND s.verdict IN ('admitted', 'late_conflict') AND s.undone_at IS NULL ORDER BY s.id",
        ids,
    )
    found: dict[int, dict[str, Any]] = {}
    for row in wanted:
        for other in rows:
            same = (other["event_pass"], other["list_id"]) == (row["pass_id"], row["list_id"])
            if same and other["id"] != row["id"] and as_moment(other["judged_at"]) == as_moment(row["previous_at"]):
                found[row["id"]] = other
    return found

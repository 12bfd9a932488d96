"""Holds what was acknowledged against the database: ``python -m tests.faults.reconcile FILE``, in a home's environment.

FILE is JSON: client id → path and answer. Prints one JSON object: each kind of fault and how often it was found.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from app.kernel.database import close_database, dialect, fetch, open_database


async def faults(acknowledged: dict[str, dict[str, Any]]) -> dict[str, int]:
    """Count every fault; all must be 0."""
    scans = {row["client_id"]: row["verdict"] for row in await fetch("SELECT client_id, verdict FROM scan")}
    references = {row["reference"]: row["state"] for row in await fetch("SELECT reference, state FROM ticket_order")}
    answers = [(client_id, one["answer"]) for client_id, one in acknowledged.items()]
    scanned = [(client_id, answer["verdict"]) for client_id, answer in answers if "verdict" in answer]
    ordered = [(answer["reference"], answer["state"]) for _client_id, answer in answers if "reference" in answer]
    assert len(scanned) + len(ordered) == len(answers)
    found = {
        "scans_lost_or_changed": sum(scans.get(client_id) != verdict for client_id, verdict in scanned),
        "orders_lost_or_changed": sum(references.get(reference) != state for reference, state in ordered),
        "references_given_twice": len(ordered) - len({reference for reference, _state in ordered}),
        **{name: len(await fetch(sql)) for name, sql in NEVER.items()},
    }
    if dialect() == "sqlite":
        answer = [row["integrity_check"] for row in await fetch("PRAGMA integrity_check")]
        found["damage"] = int(answer != ["ok"]) + len(await fetch("PRAGMA foreign_key_check"))
    return found


#: What no row may ever show.
NEVER = {
    "inside_twice": (
        "SELECT event_pass FROM admission WHERE left_at IS NULL GROUP BY list_id, event_pass HAVING COUNT(*) > 1"
    ),
    "admitted_without_admission": (
        "SELECT s.id FROM scan s WHERE s.verdict = 'admitted' AND NOT EXISTS "
        "(SELECT 1 FROM admission a WHERE a.event_pass = s.event_pass AND a.list_id = s.list_id)"
    ),
    "oversold": "SELECT id FROM ticket_type WHERE sold + held > quota",
    "sold_is_not_the_sum": (
        "SELECT t.id FROM ticket_type t WHERE t.sold <> (SELECT COUNT(*) FROM order_item i JOIN ticket_order o "
        "ON o.id = i.ticket_order WHERE i.ticket_type = t.id AND o.state = 'confirmed')"
    ),
    "confirmed_without_pass": (
        "SELECT i.id FROM order_item i JOIN ticket_order o ON o.id = i.ticket_order "
        "WHERE o.state = 'confirmed' AND i.event_pass IS NULL"
    ),
    "serials_not_dense": (
        'SELECT c.id FROM pass_counter c WHERE c.issued <> (SELECT COUNT(*) FROM "pass" p WHERE p.edition = c.edition)'
    ),
    "orders_without_message": (
        "SELECT o.id FROM ticket_order o WHERE o.state = 'confirmed' AND o.contact LIKE '%@example.com' "
        "AND o.channel = 'online' AND o.client_id LIKE 'fault-%' AND NOT EXISTS "
        "(SELECT 1 FROM outbox_message m WHERE m.to_address = o.contact)"
    ),
}


async def main(path: Path) -> None:
    """Print the counts."""
    await open_database()
    try:
        print(json.dumps(await faults(json.loads(path.read_text()))))
    finally:
        await close_database()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))

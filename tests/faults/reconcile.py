"""Holds what was acknowledged against the database: ``python -m tests.faults.reconcile FILE``, in a home's environment.

FILE is JSON: client id → path, what was sent, and the answer. Prints one JSON object: each kind of fault and how often
it was found.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from app.kernel.database import close_database, dialect, fetch, open_database
from app.kernel.security import hash_token

#: (client id, what was acknowledged under it)
Answers = list[tuple[str, dict[str, Any]]]


async def scans(answers: Answers) -> dict[str, int]:
    """Of the gates: the verdict stands; a queue of an offline phone has an answer for each scan."""
    stored = {row["client_id"]: row["verdict"] for row in await fetch("SELECT client_id, verdict FROM scan")}
    told = [
        (one["answer"]["client_id"], one["answer"]["verdict"]) for _id, one in answers if "verdict" in one["answer"]
    ]
    queued = [each["client_id"] for _id, one in answers for each in one["answer"].get("answers", ())]
    return {
        "scans_lost_or_changed": sum(stored.get(client_id) != verdict for client_id, verdict in told)
        + sum(client_id not in stored for client_id in queued)
    }


async def orders(answers: Answers) -> dict[str, int]:
    """Of sales: the order, each of its passes, and one message with them."""
    stored = {row["reference"]: row for row in await fetch("SELECT id, reference, state, contact FROM ticket_order")}
    passes = {row["short_code"] for row in await fetch('SELECT short_code FROM "pass"')}
    messages = Counter(
        row["unique_key"]
        for row in await fetch("SELECT unique_key FROM outbox_message WHERE unique_key LIKE 'ticket-order:%'")
        if row["unique_key"]
    )
    told = [one["answer"] for _id, one in answers]
    there = [answer for answer in told if answer["reference"] in stored]
    return {
        "orders_lost_or_changed": sum(
            stored.get(answer["reference"], {}).get("state") != answer["state"] for answer in told
        ),
        "references_given_twice": len(told) - len({answer["reference"] for answer in told}),
        "passes_lost": sum(
            ticket["short_code"].replace("-", "").replace(" ", "") not in passes
            for answer in told
            for ticket in answer["tickets"]
            if ticket["short_code"]
        ),
        "order_messages_not_once": sum(
            messages[f"ticket-order:{stored[answer['reference']]['id']}"] != 1
            for answer in there
            if answer["state"] == "confirmed"
        ),
    }


async def ballots(answers: Answers) -> dict[str, int]:
    """Of judges: what was saved is a version of the ballot, what was set aside waits for the chair."""
    saved = {
        row["client_id"]: row["hash"] for row in await fetch("SELECT client_id, hash FROM contest_ballot_revision")
    }
    aside = {row["client_id"] for row in await fetch("SELECT client_id FROM contest_set_aside")}
    told = [each for _id, one in answers for each in one["answer"]["answers"]]
    return {
        "ballots_lost": sum(each["status"] == "saved" and each["client_id"] not in saved for each in told),
        "ballots_set_aside_lost": sum(
            each["status"] == "set_aside" and each["client_id"] not in aside for each in told
        ),
        "ballots_refused": sum(each["status"] == "refused" for each in told),
    }


async def payments(answers: Answers) -> dict[str, int]:
    """Of Stripe: what it told is kept once; applied there is one payment of it, else a job has still to do it."""
    events = {row["event_id"]: row for row in await fetch("SELECT id, event_id, handled_at FROM payment_event")}
    made = Counter(row["provider_reference"] for row in await fetch("SELECT provider_reference FROM payment"))
    waiting = {
        row["unique_key"] for row in await fetch("SELECT unique_key FROM job WHERE state IN ('queued', 'running')")
    }
    handled = [client_id for client_id, _one in answers if events.get(client_id, {}).get("handled_at")]
    left = [client_id for client_id, _one in answers if client_id in events and client_id not in handled]
    return {
        "payment_events_lost": sum(client_id not in events for client_id, _one in answers),
        "payments_not_once": sum(made[f"stripe:pi_{client_id}"] != 1 for client_id in handled),
        "payment_events_forgotten": sum(f"payment-event-{events[one]['id']}" not in waiting for one in left),
    }


async def booths(answers: Answers) -> dict[str, int]:
    """Of organisers: the application has the booth that it was given."""
    held = {
        (row["booth"], row["application"])
        for row in await fetch(
            "SELECT h.booth, a.id AS application FROM cell_hold h JOIN application a "
            "ON a.organisation = h.organisation WHERE h.live IS TRUE AND a.state = 'allocated'"
        )
    }
    wanted = [(int(one["path"].split("/")[-2]), one["sent"]["application"]) for _id, one in answers]
    return {"booths_lost": sum(each not in held for each in wanted)}


async def links(answers: Answers) -> dict[str, int]:
    """Of visitors: the order or the pass whose page they saw is there."""
    known = {row["secret_hash"] for table in ("ticket_order", '"pass"') for row in await secret_hashes(table)}
    return {"orders_or_passes_seen_and_lost": sum(hash_token(client_id) not in known for client_id, _one in answers)}


async def secret_hashes(table: str) -> list[dict[str, Any]]:
    """Return the hashes of the links to a table's rows."""
    return await fetch(f"SELECT secret_hash FROM {table}")


async def forms(answers: Answers) -> dict[str, int]:
    """Of organisers and the chair: what a form was answered to have done is done."""
    lost = 0
    for _id, one in answers:
        for path, (table, states) in FORMS.items():
            if found := re.search(path, one["path"]):
                rows = await fetch(f"SELECT state FROM {table} WHERE id = {{}}", int(found[1]))
                lost += [row["state"] in states for row in rows] != [True]
    return {"forms_lost": lost}


#: Forms whose effect is held against the database: the table and the states that the row of the path may then have.
FORMS = {
    r"/allocation/(\d+)/publish$": ("allocation_run", ("published",)),
    r"/import/batch/(\d+)/accept$": ("import_batch", ("loading", "loaded")),
    r"/contest/(\d+)/publish$": ("contest_round", ("published",)),
}

#: What each kind of request is held against, by its path.
CHECKS: dict[str, Callable[[Answers], Awaitable[dict[str, int]]]] = {
    r"/api/v1/gate/\w+": scans,
    r"/api/v1/editions/[\w-]+/orders": orders,
    r"/api/v1/judge/ballots": ballots,
    r"/payments/stripe/webhook": payments,
    r"/api/v1/manage/\d+/booths/\d+/hold": booths,
    r"/pass|/done": links,
    r"/manage/.*": forms,
}


async def faults(acknowledged: dict[str, dict[str, Any]]) -> dict[str, int]:
    """Count every fault; all must be 0. Raises KeyError for an answer that nothing here looks at."""
    by_kind: dict[str, Answers] = {}
    for client_id, one in acknowledged.items():
        kind = next((path for path in CHECKS if re.fullmatch(path, one["path"])), one["path"])
        by_kind.setdefault(kind, []).append((client_id, one))
    found: dict[str, int] = {}
    for kind, answers in by_kind.items():
        found |= await CHECKS[kind](answers)
    found |= {name: len(await fetch(sql)) for name, sql in NEVER.items()}
    if dialect() == "sqlite":
        answer = [row["integrity_check"] for row in await fetch("PRAGMA integrity_check")]
        found["damage"] = int(answer != ["ok"]) + len(await fetch("PRAGMA foreign_key_check"))
    return found


#: What no row may ever show.
NEVER = {
    "inside_twice": ("SELECT event_pass FROM admission GROUP BY list_id, event_pass HAVING COUNT(*) > 1"),
    "admitted_without_admission": (
        "SELECT s.id FROM scan s WHERE s.verdict = 'admitted' AND NOT EXISTS "
        "(SELECT 1 FROM admission a WHERE a.event_pass = s.event_pass AND a.list_id = s.list_id)"
    ),
    "oversold": "SELECT id FROM quota WHERE sold + held > size",
    "sold_is_not_the_sum": (
        "SELECT t.id FROM ticket_type t WHERE t.sold <> (SELECT COUNT(*) FROM order_item i JOIN ticket_order o "
        "ON o.id = i.ticket_order WHERE i.ticket_type = t.id AND o.state = 'confirmed')"
    ),
    "quota_is_not_the_sum_of_its_types": (
        "SELECT q.id FROM quota q WHERE (q.sold, q.held) <> (SELECT COALESCE(SUM(t.sold), 0), COALESCE(SUM(t.held), 0) "
        "FROM quota_type j JOIN ticket_type t ON t.id = j.ticket_type WHERE j.quota = q.id)"
    ),
    "confirmed_without_pass": (
        "SELECT i.id FROM order_item i JOIN ticket_order o ON o.id = i.ticket_order "
        "WHERE o.state = 'confirmed' AND i.event_pass IS NULL"
    ),
    "serials_not_dense": (
        "SELECT c.id FROM pass_counter c WHERE NOT EXISTS (SELECT 1 FROM laid_sheet l WHERE l.edition = c.edition) "
        'AND c.issued - c.unused <> (SELECT COUNT(*) FROM "pass" p WHERE p.edition = c.edition)'
    ),
    "orders_without_message": (
        "SELECT o.id FROM ticket_order o WHERE o.state = 'confirmed' AND o.contact LIKE '%@example.com' "
        "AND o.channel = 'online' AND o.client_id LIKE 'fault-%' AND NOT EXISTS "
        "(SELECT 1 FROM outbox_message m WHERE m.to_address = o.contact)"
    ),
    "messages_sent_without_a_stamp": "SELECT id FROM outbox_message WHERE state = 'sent' AND sent_at IS NULL",
    "messages_failed_without_a_reason": "SELECT id FROM outbox_message WHERE state = 'failed' AND error = ''",
    "allocated_without_booth": (
        "SELECT a.id FROM application a WHERE a.state = 'allocated' AND NOT EXISTS "
        "(SELECT 1 FROM cell_hold h JOIN booth b ON b.id = h.booth WHERE h.organisation = a.organisation "
        "AND b.edition = a.edition AND h.live IS TRUE)"
    ),
    "cells_held_twice": "SELECT cell FROM cell_hold WHERE live IS TRUE GROUP BY cell HAVING COUNT(*) > 1",
    "paid_without_payment": (
        "SELECT d.id FROM payment_document d WHERE d.state = 'paid' AND NOT EXISTS "
        "(SELECT 1 FROM payment p WHERE p.document = d.id)"
    ),
    "ballot_versions_not_dense": (
        "SELECT b.id FROM contest_ballot b WHERE b.revision_count <> "
        "(SELECT COUNT(*) FROM contest_ballot_revision r WHERE r.ballot = b.id)"
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

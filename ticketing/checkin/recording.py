"""Scans that are not on a gate's hot path: somebody leaves, or a phone hands over what it scanned on a day gone by, or
what it let in before it heard the service.

Each entry or exit is one transaction that takes the pass's row first, so that two scans of one pass follow one another.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from app.kernel.database import fetch, is_unique_violation, write_transaction
from ticketing.checkin.enums import Verdict
from ticketing.checkin.redeem import Answer, Presented

_FIRST_ANSWER = (
    "SELECT s.code_hash <> {} AS other_code, s.verdict AS verdict, s.reason AS reason, s.previous_at AS previous_at, "
    "s.previous_gate_id AS previous_gate_id, p.label AS label, p.valid_from AS valid_from, "
    'p.valid_until AS valid_until FROM scan s LEFT JOIN "pass" p ON p.id = s.event_pass WHERE s.client_id = {}'
)


async def leave(presented: Presented) -> Answer:
    """Close the open admission of a pass (``left``), or say that there is none (``not_inside``), and store the scan.

    A scan that was sent before gets its first answer again. Somebody let in after the scan was made stays inside.
    """
    return await _once(presented, None)


async def redeem_late(presented: Presented, day: tuple[datetime, datetime]) -> Answer:
    """Take over an entry that was scanned offline within ``day``, which is over: it holds against that day alone.

    The admission is closed from the beginning, so that it neither counts as inside today nor shuts the gate today.
    """
    return await _once(presented, day)


async def dispute(presented: Presented, first: Answer) -> Answer:
    """Set a scan aside that the service had refused while its phone, which had not heard, let somebody in.

    What was refused stands against it. A scan that was set aside before gets the same answer again.
    """
    rows = await fetch(
        "UPDATE scan SET verdict = {}, reason = verdict, shown = {}, offline = {} "
        "WHERE client_id = {} AND code_hash = {} AND verdict = {} RETURNING verdict, reason",
        Verdict.LATE_CONFLICT.value,
        presented.shown,
        True,
        presented.client_id,
        presented.code_hash,
        first.verdict,
    )
    return replace(first, **rows[0]) if rows else first


async def _once(presented: Presented, day: tuple[datetime, datetime] | None) -> Answer:
    try:
        return await _record(presented, day)
    except Exception as error:
        if not is_unique_violation(error):
            raise
    return await _record(presented, day)  # its copy was stored meanwhile


async def _record(presented: Presented, day: tuple[datetime, datetime] | None) -> Answer:
    async with write_transaction():
        stored = await fetch(_FIRST_ANSWER, presented.code_hash, presented.client_id)
        if stored:
            return Answer(**stored[0], replayed=True)
        rows = await fetch(
            'UPDATE "pass" SET state = state WHERE edition = {} AND serial = {} '
            "RETURNING id, state, kind, label, valid_from, valid_until",
            presented.edition_id,
            presented.serial,
        )
        found = rows[0] if rows else None
        if found is None:
            verdict, before = Verdict.UNKNOWN, None
        elif day is None:
            verdict, before = await _closed(presented, found["id"])
        else:
            verdict, before = await _entered(presented, found, day)
        disputed = day is not None and presented.shown == Verdict.ADMITTED and verdict is not Verdict.ADMITTED
        answer = Answer(
            verdict=(Verdict.LATE_CONFLICT if disputed else verdict).value,
            reason=verdict.value if disputed else None,
            previous_at=before["admitted_at"] if before else None,
            previous_gate_id=before["gate_id"] if before else None,
            label=found["label"] if found else None,
            valid_from=found["valid_from"] if found else None,
            valid_until=found["valid_until"] if found else None,
            replayed=False,
            other_code=False,
        )
        await _store(presented, answer, found["id"] if found else None)
        return answer


async def _closed(presented: Presented, pass_id: int) -> tuple[Verdict, dict[str, Any] | None]:
    rows = await fetch(
        "UPDATE admission SET left_at = {} WHERE list_id = {} AND event_pass = {} AND left_at IS NULL "
        "AND admitted_at <= {} RETURNING id",
        presented.judged_at,
        presented.list_id,
        pass_id,
        presented.judged_at,
    )
    return (Verdict.LEFT if rows else Verdict.NOT_INSIDE), None


async def _entered(
    presented: Presented, found: dict[str, Any], day: tuple[datetime, datetime]
) -> tuple[Verdict, dict[str, Any] | None]:
    verdict = _judged(presented, found)
    if verdict is not Verdict.ADMITTED:
        return verdict, None
    earlier = await fetch(
        "SELECT admitted_at, gate_id FROM admission WHERE list_id = {} AND event_pass = {} AND admitted_at >= {} "
        "AND admitted_at < {} AND (left_at IS NULL OR left_at > {}) ORDER BY admitted_at LIMIT 1",
        presented.list_id,
        found["id"],
        *day,
        presented.judged_at,
    )
    if earlier:
        return Verdict.ALREADY_ADMITTED, earlier[0]
    await fetch(
        "INSERT INTO admission (list_id, event_pass, gate_id, device_id, admitted_at, left_at, attempts) "
        "VALUES ({}, {}, {}, {}, {}, {}, 0) RETURNING id",
        presented.list_id,
        found["id"],
        presented.gate_id,
        presented.device_id,
        presented.judged_at,
        day[1],
    )
    return Verdict.ADMITTED, None


def _judged(presented: Presented, found: dict[str, Any]) -> Verdict:
    """The verdict before admissions are looked at, in the order of the hot path."""
    if found["state"] != "issued":
        return Verdict.BLOCKED if found["state"] == "blocked" else Verdict.REVOKED
    if presented.pass_kinds and found["kind"] not in presented.pass_kinds:
        return Verdict.WRONG_LIST
    if presented.judged_at < found["valid_from"]:
        return Verdict.NOT_VALID_YET
    if presented.judged_at >= found["valid_until"]:
        return Verdict.EXPIRED
    return Verdict(presented.refused_by_list) if presented.refused_by_list else Verdict.ADMITTED


async def _store(presented: Presented, answer: Answer, pass_id: int | None) -> None:
    await fetch(
        "INSERT INTO scan (client_id, list_id, gate_id, device_id, event_pass, code_hash, at, device_at, offline, "
        "shown, verdict, reason, previous_at, previous_gate_id) "
        "VALUES ({}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}) RETURNING id",
        presented.client_id,
        presented.list_id,
        presented.gate_id,
        presented.device_id,
        pass_id,
        presented.code_hash,
        presented.at,
        presented.device_at,
        presented.offline,
        presented.shown,
        answer.verdict,
        answer.reason,
        answer.previous_at,
        answer.previous_gate_id,
    )

"""What a gate lead settles: late conflicts, and who counts as inside."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

from app.accounts.actor import Actor
from app.kernel import audit
from app.kernel.database import fetch, write_transaction
from ticketing.checkin.enums import Settlement, Verdict
from ticketing.checkin.errors import ConflictNotOpen
from ticketing.checkin.services.live import note_scan


def midnight_of(timezone: str, now: datetime) -> datetime:
    """When the day began that it is now in a zone."""
    zone = ZoneInfo(timezone)
    return datetime.combine(now.astimezone(zone).date(), time(), zone)


async def settle_conflict(
    *, scan_id: int, edition_id: int, settlement: Settlement, actor: Actor, now: datetime
) -> None:
    """Settle a late conflict. Accepting one whose pass has no open admission counts it as inside.

    Raises ConflictNotOpen when it was settled already or is not of this edition.
    """
    async with write_transaction():
        rows = await fetch(
            "UPDATE scan SET settlement = {}, settled_at = {}, settled_by = {} WHERE id = {} AND verdict = {} "
            "AND settlement IS NULL AND gate_id IN (SELECT id FROM gate WHERE edition = {}) "
            "RETURNING list_id, gate_id, device_id, event_pass, reason",
            settlement.value,
            now,
            actor.person_id,
            scan_id,
            Verdict.LATE_CONFLICT.value,
            edition_id,
        )
        if not rows:
            raise ConflictNotOpen
        row = rows[0]
        if settlement is Settlement.ACCEPTED and row["event_pass"] is not None:
            await fetch(
                "INSERT INTO admission (list_id, event_pass, gate_id, device_id, admitted_at, attempts) "
                "VALUES ({}, {}, {}, {}, {}, 0) ON CONFLICT (list_id, event_pass) WHERE left_at IS NULL DO NOTHING "
                "RETURNING id",
                row["list_id"],
                row["event_pass"],
                row["gate_id"],
                row["device_id"],
                now,
            )
        await audit.record(
            actor=actor,
            action="scan.settle",
            subject_type="scan",
            subject_id=scan_id,
            edition_id=edition_id,
            before={"reason": row["reason"]},
            after={"settlement": settlement.value},
            now=now,
        )
    note_scan(edition_id)


async def empty_lists(*, edition_id: int, actor: Actor, now: datetime) -> int:
    """Close all open admissions of an edition, as when the doors shut; returns how many."""
    async with write_transaction():
        rows = await fetch(
            "UPDATE admission SET left_at = {} WHERE left_at IS NULL "
            "AND list_id IN (SELECT id FROM check_in_list WHERE edition = {}) RETURNING id",
            now,
            edition_id,
        )
        await audit.record(
            actor=actor,
            action="admission.close_all",
            subject_type="edition",
            subject_id=edition_id,
            edition_id=edition_id,
            after={"closed": len(rows)},
            now=now,
        )
    note_scan(edition_id)
    return len(rows)


async def close_past_days(*, now: datetime) -> int:
    """Close admissions of days that are over in each edition's own zone, so that a pass opens the gate next morning.

    Runs as a job; returns how many were closed.
    """
    closed = 0
    editions = await fetch(
        "SELECT DISTINCT e.id AS id, e.timezone AS timezone FROM edition e "
        "JOIN check_in_list l ON l.edition = e.id JOIN admission a ON a.list_id = l.id WHERE a.left_at IS NULL"
    )
    for edition in editions:
        async with write_transaction():
            rows = await fetch(
                "UPDATE admission SET left_at = {} WHERE left_at IS NULL AND admitted_at < {} "
                "AND list_id IN (SELECT id FROM check_in_list WHERE edition = {}) RETURNING id",
                now,
                midnight_of(edition["timezone"], now),
                edition["id"],
            )
        closed += len(rows)
    return closed

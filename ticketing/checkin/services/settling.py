"""What a gate lead settles: late conflicts, and who counts as inside."""

from datetime import datetime
from typing import Any

from app.accounts.actor import Actor
from app.kernel import audit
from app.kernel.database import dialect, fetch, write_transaction
from app.kernel.rows import among
from ticketing.checkin.changes import this_write
from ticketing.checkin.enums import Settlement, Verdict
from ticketing.checkin.errors import ConflictNotOpen
from ticketing.checkin.queries import list_rule
from ticketing.checkin.recording import hold, restate
from ticketing.checkin.rules import day_began
from ticketing.checkin.services.live import note_scan
from ticketing.checkin.tables import Emptying


async def settle_conflict(
    *, scan_id: int, edition_id: int, settlement: Settlement, actor: Actor, now: datetime
) -> None:
    """Settle a late conflict. One that is accepted counts as an entry at its time; one refused counts for nothing.

    Raises ConflictNotOpen when it was settled already or is not of this edition.
    """
    async with write_transaction():
        scans = await fetch("SELECT event_pass, list_id FROM scan WHERE id = {}", scan_id)
        pass_id, list_id = (scans[0]["event_pass"], scans[0]["list_id"]) if scans else (None, 0)
        if pass_id is not None:
            await hold(pass_id, list_id, now)
        rows = await fetch(
            "UPDATE scan SET settlement = {}, settled_at = {}, settled_by = {} WHERE id = {} AND verdict = {} "
            "AND settlement IS NULL AND gate_id IN (SELECT id FROM gate WHERE edition = {}) RETURNING reason",
            settlement.value,
            now,
            actor.person_id,
            scan_id,
            Verdict.LATE_CONFLICT.value,
            edition_id,
        )
        if not rows:
            raise ConflictNotOpen
        if pass_id is not None:
            await restate_pass(pass_id, list_id, now)
        await audit.record(
            actor=actor,
            action="scan.settle",
            subject_type="scan",
            subject_id=scan_id,
            edition_id=edition_id,
            before={"reason": rows[0]["reason"]},
            after={"settlement": settlement.value},
            now=now,
        )
    note_scan(edition_id)


async def restate_pass(pass_id: int, list_id: int, now: datetime) -> None:
    """Make what a list knows of a pass anew from its scans, in the caller's transaction, which holds its admission."""
    rule = await list_rule(list_id)
    await restate({(pass_id, list_id)}, rule.edition_id, lambda _list_id, at: rule.limits(at), now)


async def empty_lists(*, edition_id: int, actor: Actor, now: datetime) -> int:
    """Let everybody go who is inside a list of an edition, as when the doors shut; returns how many."""
    async with write_transaction():
        await Emptying(edition=edition_id, at=now).save()
        chosen, ids = await _hold_inside("list_id IN (SELECT id FROM check_in_list WHERE edition = {})", edition_id)
        rows = await fetch(
            f"UPDATE admission SET left_at = {{}}, last_at = {{}}, changed_in = {{}} WHERE id {chosen} RETURNING id",
            *(now, now, await this_write(), ids),
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
    """Let go who is inside since a day of the list that is over, so that nobody counts as inside next morning.

    Runs as a job; returns how many were let go.
    """
    closed = 0
    lists = await fetch("SELECT DISTINCT list_id AS id FROM admission WHERE left_at IS NULL")
    for row in lists:
        rule = await list_rule(row["id"])
        async with write_transaction():
            began = day_began(rule.rules, now, rule.timezone)
            chosen, ids = await _hold_inside("list_id = {} AND admitted_at < {}", row["id"], began)
            rows = await fetch(
                f"UPDATE admission SET left_at = {{}}, changed_in = {{}} WHERE id {chosen} RETURNING id",
                *(now, await this_write(), ids),
            )
        closed += len(rows)
    return closed


async def _hold_inside(condition: str, *values: Any) -> tuple[str, Any]:
    """Take the admissions of those inside that a condition chooses, in the order in which queues take theirs: else the
    two could wait for each other. Gives what stands behind ``id`` for "is one of these", and its value.
    """
    lock = " FOR UPDATE" if dialect() == "postgres" else ""
    rows = await fetch(
        f"SELECT id FROM admission WHERE left_at IS NULL AND {condition} ORDER BY event_pass, list_id{lock}", *values
    )
    return among([row["id"] for row in rows], "INTEGER")

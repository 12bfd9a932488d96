"""What is put right after a scan: it is taken back, or a gate lead lets somebody in who was refused."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from app.accounts.actor import Actor
from app.kernel import audit
from app.kernel.database import as_moment, fetch, is_unique_violation, write_transaction
from app.kernel.rows import insert_rows
from ticketing.checkin.enums import Settlement, Verdict
from ticketing.checkin.errors import NothingToUndo, NotRefused, ScanNotFound, UndoTooLate
from ticketing.checkin.recording import hold
from ticketing.checkin.schemas import UndoAnswer
from ticketing.checkin.services.live import note_scan
from ticketing.checkin.services.settling import restate_pass
from ticketing.checkin.tables import Scan

UNDO_MINUTES = 15
#: Answers by which somebody came in or went out.
MOVED = {Verdict.ADMITTED, Verdict.LEFT}
#: Answers over which a gate lead decides herself: to genuine passes of the edition.
REFUSED = set(Verdict) - MOVED - {Verdict.LATE_CONFLICT, Verdict.NOT_INSIDE}

#: What a scan by which a lead lets somebody in has of the one that refused her.
_KEPT = (
    *(Scan.list_id, Scan.gate_id, Scan.device_id, Scan.event_pass, Scan.code_hash),
    *(Scan.previous_at, Scan.previous_gate_id),
)
_SCAN = (
    "SELECT s.id, s.client_id, s.verdict, s.event_pass, s.list_id, s.gate_id, s.device_id, s.code_hash, s.previous_at, "
    "s.previous_gate_id, s.undone_at, s.override, COALESCE(s.judged_at, s.at) AS judged_at, "
    "gate.edition AS edition_id FROM scan s JOIN gate ON gate.id = s.gate_id WHERE "
)


def may_undo(scan: Mapping[str, Any], now: datetime) -> bool:
    """Whether a scan can be taken back."""
    moved = scan["verdict"] in MOVED or bool(scan["override"])
    age = now - as_moment(scan["judged_at"] or scan["at"])
    return (
        scan["pass_id"] is not None and moved and scan["undone_at"] is None and age <= timedelta(minutes=UNDO_MINUTES)
    )


def may_let_in(scan: Mapping[str, Any]) -> bool:
    """Whether somebody was refused by a scan whom a gate lead could let in."""
    return scan["verdict"] in REFUSED and scan["pass_id"] is not None


async def undo_own(*, actor: Actor, client_id: str, now: datetime) -> UndoAnswer:
    """Take back a scan that the acting device made, by its id. Raises as :func:`undo_scan`."""
    found = await fetch(_SCAN + "s.client_id = {} AND s.device_id = {}", client_id, actor.device_id)
    return await _undo(found, actor, now)


async def undo_scan(*, scan_id: int, edition_id: int, actor: Actor, now: datetime) -> UndoAnswer:
    """Take back a scan by which somebody came in or went out, as a gate lead. It stays stored and counts for nothing.

    What was taken back before has the same answer. Raises ScanNotFound, NothingToUndo, UndoTooLate.
    """
    return await _undo(await fetch(_SCAN + "s.id = {} AND gate.edition = {}", scan_id, edition_id), actor, now)


async def _undo(found: list[dict[str, Any]], actor: Actor, now: datetime) -> UndoAnswer:
    if not found:
        raise ScanNotFound
    scan = found[0]
    if scan["undone_at"] is not None:
        return UndoAnswer(scan["client_id"], as_moment(scan["undone_at"]), replayed=True)
    if scan["event_pass"] is None or not (scan["verdict"] in MOVED or scan["override"]):
        raise NothingToUndo
    if now - as_moment(scan["judged_at"]) > timedelta(minutes=UNDO_MINUTES):
        raise UndoTooLate(minutes=UNDO_MINUTES)
    async with write_transaction():
        await hold(scan["event_pass"], scan["list_id"], now)
        done = await fetch(
            "UPDATE scan SET undone_at = {}, undone_by = {}, undone_device = {} WHERE id = {} AND undone_at IS NULL "
            "RETURNING id",
            now,
            actor.person_id,
            actor.device_id,
            scan["id"],
        )
        if not done:  # by somebody else at this moment
            (told,) = await fetch("SELECT undone_at FROM scan WHERE id = {}", scan["id"])
            return UndoAnswer(scan["client_id"], as_moment(told["undone_at"]), replayed=True)
        await restate_pass(scan["event_pass"], scan["list_id"], now)
        await audit.record(
            actor=actor,
            action="scan.undo",
            subject_type="scan",
            subject_id=scan["id"],
            edition_id=scan["edition_id"],
            before={"verdict": scan["verdict"]},
            now=now,
        )
    note_scan(scan["edition_id"])
    return UndoAnswer(scan["client_id"], now)


async def let_in(*, scan_id: int, edition_id: int, reason: str, actor: Actor, now: datetime) -> None:
    """Let somebody in who was refused, as a gate lead who says why: a scan of its own, which counts as an entry.

    Whatever the rules say: also where the list is full. Once for each refusal. Raises ScanNotFound, NotRefused.
    """
    found = await fetch(_SCAN + "s.id = {} AND gate.edition = {}", scan_id, edition_id)
    if not found:
        raise ScanNotFound
    scan = found[0]
    if scan["verdict"] not in REFUSED or scan["event_pass"] is None:
        raise NotRefused
    values: dict[Any, Any] = {
        Scan.client_id: f"override:{scan_id}",
        **{column: scan[column._meta.name] for column in _KEPT},
        Scan.at: now,
        Scan.judged_at: now,
        Scan.verdict: Verdict.LATE_CONFLICT.value,
        Scan.reason: scan["verdict"],
        Scan.settlement: Settlement.ACCEPTED.value,
        Scan.settled_at: now,
        Scan.settled_by: actor.person_id,
        Scan.override: reason,
    }
    try:
        async with write_transaction():
            await hold(scan["event_pass"], scan["list_id"], now)
            await insert_rows(Scan, list(values), [list(values.values())])
            await restate_pass(scan["event_pass"], scan["list_id"], now)
            await audit.record(
                actor=actor,
                action="scan.override",
                subject_type="scan",
                subject_id=scan_id,
                edition_id=edition_id,
                before={"verdict": scan["verdict"]},
                after={"override": reason},
                now=now,
            )
    except Exception as error:
        if is_unique_violation(error):
            raise NotRefused from error
        raise
    note_scan(edition_id)

"""Transfers of a big statement that lie ready: begun, shown once the statement was taken over, else dropped.

Nobody at a gate waits for longer than a piece of it takes. One statement at a time lies ready, so that two which
overlap keep each line once: the second waits for the first. Who tells of a transfer meanwhile in one transaction, as a
notice does, does not wait: what lies ready makes room for it, and its statement is laid anew. A process that was killed
leaves its statement behind: :func:`look_after_laid` goes on showing what was taken over, and drops what was not.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.kernel import jobs
from app.kernel.clock import now as present
from app.kernel.database import fetch, write_transaction
from app.kernel.staging import LaidInVain, Pace
from app.payments.bank_lines import BankLine, alike
from app.payments.enums import EntrySource, EntryState, LaidState
from app.payments.services.entries import (
    MATCH_JOB,
    Kept,
    Told,
    confirm,
    insert_entries,
    name_payers,
    one_teller,
    plan_keeping,
    told_by_others,
)
from app.payments.tables_bank import LaidStatement

#: Whoever works on a statement gives a sign of life with each piece. Without one for so long, nobody does any more.
SILENT = timedelta(minutes=1)
WAITS = 0.3
"""Seconds between two looks at whether the statement before this one is done."""
LIE_READY = "state = 'laid' AND state <> 'matched'"
"""What lies ready; the second half lets SQLite use the index over all that is not matched."""
SOURCE = EntrySource.STATEMENT


@dataclass(frozen=True)
class Laid:
    """A statement that lies ready: how many of its lines are new, and how many were known."""

    id: int
    lines: Sequence[BankLine]
    kept: Kept
    zone: str


async def lay_statement(told: Told, *, edition_id: int | None, zone: str, now: datetime) -> Laid:
    """Write the new transfers of a statement in pieces that nobody sees, once no other statement lies ready.

    Transfers that are kept already are told of at once: which of them it confirms, and who sent them. Raises LaidInVain
    when somebody told of the same meanwhile.
    """
    laid_id = await _begin(edition_id)
    try:
        plan = await plan_keeping(told, source=SOURCE, now=now, edition_id=edition_id, zone=zone)
        pace = Pace()
        await _in_pieces(laid_id, pace, plan.fresh, _lay)
        await _in_pieces(laid_id, pace, plan.confirmed, confirm)
        await _in_pieces(laid_id, pace, plan.payers, _name)
    except BaseException:
        await drop_laid(laid_id)
        raise
    new = len(plan.fresh)
    return Laid(laid_id, told.lines, Kept(new, len(told.lines) - new), zone)


async def take_over_statement(laid: Laid) -> Kept:
    """Decide, in the caller's transaction, that all of a statement is going to be seen.

    Raises LaidInVain when it was given up for dead, or when somebody told meanwhile of what stands in it.
    """
    await one_teller()
    claimed = await _move(laid.id, LaidState.TAKEN_OVER, LaidState.LAYING)
    if not claimed or await _count() != laid.kept.new:
        raise LaidInVain
    if laid.lines:
        others = await told_by_others(laid.lines, SOURCE, laid.zone, "id > {}", claimed[0]["newest_entry"])
        if any(alike(line, other) for line in laid.lines for _id, other in others.get(line.amount, ())):
            raise LaidInVain
    return laid.kept


async def show_laid(laid_id: int) -> None:
    """Let transfers that were taken over be seen, in pieces, and then matched; doing it twice, or by two, is fine."""
    pace, shown = Pace(), -1
    while shown:
        async with pace.piece():
            if not await _works_on(laid_id, LaidState.TAKEN_OVER):
                return
            done = await fetch(
                f"UPDATE bank_entry SET state = {{}} WHERE id IN (SELECT id FROM bank_entry WHERE {LIE_READY} "
                "ORDER BY id LIMIT {}) RETURNING id",
                EntryState.NEW.value,
                pace.rows,
            )
            shown = len(done)
            if not shown:
                ended = await LaidStatement.delete().where(LaidStatement.id == laid_id).returning(LaidStatement.edition)
                await jobs.enqueue(MATCH_JOB, edition_id=ended[0]["edition"], now=present())
        await pace.rest()


async def drop_laid(laid_id: int) -> None:
    """Delete transfers that lie ready. Nothing happens to a statement that was taken over."""
    async with write_transaction():
        await _move(laid_id, LaidState.DROPPED, LaidState.LAYING)
    pace, gone = Pace(), -1
    while gone:
        async with pace.piece():
            if not await _works_on(laid_id, LaidState.DROPPED):
                return
            found = f"SELECT id FROM bank_entry WHERE {LIE_READY} ORDER BY id LIMIT {{}}"
            gone = len(await fetch(f"DELETE FROM bank_entry WHERE id IN ({found}) RETURNING id", pace.rows))
            if not gone:
                await LaidStatement.delete().where(LaidStatement.id == laid_id)
        await pace.rest()


async def look_after_laid(*, now: datetime) -> int:
    """Go on where a process that was killed left off: show what was taken over, drop the rest; returns how many."""
    silent = await LaidStatement.select(LaidStatement.id, LaidStatement.state).where(
        LaidStatement.seen_at < now - SILENT
    )
    for row in silent:
        await (show_laid if row["state"] == LaidState.TAKEN_OVER.value else drop_laid)(row["id"])
    return len(silent)


async def _begin(edition_id: int | None) -> int:
    """Note that transfers are going to lie ready, once none of another statement do."""
    while True:
        async with write_transaction():
            await one_teller()
            if not await LaidStatement.exists():
                (newest,) = await fetch("SELECT COALESCE(MAX(id), 0) AS id FROM bank_entry")
                laid = LaidStatement(edition=edition_id, newest_entry=newest["id"], seen_at=present())
                await laid.save()
                return int(laid.id)
        await look_after_laid(now=present())
        await asyncio.sleep(WAITS)


async def _in_pieces(
    laid_id: int, pace: Pace, rows: Sequence[Any], write: Callable[[Sequence[Any]], Awaitable[int]]
) -> None:
    """Write rows in short transactions. Raises LaidInVain when some of them no longer fit what is there."""
    done = 0
    while done < len(rows):
        some = rows[done : done + pace.rows]
        async with pace.piece():
            await one_teller()
            if not await _works_on(laid_id, LaidState.LAYING) or await write(some) != len(some):
                raise LaidInVain
        done += len(some)
        await pace.rest()


async def _lay(rows: Sequence[Any]) -> int:
    return await insert_entries(rows, EntryState.LAID)


async def _name(payers: Sequence[Any]) -> int:
    await name_payers(payers)
    return len(payers)


async def _works_on(laid_id: int, state: LaidState) -> bool:
    """Give a sign of life; false when the statement is elsewhere by now. Call it in the piece it is for."""
    return bool(
        await LaidStatement.update({LaidStatement.seen_at: present()})
        .where((LaidStatement.id == laid_id) & (LaidStatement.state == state.value))
        .returning(LaidStatement.id)
    )


async def _move(laid_id: int, after: LaidState, before: LaidState) -> list[dict[str, Any]]:
    return (
        await LaidStatement.update({LaidStatement.state: after.value})
        .where((LaidStatement.id == laid_id) & (LaidStatement.state == before.value))
        .returning(LaidStatement.newest_entry)
    )


async def _count() -> int:
    (found,) = await fetch(f"SELECT COUNT(*) AS n FROM bank_entry WHERE {LIE_READY}")
    return int(found["n"])

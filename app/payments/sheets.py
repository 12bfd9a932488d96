"""Statements of bank accounts as sheets: whatever a bank calls its columns, money that came in is kept once.

Only what came in is taken. Lines of money that went, totals and balances are passed over, and counted; the same
statement again, or one that overlaps another, adds nothing. What payers wrote is taken as it stands.
"""

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.kernel.i18n import N_
from app.kernel.money import Money
from app.kernel.names import search_text
from app.kernel.settings import settings
from app.kernel.sheets import CellProblem, Laying, LoadResult, SheetContext, SheetKind, SheetRow
from app.kernel.sheets.checking import NO_COLUMN, REQUIRED
from app.kernel.sheets.model import Value
from app.payments.bank_lines import BankLine, our_account
from app.payments.enums import EntrySource
from app.payments.references import find_references
from app.payments.services.entries import Kept, Told, count_unnamed, keep_told, plan_keeping, told_of
from app.payments.services.laid_statements import (
    Laid,
    drop_laid,
    lay_statement,
    show_laid,
    take_over_statement,
)
from app.payments.services.reversals import Reversal, find_reversals, note_reversals
from app.payments.sheet_cells import NOT_AN_AMOUNT, is_nothing
from app.payments.sheet_columns import COLUMNS

DESK = "bank"
TOTALS = re.compile(
    r"(tong(?! cong ty)|cong(?! ty)|so du|luy ke|phat sinh|doanh so|total|sub ?total|grand total|balance|opening|"
    r"closing|saldo|jumlah|mutasi)\b"
)
#: A day's own totals, which stand on its date: only where no number, payer or reference says that it is a transfer.
OF_A_DAY = re.compile(r"(tong cong(?! ty)|cong phat sinh|so du|luy ke|opening balance|closing balance|saldo a[wk])")
NOT_A_DAY = N_("This is no day that can be read. Banks write it like 21/11/2026 or 2026-11-21 14:02.")
NOT_YET = N_("This day has not come yet. Is it written with the month first?")
#: Banks book in the evening as of the next day.
AHEAD = timedelta(days=1)

#: Of each of these columns a statement has at least one.
NEEDED = (("booked_at", "value_at"), ("credit", "amount"), ("purpose",))
AMOUNTS = ("credit", "debit", "amount")
_LABELS = {column.name: column for column in COLUMNS}


async def _check(rows: Sequence[SheetRow], context: SheetContext) -> list[CellProblem]:
    """Columns that no statement lacks, and what is wrong with lines."""
    if not rows:
        return []
    missing = [
        CellProblem(rows[0].number, "", _LABELS[names[0]].label(), "", "column_missing", NO_COLUMN, name=names[0])
        for names in NEEDED
        if not any(rows[0].has(name) for name in names)
    ]
    if missing:
        return missing
    latest = context.now.astimezone(ZoneInfo(context.timezone)).date() + AHEAD
    return [problem for row in rows for problem in _problems_of(row, latest, ZoneInfo(context.timezone))]


def _problems_of(row: SheetRow, latest: date, zone: ZoneInfo) -> list[CellProblem]:
    """Words where a transfer has its amount, and money that came on no day, or on one that is still to come."""
    at = _booked_at(row)
    if at is not None or re.search(r"\d", row["number"] or ""):
        words = [name for name in AMOUNTS if row[name] is None and _is_word(row.cell(name))]
        if words:
            return [row.problem(name, "not_money", NOT_AN_AMOUNT) for name in words]
    if came_in(row) <= 0:
        return []
    if at is not None:
        name = "value_at" if row["booked_at"] is None else "booked_at"
        return [row.problem(name, "day_to_come", NOT_YET)] if at.astimezone(zone).date() > latest else []
    if _is_total(row):
        return []
    filled = next((name for name in ("booked_at", "value_at") if row.cell(name) is not None), None)
    if filled is not None:
        return [row.problem(filled, "not_a_time", NOT_A_DAY)]
    return [row.problem("booked_at" if row.has("booked_at") else "value_at", "required", REQUIRED)]


def _is_word(value: Value) -> bool:
    """Whether something stands in the place of an amount that is none, and no name of a total either."""
    return not is_nothing(value) and not TOTALS.match(search_text(_words(value)))


def came_in(row: SheetRow) -> int:
    """How many minor units a line brought; 0 for money that went, and for lines without an amount."""
    if row.has("credit"):
        return max(0, row["credit"] or 0)
    if row["direction"] == "out" or row["debit"]:
        return 0
    return max(0, row["amount"] or 0)


def went_out(row: SheetRow) -> bool:
    """Whether a line of some day tells of money that went."""
    some = any(row[name] for name in AMOUNTS)
    return some and _booked_at(row) is not None and came_in(row) == 0


def gone(row: SheetRow) -> int:
    """How many minor units a line took; 0 for money that came, and for lines without an amount."""
    return 0 if came_in(row) else abs(row["debit"] or row["credit"] or row["amount"] or 0)


def _booked_at(row: SheetRow) -> datetime | None:
    found: datetime | None = row["booked_at"] or row["value_at"]
    return found


def _is_total(row: SheetRow) -> bool:
    """A line that adds others up: it says so in a cell, or says nothing at all, not even in the place of its day."""
    said = [row[name] for name in ("purpose", "number", "payer_name") if row[name]]
    said += [text for name in ("booked_at", "value_at") if (text := _words(row.cell(name)))]
    return not said or any(TOTALS.match(search_text(text)) for text in map(_words, row.raw.values) if text)


def _is_total_of_a_day(row: SheetRow) -> bool:
    said = row["purpose"] or ""
    bare = not row["number"] and not row["payer_name"] and not row["payer_account"] and not find_references(said)
    return bare and OF_A_DAY.match(search_text(said)) is not None


def _words(value: Value) -> str:
    return value if isinstance(value, str) else ""


def lines_of(
    rows: Sequence[SheetRow], context: SheetContext, minor_of: Callable[[SheetRow], int] = came_in
) -> list[BankLine]:
    """The transfers that came in, in the order of the sheet, or those that went: ``gone`` gives their amounts."""
    zone, lines = ZoneInfo(context.timezone), []
    for row in rows:
        at, minor = _booked_at(row), minor_of(row)
        if at is None or minor <= 0 or _is_total_of_a_day(row):
            continue
        local = at.astimezone(zone)
        if row["clock"] is not None and local.time() == time():
            local = datetime.combine(local.date(), row["clock"], zone)
        lines.append(
            BankLine(
                account=our_account(settings().bank_account, row["account"] or ""),
                booked_at=local.astimezone(ZoneInfo("UTC")),
                day=local.date(),
                amount=Money(minor, context.currency),
                purpose=row["purpose"] or "",
                payer_name=row["payer_name"] or "",
                payer_account=row["payer_account"] or "",
                number=row["number"] or "",
            )
        )
    return lines


async def _load(rows: Sequence[SheetRow], context: SheetContext) -> LoadResult:
    """Keep what came in; what was kept before counts as unchanged."""
    ready = _ready_of(rows, context)
    kept = await keep_told(
        ready.told,
        source=EntrySource.STATEMENT,
        now=context.now,
        edition_id=context.edition_id,
        zone=context.timezone,
    )
    reversals = await ready.reversals(context)
    await note_reversals(reversals)
    return ready.result(kept, reversals)


@dataclass(frozen=True)
class _Ready:
    """A statement that is read, the lines of money that went, and how many rows tell of that or have no amount."""

    told: Told
    out: Sequence[BankLine]
    outgoing: int
    passed_over: int

    async def reversals(self, context: SheetContext, *, laid: bool = False) -> list[Reversal]:
        """Which of its lines of money that went are going to be noted at transfers that are kept."""
        return await find_reversals(self.out, edition_id=context.edition_id, zone=context.timezone, laid=laid)

    def result(self, kept: Kept, reversals: Sequence[Reversal]) -> LoadResult:
        """What is said of it, once it is known what of it is new, and what is noted at transfers."""
        return LoadResult(
            created=kept.new,
            unchanged=kept.known,
            outgoing=self.outgoing - len(reversals),
            reversals=len(reversals),
            passed_over=self.passed_over,
        )


def _ready_of(rows: Sequence[SheetRow], context: SheetContext) -> _Ready:
    lines = lines_of(rows, context)
    told = told_of(lines, source=EntrySource.STATEMENT, now=context.now, edition_id=context.edition_id)
    outgoing = sum(went_out(row) for row in rows)
    return _Ready(told, lines_of(rows, context, gone), outgoing, len(rows) - len(lines) - outgoing)


#: Statements that lie ready, by number, in the process that a big one has for itself.
_laid: dict[int, tuple[_Ready, Laid, list[Reversal]]] = {}


async def _foretell(rows: Sequence[SheetRow], context: SheetContext) -> LoadResult:
    """What keeping it now would come to; changed are kept transfers that it confirms, or says the sender of."""
    ready = await asyncio.to_thread(_ready_of, rows, context)
    plan = await plan_keeping(
        ready.told,
        source=EntrySource.STATEMENT,
        now=context.now,
        edition_id=context.edition_id,
        zone=context.timezone,
    )
    known = len(ready.told.lines) - len(plan.fresh)
    changed = len(plan.confirmed) + await count_unnamed(plan.payers)
    expected = ready.result(Kept(len(plan.fresh), known), await ready.reversals(context))
    return replace(expected, updated=changed, unchanged=known - changed)


async def _lay(rows: Sequence[SheetRow], context: SheetContext) -> int:
    """Write what is new in pieces that nobody sees, so that nobody waits for SQLite's one writer."""
    ready = await asyncio.to_thread(_ready_of, rows, context)
    laid = await lay_statement(ready.told, edition_id=context.edition_id, zone=context.timezone, now=context.now)
    _laid[laid.id] = ready, laid, await ready.reversals(context, laid=True)
    return laid.id


async def _take_over(number: int, context: SheetContext) -> LoadResult:
    ready, laid, reversals = _laid[number]
    kept = await take_over_statement(laid)
    await note_reversals(reversals)
    return ready.result(kept, reversals)


async def _show(number: int) -> None:
    _laid.pop(number, None)
    await show_laid(number)


async def _drop(number: int) -> None:
    _laid.pop(number, None)
    await drop_laid(number)


STATEMENTS = SheetKind(
    name="bank_statement",
    title=N_("Bank statement"),
    columns=COLUMNS,
    load=_load,
    check=_check,
    laying=Laying(lay=_lay, take_over=_take_over, show=_show, drop=_drop),
    place="/payments/bank",
    desk=DESK,
    verbatim=True,
    foretell=_foretell,
)

"""Transfers of a big statement lie ready in pieces: nobody sees them until all do, whoever is killed meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.kernel import clock
from app.kernel.database import write_transaction
from app.kernel.enums import BatchState, JobState
from app.kernel.money import Money
from app.kernel.sheets import SheetContext
from app.kernel.sheets.apart import work_on
from app.kernel.sheets.batches import accept, preview
from app.kernel.sheets.kept import result_of
from app.kernel.staging import LaidInVain, Pace
from app.kernel.tables import ImportBatch, Job
from app.main import register_modules
from app.payments.bank_lines import BankLine
from app.payments.enums import EntrySource, EntryState
from app.payments.errors_bank import TransferNotFound
from app.payments.queries_bank import counts_of_entries, entries, entry_by_id
from app.payments.services import laid_statements
from app.payments.services.assigning import match_new
from app.payments.services.entries import MATCH_JOB, Kept, keep_entries, told_of
from app.payments.services.laid_statements import (
    SILENT,
    Laid,
    drop_laid,
    lay_statement,
    look_after_laid,
    show_laid,
    take_over_statement,
)
from app.payments.sheets import DESK, STATEMENTS
from app.payments.tables import LedgerEntry
from app.payments.tables_bank import BankEntry, LaidStatement
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.support.race import race, winners

pytestmark = pytest.mark.engines

COUNT = 23
PIECE = 5
LATER = NOW + SILENT + timedelta(seconds=1)
ZONE = "Asia/Ho_Chi_Minh"


class Killed(BaseException):
    """The process ends here."""


def line(number: int, **changes: Any) -> BankLine:
    """A transfer with a number of its own."""
    values: dict[str, Any] = {
        "account": "0011001932418",
        "booked_at": datetime(2026, 10, 15, 1, tzinfo=UTC),
        "day": date(2026, 10, 15),
        "amount": Money(50_000 + number, "VND"),
        "purpose": f"NGUYEN THI LAN chuyen tien lan {number}",
        "number": f"FT26331{number:09d}",
        **changes,
    }
    return BankLine(**values)


LINES = [line(number) for number in range(COUNT)]


def statement(first: int = 0, last: int = COUNT) -> bytes:
    """A statement with some of the transfers, as a file."""
    rows = [
        f"15/10/2026;FT26331{number:09d};{50_000 + number};chuyen tien lan {number}" for number in range(first, last)
    ]
    return "\n".join(["Ngày giao dịch;Số tham chiếu;Số tiền;Mô tả", *rows, ""]).encode()


@pytest.fixture
async def context(database: str, frozen_now: Any, monkeypatch: pytest.MonkeyPatch) -> SheetContext:
    """The bank desk of a festival whose statements are written in pieces of five rows."""
    register_modules()
    for name, value in (("HOLD", 0.0), ("LEAST", 1), ("USUAL", PIECE), ("MOST", PIECE)):
        monkeypatch.setattr(Pace, name, value)
    monkeypatch.setattr(laid_statements, "WAITS", 0.01)
    edition = await make_edition()
    return SheetContext(edition_id=edition.id, actor=SYSTEM, now=NOW, desk=DESK)


async def lay(context: SheetContext, lines: Sequence[BankLine] = LINES) -> Laid:
    """Let transfers lie ready."""
    told = told_of(lines, source=EntrySource.STATEMENT, now=NOW, edition_id=context.edition_id)
    return await lay_statement(told, edition_id=context.edition_id, zone=ZONE, now=NOW)


async def take_over(laid: Laid) -> Kept:
    """Take over what lies ready."""
    async with write_transaction():
        return await take_over_statement(laid)


async def numbers() -> list[str]:
    """The numbers of all transfers that there are, seen or not."""
    return sorted(row["bank_reference"] for row in await BankEntry.select())


async def seen(context: SheetContext) -> tuple[int, int, int]:
    """How many transfers the list, a search and the figures know."""
    assert context.edition_id is not None
    listed, found = await entries(context.edition_id), await entries(context.edition_id, search="chuyen tien", limit=50)
    assert found.total == len(found.items)
    return listed.total, found.total, sum((await counts_of_entries(context.edition_id)).values())


async def killed_at(monkeypatch: pytest.MonkeyPatch, name: str, calls: int) -> Any:
    """Let the process end at a call of a function: nothing tidies up behind it."""
    real, made = getattr(laid_statements, name), []

    async def ends(*given: Any, **named: Any) -> Any:
        made.append(1)
        if len(made) > calls:
            raise Killed
        return await real(*given, **named)

    async def not_any_more(_laid: int) -> None:
        """Who was killed drops nothing."""

    patch = pytest.MonkeyPatch()
    patch.setattr(laid_statements, name, ends)
    patch.setattr(laid_statements, "drop_laid", not_any_more)
    return patch


async def test_nobody_sees_what_lies_ready(context: SheetContext) -> None:
    laid = await lay(context)
    assert (await seen(context), len(await numbers())) == ((0, 0, 0), COUNT)
    (some,) = await BankEntry.select(BankEntry.id).limit(1)
    with pytest.raises(TransferNotFound):
        await entry_by_id(some["id"])
    assert await match_new(NOW) == {}
    assert await LedgerEntry.count() == 0
    assert await take_over(laid) == Kept(COUNT, 0)
    assert await seen(context) == (0, 0, 0)
    assert await Job.count().where(Job.kind == MATCH_JOB) == 0
    await show_laid(laid.id)
    assert await seen(context) == (COUNT, COUNT, COUNT)
    assert await LaidStatement.count() == 0
    assert await Job.count().where((Job.kind == MATCH_JOB) & (Job.state == JobState.QUEUED.value)) == 1
    assert await match_new(NOW) == {EntryState.LEFT: COUNT}


async def test_no_piece_is_longer_than_its_bound(context: SheetContext, monkeypatch: pytest.MonkeyPatch) -> None:
    real, pieces = laid_statements.insert_entries, []

    async def insert(rows: Sequence[Any], state: EntryState) -> int:
        pieces.append(len(rows))
        return await real(rows, state)

    monkeypatch.setattr(laid_statements, "insert_entries", insert)
    await lay(context)
    assert sum(pieces) == COUNT
    assert max(pieces) <= PIECE


async def test_the_same_statement_again_changes_nothing(context: SheetContext) -> None:
    for new in (COUNT, 0):
        batch = await preview(STATEMENTS.name, statement(), "a.csv", context)
        result = result_of(await accept(batch.id, context, lay=True))
        assert (result["created"], result["unchanged"]) == (new, COUNT - new)
        before = await BankEntry.select().order_by(BankEntry.id)
    assert await BankEntry.select().order_by(BankEntry.id) == before
    assert await seen(context) == (COUNT, COUNT, COUNT)


async def test_who_is_killed_between_two_pieces_leaves_nothing_that_anybody_sees(
    context: SheetContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = await preview(STATEMENTS.name, statement(), "a.csv", context)
    await ImportBatch.update({ImportBatch.state: BatchState.LOADING.value}).where(ImportBatch.id == batch.id)
    patch = await killed_at(monkeypatch, "insert_entries", 2)
    with pytest.raises(Killed):
        await work_on(batch.id, context)
    patch.undo()
    assert (await seen(context), 0 < len(await numbers()) < COUNT) == ((0, 0, 0), True)
    assert await look_after_laid(now=NOW) == 0  # for all that is known somebody works on it
    with clock.freeze(LATER):
        assert await work_on(batch.id, context) == BatchState.LOADED  # as its job does when it is begun again
    assert await numbers() == [one.number for one in LINES]
    assert await seen(context) == (COUNT, COUNT, COUNT)


async def test_who_is_killed_once_it_is_decided_leaves_a_statement_that_is_shown(
    context: SheetContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    laid = await lay(context)
    await take_over(laid)
    patch = await killed_at(monkeypatch, "_works_on", 1)
    with pytest.raises(Killed):
        await show_laid(laid.id)
    patch.undo()
    await drop_laid(laid.id)
    assert len(await numbers()) == COUNT
    assert await look_after_laid(now=LATER) == 1
    assert await seen(context) == (COUNT, COUNT, COUNT)
    assert (await LaidStatement.count(), await Job.count().where(Job.kind == MATCH_JOB)) == (0, 1)


async def test_a_notice_meanwhile_is_kept_and_the_statement_laid_anew(context: SheetContext) -> None:
    laid = await lay(context)
    assert await keep_entries(LINES[3:4], source=EntrySource.WEBHOOK, now=NOW) == Kept(1, 0)
    with pytest.raises(LaidInVain):
        await take_over(laid)
    await drop_laid(laid.id)
    assert await numbers() == [LINES[3].number]
    again = await lay(context)
    assert await take_over(again) == Kept(COUNT - 1, 1)
    await show_laid(again.id)
    assert await numbers() == [one.number for one in LINES]


async def test_a_notice_with_another_number_meanwhile_is_the_same_transfer(context: SheetContext) -> None:
    laid = await lay(context)
    notice = replace(LINES[3], number="9907")
    assert await keep_entries([notice], source=EntrySource.WEBHOOK, now=NOW) == Kept(1, 0)
    assert await keep_entries([line(99)], source=EntrySource.WEBHOOK, now=NOW) == Kept(1, 0)  # in no statement
    with pytest.raises(LaidInVain):
        await take_over(laid)
    await drop_laid(laid.id)
    again = await lay(context)
    assert await take_over(again) == Kept(COUNT - 1, 1)
    await show_laid(again.id)
    assert len(await numbers()) == COUNT + 1


async def test_what_is_decided_but_not_shown_yet_is_known(context: SheetContext) -> None:
    laid = await lay(context)
    await take_over(laid)
    assert await keep_entries(LINES[:2], source=EntrySource.STATEMENT, now=NOW) == Kept(0, 2)
    await show_laid(laid.id)
    assert await numbers() == [one.number for one in LINES]


async def test_who_was_given_up_for_dead_finds_nothing_to_take_over(context: SheetContext) -> None:
    laid = await lay(context)
    assert await look_after_laid(now=LATER) == 1
    assert await numbers() == []
    with pytest.raises(LaidInVain):
        await take_over(laid)


@pytest.mark.race
async def test_two_statements_that_overlap_keep_each_line_once(context: SheetContext) -> None:
    files = (statement(0, 15), statement(8, COUNT))
    batches = [await preview(STATEMENTS.name, file, "a.csv", context) for file in files]
    answers = winners(await race(2, lambda number: accept(batches[number].id, context, lay=True)))
    assert sum(result_of(one)["created"] for one in answers) == COUNT
    assert sum(result_of(one)["unchanged"] for one in answers) == 15 + 15 - COUNT
    assert await numbers() == [one.number for one in LINES]
    assert await seen(context) == (COUNT, COUNT, COUNT)

"""Attendees from a big sheet: read and loaded by a job in a process of its own, in one step or not at all."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.events.passes.queries import key_purpose
from app.kernel import jobs
from app.kernel.database import fetch
from app.kernel.enums import BatchState, JobState
from app.kernel.jobs import claim
from app.kernel.settings import settings
from app.kernel.sheets import SheetContext, apart, batches, checking, kept
from app.kernel.sheets.errors import BatchHasProblems
from app.kernel.sheets.files import stored_bytes
from app.kernel.sheets.model import TOLD_EVERY
from app.kernel.signing import active_key, rotate_key
from app.kernel.tables import ImportBatch, Job
from app.kernel.worker import run_job
from app.main import register_modules
from tests.conftest import NOW
from tests.support.factories_ticketing import make_open_edition, make_ticket_type
from ticketing.sales.services.laid import SILENT, look_after_laid
from ticketing.sales.sheets import ATTENDEES

pytestmark = [pytest.mark.engines, pytest.mark.slow]
ROWS = 25


@pytest.fixture
async def context(database: str, frozen_now: Any, monkeypatch: pytest.MonkeyPatch) -> SheetContext:
    """For whom the sheets are loaded; every sheet is a big one, and its process finds this test's database."""
    register_modules()
    monkeypatch.setattr(apart, "BIG_BYTES", 0)
    monkeypatch.setattr(apart, "BIG_ROWS", 0)
    monkeypatch.setenv("DATABASE_URL", database)
    edition = await make_open_edition(now=NOW)
    await make_ticket_type(edition_id=edition.id, code="NGAY", quota=100, now=NOW)
    return SheetContext(edition_id=edition.id, actor=SYSTEM, now=NOW)


def sheet(rows: int = ROWS, *, kind: str = "NGAY") -> bytes:
    """Attendees, the last of whom stands in it twice: once by phone, once by mail."""
    lines = ["Họ và tên,Số điện thoại,Email,Loại vé"]
    lines += [f"Nguyễn Thị Số {number},09{10_000_000 + number},a{number}@example.vn,{kind}" for number in range(rows)]
    return "\n".join([*lines, f"Nguyễn Thị Hai,,a{rows - 1}@example.vn,{kind}"]).encode()


async def work() -> list[str]:
    """Do all jobs that wait; returns how they ended."""
    ended = []
    while (row := await claim("test", NOW)) is not None:
        await run_job(row, "test")
        (job,) = await Job.select(Job.state).where(Job.id == row["id"])
        ended.append(job["state"])
    return ended


async def counts() -> list[int]:
    """How many people, passes, orders and tickets there are, and how many places are sold."""
    found = []
    for sql in ("person", "pass", "ticket_order", "order_item"):
        found.append((await fetch(f"SELECT COUNT(*) AS n FROM {sql}"))[0]["n"])
    return [*found, (await fetch("SELECT SUM(sold) AS n FROM ticket_type"))[0]["n"]]


async def read(context: SheetContext, data: bytes | None = None) -> ImportBatch:
    """Upload a sheet and let the job read it."""
    batch = await apart.take_in("attendees", data or sheet(), "attendees.csv", context)
    assert (batch.state, kept.sample_of(batch)) == (BatchState.READING, ([], []))
    assert await work() == [JobState.DONE]
    return await apart.look_after(batch.id, context)


async def test_a_big_sheet_is_read_and_loaded_by_jobs(context: SheetContext) -> None:
    batch = await read(context)
    assert (batch.state, batch.row_count, batch.problem_count) == (BatchState.PREVIEWED, ROWS + 1, 0)
    assert await counts() == [0, 0, 0, 0, 0]
    batch = await apart.let_load(batch.id, context)
    assert (await apart.let_load(batch.id, context)).state == BatchState.LOADING
    assert await work() == [JobState.DONE]
    batch = await apart.look_after(batch.id, context)
    assert (batch.state, apart.failure_of(batch)) == (BatchState.LOADED, "")
    assert kept.result_of(batch) == {"created": ROWS, "updated": 0, "unchanged": 1}
    assert await counts() == [ROWS] * 5
    again = await read(context)
    await apart.let_load(again.id, context)
    await work()
    assert kept.result_of(await apart.look_after(again.id, context)) == {
        "created": 0,
        "updated": 1,  # the last one, by the name in her second row
        "unchanged": ROWS,
    }
    assert await counts() == [ROWS] * 5


async def test_whoever_waits_is_told_how_far_it_is(context: SheetContext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "PROGRESS_SECONDS", 0)
    long = await read(context, sheet(TOLD_EVERY + 100))
    done, all_of_it, _stopping = await apart.progress_of(long)
    assert 0 < done < all_of_it  # the first pass over the rows is half the way
    short = await read(context, sheet(80))
    await apart.let_load(short.id, context)
    assert await work() == [JobState.DONE]
    done, all_of_it, _stopping = await apart.progress_of(await batches.find_batch(short.id, context))
    assert all_of_it / 2 <= done < all_of_it


async def test_what_is_no_sheet_is_dropped_with_the_reason(context: SheetContext) -> None:
    batch = await apart.take_in("attendees", b"%PDF-1.7 nothing", "attendees.csv", context)
    assert await work() == [JobState.DONE]
    batch = await apart.look_after(batch.id, context)
    assert (batch.state, apart.failure_of(batch) != "") == (BatchState.DISCARDED, True)


async def test_what_is_being_read_is_not_loaded(context: SheetContext) -> None:
    batch = await apart.take_in("attendees", sheet(), "attendees.csv", context)
    assert (await apart.let_load(batch.id, context)).state == BatchState.READING
    assert await work() == [JobState.DONE]
    assert (await apart.look_after(batch.id, context)).state == BatchState.PREVIEWED


async def test_a_sheet_that_waits_to_be_read_is_dropped(context: SheetContext) -> None:
    batch = await apart.take_in("attendees", sheet(), "attendees.csv", context)
    batch = await apart.let_go(batch.id, context)
    assert (batch.state, apart.failure_of(batch)) == (BatchState.DISCARDED, str(apart.STOPPED))
    assert await work() == []


async def test_a_sheet_that_is_being_loaded_is_stopped_and_loaded_after_all(context: SheetContext) -> None:
    batch = await read(context)
    stored = settings().data_dir / "imports" / batch.stored_path
    content = stored.read_bytes()
    stored.unlink()
    os.mkfifo(stored)  # whoever loads it waits for somebody to write
    await apart.let_load(batch.id, context)
    working = asyncio.create_task(work())
    for _wait in range(500):
        if await Job.exists().where(Job.state == JobState.RUNNING):
            break
        await asyncio.sleep(0.02)
    batch = await apart.let_go(batch.id, context)
    assert (batch.state, await apart.progress_of(batch)) == (BatchState.LOADING, (0, apart.STEPS, True))
    assert await working == [JobState.CANCELLED]
    await apart.look_after_all(context)
    batch = await batches.find_batch(batch.id, context)
    assert (batch.state, apart.failure_of(batch)) == (BatchState.PREVIEWED, str(apart.STOPPED))
    assert await counts() == [0, 0, 0, 0, 0]
    stored.unlink()
    stored.write_bytes(content)
    assert (await apart.let_load(batch.id, context)).state == BatchState.LOADING
    assert await work() == [JobState.DONE]
    assert (await apart.let_go(batch.id, context)).state == BatchState.LOADED
    assert await counts() == [ROWS] * 5


async def test_mistakes_are_shown_and_nothing_is_handed_over(context: SheetContext) -> None:
    batch = await read(context, sheet(kind="NOSUCH"))
    assert (batch.state, batch.problem_count) == (BatchState.PREVIEWED, ROWS + 1)
    with pytest.raises(BatchHasProblems):
        await apart.let_load(batch.id, context)


async def test_columns_chosen_by_hand_let_it_be_read_again(context: SheetContext) -> None:
    batch = await read(context, sheet().replace("Loại vé".encode(), b"Cot la"))
    assert batch.problem_count == 1
    mapping = {**kept.mapping_of(batch), "Cot la": "ticket_type"}
    assert (await apart.choose_columns(batch.id, mapping, context)).state == BatchState.READING
    await work()
    batch = await apart.look_after(batch.id, context)
    assert (batch.state, batch.problem_count) == (BatchState.PREVIEWED, 0)


async def test_a_job_that_ended_without_a_word_leaves_it_to_be_accepted_again(context: SheetContext) -> None:
    batch = await read(context)
    batch = await apart.let_load(batch.id, context)
    await Job.update({Job.state: JobState.FAILED}).where(Job.id == batch.job_id)
    batch = await apart.look_after(batch.id, context)
    assert (batch.state, apart.failure_of(batch) != "") == (BatchState.PREVIEWED, True)
    assert (await apart.let_load(batch.id, context)).state == BatchState.LOADING
    assert await work() == [JobState.DONE]
    assert await counts() == [ROWS] * 5


async def test_what_was_taken_over_by_a_process_that_was_killed_is_loaded(
    context: SheetContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def killed(_laid: int) -> None:
        raise SystemExit

    assert ATTENDEES.laying is not None
    batch = await read(context)
    laying = replace(ATTENDEES.laying, show=killed, drop=killed)
    monkeypatch.setitem(checking._kinds, "attendees", replace(ATTENDEES, laying=laying))
    with pytest.raises(SystemExit):
        await batches.accept(batch.id, context, lay=True)
    monkeypatch.setitem(checking._kinds, "attendees", ATTENDEES)
    batch = await batches.find_batch(batch.id, context)
    assert (batch.state, kept.result_of(batch)["created"]) == (BatchState.LOADING, ROWS)
    assert stored_bytes(batch.stored_path) == sheet()
    assert (await batches.accept(batch.id, context, lay=True)).state == BatchState.LOADING  # somebody may be at it
    assert await apart.work_on(batch.id, context) == BatchState.LOADED
    with pytest.raises(FileNotFoundError):
        stored_bytes(batch.stored_path)
    assert await look_after_laid(now=NOW + SILENT * 2) == 1
    assert await fetch("SELECT DISTINCT state FROM ticket_order") == [{"state": "confirmed"}]
    assert await counts() == [ROWS] * 5


async def test_places_that_went_meanwhile_are_a_mistake_in_the_sheet(context: SheetContext) -> None:
    batch = await read(context)
    await fetch("UPDATE quota SET size = {}", ROWS - 3)
    await apart.let_load(batch.id, context)
    await work()
    batch = await apart.look_after(batch.id, context)
    assert (batch.state, batch.problem_count) == (BatchState.PREVIEWED, 3 + 1)  # who stands twice counts twice here
    assert await counts() == [0, 0, 0, 0, 0]


async def between(
    monkeypatch: pytest.MonkeyPatch, context: SheetContext, happening: Any, *, times: int = 1
) -> ImportBatch:
    """Load a sheet in this process; ``happening`` is awaited between laying and taking over, so many times."""
    left = [happening] * times

    async def lay(rows: Any, given: SheetContext) -> int:
        assert ATTENDEES.laying is not None
        laid = await ATTENDEES.laying.lay(rows, given)
        if left:
            await left.pop()()
        return laid

    assert ATTENDEES.laying is not None
    laying = replace(ATTENDEES.laying, lay=lay)

    batch = await read(context)
    monkeypatch.setitem(checking._kinds, "attendees", replace(ATTENDEES, laying=laying))
    return await batches.accept(batch.id, context, lay=True)


async def test_passes_are_signed_anew_when_the_key_changed_meanwhile(
    context: SheetContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert context.edition_id is not None
    purpose = key_purpose(context.edition_id)

    async def rotate() -> None:
        await rotate_key(purpose, NOW)

    batch = await between(monkeypatch, context, rotate)
    assert batch.state == BatchState.LOADED
    keys = await fetch("SELECT DISTINCT key_id FROM pass")
    assert keys == [{"key_id": (await active_key(purpose)).key_id}]
    assert await counts() == [ROWS] * 5


async def test_places_that_go_at_the_last_moment_leave_nothing_written(
    context: SheetContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def sell() -> None:
        await fetch("UPDATE quota SET size = 1")

    with pytest.raises(BatchHasProblems):
        await between(monkeypatch, context, sell, times=9)
    assert await counts() == [0, 0, 0, 0, 0]

import asyncio
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.kernel import clock, worker
from app.kernel.enums import BatchState
from app.kernel.settings import settings
from app.kernel.sheets import CellProblem, LoadResult, SheetContext, SheetRow, apart, batches, checking, kept
from app.kernel.sheets.errors import BatchDiscarded, BatchHasProblems, BatchUnknown, NotASheet, WorksheetUnknown
from app.kernel.tables import AuditEntry, ImportBatch, ImportMapping, MediaFile
from tests.kernel.sheet_samples import CONTEXT, NOW, make_kind, two_halves, workbook

GOOD = workbook(["Name", "Phone"], ["a", 912345678], ["b", "0987654321"])
HALVES = two_halves(["Name", "Phone"], ["a", "0912345678"], ["b", "0987654321"])
BAD = workbook(["Name", "Phone"], ["a", 912345678], ["b", "no phone"])
OTHER_EDITION = SheetContext(edition_id=2, actor=None, now=NOW)
Register = Callable[..., None]


async def load_media(rows: Sequence[SheetRow], context: SheetContext) -> LoadResult:
    """Write one row of a real table for each row of the sheet."""
    for row in rows:
        await MediaFile(hash=row["name"], mime="x", width=1, height=1, size_bytes=1, created_at=context.now).save()
    return LoadResult(created=len(rows))


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch) -> Iterator[Register]:
    """Put a kind called samples in place of all others."""

    def put(load: Any = load_media, check: Any = None) -> None:
        monkeypatch.setattr(checking, "_kinds", {"samples": make_kind(load, check)})

    for path in folder():  # what previews of other tests left in this process's data folder
        path.unlink()
    put()
    yield put
    for path in folder():
        path.unlink()


def folder() -> list[Path]:
    return sorted((settings().data_dir / "imports").glob("*"))


async def test_preview_writes_nothing_but_the_batch(database: str, register: Register) -> None:
    batch = await batches.preview("samples", GOOD, "C:/Lists/List.xlsx", CONTEXT)
    assert (batch.state, batch.row_count, batch.problem_count) == (BatchState.PREVIEWED, 2, 0)
    assert kept.mapping_of(batch) == {"Name": "name", "Phone": "phone"}
    assert kept.sample_of(batch) == (
        ["Name", "Phone"],
        [(2, ["a", "912345678"]), (3, ["b", "0987654321"])],
    )
    assert await MediaFile.count() == 0
    assert [path.stat().st_mode & 0o777 for path in folder()] == [0o600]


async def test_accept_loads_and_forgets_the_file(database: str, register: Register) -> None:
    batch = await batches.preview("samples", GOOD, "list.xlsx", CONTEXT)
    done = await batches.accept(batch.id, CONTEXT)
    assert (done.state, done.loaded_at) == (BatchState.LOADED, NOW)
    assert kept.result_of(done) == {"created": 2, "updated": 0, "unchanged": 0}
    assert await MediaFile.count() == 2
    assert folder() == []


async def test_accepting_twice_gives_the_first_answer(database: str, register: Register) -> None:
    batch = await batches.preview("samples", GOOD, "list.xlsx", CONTEXT)
    first = await batches.accept(batch.id, CONTEXT)
    again = await batches.accept(batch.id, CONTEXT)
    assert kept.result_of(again) == kept.result_of(first)
    assert await MediaFile.count() == 2


@pytest.mark.race
async def test_accepting_many_times_at_once_loads_once(database: str, register: Register) -> None:
    loads = 0

    async def load(rows: Sequence[SheetRow], _context: SheetContext) -> LoadResult:
        nonlocal loads
        loads += 1
        return LoadResult(updated=len(rows))

    register(load)
    batch = await batches.preview("samples", GOOD, "list.xlsx", CONTEXT)
    answers = await asyncio.gather(*(batches.accept(batch.id, CONTEXT) for _ in range(8)))
    assert [kept.result_of(answer)["updated"] for answer in answers] == [2] * 8
    assert loads == 1


@pytest.mark.race
async def test_without_the_claim_many_load_more_than_once(
    database: str, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control of the test above."""
    loads = 0

    async def load(rows: Sequence[SheetRow], _context: SheetContext) -> LoadResult:
        nonlocal loads
        loads += 1
        return LoadResult(updated=len(rows))

    async def always(*_values: object) -> bool:
        return True

    register(load)
    met, stored_table = asyncio.Barrier(8), batches._stored_table

    async def together(*values: Any) -> Any:
        table = await stored_table(*values)
        await met.wait()  # so that nobody sees another one's result beforehand
        return table

    monkeypatch.setattr(batches, "_claim", always)
    monkeypatch.setattr(batches, "_stored_table", together)
    monkeypatch.setattr(batches, "remove_file", lambda _path: None)  # else the slower ones find no file
    batch = await batches.preview("samples", GOOD, "list.xlsx", CONTEXT)
    await asyncio.gather(*(batches.accept(batch.id, CONTEXT) for _ in range(8)), return_exceptions=True)
    assert loads > 1


async def test_problems_are_kept_and_refuse_acceptance(database: str, register: Register) -> None:
    batch = await batches.preview("samples", BAD, "list.xlsx", CONTEXT)
    assert batch.problem_count == 1
    problem = kept.problems_of(batch)[0]
    assert (problem["row"], problem["column"], problem["value"]) == (3, "B", "no phone")
    assert (problem["header"], problem["code"]) == ("Phone", "not_a_phone")
    with pytest.raises(BatchHasProblems) as caught:
        await batches.accept(batch.id, CONTEXT)
    assert caught.value.params == {"count": 1}
    assert await MediaFile.count() == 0


async def test_at_most_500_problems_are_stored_but_all_are_counted(database: str, register: Register) -> None:
    data = workbook(["Name", "Phone"], *[[f"n{number}", "x"] for number in range(600)])
    batch = await batches.preview("samples", data, "list.xlsx", CONTEXT)
    assert batch.problem_count == 600
    assert len(kept.problems_of(batch)) == 500


async def test_a_load_that_fails_halfway_leaves_nothing(database: str, register: Register) -> None:
    async def load(rows: Sequence[SheetRow], context: SheetContext) -> LoadResult:
        await load_media(rows[:1], context)
        raise RuntimeError("halfway")

    register(load)
    batch = await batches.preview("samples", GOOD, "list.xlsx", CONTEXT)
    with pytest.raises(RuntimeError, match="halfway"):
        await batches.accept(batch.id, CONTEXT)
    assert await MediaFile.count() == 0
    assert (await batches.find_batch(batch.id, CONTEXT)).state == BatchState.PREVIEWED
    register()
    assert kept.result_of(await batches.accept(batch.id, CONTEXT))["created"] == 2


async def test_what_the_database_says_by_then_counts(database: str, register: Register) -> None:
    taken = False

    async def check(rows: Sequence[SheetRow], _context: SheetContext) -> list[CellProblem]:
        return [rows[0].problem("phone", "taken", "Somebody has it.")] if taken else []

    register(check=check)
    batch = await batches.preview("samples", GOOD, "list.xlsx", CONTEXT)
    taken = True
    with pytest.raises(BatchHasProblems):
        await batches.accept(batch.id, CONTEXT)
    assert await MediaFile.count() == 0
    batch = await batches.find_batch(batch.id, CONTEXT)
    assert (batch.state, batch.problem_count) == (BatchState.PREVIEWED, 1)
    assert kept.problems_of(batch)[0]["code"] == "taken"


async def test_mapping_by_hand_is_kept_for_the_same_headers(database: str, register: Register) -> None:
    data = workbook(["Wer", "Nummer"], ["a", 912345678])
    batch = await batches.preview("samples", data, "list.xlsx", CONTEXT)
    assert [problem["code"] for problem in kept.problems_of(batch)] == ["column_missing"]
    chosen = {"Wer": "name", "Nummer": "phone"}
    batch = await batches.remap(batch.id, {**chosen, "Gone": ""}, CONTEXT)
    assert (batch.problem_count, kept.mapping_of(batch)) == (0, chosen)
    assert await ImportMapping.count() == 0
    await batches.accept(batch.id, CONTEXT)
    assert await MediaFile.count() == 1
    again = await batches.preview("samples", workbook(["Wer", "Nummer"], ["b", 1]), "other.xlsx", CONTEXT)
    assert kept.mapping_of(again) == chosen
    other = await batches.preview("samples", workbook(["Wer", "Zahl"], ["b", 1]), "other.xlsx", CONTEXT)
    assert kept.mapping_of(other) == {}


async def test_mapping_given_with_the_upload_wins_and_replaces(database: str, register: Register) -> None:
    data = workbook(["Wer", "Nummer"], ["a", 912345678])
    for mapping in ({"Wer": "name", "Nummer": "phone"}, {"Wer": "name", "Nummer": ""}):
        await MediaFile.delete(force=True)
        batch = await batches.preview("samples", data, "list.xlsx", CONTEXT, mapping)
        await batches.accept(batch.id, CONTEXT)
    kept = await ImportMapping.select(ImportMapping.mapping)
    assert [json.loads(row["mapping"]) for row in kept] == [{"Wer": "name"}]


async def test_discarded_batches_do_not_load(database: str, register: Register) -> None:
    batch = await batches.preview("samples", GOOD, "list.xlsx", CONTEXT)
    await batches.discard(batch.id, CONTEXT)
    await batches.discard(batch.id, CONTEXT)
    with pytest.raises(BatchDiscarded):
        await batches.accept(batch.id, CONTEXT)
    assert folder() == []


async def test_a_loaded_batch_cannot_be_discarded(database: str, register: Register) -> None:
    batch = await batches.preview("samples", GOOD, "list.xlsx", CONTEXT)
    await batches.accept(batch.id, CONTEXT)
    await batches.discard(batch.id, CONTEXT)
    assert (await batches.find_batch(batch.id, CONTEXT)).state == BatchState.LOADED


async def test_old_previews_go(database: str, register: Register) -> None:
    old = await batches.preview("samples", GOOD, "list.xlsx", CONTEXT)
    later = SheetContext(edition_id=1, actor=None, now=NOW + timedelta(days=2))
    young = await batches.preview("samples", GOOD, "list.xlsx", later)
    stuck = await batches.store("samples", GOOD, "stuck.xlsx", CONTEXT)
    await stuck.save()
    assert await batches.discard_before(NOW + timedelta(days=1)) == 2
    states = {row["id"]: row["state"] for row in await ImportBatch.select()}
    assert states == {
        old.id: BatchState.DISCARDED,
        young.id: BatchState.PREVIEWED,
        stuck.id: BatchState.DISCARDED,
    }
    assert [path.name for path in folder()] == [young.stored_path]


async def test_forgotten_previews_are_tidied_away(database: str, register: Register) -> None:
    await batches.preview("samples", GOOD, "list.xlsx", CONTEXT)
    for days, left in ((6, 1), (8, 0)):
        with clock.freeze(NOW + timedelta(days=days)):
            await worker.tidy(None)
        assert len(folder()) == left


async def test_another_edition_sees_nothing(database: str, register: Register) -> None:
    batch = await batches.preview("samples", GOOD, "list.xlsx", CONTEXT)
    for use in (batches.accept, batches.discard, batches.find_batch):
        with pytest.raises(BatchUnknown):
            await use(batch.id, OTHER_EDITION)


async def test_a_file_changed_on_disk_is_not_loaded(database: str, register: Register) -> None:
    batch = await batches.preview("samples", GOOD, "list.xlsx", CONTEXT)
    folder()[0].write_bytes(workbook(["Name"], ["somebody else"]))
    with pytest.raises(BatchUnknown):
        await batches.accept(batch.id, CONTEXT)
    assert await MediaFile.count() == 0


async def test_who_uploaded_it(database: str, register: Register) -> None:
    class Lan:
        person_id = 7
        written_by = (7, "Nguyễn Thị Lan")
        on_behalf_of = None
        device_id = None

    context = SheetContext(edition_id=1, actor=Lan(), now=NOW)
    batch = await batches.preview("samples", GOOD, "list.xlsx", context)
    assert batch.created_by == 7
    assert await AuditEntry.count() == 0
    await batches.accept(batch.id, context)
    entry = await AuditEntry.select().first()
    assert entry is not None
    assert (entry["action"], entry["subject_id"], entry["edition_id"]) == ("sheet.load", str(batch.id), 1)
    assert json.loads(entry["after"])["created"] == 2


async def test_no_sheet_leaves_no_batch(database: str, register: Register) -> None:
    with pytest.raises(NotASheet):
        await batches.preview("samples", b"%PDF-1.7", "list.xlsx", CONTEXT)
    assert await ImportBatch.count() == 0
    assert folder() == []


@pytest.mark.engines
async def test_which_of_two_worksheets_is_loaded_is_chosen_first(database: str, register: Register) -> None:
    batch = await batches.preview("samples", HALVES, "list.xlsx", CONTEXT)
    assert kept.worksheets_of(batch) == ("", ["First", "Second"])
    assert [(problem["code"], problem["row"]) for problem in kept.problems_of(batch)] == [("worksheet_open", 0)]
    with pytest.raises(BatchHasProblems):
        await batches.accept(batch.id, CONTEXT)
    again = await batches.remap(batch.id, {"Name": "name"}, CONTEXT)  # other columns do not settle it
    assert (again.problem_count, kept.worksheets_of(again)[0]) == (1, "")
    with pytest.raises(WorksheetUnknown):
        await apart.choose_worksheet(batch.id, "Third", CONTEXT)
    chosen = await apart.choose_worksheet(batch.id, "Second", CONTEXT)
    assert (chosen.problem_count, kept.worksheets_of(chosen)) == (0, ("Second", ["First"]))
    assert kept.sample_of(chosen)[1] == [(2, ["b", "0987654321"])]
    await batches.remap(batch.id, {"Name": "name"}, CONTEXT)  # nor do they undo it
    await batches.accept(batch.id, CONTEXT)
    assert await MediaFile.select(MediaFile.hash).output(as_list=True) == ["b"]
    with pytest.raises(BatchDiscarded):
        await apart.choose_worksheet(batch.id, "First", CONTEXT)


@pytest.mark.engines
async def test_another_worksheet_of_a_big_file_is_read_by_the_job(
    database: str, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = await batches.preview("samples", HALVES, "list.xlsx", CONTEXT)
    monkeypatch.setattr(apart, "BIG_BYTES", len(HALVES) - 1)
    with pytest.raises(WorksheetUnknown):
        await apart.choose_worksheet(batch.id, "Third", CONTEXT)
    waiting = await apart.choose_worksheet(batch.id, "Second", CONTEXT)
    assert (waiting.state, waiting.job_id is None) == (BatchState.READING, False)
    read = await batches.read_stored(batch.id, CONTEXT)  # as the job's own process does
    assert (read.state, read.problem_count, kept.worksheets_of(read)) == (
        BatchState.PREVIEWED,
        0,
        ("Second", ["First"]),
    )
    await batches.accept(batch.id, CONTEXT)
    assert await MediaFile.select(MediaFile.hash).output(as_list=True) == ["b"]


async def test_a_worksheet_is_named_beforehand(database: str, register: Register) -> None:
    batch = await batches.preview("samples", HALVES, "list.xlsx", CONTEXT, worksheet="First")
    assert (batch.problem_count, kept.sample_of(batch)[1]) == (0, [(2, ["a", "0912345678"])])

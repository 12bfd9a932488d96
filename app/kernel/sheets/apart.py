"""Big sheets: read and loaded by a job, in a process of its own, so that nobody at a gate waits for them.

The page sees how far it is in the job's row. What goes wrong stands in the batch, and nothing is half loaded: a sheet
that could not be read is dropped, one that could not be loaded can be accepted again.
"""

import contextlib
import json
import os
from collections.abc import Mapping
from typing import Any

from piccolo.columns import Column

from app.kernel.child import run_in_child
from app.kernel.clock import now
from app.kernel.database import write_transaction
from app.kernel.enums import BatchState, JobState
from app.kernel.errors import AppError
from app.kernel.i18n import N_
from app.kernel.jobs import ACTIVE, JobContext, JobNotOpen, enqueue, request_cancel
from app.kernel.sheets import batches, kept
from app.kernel.sheets.checking import check_mapping, kind, kinds_at
from app.kernel.sheets.errors import BatchHasProblems, WorksheetUnknown
from app.kernel.sheets.files import remove_file, stored_size
from app.kernel.sheets.model import SheetContext, quoted, said
from app.kernel.sheets.proposals import check_choices, choices_of
from app.kernel.tables import ImportBatch, Job

#: From how many bytes a file, and from how many rows a sheet, is worked on apart.
BIG_BYTES = 256 * 1024
BIG_ROWS = 2_000
JOB = "sheet.work"
MOST_SECONDS = 3_600.0
#: glibc gives back what a workbook took to unpack and read, as it does not once it has learned to keep pieces so big.
MEMORY = {"MALLOC_TRIM_THRESHOLD_": str(128 * 1024)}
STEPS = 1_000
WORKED_ON = (BatchState.READING, BatchState.LOADING)
Values = dict[Column | str, Any]
ENDED = N_(
    "The work on this sheet ended before it was done. Try again; if it happens twice, tell whoever runs this service."
)
STOPPED = N_("The work on this sheet was stopped. Nothing was loaded.")


async def take_in(kind_name: str, data: bytes, filename: str, context: SheetContext) -> ImportBatch:
    """Preview a sheet, at once or, a big one, by a job. Raises an AppError when a small one cannot be read at all."""
    if len(data) <= BIG_BYTES:
        return await batches.preview(kind_name, data, filename, context)
    batch = await batches.store(kind_name, data, filename, context)
    async with write_transaction():
        await batch.save()
        await _hand_over(batch.id, context)
    return await batches.find_batch(batch.id, context)


async def choose_columns(batch_id: int, mapping: dict[str, str], context: SheetContext) -> ImportBatch:
    """Check a previewed sheet again with columns chosen by hand, at once or by a job."""
    batch = await batches.find_batch(batch_id, context)
    if batch.row_count <= BIG_ROWS or batch.state != BatchState.PREVIEWED:
        return await batches.remap(batch_id, mapping, context)
    headers, _rows = kept.sample_of(batch)
    chosen = check_mapping(mapping, headers, kind(batch.kind).columns)
    values: Values = {ImportBatch.mapping: json.dumps(chosen, ensure_ascii=False)}
    return await _move(batch_id, BatchState.READING, context, values)


async def choose_worksheet(batch_id: int, worksheet: str, context: SheetContext) -> ImportBatch:
    """Check another worksheet of a previewed file, at once or, of a big file, by a job. Raises WorksheetUnknown."""
    batch = await batches.find_batch(batch_id, context)
    chosen, others = kept.worksheets_of(batch)
    if batch.state != BatchState.PREVIEWED or stored_size(batch.stored_path) <= BIG_BYTES:
        return await batches.read_worksheet(batch_id, worksheet, context)
    if worksheet not in (chosen, *others):
        raise WorksheetUnknown(name=worksheet, known=quoted(name for name in (chosen, *others) if name))
    sample = json.dumps({**json.loads(batch.sample), "sheet": worksheet}, ensure_ascii=False)
    values: Values = {ImportBatch.sample: sample, ImportBatch.mapping: "{}", ImportBatch.choices: "{}"}
    return await _move(batch_id, BatchState.READING, context, values)


async def choose_cells(batch_id: int, choices: Mapping[tuple[int, str], str], context: SheetContext) -> ImportBatch:
    """Check a previewed sheet again with what some of its cells become, at once or by a job; earlier choices stay.

    A choice is by row and name of column. Raises ChoiceUnknown for what a cell cannot become.
    """
    batch = await batches.find_batch(batch_id, context)
    chosen = {**choices_of(batch), **check_choices(batch, choices)}
    if batch.row_count <= BIG_ROWS or batch.state != BatchState.PREVIEWED:
        return await batches.remap(batch_id, kept.mapping_of(batch), context, chosen)
    values: Values = {ImportBatch.choices: json.dumps(chosen, ensure_ascii=False)}
    return await _move(batch_id, BatchState.READING, context, values)


async def let_load(batch_id: int, context: SheetContext) -> ImportBatch:
    """Accept a previewed sheet: loaded at once or, a big one, by a job. Accepting twice gives the first answer.

    One that is still being read stays as it is: nobody has seen yet what would be loaded.
    """
    batch = await look_after(batch_id, context)
    if batch.state in WORKED_ON:
        return batch
    if batch.row_count <= BIG_ROWS or batch.state != BatchState.PREVIEWED or batch.problem_count:
        return await batches.accept(batch_id, context)
    return await _move(batch_id, BatchState.LOADING, context, {})


async def look_after(batch_id: int, context: SheetContext) -> ImportBatch:
    """Give a batch; one whose job was stopped, or has ended without a word, is no longer said to be worked on."""
    batch = await batches.find_batch(batch_id, context)
    if batch.state in WORKED_ON:
        job = await Job.select(Job.state).where(Job.id == batch.job_id).first()
        ended = job is None or job["state"] not in ACTIVE
        if ended and not await batches.end_loading(batch_id):
            await fail(batch_id, STOPPED if job and job["state"] == JobState.CANCELLED else ENDED, {})
        batch = await batches.find_batch(batch_id, context) if ended else batch
    return batch


async def look_after_all(context: SheetContext) -> None:
    """Look after every sheet of the context's edition and desk that is said to be worked on."""
    here = [one.name for one in kinds_at(context.desk)]
    worked_on = (
        (ImportBatch.edition_id == context.edition_id)
        & ImportBatch.state.is_in(list(WORKED_ON))
        & ImportBatch.kind.is_in(here)
    )
    for row in await ImportBatch.select(ImportBatch.id).where(worked_on):
        await look_after(row["id"], context)


async def let_go(batch_id: int, context: SheetContext) -> ImportBatch:
    """Drop a sheet; one that is worked on is asked to stop, so that one being read is dropped and one being loaded
    can be accepted again. What was loaded before it could be stopped stays loaded.
    """
    batch = await look_after(batch_id, context)
    if batch.state not in WORKED_ON:
        await batches.discard(batch_id, context)
    elif batch.job_id is not None:
        with contextlib.suppress(JobNotOpen):  # it has ended just now
            await request_cancel(batch.job_id, now=context.now)
    return await look_after(batch_id, context)


async def progress_of(batch: ImportBatch) -> tuple[int, int, bool]:
    """How far a batch is that is worked on, in steps of how many, and whether it was asked to stop."""
    job = await Job.select(Job.progress_done, Job.cancel_requested).where(Job.id == batch.job_id).first()
    return (job["progress_done"], STEPS, job["cancel_requested"]) if job else (0, STEPS, False)


async def fail(batch_id: int, message: str, params: dict[str, Any]) -> None:
    """Note why a batch could not be read, or loaded; it is dropped, or may be accepted again."""
    failure = json.dumps({"message": message, "params": params}, ensure_ascii=False, default=str)
    for state, after in ((BatchState.READING, BatchState.DISCARDED), (BatchState.LOADING, BatchState.PREVIEWED)):
        rows = (
            await ImportBatch.update({ImportBatch.state: after, ImportBatch.failure: failure})
            .where((ImportBatch.id == batch_id) & (ImportBatch.state == state) & ImportBatch.result.is_null())
            .returning(ImportBatch.stored_path)
        )
        if rows and after == BatchState.DISCARDED:
            remove_file(rows[0]["stored_path"])


def failure_of(batch: ImportBatch) -> str:
    """Why it could not be read, or loaded, in the reader's language; empty when nothing went wrong."""
    if not batch.failure:
        return ""
    found = json.loads(batch.failure)
    return said(found["message"], found["params"])


async def work(job: JobContext) -> dict[str, Any]:
    """The job: let a child read or load the sheet, and tell how far it is."""

    async def tell(report: dict[str, Any]) -> None:
        await job.progress(int(report["done"]), STEPS)

    environment = {**os.environ, **MEMORY, "DATABASE_POOL_SIZE": "1", "JOBS_INLINE": "false"}
    return await run_in_child(
        "app.apart:work_on_sheet",
        job.payload,
        timeout=MOST_SECONDS,
        on_progress=tell,
        should_cancel=job.cancelled,
        environment=environment,
    )


async def _move(batch_id: int, state: BatchState, context: SheetContext, values: Values) -> ImportBatch:
    """Hand a previewed batch over to a job; one that was moved meanwhile stays."""
    async with write_transaction():
        moved = (
            await ImportBatch.update({ImportBatch.state: state, ImportBatch.failure: None, **values})
            .where((ImportBatch.id == batch_id) & (ImportBatch.state == BatchState.PREVIEWED))
            .returning(ImportBatch.id)
        )
        if moved:
            await _hand_over(batch_id, context)
    return await batches.find_batch(batch_id, context)


async def _hand_over(batch_id: int, context: SheetContext) -> None:
    job_id = await enqueue(
        JOB,
        {
            "batch_id": batch_id,
            "edition_id": context.edition_id,
            "person_id": context.actor.person_id if context.actor else None,
            "timezone": context.timezone,
            "currency": context.currency,
            "desk": context.desk,
        },
        edition_id=context.edition_id,
        actor=context.actor,
        max_attempts=2,
        now=now(),
    )
    await ImportBatch.update({ImportBatch.job_id: job_id}).where(ImportBatch.id == batch_id)


async def work_on(batch_id: int, context: SheetContext) -> BatchState:
    """Read the batch or load it, whichever it waits for; what is wrong with the sheet is noted in it."""
    batch = await batches.find_batch(batch_id, context)
    try:
        if batch.state == BatchState.READING:
            batch = await batches.read_stored(batch_id, context)
        elif batch.state == BatchState.LOADING:
            batch = await batches.accept(batch_id, context, lay=True)
            if batch.state == BatchState.LOADING:  # whoever took it over was killed while it was shown
                await batches.end_loading(batch_id)
                batch = await batches.find_batch(batch_id, context)
    except BatchHasProblems:
        batch = await batches.find_batch(batch_id, context)  # it carries them
    except AppError as error:
        await fail(batch_id, error.message, dict(error.params))
        batch = await batches.find_batch(batch_id, context)
    return BatchState(batch.state)

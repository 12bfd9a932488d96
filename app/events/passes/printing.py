"""Badges and passes of many in one file: chosen by kind, type and organisation, made by a job, kept for some days.

Who stands in a file is written down with it, so that later ones can be of those who had none yet.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any
from uuid import uuid4

import msgspec

from app.accounts.actor import Actor
from app.events.enums import BadgePaper, PrintState, PrintWhat
from app.events.errors import NothingToPrint, PrintNotReady, TooManyToPrint
from app.events.passes.badges import MOST_IN_ONE_CHILD, PAPERS, PREVIEW_PPI, badges_pdf
from app.events.passes.choosing import Choice, Wanted, chosen_ids, count_chosen, passes_to_print
from app.events.passes.documents import pass_pdf
from app.events.passes.prints import print_path, run_of
from app.events.passes.queries import PassInfo
from app.events.queries import EditionInfo, edition_by_id
from app.events.tables import PrintedPass, PrintRun
from app.kernel import audit
from app.kernel.clock import now as clock_now
from app.kernel.database import write_transaction
from app.kernel.documents.joining import JoinedPdf
from app.kernel.enums import JobState
from app.kernel.errors import AppError
from app.kernel.i18n import _, use_locale
from app.kernel.jobs import JobContext, JobNotOpen, enqueue, request_cancel
from app.kernel.rows import insert_rows

JOB = "events.print_passes"
MOST_IN_ONE_FILE = 20_000


async def preview(edition: EditionInfo, wanted: Wanted) -> bytes:
    """The first page of a file as PNG. Raises NothingToPrint, DocumentFailed."""
    paper = PAPERS[wanted.paper]
    some = paper.per_page if wanted.what == PrintWhat.BADGES else 1
    ids = await chosen_ids(edition.id, wanted.choice, some)
    if not ids:
        raise NothingToPrint
    with use_locale(wanted.locale):
        return await _set(await passes_to_print(edition.id, ids), edition, wanted, picture=True)


async def _set(passes: list[PassInfo], edition: EditionInfo, wanted: Wanted, *, picture: bool = False) -> bytes:
    ppi = PREVIEW_PPI if picture else None
    if wanted.what == PrintWhat.BADGES:
        return await badges_pdf(passes, edition, PAPERS[wanted.paper], ppi=ppi, tagged=False)
    return await pass_pdf(passes, edition, ppi=ppi, tagged=False)


async def start_printing(*, edition_id: int, wanted: Wanted, actor: Actor, now: datetime) -> int:
    """Queue the job that makes a file; returns the run's id. Raises EditionNotFound, NothingToPrint, TooManyToPrint."""
    await edition_by_id(edition_id)
    async with write_transaction():
        count = await count_chosen(edition_id, wanted.choice)
        if not count:
            raise NothingToPrint
        if count > MOST_IN_ONE_FILE:
            raise TooManyToPrint(count=count, limit=MOST_IN_ONE_FILE)
        run = PrintRun(
            edition=edition_id,
            what=wanted.what.value,
            paper=wanted.paper.value,
            choice=msgspec.json.encode(wanted.choice).decode(),
            locale=wanted.locale,
            state=PrintState.MAKING.value,
            passes=count,
            created_by=actor.person_id,
            created_at=now,
        )
        await run.save()
        job_id = await enqueue(JOB, {"run_id": run.id}, edition_id=edition_id, actor=actor, now=now)
        await PrintRun.update({PrintRun.job_id: job_id}).where(PrintRun.id == run.id)
        await audit.record(
            actor=actor,
            action="print.start",
            subject_type="print_run",
            subject_id=run.id,
            edition_id=edition_id,
            after={"what": wanted.what, "paper": wanted.paper, "passes": count},
            now=now,
        )
    return run.id


async def make_file(job: JobContext) -> dict[str, Any]:
    """The job: set some hundred at a time in a child that is gone afterwards, and put them behind one another.

    Begun again it begins at the first; a run that has ended is left alone. Raises DocumentFailed.
    """
    run_id = job.payload["run_id"]
    run = await PrintRun.objects().get((PrintRun.id == run_id) & (PrintRun.state == PrintState.MAKING.value))
    if run is None:
        return {"passes": 0}
    edition = await edition_by_id(run.edition)
    wanted = Wanted(
        what=PrintWhat(run.what),
        paper=BadgePaper(run.paper),
        locale=run.locale,
        choice=msgspec.json.decode(run.choice, type=Choice),
    )
    async with write_transaction():
        await PrintedPass.delete().where(PrintedPass.run == run_id)
    name = f"{run_id}-{uuid4().hex}.pdf"
    try:
        with (
            use_locale(wanted.locale),
            JoinedPdf(print_path(name), title=_title(edition, wanted), locale=run.locale) as made,
        ):
            async for done, total in _pieces(job, run_id, edition, wanted, made):
                await job.progress(done, total)
            if job.cancelled():
                raise _Stopped
    except _Stopped:
        await _end(run_id, PrintState.CANCELLED, clock_now())
        return {"passes": 0}
    except AppError:
        await _end(run_id, PrintState.FAILED, clock_now())
        raise
    await _end(run_id, PrintState.READY, clock_now(), pages=made.pages, file=name)
    return {"passes": run.passes, "pages": made.pages}


class _Stopped(Exception):
    """Somebody asked the job to stop."""


def _title(edition: EditionInfo, wanted: Wanted) -> str:
    said = _("Badges: {festival}") if wanted.what == PrintWhat.BADGES else _("Passes: {festival}")
    return said.format(festival=edition.title)


async def _pieces(
    job: JobContext, run_id: int, edition: EditionInfo, wanted: Wanted, made: JoinedPdf
) -> AsyncIterator[tuple[int, int]]:
    """Set piece after piece, in whole pages, and write down who stands in each; gives how far it is."""
    ids = await chosen_ids(edition.id, wanted.choice)
    per_page = PAPERS[wanted.paper].per_page if wanted.what == PrintWhat.BADGES else 1
    step = MOST_IN_ONE_CHILD // per_page * per_page
    for start in range(0, len(ids), step):
        if job.cancelled():
            return
        piece = await passes_to_print(edition.id, ids[start : start + step])
        await asyncio.to_thread(made.add, await _set(piece, edition, wanted))
        async with write_transaction():
            columns = (PrintedPass.run, PrintedPass.event_pass)
            await insert_rows(PrintedPass, columns, [(run_id, found.id) for found in piece])
        yield min(start + step, len(ids)), len(ids)


async def _end(run_id: int, state: PrintState, now: datetime, *, pages: int = 0, file: str = "") -> None:
    """Say how a run ended, unless that was said before."""
    async with write_transaction():
        ended = (
            await PrintRun.update(
                {
                    PrintRun.state: state.value,
                    PrintRun.finished_at: now,
                    PrintRun.pages: pages,
                    PrintRun.file: file,
                    PrintRun.passes: await PrintedPass.count().where(PrintedPass.run == run_id)
                    if state == PrintState.READY
                    else PrintRun.passes,
                }
            )
            .where((PrintRun.id == run_id) & (PrintRun.state == PrintState.MAKING.value))
            .returning(PrintRun.id)
        )
        if state != PrintState.READY:
            await PrintedPass.delete().where(PrintedPass.run == run_id)
    if not ended and file:
        print_path(file).unlink(missing_ok=True)


async def stop_printing(*, edition_id: int, run_id: int, actor: Actor, now: datetime) -> None:
    """Ask a run that is being made to stop; nothing of it is kept. One that has ended stays as it is.

    Raises PrintNotFound.
    """
    run = await run_of(edition_id, run_id)
    async with write_transaction():
        try:
            state = await request_cancel(run["job_id"] or 0, now=now)
        except JobNotOpen:
            return
        if state == JobState.CANCELLED:
            await _end(run_id, PrintState.CANCELLED, now)
        await _record("print.stop", run, edition_id, actor, now)


async def drop_printing(*, edition_id: int, run_id: int, actor: Actor, now: datetime) -> None:
    """Say that what was made was not printed: the file goes, and its badges count as not printed.

    Raises PrintNotFound, PrintNotReady.
    """
    run = await run_of(edition_id, run_id)
    async with write_transaction():
        dropped = (
            await PrintRun.update({PrintRun.state: PrintState.DROPPED.value, PrintRun.file: ""})
            .where((PrintRun.id == run_id) & (PrintRun.state == PrintState.READY.value))
            .returning(PrintRun.id)
        )
        if not dropped:
            raise PrintNotReady
        await _record("print.drop", run, edition_id, actor, now)
    if run["file"]:
        print_path(run["file"]).unlink(missing_ok=True)


async def _record(action: str, run: dict[str, Any], edition_id: int, actor: Actor, now: datetime) -> None:
    await audit.record(
        actor=actor,
        action=action,
        subject_type="print_run",
        subject_id=run["id"],
        edition_id=edition_id,
        before={"what": run["what"], "paper": run["paper"], "passes": run["passes"]},
        now=now,
    )

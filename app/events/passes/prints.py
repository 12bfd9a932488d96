"""What was printed of passes: the runs, who stands in which, and their files, which are kept for some days."""

import json
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from app.events.enums import PrintState
from app.events.errors import PrintFileGone, PrintNotFound, PrintNotReady
from app.events.passes.choosing import Choice
from app.events.tables import PrintRun
from app.kernel.database import fetch, write_transaction
from app.kernel.enums import JobState
from app.kernel.rows import among
from app.kernel.settings import settings

#: For how long a file is kept: it holds names.
KEPT = timedelta(days=7)
DRAFTS_KEPT = timedelta(days=1)

_RUNS = (
    "SELECT r.id AS id, r.what AS what, r.paper AS paper, r.choice AS choice, r.locale AS locale, r.state AS state, "
    "r.passes AS passes, r.pages AS pages, r.file AS file, r.job_id AS job_id, r.created_at AS created_at, "
    "r.finished_at AS finished_at, m.full_name AS by_name, j.state AS job_state, j.progress_done AS done, "
    "j.progress_total AS total, j.cancel_requested AS stopping FROM print_run r "
    "LEFT JOIN person m ON m.id = r.created_by LEFT JOIN job j ON j.id = r.job_id WHERE r.edition = {}"
)


async def run_of(edition_id: int, run_id: int) -> dict[str, Any]:
    """One run with its job's progress. Raises PrintNotFound."""
    rows = await fetch(f"{_RUNS} AND r.id = {{}}", edition_id, run_id)
    if not rows:
        raise PrintNotFound
    return _shown(rows[0])


async def runs_of_edition(edition_id: int, *, offset: int, limit: int) -> tuple[list[dict[str, Any]], int]:
    """What was printed for an edition, the newest first, and how often in all."""
    rows = await fetch(f"{_RUNS} ORDER BY r.id DESC LIMIT {{}} OFFSET {{}}", edition_id, limit, offset)
    return [_shown(row) for row in rows], await PrintRun.count().where(PrintRun.edition == edition_id)


async def badges_of_pass(pass_id: int) -> list[dict[str, Any]]:
    """When badges of a pass were made, and by whom, the newest first."""
    return await fetch(
        "SELECT r.id AS id, r.paper AS paper, r.finished_at AS at, m.full_name AS by_name FROM printed_pass d "
        "JOIN print_run r ON r.id = d.run LEFT JOIN person m ON m.id = r.created_by "
        "WHERE d.event_pass = {} AND r.what = 'badges' AND r.state = 'ready' ORDER BY r.id DESC",
        pass_id,
    )


async def printed_file(edition_id: int, run_id: int) -> tuple[str, Path]:
    """The file of a run that is ready: what it is called, and where it lies. Raises PrintNotFound, PrintNotReady,
    PrintFileGone.
    """
    run = await run_of(edition_id, run_id)
    if run["state"] != PrintState.READY:
        raise PrintNotReady
    path = print_path(run["file"])
    if not run["file"] or not path.is_file():
        raise PrintFileGone
    return f"{run['what']}-{run['id']}.pdf", path


async def tidy_files(*, now: datetime) -> int:
    """Remove files whose days are over, and drafts that a killed process left; what was printed stays written down."""
    rows = await PrintRun.select(PrintRun.id, PrintRun.file).where(
        (PrintRun.file != "") & (PrintRun.finished_at < now - KEPT)
    )
    await _remove(rows)
    for path in print_path("x").parent.glob(".*"):
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < (now - DRAFTS_KEPT).timestamp():
                path.unlink()
    return len(rows)


async def remove_files_of(pass_ids: Sequence[int]) -> None:
    """Remove the files in which passes stand whose holders' names are taken off, in the caller's transaction."""
    chosen, value = among(pass_ids)
    await _remove(
        await fetch(
            "SELECT DISTINCT r.id AS id, r.file AS file FROM print_run r JOIN printed_pass d ON d.run = r.id "
            f"WHERE r.file <> '' AND d.event_pass {chosen}",
            value,
        )
    )


async def _remove(rows: Sequence[dict[str, Any]]) -> None:
    if not rows:
        return
    async with write_transaction():
        await PrintRun.update({PrintRun.file: ""}).where(PrintRun.id.is_in([row["id"] for row in rows]))
    for row in rows:
        print_path(row["file"]).unlink(missing_ok=True)


def print_path(name: str) -> Path:
    """Where a file of this name lies."""
    return settings().data_dir / "prints" / name


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    """A run whose process was killed too often has failed, though nobody could write that down."""
    at_work = row["job_state"] in (JobState.QUEUED, JobState.RUNNING)
    lost = row["state"] == PrintState.MAKING and not at_work
    given = row["choice"] if isinstance(row["choice"], str) else json.dumps(row["choice"])
    return {
        **row,
        "state": PrintState.FAILED if lost else PrintState(row["state"]),
        "choice": msgspec.json.decode(given, type=Choice),
    }

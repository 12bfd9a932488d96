"""Uploads between preview and acceptance.

A preview stores the file and what is wrong with it; nothing else is written. Acceptance reads the stored file again,
checks it against the database of that moment, and loads all rows or none in one transaction. Each record that a load
changes has its entry in the log, with before and after; what it adds is counted in the batch's own entry. A batch that
was accepted gives its first answer again. The file goes when it is loaded or discarded: it holds people's data.
"""

import asyncio
import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import PureWindowsPath
from typing import Any

from piccolo.columns import Column

from app.kernel.audit import gathered, record
from app.kernel.database import is_unique_violation, write_transaction
from app.kernel.enums import BatchState
from app.kernel.errors import AppError
from app.kernel.names import clean_text
from app.kernel.sheets.checking import (
    Examined,
    Laying,
    SheetKind,
    check_mapping,
    check_rows,
    examine,
    kind,
    kind_at,
    parse_rows,
)
from app.kernel.sheets.errors import BatchDiscarded, BatchHasProblems, BatchUnknown
from app.kernel.sheets.files import put_away, remove_file, stored_bytes
from app.kernel.sheets.kept import mapping_of, worksheets_of
from app.kernel.sheets.limits import MAX_STORED_PROBLEMS, SAMPLE_ROWS
from app.kernel.sheets.model import LoadResult, RawTable, SheetContext, shown
from app.kernel.sheets.proposals import choices_of, stored_proposals
from app.kernel.sheets.read import read_table
from app.kernel.staging import LaidInVain
from app.kernel.tables import ImportBatch, ImportMapping

#: How often rows are laid ready anew that did not fit any more when they were taken over.
TRIES = 3


async def preview(
    kind_name: str,
    data: bytes,
    filename: str,
    context: SheetContext,
    mapping: Mapping[str, str] | None = None,
    worksheet: str = "",
) -> ImportBatch:
    """Read and check a sheet and keep it for acceptance; nothing else is written.

    ``mapping`` (header → name of a column, "" for none) is the organiser's own; without it the one kept for the same
    headers serves, or headers are recognised. ``worksheet`` names one of the file, empty for that which fits best.
    Raises an AppError when the file cannot be read at all.
    """
    sheet_kind = kind_at(context.desk, kind_name)
    table = await asyncio.to_thread(read_table, data, filename, sheet_kind.columns, worksheet)
    chosen = await _mapping_for(sheet_kind, table, mapping)
    examined = await examine(sheet_kind, table, context, chosen)
    batch = await store(kind_name, data, filename, context)
    for column, value in _examined_values(table, examined).items():
        setattr(batch, column, value)
    await batch.save()
    return batch


async def store(kind_name: str, data: bytes, filename: str, context: SheetContext) -> ImportBatch:
    """Keep the file of a batch that is still to be read; the caller saves the batch. Raises SheetKindUnknown."""
    kind_at(context.desk, kind_name)
    stored_path = await asyncio.to_thread(put_away, data)
    return ImportBatch(
        kind=kind_name,
        edition_id=context.edition_id,
        filename=clean_text(PureWindowsPath(filename).name)[:255],
        digest=hashlib.sha256(data).hexdigest(),
        stored_path=stored_path,
        state=BatchState.READING,
        row_count=0,
        problem_count=0,
        created_by=context.actor.person_id if context.actor else None,
        created_at=context.now,
    )


async def read_stored(batch_id: int, context: SheetContext) -> ImportBatch:
    """Read and check the file of a batch that is being read, in the process that a big one has for itself.

    Raises an AppError when the file cannot be read at all.
    """
    batch = await find_batch(batch_id, context)
    if batch.state != BatchState.READING:
        return batch
    sheet_kind = kind(batch.kind)
    table = await _stored_table(batch, sheet_kind)
    chosen = mapping_of(batch) or None
    mapping = await _mapping_for(sheet_kind, table, chosen)
    examined = await examine(sheet_kind, table, context, mapping, choices_of(batch))
    await ImportBatch.update(_examined_values(table, examined)).where(
        (ImportBatch.id == batch_id) & (ImportBatch.state == BatchState.READING)
    )
    return await find_batch(batch_id, context)


async def remap(
    batch_id: int, mapping: Mapping[str, str], context: SheetContext, choices: Mapping[str, str] | None = None
) -> ImportBatch:
    """Check a previewed sheet again with columns, or what cells become, chosen by hand; the batch keeps its id."""
    batch = await _previewed(batch_id, context)
    sheet_kind = kind(batch.kind)
    table = await _stored_table(batch, sheet_kind)
    chosen = choices_of(batch) if choices is None else choices
    columns = check_mapping(mapping, table.headers, sheet_kind.columns)
    examined = await examine(sheet_kind, table, context, columns, chosen)
    await ImportBatch.update(
        {
            ImportBatch.mapping: json.dumps(dict(examined.mapping), ensure_ascii=False),
            ImportBatch.choices: json.dumps(dict(chosen), ensure_ascii=False),
            ImportBatch.sample: json.dumps({**json.loads(batch.sample), **_expected(examined)}, ensure_ascii=False),
            **_problem_values(examined),
        }
    ).where((ImportBatch.id == batch_id) & (ImportBatch.state == BatchState.PREVIEWED))
    return await find_batch(batch_id, context)


async def read_worksheet(batch_id: int, worksheet: str, context: SheetContext) -> ImportBatch:
    """Check another worksheet of a previewed file; columns and choices go. Raises BatchDiscarded, WorksheetUnknown."""
    batch = await _previewed(batch_id, context)
    sheet_kind = kind(batch.kind)
    table = await _stored_table(batch, sheet_kind, worksheet)
    examined = await examine(sheet_kind, table, context, await _mapping_for(sheet_kind, table, None))
    await ImportBatch.update({**_examined_values(table, examined), "choices": "{}"}).where(
        (ImportBatch.id == batch_id) & (ImportBatch.state == BatchState.PREVIEWED)
    )
    return await find_batch(batch_id, context)


async def accept(batch_id: int, context: SheetContext, *, lay: bool = False) -> ImportBatch:
    """Load a previewed sheet: all its rows or none. Accepting twice gives the first answer.

    With ``lay``, which is for a process that has one connection, rows are written in pieces where the kind knows how,
    so that no transaction is long. Raises BatchUnknown, BatchDiscarded, or BatchHasProblems when cells are wrong, also
    when only the database of this moment makes them so (the batch then carries the new problems).
    """
    batch = await find_batch(batch_id, context)
    if batch.result is not None:
        return batch
    if batch.state == BatchState.DISCARDED:
        raise BatchDiscarded
    if batch.problem_count:
        raise BatchHasProblems(count=batch.problem_count)
    sheet_kind = kind(batch.kind)
    chosen = mapping_of(batch)
    try:
        table = await _stored_table(batch, sheet_kind)
    except FileNotFoundError:  # another request loaded or discarded it since it was looked at
        return await _settled(batch_id, context)
    parsed = await asyncio.to_thread(parse_rows, sheet_kind, table, context, chosen, choices_of(batch))
    laying = sheet_kind.laying if lay else None
    for tries_left in reversed(range(TRIES)):
        laid, loaded = None, False
        try:
            if laying is not None:
                laid = await _lay(laying, parsed, context)
            async with write_transaction():
                if not await _claim(batch_id, context.now, BatchState.LOADED if laid is None else BatchState.LOADING):
                    return await _settled(batch_id, context)
                result = await _load(sheet_kind, batch, parsed, context, laid=laid)
                await ImportBatch.update({ImportBatch.result: json.dumps(result.as_dict())}).where(
                    ImportBatch.id == batch_id
                )
                await _keep_mapping(sheet_kind, table, chosen, context.now)
            loaded = True
            break
        except _ProblemsSince as since:
            raise await _noted(batch_id, since.examined) from None
        except AppError:
            if laid is not None:
                await _look_again(batch_id, sheet_kind, parsed, context)
            raise
        except Exception as error:
            if not tries_left or not (isinstance(error, LaidInVain) or (lay and is_unique_violation(error))):
                raise
        finally:
            if laying is not None and laid is not None:
                await (laying.show if loaded else laying.drop)(laid)
    await end_loading(batch_id)
    return await find_batch(batch_id, context)


async def end_loading(batch_id: int) -> bool:
    """Say that a batch is loaded of which all was taken over, and drop its file; false when it was not."""
    ended = (
        await ImportBatch.update({ImportBatch.state: BatchState.LOADED})
        .where((ImportBatch.id == batch_id) & ImportBatch.result.is_not_null())
        .returning(ImportBatch.stored_path)
    )
    for row in ended:
        await asyncio.to_thread(remove_file, row["stored_path"])
    return bool(ended)


async def discard(batch_id: int, context: SheetContext) -> None:
    """Drop a previewed sheet and its file. Discarding twice is fine; a loaded one stays loaded."""
    batch = await find_batch(batch_id, context)
    dropped = (
        await ImportBatch.update({ImportBatch.state: BatchState.DISCARDED})
        .where((ImportBatch.id == batch_id) & (ImportBatch.state == BatchState.PREVIEWED))
        .returning(ImportBatch.id)
    )
    if dropped:
        await asyncio.to_thread(remove_file, batch.stored_path)


async def discard_before(moment: datetime) -> int:
    """Drop sheets that nobody accepted since ``moment``, or that were not read or loaded; returns how many."""
    dropped = (
        await ImportBatch.update({ImportBatch.state: BatchState.DISCARDED})
        .where(
            (ImportBatch.created_at < moment)
            & ImportBatch.state.not_in([BatchState.LOADED, BatchState.DISCARDED])
            & ImportBatch.result.is_null()
        )
        .returning(ImportBatch.stored_path)
    )
    for row in dropped:
        await asyncio.to_thread(remove_file, row["stored_path"])
    return len(dropped)


async def find_batch(batch_id: int, context: SheetContext) -> ImportBatch:
    """Give a batch of the context's edition and desk. Raises BatchUnknown, also for another edition's or desk's."""
    batch = await ImportBatch.objects().where(ImportBatch.id == batch_id).first()
    if batch is None or batch.edition_id != context.edition_id or kind(batch.kind).desk != context.desk:
        raise BatchUnknown
    return batch


async def _lay(laying: Laying, parsed: Examined, context: SheetContext) -> int:
    """Lay the rows ready. What the database of this moment makes wrong is found when they are taken over."""
    if parsed.problems:
        raise _ProblemsSince(parsed)
    return await laying.lay(parsed.rows, context)


async def _look_again(batch_id: int, sheet_kind: SheetKind, parsed: Examined, context: SheetContext) -> None:
    """Find the cells for which laid rows were refused as a whole. Raises BatchHasProblems when there are such."""
    examined = await check_rows(sheet_kind, parsed, context)
    if examined.problems:
        raise await _noted(batch_id, examined)


async def _noted(batch_id: int, examined: Examined) -> BatchHasProblems:
    """Note in the batch what is wrong by now; it can be accepted again once that is mended."""
    await ImportBatch.update({ImportBatch.state: BatchState.PREVIEWED, **_problem_values(examined)}).where(
        (ImportBatch.id == batch_id) & ImportBatch.state.is_in([BatchState.PREVIEWED, BatchState.LOADING])
    )
    return BatchHasProblems(count=len(examined.problems))


async def _load(
    sheet_kind: SheetKind, batch: ImportBatch, parsed: Examined, context: SheetContext, *, laid: int | None
) -> LoadResult:
    """Write all rows, and the entry in the log, in the caller's transaction. Raises _ProblemsSince."""
    async with gathered():
        if laid is not None and sheet_kind.laying is not None:
            result = await sheet_kind.laying.take_over(laid, context)
        else:
            examined = await check_rows(sheet_kind, parsed, context)
            if examined.problems:
                raise _ProblemsSince(examined)
            result = await sheet_kind.load(examined.rows, context)
        await record(
            actor=context.actor,
            action="sheet.load",
            subject_type="import_batch",
            subject_id=batch.id,
            edition_id=context.edition_id,
            after={"kind": batch.kind, "filename": batch.filename, "digest": batch.digest, **result.as_dict()},
            now=context.now,
        )
    return result


def _examined_values(table: RawTable, examined: Examined) -> dict[Any, Any]:
    return {
        "state": BatchState.PREVIEWED,
        "mapping": json.dumps(dict(examined.mapping), ensure_ascii=False),
        "row_count": len(table.rows),
        "sample": json.dumps({**_sample(table), **_expected(examined)}, ensure_ascii=False),
        "problem_count": len(examined.problems),
        "problems": _stored_problems(examined),
        **stored_proposals(examined),
    }


def _expected(examined: Examined) -> dict[str, dict[str, int] | None]:
    """What would come of the sheet, beside its first rows."""
    return {"expected": examined.expected.as_dict() if examined.expected else None}


class _ProblemsSince(Exception):
    """The database makes cells wrong that were right in the preview: roll back, then say so."""

    def __init__(self, examined: Examined) -> None:
        super().__init__()
        self.examined = examined


async def _mapping_for(
    sheet_kind: SheetKind, table: RawTable, mapping: Mapping[str, str] | None
) -> dict[str, str] | None:
    """The organiser's mapping, else the one kept for these headers, else None: recognise them."""
    if mapping is not None:
        return check_mapping(mapping, table.headers, sheet_kind.columns)
    kept = (
        await ImportMapping.select(ImportMapping.mapping)
        .where(ImportMapping.signature == _signature(sheet_kind, table))
        .first()
    )
    return None if kept is None else check_mapping(json.loads(kept["mapping"]), table.headers, sheet_kind.columns)


async def _keep_mapping(sheet_kind: SheetKind, table: RawTable, chosen: Mapping[str, str], now: datetime) -> None:
    row = ImportMapping(
        kind=sheet_kind.name,
        signature=_signature(sheet_kind, table),
        mapping=json.dumps(dict(chosen), ensure_ascii=False),
        updated_at=now,
    )
    await ImportMapping.insert(row).on_conflict(
        target=ImportMapping.signature, action="DO UPDATE", values=[ImportMapping.mapping, ImportMapping.updated_at]
    )


async def _previewed(batch_id: int, context: SheetContext) -> ImportBatch:
    """Give a batch that may still be accepted. Raises BatchUnknown or BatchDiscarded."""
    batch = await find_batch(batch_id, context)
    if batch.state != BatchState.PREVIEWED:
        raise BatchDiscarded
    return batch


async def _claim(batch_id: int, now: datetime, state: BatchState) -> bool:
    """Mark the batch as taken over; false when another request did so, or discarded it."""
    open_states = [BatchState.PREVIEWED, BatchState.LOADING]
    claimed = (
        await ImportBatch.update({ImportBatch.state: state, ImportBatch.loaded_at: now})
        .where((ImportBatch.id == batch_id) & ImportBatch.state.is_in(open_states) & ImportBatch.result.is_null())
        .returning(ImportBatch.id)
    )
    return bool(claimed)


async def _settled(batch_id: int, context: SheetContext) -> ImportBatch:
    """Give the answer of whoever was first."""
    batch = await find_batch(batch_id, context)
    if batch.result is None:
        raise BatchDiscarded
    return batch


async def _stored_table(batch: ImportBatch, sheet_kind: SheetKind, worksheet: str = "") -> RawTable:
    """Read the stored file again, the batch's worksheet of it or another one.

    Raises FileNotFoundError when it is gone, BatchUnknown when it was changed.
    """
    data = await asyncio.to_thread(stored_bytes, batch.stored_path)
    if hashlib.sha256(data).hexdigest() != batch.digest:
        raise BatchUnknown
    name = worksheet or worksheets_of(batch)[0]
    return await asyncio.to_thread(read_table, data, batch.filename, sheet_kind.columns, name)


def _signature(sheet_kind: SheetKind, table: RawTable) -> str:
    said = json.dumps([sheet_kind.name, *table.headers], ensure_ascii=False)
    return hashlib.sha256(said.encode()).hexdigest()


def _problem_values(examined: Examined) -> dict[Column | str, Any]:
    return {
        ImportBatch.problem_count: len(examined.problems),
        ImportBatch.problems: _stored_problems(examined),
        **stored_proposals(examined),
    }


def _stored_problems(examined: Examined) -> str:
    kept = [problem.as_dict() for problem in examined.problems[:MAX_STORED_PROBLEMS]]
    return json.dumps(kept, ensure_ascii=False)


def _sample(table: RawTable) -> dict[str, object]:
    rows = [{"number": row.number, "cells": [shown(value) for value in row.values]} for row in table.rows[:SAMPLE_ROWS]]
    return {"headers": list(table.headers), "rows": rows, "sheet": table.sheet, "left_out": table.left_out}

"""Loading sheets of every kind: upload, preview with what is wrong, columns by hand, accept or discard."""

from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath, FromQuery

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.accounts.guards import requires
from app.events import queries
from app.events.pages import (
    MOST_EXPORTED,
    PAGE_SIZE,
    download,
    form_again,
    offset_of,
    page_asked,
    pager_of,
    with_query,
)
from app.events.queries import EditionInfo, Page
from app.events.schemas import UploadForm
from app.kernel import sheets
from app.kernel.clock import now
from app.kernel.enums import BATCH_STATE_NAMES, BatchState
from app.kernel.errors import AppError
from app.kernel.forms import Form, FormError, read_form
from app.kernel.i18n import _
from app.kernel.sheets import SheetContext, apart, batches, kept
from app.kernel.sheets.proposals import proposals_of
from app.kernel.tables import ImportBatch
from app.kernel.web import page, redirect

MOST_SHOWN = 200


def context_of(edition: EditionInfo, actor: Actor) -> SheetContext:
    """For which edition, by whom and when a sheet is read."""
    return SheetContext(
        edition_id=edition.id, actor=actor, now=now(), timezone=edition.timezone, currency=edition.currency
    )


class ImportController(Controller):
    """``/manage/{edition_id}/import``."""

    path = "/manage/{edition_id:int}/import"
    guards = [requires(Role.OWNER, Role.MANAGER)]
    include_in_schema = False

    @get("/")
    async def kinds(
        self,
        request: Request[Actor, Any, Any],
        edition_id: FromPath[int],
        q: FromQuery[str] = "",
        kind: FromQuery[str] = "",
    ) -> Response[str]:
        """What can be loaded, and what was."""
        edition = await queries.edition_by_id(edition_id)
        state = request.query_params.get("state", "")
        offset = offset_of(page_asked(request))
        await apart.look_after_all(context_of(edition, request.user))
        found, total = await kept.list_batches(
            edition_id, search=q, kind_name=kind, state=state, offset=offset, limit=PAGE_SIZE
        )
        return page(
            "events/import_kinds.html",
            edition=edition,
            kinds=sheets.kinds_at(""),
            batches=found,
            pager=pager_of(
                request, Page(found, total, offset + 1, PAGE_SIZE), at=f"/manage/{edition_id}/import#batches"
            ),
            titles={one.name: _(one.title) for one in sheets.kinds_at("")},
            states=[(one.value, _(name)) for one, name in BATCH_STATE_NAMES.items()],
            q=q,
            kind=kind,
            state=state,
            export=with_query(request, f"/manage/{edition_id}/import/batches.xlsx"),
        )

    @get("/batches.xlsx")
    async def export(
        self,
        request: Request[Actor, Any, Any],
        edition_id: FromPath[int],
        q: FromQuery[str] = "",
        kind: FromQuery[str] = "",
    ) -> Response[bytes]:
        """The sheets that were uploaded, as a sheet."""
        edition = await queries.edition_by_id(edition_id)
        found, _total = await kept.list_batches(
            edition_id, search=q, kind_name=kind, state=request.query_params.get("state", ""), limit=MOST_EXPORTED
        )
        titles = {one.name: _(one.title) for one in sheets.kinds_at("")}
        names = {one.value: _(name) for one, name in BATCH_STATE_NAMES.items()}
        rows = [
            [
                one["filename"],
                titles.get(one["kind"], one["kind"]),
                one["row_count"],
                one["problem_count"],
                names[one["state"]],
                one["created_at"],
            ]
            for one in found
        ]
        headers = [_("File"), _("Kind"), _("Rows"), _("Cells to look at"), _("State"), _("Uploaded")]
        content = sheets.write_xlsx(_("Sheets"), headers, rows, timezone=edition.timezone)
        return download(content, f"sheets-{edition.slug}.xlsx")

    @get("/{kind:str}")
    async def upload_form(self, edition_id: FromPath[int], kind: FromPath[str]) -> Response[str]:
        """The field for the sheet, and its columns."""
        edition = await queries.edition_by_id(edition_id)
        return page("events/import_upload.html", edition=edition, kind=sheets.kind_at("", kind), form=Form.empty())

    @get("/{kind:str}/template.xlsx")
    async def template(self, kind: FromPath[str]) -> Response[bytes]:
        """An empty sheet with the right headers."""
        found = sheets.kind_at("", kind)
        return download(sheets.template_xlsx(_(found.title), found.columns), f"{found.name}.xlsx")

    @post("/{kind:str}")
    async def upload(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], kind: FromPath[str]
    ) -> Response[Any]:
        """Read and check a sheet; nothing else is written."""
        edition = await queries.edition_by_id(edition_id)
        found = sheets.kind_at("", kind)
        try:
            file = (await read_form(request, UploadForm)).file
            batch = await apart.take_in(kind, await file.read(), file.filename, context_of(edition, request.user))
        except FormError as error:
            return page("events/import_upload.html", status=422, edition=edition, kind=found, form=error.form)
        except AppError as error:
            form = await form_again(request, {"file": error.sentence()})
            return page("events/import_upload.html", status=422, edition=edition, kind=found, form=form)
        return redirect(f"/manage/{edition_id}/import/batch/{batch.id}")

    @get("/batch/{batch_id:int}")
    async def show(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], batch_id: FromPath[int]
    ) -> Response[str]:
        """The preview, or what came of it."""
        edition = await queries.edition_by_id(edition_id)
        batch = await apart.look_after(batch_id, context_of(edition, request.user))
        return await batch_page(edition, batch)

    @post("/batch/{batch_id:int}/mapping")
    async def remap(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], batch_id: FromPath[int]
    ) -> Response[Any]:
        """Read the sheet again with columns chosen by hand, or another worksheet of its file."""
        edition = await queries.edition_by_id(edition_id)
        context = context_of(edition, request.user)
        batch = await batches.find_batch(batch_id, context)
        try:
            await read_otherwise(batch, await request.form(), context)
        except AppError as error:
            return await batch_page(edition, batch, problem=error.sentence(), status=422)
        return redirect(f"/manage/{edition_id}/import/batch/{batch_id}")

    @post("/batch/{batch_id:int}/choices")
    async def choose(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], batch_id: FromPath[int]
    ) -> Response[Any]:
        """Say what cells become of which the sheet leaves that open."""
        edition = await queries.edition_by_id(edition_id)
        context = context_of(edition, request.user)
        batch = await batches.find_batch(batch_id, context)
        data = await request.form()
        fields = {f"cell_{one['row']}_{one['name']}": (one["row"], one["name"]) for one in proposals_of(batch)}
        chosen = {cell: str(data[field]) for field, cell in fields.items() if data.get(field)}
        try:
            await apart.choose_cells(batch_id, chosen, context)
        except AppError as error:
            return await batch_page(edition, batch, problem=error.sentence(), status=422)
        return redirect(f"/manage/{edition_id}/import/batch/{batch_id}")

    @post("/batch/{batch_id:int}/accept")
    async def accept(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], batch_id: FromPath[int]
    ) -> Response[Any]:
        """Load all rows, or none."""
        edition = await queries.edition_by_id(edition_id)
        context = context_of(edition, request.user)
        try:
            await apart.let_load(batch_id, context)
        except AppError as error:
            batch = await batches.find_batch(batch_id, context)
            return await batch_page(edition, batch, problem=error.sentence(), status=error.status)
        return redirect(f"/manage/{edition_id}/import/batch/{batch_id}")

    @post("/batch/{batch_id:int}/discard")
    async def discard(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], batch_id: FromPath[int]
    ) -> Response[Any]:
        """Drop the sheet, or stop the work on it; one that is loaded, or being stopped, is shown as it stands."""
        context = context_of(await queries.edition_by_id(edition_id), request.user)
        if (await apart.let_go(batch_id, context)).state != BatchState.DISCARDED:
            return redirect(f"/manage/{edition_id}/import/batch/{batch_id}")
        return redirect(f"/manage/{edition_id}/import", toast=_("The sheet was dropped. Nothing was loaded."))


async def read_otherwise(batch: ImportBatch, data: Mapping[str, Any], context: SheetContext) -> None:
    """Read a previewed sheet again as its page asks for: another worksheet, or columns chosen by hand."""
    if worksheet := str(data.get("worksheet", "")):
        await apart.choose_worksheet(batch.id, worksheet, context)
        return
    headers, _rows = kept.sample_of(batch)
    chosen = {header: str(data.get(f"column_{number}", "")) for number, header in enumerate(headers)}
    await apart.choose_columns(batch.id, chosen, context)


def _lacks_column(problems: list[dict[str, Any]]) -> bool:
    return any(one["code"] == "column_missing" for one in problems)


async def batch_page(
    edition: EditionInfo,
    batch: ImportBatch,
    *,
    problem: str = "",
    status: int = 200,
    base: str = "",
    upload: str = "",
    crumbs: Sequence[tuple[str, str]] = (),
) -> Response[str]:
    """The preview of a sheet, or what came of it.

    A desk that loads its own kind gives ``base``, below which its batches stand, ``upload``, its field for a sheet,
    and ``crumbs``, names with addresses of the pages that lead there.
    """
    base = base or f"/manage/{edition.id}/import"
    kind = sheets.kind(batch.kind)
    headers, rows = kept.sample_of(batch)
    problems = kept.problems_of(batch)
    mapping = kept.mapping_of(batch)
    proposals = proposals_of(batch)
    open_cells = [one for one in proposals if one["options"]]
    settled = [one for one in proposals if not one["options"]]
    told = {(one["row"], one["header"]): one["message"] for one in settled}
    reasons = {(int(found["row"]), str(found["header"])): str(found["message"]) for found in problems}
    grid = [
        {
            "number": number,
            "cells": [
                {
                    "value": cell,
                    "error": reasons.get((number, header), ""),
                    "note": told.get((number, header), ""),
                }
                for header, cell in zip(headers, cells, strict=False)
            ],
        }
        for number, cells in rows
    ]
    return page(
        "events/import_batch.html",
        status=status,
        edition=edition,
        base=base,
        upload=upload or f"{base}/{kind.name}",
        crumbs=crumbs or [(_("Load sheets"), base), (_(kind.title), f"{base}/{kind.name}")],
        batch=batch,
        kind=kind,
        worksheets=kept.worksheets_of(batch),
        head=headers,
        grid=grid,
        problems=[one for one in problems if one["code"] != "to_choose"][:MOST_SHOWN],
        open_cells=open_cells[:MOST_SHOWN],
        settled=settled[:MOST_SHOWN],
        other_count=batch.problem_count - sum(one["becomes"] is None for one in open_cells),
        mapping=mapping,
        unclear=bool(problem) or not set(headers) <= mapping.keys() or _lacks_column(problems),
        result=kept.result_of(batch),
        expected=kept.expected_of(batch),
        problem=problem or apart.failure_of(batch),
        progress=await apart.progress_of(batch),
    )

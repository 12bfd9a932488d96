"""The JSON API of sheets: upload for preview, read what is wrong, choose columns, accept or discard."""

from typing import Annotated, Any

from litestar import Controller, Request, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath, FromQuery

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.accounts.guards import requires
from app.events.controllers.imports import context_of
from app.events.pages import PAGE_SIZE, offset_of
from app.events.queries import edition_by_id
from app.kernel.paging import page_number
from app.kernel.sheets import SheetContext, apart, kept, kinds_at
from app.kernel.sheets.schemas import (
    CellChoices,
    ColumnChoice,
    SheetDetailDTO,
    SheetDTO,
    SheetKindDTO,
    SheetListDTO,
    SheetUpload,
)

ApiRequest = Request[Actor, Any, Any]


class ImportsApi(Controller):
    """``/api/v1/manage/{edition_id}/imports``."""

    path = "/api/v1/manage/{edition_id:int}/imports"
    guards = [requires(Role.OWNER, Role.MANAGER)]
    tags = ["Sheets"]

    @get("/kinds", summary="Kinds of sheets that can be loaded")
    async def list_kinds(self, edition_id: FromPath[int]) -> list[SheetKindDTO]:
        """Each with its columns; headers are recognised in three languages."""
        await edition_by_id(edition_id)
        return [SheetKindDTO.of(kind) for kind in kinds_at("")]

    @get("/", summary="Sheets that were uploaded")
    async def list_sheets(
        self,
        request: ApiRequest,
        edition_id: FromPath[int],
        q: FromQuery[str] = "",
        kind: FromQuery[str] = "",
        status: FromQuery[str] = "",
        page: FromQuery[int] = 1,
    ) -> SheetListDTO:
        """Fifty at a time, the newest first; ``q`` looks in the names of the files."""
        await apart.look_after_all(await _context(request, edition_id))
        found, total = await kept.list_batches(
            edition_id, search=q, kind_name=kind, state=status, offset=offset_of(page), limit=PAGE_SIZE
        )
        return SheetListDTO(items=[SheetDTO.of(row) for row in found], total=total, page=page_number(page))

    @post("/", summary="Upload a sheet to be checked")
    async def upload(
        self,
        request: ApiRequest,
        edition_id: FromPath[int],
        data: Annotated[SheetUpload, Body(media_type=RequestEncodingType.MULTI_PART, title="The sheet")],
    ) -> SheetDetailDTO:
        """Nothing is loaded yet. A big file is read by a job: its state is ``reading`` until then.
        Errors: ``sheet_kind_unknown``, ``not_a_sheet``, ``sheet_empty``, ``sheet_too_large``, ``sheet_encrypted``.
        Where several worksheets of the file fit alike, the problem ``worksheet_open`` asks for a choice."""
        context = await _context(request, edition_id)
        batch = await apart.take_in(data.kind, await data.file.read(), data.file.filename, context)
        return SheetDetailDTO.of_batch(batch)

    @get("/{batch_id:int}", summary="A sheet with its problems, or what came of it")
    async def read_sheet(
        self, request: ApiRequest, edition_id: FromPath[int], batch_id: FromPath[int]
    ) -> SheetDetailDTO:
        """Error: ``batch_unknown``."""
        return SheetDetailDTO.of_batch(await apart.look_after(batch_id, await _context(request, edition_id)))

    @post(
        "/{batch_id:int}/columns",
        status_code=200,
        summary="Choose which header is which column, or which worksheet is read",
    )
    async def choose_columns(
        self,
        request: ApiRequest,
        edition_id: FromPath[int],
        batch_id: FromPath[int],
        data: Annotated[ColumnChoice, Body(title="The columns")],
    ) -> SheetDetailDTO:
        """The sheet is checked again. Errors: ``batch_unknown``, ``batch_discarded``, ``sheet_mapping_invalid``,
        ``worksheet_unknown``."""
        context = await _context(request, edition_id)
        if data.worksheet:
            return SheetDetailDTO.of_batch(await apart.choose_worksheet(batch_id, data.worksheet, context))
        batch = await apart.choose_columns(batch_id, data.columns, context)
        return SheetDetailDTO.of_batch(batch)

    @post("/{batch_id:int}/choices", status_code=200, summary="Choose what cells become where that is open")
    async def choose_cells(
        self,
        request: ApiRequest,
        edition_id: FromPath[int],
        batch_id: FromPath[int],
        data: Annotated[CellChoices, Body(title="The choices")],
    ) -> SheetDetailDTO:
        """The sheet is checked again. Errors: ``batch_unknown``, ``batch_discarded``, ``sheet_choice_invalid``."""
        chosen = {(one.row, one.name): one.value for one in data.cells}
        return SheetDetailDTO.of_batch(await apart.choose_cells(batch_id, chosen, await _context(request, edition_id)))

    @post("/{batch_id:int}/accept", status_code=200, summary="Load a sheet: all its rows or none")
    async def accept(self, request: ApiRequest, edition_id: FromPath[int], batch_id: FromPath[int]) -> SheetDetailDTO:
        """Accepted twice it is loaded once. A big one is loaded by a job: ``loading``, then ``loaded``.
        Errors: ``batch_unknown``, ``batch_discarded``, ``batch_has_problems``."""
        return SheetDetailDTO.of_batch(await apart.let_load(batch_id, await _context(request, edition_id)))

    @post(
        "/{batch_id:int}/discard", status_code=200, summary="Drop a sheet that was not loaded, or stop the work on it"
    )
    async def discard(self, request: ApiRequest, edition_id: FromPath[int], batch_id: FromPath[int]) -> SheetDetailDTO:
        """A loaded sheet stays loaded. One that is worked on stops soon: it is dropped if it was being read, and can
        be accepted again if it was being loaded. Error: ``batch_unknown``."""
        return SheetDetailDTO.of_batch(await apart.let_go(batch_id, await _context(request, edition_id)))


async def _context(request: ApiRequest, edition_id: int) -> SheetContext:
    return context_of(await edition_by_id(edition_id), request.user)

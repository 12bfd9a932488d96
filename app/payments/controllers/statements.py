"""Statements of the bank account: uploaded, looked at, loaded or dropped, at the finance desk alone."""

from dataclasses import replace
from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.accounts.guards import requires
from app.events.controllers.imports import batch_page, context_of, read_otherwise
from app.events.pages import form_again
from app.events.queries import EditionInfo, edition_by_id
from app.events.schemas import UploadForm
from app.kernel.enums import BATCH_STATE_NAMES, BatchState
from app.kernel.errors import AppError
from app.kernel.forms import Form, FormError, read_form
from app.kernel.i18n import _
from app.kernel.sheets import SheetContext, apart, batches, kept
from app.kernel.tables import ImportBatch
from app.kernel.web import page, redirect
from app.payments.sheets import DESK, STATEMENTS

MOST_SHOWN = 20


class StatementController(Controller):
    """``/manage/{edition_id}/payments/bank/statements``."""

    path = "/manage/{edition_id:int}/payments/bank/statements"
    guards = [requires(Role.OWNER, Role.FINANCE)]
    include_in_schema = False

    @get("/")
    async def statements(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[str]:
        """The field for a statement, and the last ones that were loaded."""
        edition = await edition_by_id(edition_id)
        await apart.look_after_all(_context(edition, request.user))
        return await _upload_page(edition, Form.empty())

    @post("/")
    async def upload(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[Any]:
        """Read and check a statement; nothing else is written."""
        edition = await edition_by_id(edition_id)
        try:
            file = (await read_form(request, UploadForm)).file
            context = _context(edition, request.user)
            batch = await apart.take_in(STATEMENTS.name, await file.read(), file.filename, context)
        except FormError as error:
            return await _upload_page(edition, error.form, status=422)
        except AppError as error:
            return await _upload_page(edition, await form_again(request, {"file": error.sentence()}), status=422)
        return redirect(f"{_base(edition_id)}/batch/{batch.id}")

    @get("/batch/{statement_id:int}")
    async def show(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], statement_id: FromPath[int]
    ) -> Response[str]:
        """The preview, or what came of it."""
        edition = await edition_by_id(edition_id)
        return await _shown(edition, await apart.look_after(statement_id, _context(edition, request.user)))

    @post("/batch/{statement_id:int}/mapping")
    async def remap(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], statement_id: FromPath[int]
    ) -> Response[Any]:
        """Read it again: columns chosen by hand, kept for statements with the same headers, or another worksheet."""
        edition = await edition_by_id(edition_id)
        context = _context(edition, request.user)
        batch = await batches.find_batch(statement_id, context)
        try:
            await read_otherwise(batch, await request.form(), context)
        except AppError as error:
            return await _shown(edition, batch, problem=error.sentence(), status=422)
        return redirect(f"{_base(edition_id)}/batch/{statement_id}")

    @post("/batch/{statement_id:int}/accept")
    async def accept(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], statement_id: FromPath[int]
    ) -> Response[Any]:
        """Keep its transfers; a job matches them."""
        edition = await edition_by_id(edition_id)
        context = _context(edition, request.user)
        try:
            await apart.let_load(statement_id, context)
        except AppError as error:
            batch = await batches.find_batch(statement_id, context)
            return await _shown(edition, batch, problem=error.sentence(), status=error.status)
        return redirect(f"{_base(edition_id)}/batch/{statement_id}")

    @post("/batch/{statement_id:int}/discard")
    async def discard(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], statement_id: FromPath[int]
    ) -> Response[Any]:
        """Drop it, or stop the work on it."""
        context = _context(await edition_by_id(edition_id), request.user)
        if (await apart.let_go(statement_id, context)).state != BatchState.DISCARDED:
            return redirect(f"{_base(edition_id)}/batch/{statement_id}")
        return redirect(_base(edition_id), toast=_("The sheet was dropped. Nothing was loaded."))


def _base(edition_id: int) -> str:
    return f"/manage/{edition_id}/payments/bank/statements"


def _context(edition: EditionInfo, actor: Actor) -> SheetContext:
    return replace(context_of(edition, actor), desk=DESK)


async def _shown(edition: EditionInfo, batch: ImportBatch, *, problem: str = "", status: int = 200) -> Response[str]:
    base, payments = _base(edition.id), f"/manage/{edition.id}/payments"
    crumbs = [(_("Payments"), payments), (_("Transfers"), f"{payments}/bank"), (_("Bank statements"), base)]
    return await batch_page(edition, batch, problem=problem, status=status, base=base, upload=base, crumbs=crumbs)


async def _upload_page(edition: EditionInfo, form: Form, *, status: int = 200) -> Response[str]:
    found, _total = await kept.list_batches(edition.id, desk=DESK, limit=MOST_SHOWN)
    return page(
        "payments/statements.html",
        status=status,
        edition=edition,
        form=form,
        batches=found,
        states={state.value: _(name) for state, name in BATCH_STATE_NAMES.items()},
        kind=STATEMENTS,
    )

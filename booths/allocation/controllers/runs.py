"""The organiser's page of allocation: press Allocate, look at the proposal, publish it or put it aside."""

from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath, FromQuery

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.accounts.guards import requires
from app.events.pages import download, stretch, with_query
from app.events.queries import EditionInfo, edition_by_id
from app.kernel.clock import now
from app.kernel.errors import AppError
from app.kernel.i18n import _, format_number
from app.kernel.jobs import get_job
from app.kernel.sheets import write_xlsx
from app.kernel.sheets.write import Cell
from app.kernel.web import page, redirect
from booths.allocation import queries, queries_proposals
from booths.allocation.enums import RunState
from booths.allocation.queries_runs import LOT_NAMES, Lot, chosen, lines_of
from booths.allocation.services import runs
from booths.allocation.sheets import APPLICATIONS
from booths.floorplan.queries import plans_of
from booths.floorplan.sheets import HALLS

FLOOR = requires(Role.OWNER, Role.MANAGER, Role.FLOOR)
MANAGERS = requires(Role.OWNER, Role.MANAGER)


def quality(gap: float | None) -> str:
    """How far a proposal is from the best possible one, as a sentence."""
    if gap is None:
        return ""
    if gap <= 1e-6:
        return _("No better plan exists: this was proven.")
    percent = format_number(max(round(gap * 100, 2), 0.01))
    return _("At most {percent}% short of the best possible plan.").format(percent=percent)


class AllocationController(Controller):
    """``/manage/{edition_id}/allocation``."""

    path = "/manage/{edition_id:int}/allocation"
    include_in_schema = False

    @get("/", guards=[FLOOR])
    async def show(
        self,
        request: Request[Actor, Any, Any],
        edition_id: FromPath[int],
        q: FromQuery[str] = "",
        lot: FromQuery[str] = "",
    ) -> Response[str]:
        """What is open, and the newest run with its list, searched and filtered."""
        return await _run_page(request, await edition_by_id(edition_id), q=q, lot=_lot(lot))

    @get("/{run_id:int}/export.xlsx", guards=[FLOOR])
    async def export(
        self, edition_id: FromPath[int], run_id: FromPath[int], q: FromQuery[str] = "", lot: FromQuery[str] = ""
    ) -> Response[bytes]:
        """The list as a sheet."""
        edition = await edition_by_id(edition_id)
        await queries_proposals.run_of(edition_id, run_id)
        asked = APPLICATIONS.labels("organisation", "cells_wanted", "zone_wanted", "power_watts", "category")
        headers = [*asked, *HALLS.labels("hall", "booth", "zone"), _("Why")]
        rows: list[list[Cell]] = [
            [
                line.organisation,
                line.cells_wanted,
                line.zone_wanted,
                line.power_watts,
                line.category,
                line.hall,
                line.booth,
                line.zone,
                " ".join(line.sentences),
            ]
            for line in chosen(await lines_of(edition_id, run_id), q, _lot(lot))
        ]
        content = write_xlsx(_("Allocation"), headers, rows)
        return download(content, f"allocation-{edition.slug}-{run_id}.xlsx")

    @post("/start", guards=[MANAGERS])
    async def start(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[Any]:
        """Begin."""
        try:
            await runs.start_allocation(edition_id=edition_id, actor=request.user, now=now())
        except AppError as error:
            return await _run_page(request, await edition_by_id(edition_id), error)
        return redirect(f"/manage/{edition_id}/allocation")

    @post("/{run_id:int}/stop", guards=[MANAGERS])
    async def stop(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], run_id: FromPath[int]
    ) -> Response[Any]:
        """Stop the optimiser."""
        try:
            await runs.stop_run(run_id=run_id, edition_id=edition_id, actor=request.user, now=now())
        except AppError as error:
            return await _run_page(request, await edition_by_id(edition_id), error)
        return redirect(f"/manage/{edition_id}/allocation", toast=_("Stopped. Nothing was changed."))

    @post("/{run_id:int}/publish", guards=[MANAGERS])
    async def publish(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], run_id: FromPath[int]
    ) -> Response[Any]:
        """Make the proposal real."""
        try:
            await runs.publish_run(run_id=run_id, edition_id=edition_id, actor=request.user, now=now())
        except AppError as error:
            return await _run_page(request, await edition_by_id(edition_id), error)
        return redirect(f"/manage/{edition_id}/allocation", toast=_("Published. The messages are on their way."))

    @post("/{run_id:int}/discard", guards=[MANAGERS])
    async def discard(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], run_id: FromPath[int]
    ) -> Response[Any]:
        """Put it aside."""
        try:
            await runs.discard_run(run_id=run_id, edition_id=edition_id, actor=request.user, now=now())
        except AppError as error:
            return await _run_page(request, await edition_by_id(edition_id), error)
        return redirect(f"/manage/{edition_id}/allocation", toast=_("The proposal is dropped. Nothing was changed."))


def _lot(text: str) -> Lot | None:
    return Lot(text) if text in list(Lot) else None


async def _run_page(
    request: Request[Actor, Any, Any],
    edition: EditionInfo,
    problem: AppError | None = None,
    *,
    q: str = "",
    lot: Lot | None = None,
) -> Response[str]:
    own = f"/manage/{edition.id}/allocation"
    run = await queries_proposals.latest_run(edition.id)
    state = RunState(run["state"]) if run else None
    lines = await lines_of(edition.id, run["id"]) if run and state in (RunState.PROPOSED, RunState.PUBLISHED) else []
    shown, pager = stretch(request, chosen(lines, q, lot), at=f"{own}#list")
    placed = [line.booth_id for line in lines if line.booth_id is not None]
    job = await get_job(run["job_id"]) if run and run["job_id"] and state == RunState.RUNNING else None
    return page(
        "allocation/allocation.html",
        status=problem.status if problem else 200,
        edition=edition,
        counts=await queries.counts(edition.id),
        run=run,
        state=state.value if state else "",
        lines=shown,
        pager=pager,
        q=q,
        lot=lot.value if lot else "",
        lots=[(one.value, _(name)) for one, name in LOT_NAMES.items()],
        export=with_query(request, f"{own}/{run['id']}/export.xlsx") if run else "",
        job=job,
        quality=quality(run["gap"]) if run else "",
        plans=await plans_of(edition.id) if placed else [],
        marks=dict.fromkeys(placed, "map-chosen") if state == RunState.PROPOSED else {},
        problem=problem.sentence() if problem else "",
        may_publish=request.user.has(Role.MANAGER, edition_id=edition.id),
    )

"""The JSON API of applications and allocation, for organisers."""

from typing import Annotated, Any

from litestar import Controller, Request, get, post
from litestar.params import Body, FromPath, FromQuery

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.accounts.guards import requires
from app.events.pages import PAGE_SIZE, offset_of
from app.events.queries import edition_by_id
from app.kernel.clock import now
from app.kernel.paging import page_number
from booths.allocation import queries, queries_proposals
from booths.allocation.schemas import ApplicationDTO, ApplicationListDTO, BoothChoice, PublishedDTO, RunDTO
from booths.allocation.services import by_hand, runs

FLOOR = requires(Role.OWNER, Role.MANAGER, Role.FLOOR)
MANAGERS = requires(Role.OWNER, Role.MANAGER)


class AllocationApi(Controller):
    """``/api/v1/manage/{edition_id}``: applications, runs, booths by hand."""

    path = "/api/v1/manage/{edition_id:int}"
    tags = ["Allocation"]

    @get("/applications", guards=[FLOOR], summary="Applications of an edition")
    async def applications(
        self,
        edition_id: FromPath[int],
        q: FromQuery[str] = "",
        status: FromQuery[str] = "",
        zone: FromQuery[str] = "",
        page: FromQuery[int] = 1,
    ) -> ApplicationListDTO:
        """Fifty at a time, by name; ``status`` may be ``open``."""
        await edition_by_id(edition_id)
        found = await queries.applications(
            edition_id, search=q, state=status, zone=zone, offset=offset_of(page), limit=PAGE_SIZE
        )
        return ApplicationListDTO(
            items=[ApplicationDTO.of(item) for item in found.items], total=found.total, page=page_number(page)
        )

    @get("/applications/{application_id:int}", guards=[FLOOR], summary="One application")
    async def application(self, edition_id: FromPath[int], application_id: FromPath[int]) -> ApplicationDTO:
        """Error: ``application_not_found``."""
        return ApplicationDTO.of(await queries.application(edition_id, application_id))

    @post("/allocation-runs", guards=[MANAGERS], summary="Begin to work out who gets which booth")
    async def start(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> RunDTO:
        """Errors: ``allocation_running``, ``nothing_to_allocate``."""
        await edition_by_id(edition_id)
        run_id = await runs.start_allocation(edition_id=edition_id, actor=request.user, now=now())
        return RunDTO.of(await queries_proposals.run_of(edition_id, run_id), [])

    @get("/allocation-runs/{run_id:int}", guards=[FLOOR], summary="A run and what it proposes")
    async def read(self, edition_id: FromPath[int], run_id: FromPath[int]) -> RunDTO:
        """Error: ``run_not_found``."""
        return RunDTO.of(await queries_proposals.run_of(edition_id, run_id), await queries_proposals.proposal(run_id))

    @post("/allocation-runs/{run_id:int}/publish", guards=[MANAGERS], status_code=200, summary="Make a proposal real")
    async def publish(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], run_id: FromPath[int]
    ) -> PublishedDTO:
        """All of it or nothing. Errors: ``run_not_found``, ``run_not_proposed``, ``booth_taken``,
        ``edition_cancelled``."""
        placed = await runs.publish_run(run_id=run_id, edition_id=edition_id, actor=request.user, now=now())
        return PublishedDTO(placed=placed)

    @post("/allocation-runs/{run_id:int}/discard", guards=[MANAGERS], status_code=200, summary="Put a proposal aside")
    async def discard(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], run_id: FromPath[int]
    ) -> RunDTO:
        """Errors: ``run_not_found``, ``run_not_proposed``."""
        await runs.discard_run(run_id=run_id, edition_id=edition_id, actor=request.user, now=now())
        return RunDTO.of(await queries_proposals.run_of(edition_id, run_id), [])

    @post("/booths/{booth_id:int}/hold", guards=[FLOOR], status_code=200, summary="Keep a booth for an application")
    async def hold(
        self,
        request: Request[Actor, Any, Any],
        edition_id: FromPath[int],
        booth_id: FromPath[int],
        data: Annotated[BoothChoice, Body(title="For whom")],
    ) -> ApplicationDTO:
        """Errors: ``booth_not_found``, ``booth_taken``, ``application_not_found``, ``has_booth``,
        ``edition_cancelled``."""
        await by_hand.hold_for_application(
            edition_id=edition_id,
            booth_id=booth_id,
            application_id=data.application,
            tell_now=data.tell_now,
            actor=request.user,
            now=now(),
        )
        return ApplicationDTO.of(await queries.application(edition_id, data.application))

    @post("/booths/{booth_id:int}/release", guards=[FLOOR], status_code=204, summary="Free a booth")
    async def release(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], booth_id: FromPath[int]
    ) -> None:
        """The application of whoever held it waits again. Error: ``booth_not_found``."""
        await by_hand.release_by_hand(edition_id=edition_id, booth_id=booth_id, actor=request.user, now=now())

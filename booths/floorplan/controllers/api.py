"""The JSON API of halls and booths."""

from typing import Annotated, Any

from litestar import Controller, Request, delete, get, post, put
from litestar.params import Body, FromPath

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.accounts.guards import organiser, public, requires
from app.events.enums import Part
from app.events.errors import EditionNotFound
from app.events.queries import edition_by_id, edition_by_slug
from app.kernel.clock import now
from booths.floorplan import services
from booths.floorplan.errors import BoothNotFound
from booths.floorplan.queries import booths_of, plans_of
from booths.floorplan.schemas import BoothChange, DeskBoothDTO, DeskHallDTO, HallDTO

FLOOR = requires(Role.OWNER, Role.MANAGER, Role.FLOOR)


class HallsApi(Controller):
    """``/api/v1/editions/{slug}/halls``."""

    path = "/api/v1/editions/{slug:str}/halls"
    guards = [public]
    tags = ["Floor plan"]

    @get("/", summary="Halls and booths of an edition")
    async def halls(self, slug: FromPath[str]) -> list[HallDTO]:
        """Exhibitors are named once their booth is allocated, and not before.

        404 ``edition_not_found`` for an edition without a trade fair.
        """
        edition = await edition_by_slug(slug)
        if not edition.has(Part.FAIR):
            raise EditionNotFound
        return [HallDTO.of(plan) for plan in await plans_of(edition.id)]


class PlanApi(Controller):
    """``/api/v1/manage/{edition_id}``: the plan as the editor reads and writes it."""

    path = "/api/v1/manage/{edition_id:int}"
    tags = ["Floor plan"]

    @get("/halls", guards=[organiser], summary="Halls and booths with their holders, prices and power")
    async def halls(self, edition_id: FromPath[int]) -> list[DeskHallDTO]:
        """Everything on the plan."""
        await edition_by_id(edition_id)
        return [DeskHallDTO.of(plan) for plan in await plans_of(edition_id)]

    @post("/halls/{hall_id:int}/booths", guards=[FLOOR], summary="Make a booth of free cells")
    async def create(
        self,
        request: Request[Actor, Any, Any],
        edition_id: FromPath[int],
        hall_id: FromPath[int],
        data: Annotated[BoothChange, Body(title="The booth")],
    ) -> DeskBoothDTO:
        """Errors: ``hall_not_found``, ``cells_apart``, ``cell_occupied``, ``booth_code_taken``,
        ``edition_cancelled``."""
        edition = await edition_by_id(edition_id)
        booth_id = await services.create_booth(
            edition_id=edition_id,
            hall_id=hall_id,
            code=data.code.strip(),
            squares=data.cells,
            zone=data.zone.strip(),
            power_watts=data.power_watts,
            price_minor=data.price_minor,
            currency=edition.currency,
            actor=request.user,
            now=now(),
        )
        return await _shown(edition_id, booth_id)

    @put("/booths/{booth_id:int}", guards=[FLOOR], summary="Change a booth")
    async def change(
        self,
        request: Request[Actor, Any, Any],
        edition_id: FromPath[int],
        booth_id: FromPath[int],
        data: Annotated[BoothChange, Body(title="The booth")],
    ) -> DeskBoothDTO:
        """Errors: ``booth_not_found``, ``cells_apart``, ``cell_occupied``, ``booth_code_taken``,
        ``edition_cancelled``."""
        await services.change_booth(
            edition_id=edition_id,
            booth_id=booth_id,
            code=data.code.strip(),
            squares=data.cells,
            zone=data.zone.strip(),
            power_watts=data.power_watts,
            price_minor=data.price_minor,
            actor=request.user,
            now=now(),
        )
        return await _shown(edition_id, booth_id)

    @delete("/booths/{booth_id:int}", guards=[FLOOR], summary="Take a booth off the plan that nobody ever held")
    async def remove(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], booth_id: FromPath[int]
    ) -> None:
        """Errors: ``booth_not_found``, ``booth_used``."""
        await services.delete_booth(edition_id=edition_id, booth_id=booth_id, actor=request.user, now=now())


async def _shown(edition_id: int, booth_id: int) -> DeskBoothDTO:
    for hall_id, booth in await booths_of(edition_id):
        if booth.id == booth_id:
            return DeskBoothDTO.of(hall_id, booth)
    raise BoothNotFound

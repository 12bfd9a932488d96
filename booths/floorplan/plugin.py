"""What the floor plan brings."""

from app.events.slots import (
    add_closer,
    add_copier,
    add_currency_holder,
    add_dashboard_provider,
    add_mover,
    add_nav_item,
)
from app.kernel.module import Module
from booths.floorplan.closing import free_booths_of
from booths.floorplan.controllers.api import HallsApi, PlanApi
from booths.floorplan.controllers.halls import HallController
from booths.floorplan.controllers.manage import FloorPlanController
from booths.floorplan.copying import copy_booths
from booths.floorplan.currency import prices_held
from booths.floorplan.dashboard import NAV, floorplan_dashboard
from booths.floorplan.dates import MOVER
from booths.floorplan.log import WORDS
from booths.floorplan.personal import DATA
from booths.floorplan.sheets import HALLS


def start() -> None:
    """Fill the slots."""
    add_mover(MOVER)
    add_closer(free_booths_of)
    add_currency_holder(prices_held)
    add_dashboard_provider(floorplan_dashboard)
    add_copier(copy_booths)
    for item in NAV:
        add_nav_item(item)


module = Module(
    name="floorplan",
    route_handlers=(FloorPlanController, HallController, HallsApi, PlanApi),
    sheet_kinds=(HALLS,),
    startup=start,
    log=WORDS,
    personal=DATA,
)

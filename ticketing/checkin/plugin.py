"""What check-in brings."""

from app.kernel.jobs import every
from app.kernel.module import Module
from ticketing.checkin.controllers.api import GateApi
from ticketing.checkin.sheets import GATES
from ticketing.checkin.tasks import CLOSE_DAYS, run_close_past_days


def start() -> None:
    """Let each day end by itself."""
    every(CLOSE_DAYS, 600)


module = Module(
    name="checkin",
    route_handlers=(GateApi,),
    jobs={CLOSE_DAYS: run_close_past_days},
    sheet_kinds=(GATES,),
    startup=start,
)

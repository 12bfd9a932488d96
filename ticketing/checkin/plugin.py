"""What check-in brings."""

from app.events.slots import add_closer, add_copier, add_dashboard_provider, add_mover, add_nav_item, add_pass_witness
from app.kernel.jobs import every
from app.kernel.module import Module
from app.kernel.waiting import add_waiting
from ticketing.checkin.controllers.api import GateApi
from ticketing.checkin.controllers.checkin_api import CheckinApi
from ticketing.checkin.controllers.counting import CountingApi, CountingPage, CountsController
from ticketing.checkin.controllers.gate_app import GateApp
from ticketing.checkin.controllers.live import LiveController
from ticketing.checkin.controllers.manage import GatesController
from ticketing.checkin.controllers.phones import PhonesController
from ticketing.checkin.dates import MOVER
from ticketing.checkin.log import WORDS
from ticketing.checkin.personal import DATA
from ticketing.checkin.services.asking import lists_asking
from ticketing.checkin.services.closing import close_lists
from ticketing.checkin.services.copying import copy_gates
from ticketing.checkin.sheets import GATES
from ticketing.checkin.slots import NAV, WAITING_WORDS, checkin_dashboard, checkin_waiting, scans_told
from ticketing.checkin.tasks import CLOSE_DAYS, run_close_past_days
from ticketing.sales.slots_questions import add_askers


def start() -> None:
    """Fill the slots, and let each day end by itself."""
    add_mover(MOVER)
    add_closer(close_lists)
    add_dashboard_provider(checkin_dashboard)
    add_copier(copy_gates)
    add_waiting(checkin_waiting, WAITING_WORDS)
    add_pass_witness(scans_told)
    add_askers(lists_asking)
    for item in NAV:
        add_nav_item(item)
    every(CLOSE_DAYS, 600)


module = Module(
    name="checkin",
    route_handlers=(
        *(GateApp, GateApi, CheckinApi, GatesController, PhonesController, LiveController),
        *(CountingApi, CountingPage, CountsController),
    ),
    jobs={CLOSE_DAYS: run_close_past_days},
    sheet_kinds=(GATES,),
    startup=start,
    log=WORDS,
    personal=DATA,
)

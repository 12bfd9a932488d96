"""What allocation brings."""

from app.accounts.merging.pointers import add_objector
from app.events.slots import (
    add_audience,
    add_closer,
    add_dashboard_provider,
    add_mover,
    add_nav_item,
    add_section_provider,
)
from app.kernel.jobs import every
from app.kernel.module import Module
from app.payments.services.documents import register_settlement, register_taken_back
from app.payments.services.given_up import register_given_up
from app.payments.services.telling import register_payers
from booths.allocation.controllers.api import AllocationApi
from booths.allocation.controllers.applications import ApplicationsController
from booths.allocation.controllers.apply import ApplyController, apply_section
from booths.allocation.controllers.booths import BoothController
from booths.allocation.controllers.fees import FeesController
from booths.allocation.controllers.own import OwnFeeController
from booths.allocation.controllers.runs import AllocationController
from booths.allocation.dashboard import NAV, allocation_dashboard, fees_dashboard
from booths.allocation.dates import MOVER
from booths.allocation.enums import FEE_PURPOSE
from booths.allocation.log import WORDS
from booths.allocation.personal import DATA
from booths.allocation.services.closing import close_applications
from booths.allocation.services.fee_messages import reach_exhibitor
from booths.allocation.services.merging import object_to_merge
from booths.allocation.services.messages import contacts_concerned
from booths.allocation.services.settling import has_its_booth, release_taken_back, settle_fee
from booths.allocation.sheets import APPLICATIONS
from booths.allocation.tasks import JOBS, TIDY, TIDY_SECONDS


def start() -> None:
    """Join payments, and fill the slots."""
    register_settlement(FEE_PURPOSE, settle_fee)
    register_given_up(FEE_PURPOSE, has_its_booth)
    register_taken_back(FEE_PURPOSE, release_taken_back)
    register_payers(FEE_PURPOSE, reach_exhibitor)
    add_mover(MOVER)
    add_objector(object_to_merge)
    add_closer(close_applications)
    add_audience(contacts_concerned)
    add_dashboard_provider(allocation_dashboard)
    add_dashboard_provider(fees_dashboard)
    add_section_provider(apply_section)
    for item in NAV:
        add_nav_item(item)
    every(TIDY, TIDY_SECONDS)


module = Module(
    name="allocation",
    route_handlers=(
        ApplyController,
        OwnFeeController,
        ApplicationsController,
        BoothController,
        AllocationController,
        FeesController,
        AllocationApi,
    ),
    jobs=JOBS,
    sheet_kinds=(APPLICATIONS,),
    startup=start,
    log=WORDS,
    personal=DATA,
)

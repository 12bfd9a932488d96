"""What events hands to the application."""

from app.events.controllers.api import EditionsApi, PassesApi
from app.events.controllers.imports import ImportController
from app.events.controllers.manage import ManageController
from app.events.controllers.office import OrganisationsController, PeopleController, remove_two_step
from app.events.controllers.programme import ProgrammeController
from app.events.controllers.public import PublicController, programme_section, resolve_session
from app.events.controllers.records import DevicesController, LogController, MessagesController, StatusController
from app.events.controllers.tracks import TracksController
from app.events.dashboard import NAV, events_dashboard
from app.events.log import WORDS
from app.events.pages import register_names
from app.events.passes.controllers import PassController
from app.events.passes.manage import PassDeskController
from app.events.passes.queries import contacts_of_holders
from app.events.passes.reissuing import JOB as REISSUE
from app.events.passes.reissuing import reissue_passes
from app.events.sheets import PROGRAMME
from app.events.short_codes import register_resolver
from app.events.slots import add_dashboard_provider, add_nav_item, add_pass_reacher, add_section_provider
from app.kernel.module import Module


def start() -> None:
    """Fill the slots and give templates their names."""
    register_names()
    register_resolver("session", resolve_session)
    add_dashboard_provider(events_dashboard)
    add_section_provider(programme_section)
    add_pass_reacher(contacts_of_holders)
    for item in NAV:
        add_nav_item(item)


module = Module(
    name="events",
    route_handlers=(
        PublicController,
        PassController,
        PassDeskController,
        ManageController,
        ProgrammeController,
        TracksController,
        ImportController,
        PeopleController,
        remove_two_step,
        OrganisationsController,
        DevicesController,
        LogController,
        MessagesController,
        StatusController,
        EditionsApi,
        PassesApi,
    ),
    jobs={REISSUE: reissue_passes},
    sheet_kinds=(PROGRAMME,),
    startup=start,
    log=WORDS,
)

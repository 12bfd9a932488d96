"""What events hands to the application."""

from app.accounts.passwords.words import add_words
from app.events.controllers.api import EditionsApi, PassesApi
from app.events.controllers.changing import CancelController, PostponeController
from app.events.controllers.duplicates import DuplicatesController
from app.events.controllers.duplicates_api import DuplicatesApi
from app.events.controllers.erasures import ErasuresController
from app.events.controllers.filled_in import FilledInController
from app.events.controllers.imports import ImportController
from app.events.controllers.imports_api import ImportsApi
from app.events.controllers.manage import ManageController
from app.events.controllers.office import (
    OrganisationsController,
    PeopleController,
    remove_two_step,
    sign_out_everywhere,
)
from app.events.controllers.programme import ProgrammeController
from app.events.controllers.public import PublicController, programme_section, resolve_session
from app.events.controllers.records import DevicesController, LogController, MessagesController, StatusController
from app.events.controllers.registering import RegisteredController
from app.events.controllers.registering_api import RegisteredApi, stop_by_api
from app.events.controllers.tracks import TracksController
from app.events.dashboard import NAV, events_dashboard
from app.events.dates import MOVER
from app.events.log import WORDS
from app.events.pages import error_frame, register_names
from app.events.passes.attaching import CALENDAR, PDF, PICTURE, make_calendar, make_pdf, make_picture
from app.events.passes.controllers import PassController
from app.events.passes.data import PassDataController
from app.events.passes.manage import PassDeskController
from app.events.passes.print_desk import PrintDeskController
from app.events.passes.printing import JOB as PRINT
from app.events.passes.printing import make_file
from app.events.passes.queries import contacts_of_holders
from app.events.passes.reissuing import JOB as REISSUE
from app.events.passes.reissuing import reissue_passes
from app.events.personal import DATA
from app.events.queries import names_of_festivals
from app.events.services.telling import JOB as TELL
from app.events.services.telling import holders_concerned, role_holders, tell_change
from app.events.sheets import PROGRAMME
from app.events.short_codes import register_resolver
from app.events.slots import (
    add_audience,
    add_dashboard_provider,
    add_mover,
    add_nav_item,
    add_pass_reacher,
    add_section_provider,
)
from app.events.tasks import RETENTION, run_retention
from app.kernel.channels.making import add_maker
from app.kernel.error_pages import add_error_framer
from app.kernel.jobs import every
from app.kernel.module import Module


def start() -> None:
    """Fill the slots and give templates their names."""
    register_names()
    add_error_framer(error_frame)
    register_resolver("session", resolve_session)
    add_words(names_of_festivals)
    add_mover(MOVER)
    add_audience(holders_concerned)
    add_audience(role_holders)
    add_dashboard_provider(events_dashboard)
    add_section_provider(programme_section)
    add_pass_reacher(contacts_of_holders)
    for item in NAV:
        add_nav_item(item)
    add_maker(PDF, make_pdf, heavy=True)
    add_maker(PICTURE, make_picture, heavy=True)
    add_maker(CALENDAR, make_calendar)
    every(RETENTION, 6 * 3600)


module = Module(
    name="events",
    route_handlers=(
        PublicController,
        PassController,
        PassDataController,
        PassDeskController,
        PrintDeskController,
        ManageController,
        PostponeController,
        CancelController,
        ProgrammeController,
        TracksController,
        ImportController,
        PeopleController,
        ErasuresController,
        remove_two_step,
        sign_out_everywhere,
        OrganisationsController,
        DuplicatesController,
        DevicesController,
        LogController,
        MessagesController,
        StatusController,
        EditionsApi,
        PassesApi,
        ImportsApi,
        DuplicatesApi,
        FilledInController,
        RegisteredController,
        RegisteredApi,
        stop_by_api,
    ),
    jobs={REISSUE: reissue_passes, PRINT: make_file, TELL: tell_change, RETENTION: run_retention},
    sheet_kinds=(PROGRAMME,),
    startup=start,
    log=WORDS,
    personal=DATA,
)

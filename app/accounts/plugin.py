"""What accounts brings."""

from app.accounts.controllers.contacts import ContactsController
from app.accounts.controllers.data import DataController
from app.accounts.controllers.devices import InviteController
from app.accounts.controllers.me import me
from app.accounts.controllers.places import PlacesApi, offer_wards
from app.accounts.controllers.sign_in import AccountController, SignInController, sign_out
from app.accounts.controllers.take_over import TakeOverController, stop
from app.accounts.controllers.two_step import SecondStepController, TwoStepController
from app.accounts.enums import ConsentPurpose
from app.accounts.log import WORDS
from app.accounts.personal.own import DATA
from app.accounts.services.consents import register_effect
from app.accounts.services.erasure import JOB as ERASE
from app.accounts.services.erasure import run_erasure
from app.accounts.services.filling_in import forbid_with_consent
from app.accounts.services.two_step import SEALED as SECOND_STEPS
from app.accounts.sheets import EXPERTS, ORGANISATIONS
from app.accounts.tasks import JOBS, TIDY, TIDY_SECONDS
from app.kernel.jobs import every
from app.kernel.module import Module


def start() -> None:
    """Let what nobody confirmed be tidied, and the withdrawal of a consent have its effect."""
    every(TIDY, TIDY_SECONDS)
    register_effect(ConsentPurpose.REGISTRATION, forbid_with_consent)


module = Module(
    name="accounts",
    route_handlers=(
        SignInController,
        SecondStepController,
        AccountController,
        ContactsController,
        TwoStepController,
        DataController,
        InviteController,
        PlacesApi,
        offer_wards,
        TakeOverController,
        stop,
        me,
        sign_out,
    ),
    jobs={ERASE: run_erasure, **JOBS},
    sheet_kinds=(ORGANISATIONS, EXPERTS),
    log=WORDS,
    personal=DATA,
    startup=start,
    sealed=(SECOND_STEPS,),
)

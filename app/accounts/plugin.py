"""What accounts brings."""

from app.accounts.controllers.data import DataController
from app.accounts.controllers.devices import InviteController
from app.accounts.controllers.me import me
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
from app.accounts.sheets import EXPERTS, ORGANISATIONS
from app.kernel.module import Module


def start() -> None:
    """Let the withdrawal of a consent have its effect."""
    register_effect(ConsentPurpose.REGISTRATION, forbid_with_consent)


module = Module(
    name="accounts",
    route_handlers=(
        SignInController,
        SecondStepController,
        AccountController,
        TwoStepController,
        DataController,
        InviteController,
        TakeOverController,
        stop,
        me,
        sign_out,
    ),
    jobs={ERASE: run_erasure},
    sheet_kinds=(ORGANISATIONS, EXPERTS),
    log=WORDS,
    personal=DATA,
    startup=start,
)

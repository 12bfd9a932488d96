"""What payments hands to the application."""

from app.events.slots import add_closer, add_currency_holder, add_dashboard_provider, add_mover, add_nav_item
from app.kernel.doctor import add_look
from app.kernel.jobs import every
from app.kernel.module import Module
from app.kernel.waiting import add_waiting
from app.payments.controllers.api import PaymentsApi
from app.payments.controllers.bank import BankController
from app.payments.controllers.books import BooksController
from app.payments.controllers.card import back_from_checkout, checkout_done
from app.payments.controllers.days import DaysController
from app.payments.controllers.drawers import DrawerController
from app.payments.controllers.exports import ExportsController
from app.payments.controllers.finance import FinanceController
from app.payments.controllers.finance_card import CardFinanceController
from app.payments.controllers.finance_list import DocumentListController
from app.payments.controllers.legal import LegalController
from app.payments.controllers.payers import PayerController
from app.payments.controllers.payouts import PayoutsController
from app.payments.controllers.service_invoices import OwnInvoiceController, ServiceInvoiceController
from app.payments.controllers.statements import StatementController
from app.payments.controllers.webhook import sepay_webhook, stripe_webhook
from app.payments.dashboard import NAV, WAITING_WORDS, payments_dashboard, payments_waiting
from app.payments.dates import MOVER
from app.payments.enums import SERVICE_PURPOSE
from app.payments.log import WORDS
from app.payments.personal import DATA
from app.payments.queries_card import PROVIDER
from app.payments.searching import register_phones, services_of_phone
from app.payments.services import sepay
from app.payments.services.closing import owe_all_back
from app.payments.services.currency import money_held
from app.payments.services.documents import register_settlement
from app.payments.services.entries import MATCH_JOB
from app.payments.services.inbox import JOB, register_effect
from app.payments.services.service_invoices import reach_service_payer, settle_service
from app.payments.services.stripe_events import EFFECTS
from app.payments.services.telling import register_payers
from app.payments.sheets import STATEMENTS
from app.payments.tasks import (
    apply_event_job,
    issue_legal_job,
    look_after_cards_job,
    look_after_laid_job,
    match_transfers_job,
    remind_payers_job,
    requeue_events_job,
)
from app.payments.trial import sold_on_trial

REQUEUE = "payments.requeue_events"
CARDS = "payments.look_after_cards"
LAID = "payments.look_after_laid"
LEGAL = "payments.issue_legal"
REMIND = "payments.remind_payers"


def start() -> None:
    """Fill the slots, name the effects of events, and look after those that wait."""
    register_effect(sepay.PROVIDER, sepay.CAME, sepay.transfer_told)
    for kind, effect in EFFECTS.items():
        register_effect(PROVIDER, kind, effect)
    register_settlement(SERVICE_PURPOSE, settle_service)
    register_payers(SERVICE_PURPOSE, reach_service_payer)
    register_phones(SERVICE_PURPOSE, services_of_phone)
    add_mover(MOVER)
    add_closer(owe_all_back)
    add_currency_holder(money_held)
    add_dashboard_provider(payments_dashboard)
    add_nav_item(NAV)
    add_waiting(payments_waiting, WAITING_WORDS)
    add_look(sold_on_trial)
    every(REQUEUE, 300)
    every(MATCH_JOB, 300)
    every(CARDS, 60)
    every(LAID, 60)
    every(LEGAL, 60)
    every(REMIND, 1800)


module = Module(
    name="payments",
    route_handlers=(
        DocumentListController,
        FinanceController,
        BooksController,
        DaysController,
        PayoutsController,
        ExportsController,
        LegalController,
        DrawerController,
        BankController,
        StatementController,
        CardFinanceController,
        PayerController,
        ServiceInvoiceController,
        OwnInvoiceController,
        PaymentsApi,
        stripe_webhook,
        sepay_webhook,
        checkout_done,
        back_from_checkout,
    ),
    sheet_kinds=(STATEMENTS,),
    jobs={
        JOB: apply_event_job,
        REQUEUE: requeue_events_job,
        MATCH_JOB: match_transfers_job,
        CARDS: look_after_cards_job,
        LAID: look_after_laid_job,
        LEGAL: issue_legal_job,
        REMIND: remind_payers_job,
    },
    startup=start,
    log=WORDS,
    personal=DATA,
)

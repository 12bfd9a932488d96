"""What sales brings."""

from app.events.passes.naming import add_label_namer
from app.events.slots import (
    add_audience,
    add_closer,
    add_copier,
    add_currency_holder,
    add_dashboard_provider,
    add_mover,
    add_nav_item,
    add_pass_namer,
    add_pass_reacher,
    add_section_provider,
)
from app.kernel.jobs import every
from app.kernel.module import Module
from app.payments.queries_told import register_news
from app.payments.searching import register_phones
from app.payments.services.back_to import register_back_to
from app.payments.services.credit_notes import register_what_stays
from app.payments.services.documents import register_settlement, register_taken_back
from app.payments.services.taking_off import register_reopened
from app.payments.services.telling import register_payers
from ticketing.sales.controllers.api import TicketApi
from ticketing.sales.controllers.box_office import BoxOfficeController
from ticketing.sales.controllers.given import GivenTicketController
from ticketing.sales.controllers.group import GroupController
from ticketing.sales.controllers.manage import OrderController, TicketTypeController
from ticketing.sales.controllers.own import OwnOrderController
from ticketing.sales.controllers.own_answers import OwnAnswersController
from ticketing.sales.controllers.own_changes import OwnChangeController
from ticketing.sales.controllers.own_tickets import OwnTicketController
from ticketing.sales.controllers.public import TicketController
from ticketing.sales.controllers.questions import QuestionController
from ticketing.sales.controllers.questions_api import QuestionsApi
from ticketing.sales.controllers.quotas import QuotaController
from ticketing.sales.controllers.registering import RegisterController, RegisteringController
from ticketing.sales.controllers.rules import OrderRulesController
from ticketing.sales.controllers.tickets_sheet import TicketsSheetController
from ticketing.sales.controllers.vouchers import VoucherController
from ticketing.sales.dates import MOVER
from ticketing.sales.log import WORDS
from ticketing.sales.personal import DATA
from ticketing.sales.queries import (
    buyers_concerned,
    contacts_of_tickets,
    names_of_labels,
    names_of_pass,
    orders_of_contact,
)
from ticketing.sales.queries_own import account_of_change, account_of_order, changes_of_contact
from ticketing.sales.services.closing import close_sales
from ticketing.sales.services.copying import copy_ticket_types
from ticketing.sales.services.currency import prices_held
from ticketing.sales.services.dearer import (
    CHANGE_PURPOSE,
    change_taken_back,
    reopen_change,
    settle_change,
    what_stays_of_change,
)
from ticketing.sales.services.giving_back import TO_CARDS
from ticketing.sales.services.messages import news_of_order, passes_stay, reach_buyer
from ticketing.sales.services.orders import PURPOSE
from ticketing.sales.services.outcomes import cancel_taken_back, hold_orders, reopen_order, settle_order, settle_orders
from ticketing.sales.services.own_messages import reach_of_change
from ticketing.sales.sheets import ATTENDEES, TICKET_TYPES
from ticketing.sales.slots import NAV, sales_dashboard, tickets_section
from ticketing.sales.tasks import EXPIRE, LAID, run_expire_orders, run_look_after_laid, run_refund_to_cards


def start() -> None:
    """Join payments, fill the slots, and let held orders expire and sheets be gone on with."""
    register_settlement(PURPOSE, settle_order, settle_orders)
    register_taken_back(PURPOSE, cancel_taken_back)
    register_reopened(PURPOSE, reopen_order, hold_orders)
    register_payers(PURPOSE, reach_buyer)
    register_what_stays(PURPOSE, passes_stay)
    register_news(PURPOSE, news_of_order)
    register_back_to(PURPOSE, account_of_order)
    register_phones(PURPOSE, orders_of_contact)
    register_settlement(CHANGE_PURPOSE, settle_change)
    register_taken_back(CHANGE_PURPOSE, change_taken_back)
    register_reopened(CHANGE_PURPOSE, reopen_change)
    register_payers(CHANGE_PURPOSE, reach_of_change)
    register_what_stays(CHANGE_PURPOSE, what_stays_of_change)
    register_back_to(CHANGE_PURPOSE, account_of_change)
    register_phones(CHANGE_PURPOSE, changes_of_contact)
    add_mover(MOVER)
    add_closer(close_sales)
    add_currency_holder(prices_held)
    add_audience(buyers_concerned)
    add_dashboard_provider(sales_dashboard)
    add_section_provider(tickets_section)
    add_pass_namer(names_of_pass)
    add_label_namer(names_of_labels)
    add_pass_reacher(contacts_of_tickets)
    add_copier(copy_ticket_types)
    for item in NAV:
        add_nav_item(item)
    every(EXPIRE, 60)
    every(LAID, 60)


module = Module(
    name="sales",
    route_handlers=(
        TicketController,
        GroupController,
        OwnOrderController,
        OwnTicketController,
        OwnAnswersController,
        OwnChangeController,
        GivenTicketController,
        OrderRulesController,
        TicketTypeController,
        QuotaController,
        QuestionController,
        TicketsSheetController,
        VoucherController,
        OrderController,
        BoxOfficeController,
        TicketApi,
        RegisterController,
        RegisteringController,
        QuestionsApi,
    ),
    jobs={EXPIRE: run_expire_orders, LAID: run_look_after_laid, TO_CARDS: run_refund_to_cards},
    sheet_kinds=(TICKET_TYPES, ATTENDEES),
    startup=start,
    log=WORDS,
    personal=DATA,
)

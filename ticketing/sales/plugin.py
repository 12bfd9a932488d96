"""What sales brings."""

from app.kernel.jobs import every
from app.kernel.module import Module
from app.payments.services.documents import register_settlement
from ticketing.sales.services.orders import PURPOSE, settle_order
from ticketing.sales.sheets import ATTENDEES, TICKET_TYPES
from ticketing.sales.tasks import EXPIRE, run_expire_orders


def start() -> None:
    """Join payments, and let held orders expire."""
    register_settlement(PURPOSE, settle_order)
    every(EXPIRE, 60)


module = Module(name="sales", jobs={EXPIRE: run_expire_orders}, sheet_kinds=(TICKET_TYPES, ATTENDEES), startup=start)

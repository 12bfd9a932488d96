"""Which dates of sales move with an edition that is postponed."""

from app.events.moving import Dates, Mover
from app.kernel.i18n import N_
from ticketing.sales.queries_own import TIMES
from ticketing.sales.tables import TicketType
from ticketing.sales.tables_own import OrderRules
from ticketing.sales.tables_vouchers import Voucher

_FACT = "It says when something happened."

MOVER = Mover(
    moved=(
        Dates(
            title=N_("Sale of tickets"),
            columns=(TicketType.sales_from, TicketType.sales_until),
            of=TicketType.edition,
            begins=(TicketType.sales_from,),
        ),
        Dates(
            title=N_("Days of ticket types"),
            columns=(TicketType.first_day, TicketType.last_day),
            of=TicketType.edition,
        ),
        Dates(title=N_("Vouchers"), columns=(Voucher.valid_until,), of=Voucher.edition),
        Dates(
            title=N_("What buyers may do themselves"),
            columns=tuple(getattr(OrderRules, name) for name in TIMES),
            of=OrderRules.edition,
        ),
    ),
    stays={
        "ticket_order.created_at": _FACT,
        "ticket_order.expires_at": "An order is held for some minutes after it was placed, whenever the festival is.",
        "ticket_order.confirmed_at": _FACT,
        "ticket_order.closed_at": _FACT,
        "order_item.cancelled_at": _FACT,
        "order_item.given_at": _FACT,
        "ticket_answer.answered_at": _FACT,
        "ticket_handover.offered_at": _FACT,
        "ticket_handover.expires_at": "Whoever is offered a ticket has some days to accept, whenever the festival is.",
        "ticket_handover.closed_at": _FACT,
        "ticket_change.created_at": _FACT,
        "ticket_change.expires_at": "A place is held for some minutes, whenever the festival is.",
        "ticket_change.closed_at": _FACT,
        "voucher.created_at": _FACT,
        "laid_sheet.laid_at": _FACT,
        "laid_sheet.seen_at": _FACT,
    },
)

"""Which dates of sales move with an edition that is postponed."""

from app.events.moving import Dates, Mover
from app.kernel.i18n import N_
from ticketing.sales.tables import TicketType

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
    ),
    stays={
        "ticket_order.created_at": _FACT,
        "ticket_order.expires_at": "An order is held for some minutes after it was placed, whenever the festival is.",
        "ticket_order.confirmed_at": _FACT,
        "ticket_order.closed_at": _FACT,
        "laid_sheet.laid_at": _FACT,
        "laid_sheet.seen_at": _FACT,
    },
)

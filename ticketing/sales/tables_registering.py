"""The table of editions at which visitors register themselves by a poster."""

from piccolo.columns import ForeignKey, Serial
from piccolo.table import Table

from app.events.tables import Edition
from ticketing.sales.tables import TicketType


class Registering(Table, tablename="registering"):
    """That visitors of an edition register themselves by name and phone number, and the ticket type that they get."""

    id: Serial
    edition = ForeignKey(Edition, null=False, unique=True)
    ticket_type = ForeignKey(TicketType, null=False, index=True)

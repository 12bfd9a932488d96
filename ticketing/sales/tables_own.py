"""Tables of what buyers do with their orders themselves: until when they may, where money goes back to, and whom they
give a ticket to.
"""

from piccolo.columns import BigInt, ForeignKey, Serial, SmallInt, Timestamptz, Varchar
from piccolo.table import Table

from app.events.tables import Edition
from ticketing.sales.enums import HandoverState
from ticketing.sales.tables import OrderItem, TicketOrder


class OrderRules(Table, tablename="order_rules"):
    """What buyers of an edition may do themselves, and until when; a time not given: not at all.

    Who cancels a ticket until ``back_until`` gets ``back_percent`` of its price, until ``later_until``
    ``later_percent``, each less ``fee_minor`` for every ticket.
    """

    id: Serial
    edition = ForeignKey(Edition, null=False, unique=True)
    names_until = Timestamptz(default=None, null=True)
    answers_until = Timestamptz(default=None, null=True)
    changes_until = Timestamptz(default=None, null=True)
    handing_until = Timestamptz(default=None, null=True)
    back_until = Timestamptz(default=None, null=True)
    back_percent = SmallInt(default=100)
    later_until = Timestamptz(default=None, null=True)
    later_percent = SmallInt(default=50)
    fee_minor = BigInt(default=0)


class RefundAccount(Table, tablename="refund_account"):
    """The bank account that the buyer of an order wants her money back on."""

    id: Serial
    ticket_order = ForeignKey(TicketOrder, null=False, unique=True)
    bank = Varchar(length=80)
    number = Varchar(length=34)
    holder = Varchar(length=120)


class Handover(Table, tablename="ticket_handover"):
    """A ticket that its buyer gives away. It is hers, and its pass counts, until whoever gets it accepts.

    ``secret_hash`` is of the link that was sent to ``contact``. One ticket has at most one that is ``offered``.
    """

    id: Serial
    order_item = ForeignKey(OrderItem, null=False, index=True)
    name = Varchar(length=200)
    contact = Varchar(length=254)
    locale = Varchar(length=2, default="vi")
    state = Varchar(length=10, choices=HandoverState, default=HandoverState.OFFERED)
    secret_hash = Varchar(length=64, unique=True)
    offered_at = Timestamptz(default=None)
    expires_at = Timestamptz(default=None)
    closed_at = Timestamptz(default=None, null=True, help_text="When it was accepted or withdrawn")


OWN_TABLES: list[type[Table]] = [OrderRules, RefundAccount, Handover]

"""Tables of what buyers do with their orders themselves: until when they may, where money goes back to, whom they give
a ticket to, and what dearer one they change it for.
"""

from piccolo.columns import BigInt, ForeignKey, Integer, Serial, SmallInt, Timestamptz, Varchar
from piccolo.table import Table

from app.events.tables import Edition
from ticketing.sales.enums import ChangeState, HandoverState
from ticketing.sales.tables import OrderItem, TicketOrder, TicketType


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


class TicketChange(Table, tablename="ticket_change"):
    """A ticket that its buyer changes for a dearer one. Until she has paid the difference it is of its ``old_type``.

    ``price_minor`` is what the dearer one costs, ``payment_document`` the id of the invoice over the difference. One
    ticket has at most one that is ``held``.
    """

    id: Serial
    order_item = ForeignKey(OrderItem, null=False, index=True)
    old_type = ForeignKey(TicketType, null=False, index=True)
    ticket_type = ForeignKey(TicketType, null=False, index=True)
    price_minor = BigInt(default=0)
    state = Varchar(length=10, choices=ChangeState, default=ChangeState.HELD)
    payment_document = Integer(default=None, null=True)
    created_at = Timestamptz(default=None)
    expires_at = Timestamptz(default=None)
    closed_at = Timestamptz(default=None, null=True, help_text="When it was done, expired or withdrawn")


OWN_TABLES: list[type[Table]] = [OrderRules, RefundAccount, Handover, TicketChange]

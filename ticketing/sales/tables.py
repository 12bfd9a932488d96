"""Tables of sales: ticket types, the quotas that they draw on, orders, and what an order holds.

``sold + held`` of a quota never exceeds its size: places are taken by one conditional update, behind which a check
constraint stands on PostgreSQL and a trigger on SQLite.
"""

from piccolo.columns import JSON, BigInt, Boolean, Date, ForeignKey, Integer, OnDelete, Serial, Timestamptz, Varchar
from piccolo.table import Table

from app.accounts.tables import Person
from app.events.tables import Edition, Pass
from ticketing.sales.enums import LaidState, OrderChannel, OrderState


class TicketType(Table, tablename="ticket_type"):
    """A kind of ticket of an edition. ``sold`` and ``held`` count its tickets; its quotas say how many there may be.

    One order online holds no fewer and no more of it than it says, if it says so; one of a group no
    more than ``group_most``, if it is open to groups at all. A ``hidden`` one is not shown and not
    sold online. Of a ``donation`` the buyer says the price: ``price_minor`` or more; ``suggestions`` (in minor units)
    are what she is offered, and with an ``exempt_reason`` it is billed without tax. Its passes count from ``first_day``
    to ``last_day`` in the edition's zone; a day not given is the edition's own.
    """

    id: Serial
    edition = ForeignKey(Edition, null=False)
    code = Varchar(length=30)
    name = JSON(default="{}")
    description = JSON(default="{}")
    price_minor = BigInt(default=0)
    currency = Varchar(length=3, default="VND")
    sold = Integer(default=0)
    held = Integer(default=0)
    sales_from = Timestamptz(default=None, null=True)
    sales_until = Timestamptz(default=None, null=True)
    pass_kind = Varchar(length=20, default="visitor")
    first_day = Date(default=None, null=True)
    last_day = Date(default=None, null=True)
    donation = Boolean(default=False)
    suggestions = JSON(default="[]")
    exempt_reason = Varchar(length=120, default="")
    min_per_order = Integer(default=None, null=True)
    max_per_order = Integer(default=None, null=True)
    group_most = Integer(default=None, null=True)
    hidden = Boolean(default=False)
    active = Boolean(default=True)
    position = Integer(default=0)


class Quota(Table, tablename="quota"):
    """Places of an edition that ticket types draw on: ``sold`` and ``held`` count the tickets of all of them."""

    id: Serial
    edition = ForeignKey(Edition, null=False, index=True)
    name = Varchar(length=120)
    size = Integer(default=0)
    sold = Integer(default=0)
    held = Integer(default=0)


class QuotaType(Table, tablename="quota_type"):
    """That a ticket type draws on a quota. It may be sold while all of its quotas have room; without one it is not.

    A quota that is a type's ``own`` came with it: no other type draws on it, and it has no second one.
    """

    id: Serial
    quota = ForeignKey(Quota, null=False, on_delete=OnDelete.restrict)
    ticket_type = ForeignKey(TicketType, null=False, index=True)
    own = Boolean(default=False)


class TicketOrder(Table, tablename="ticket_order"):
    """One order. ``client_id`` is made by the client: the same one sent twice is one order."""

    id: Serial
    edition = ForeignKey(Edition, null=False, index=True)
    client_id = Varchar(length=64, unique=True)
    reference = Varchar(length=12, unique=True, help_text="Short name of the order for people")
    buyer = ForeignKey(Person, default=None, null=True, index=True)
    contact = Varchar(length=254, default="", help_text="Mail address or phone number that the passes are sent to")
    state = Varchar(length=10, choices=OrderState, default=OrderState.HELD)
    channel = Varchar(length=12, choices=OrderChannel, default=OrderChannel.ONLINE)
    total_minor = BigInt(default=0)
    currency = Varchar(length=3, default="VND")
    secret_hash = Varchar(length=64, unique=True)
    locale = Varchar(length=2, default="vi")
    payment_document = Integer(default=None, null=True, help_text="Id of the payment document, if there is one")
    created_at = Timestamptz(default=None, null=True)
    expires_at = Timestamptz(default=None, null=True)
    confirmed_at = Timestamptz(default=None, null=True)
    closed_at = Timestamptz(default=None, null=True, help_text="When it was cancelled or expired")


class OrderItem(Table, tablename="order_item"):
    """One ticket of an order, with its pass once the order is confirmed.

    One with ``cancelled_at`` was cancelled by itself: it has no place any more. One with ``given_at`` was given away
    by its buyer, and is reached by ``given_contact``.
    """

    id: Serial
    ticket_order = ForeignKey(TicketOrder, null=False, index=True)
    ticket_type = ForeignKey(TicketType, null=False, index=True)
    event_pass = ForeignKey(Pass, default=None, null=True, unique=True)
    holder_name = Varchar(length=200, default="")
    price_minor = BigInt(default=0)
    cancelled_at = Timestamptz(default=None, null=True)
    given_at = Timestamptz(default=None, null=True)
    given_contact = Varchar(length=254, default="")


class LaidSheet(Table, tablename="laid_sheet"):
    """A sheet of attendees whose orders and passes stand ready and are not shown yet, or not all of them.

    The ``client_id`` of its orders is ``prefix`` and the number of the row. ``serials`` serials from ``first_serial``
    on were taken for its passes.
    """

    id: Serial
    edition = ForeignKey(Edition, null=False)
    prefix = Varchar(length=56, unique=True)
    state = Varchar(length=10, choices=LaidState, default=LaidState.LAYING)
    newest_order = Integer(help_text="The newest order when it began; whoever bought since is not in it")
    laid_at = Timestamptz(default=None, help_text="When those people were added whom nobody knew")
    seen_at = Timestamptz(default=None, help_text="The last sign of life of whoever works on it")
    first_serial = Integer(default=0)
    serials = Integer(default=0)


TABLES: list[type[Table]] = [TicketType, Quota, QuotaType, TicketOrder, OrderItem, LaidSheet]

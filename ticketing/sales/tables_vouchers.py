"""Tables of vouchers: what a code does, for which ticket types, and which orders used it."""

from piccolo.columns import BigInt, Boolean, ForeignKey, Integer, OnDelete, Serial, Timestamptz, Varchar
from piccolo.table import Table

from app.events.tables import Edition
from ticketing.sales.enums import VoucherEffect
from ticketing.sales.tables import TicketOrder, TicketType


class Voucher(Table, tablename="voucher"):
    """A code that lowers prices or reveals hidden ticket types, for ``max_uses`` tickets at the most.

    ``value`` is a percentage, or an amount in minor units, as its ``effect`` has it. Without a row of
    :class:`VoucherType` it is for all types of its edition. ``used`` never exceeds ``max_uses``.
    """

    id: Serial
    edition = ForeignKey(Edition, null=False)
    code = Varchar(length=30)
    effect = Varchar(length=10, choices=VoucherEffect, default=VoucherEffect.NONE)
    value = BigInt(default=0)
    reveals = Boolean(default=False)
    max_uses = Integer(default=1)
    used = Integer(default=0)
    valid_until = Timestamptz(default=None, null=True)
    active = Boolean(default=True)
    note = Varchar(length=200, default="", help_text="For organisers: whom it is for")
    created_at = Timestamptz(default=None)


class VoucherType(Table, tablename="voucher_type"):
    """That a voucher is for a ticket type."""

    id: Serial
    voucher = ForeignKey(Voucher, null=False, index=True)
    ticket_type = ForeignKey(TicketType, null=False, index=True)


class VoucherUse(Table, tablename="voucher_use"):
    """So many tickets of a type that an order got with a voucher, and what one had cost without it.

    They are ``counted`` in the voucher's uses until the order expires or is cancelled.
    """

    id: Serial
    ticket_order = ForeignKey(TicketOrder, null=False, index=True)
    voucher = ForeignKey(Voucher, null=False, index=True, on_delete=OnDelete.restrict)
    ticket_type = ForeignKey(TicketType, null=False, index=True)
    tickets = Integer(default=0)
    first_minor = BigInt(default=0)
    counted = Boolean(default=True)


VOUCHER_TABLES: list[type[Table]] = [Voucher, VoucherType, VoucherUse]

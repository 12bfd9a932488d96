"""Tables of the books: days that were closed, and cash that was moved."""

from piccolo.columns import Date, ForeignKey, Integer, Serial, Text, Timestamptz, Varchar
from piccolo.columns.base import OnDelete
from piccolo.columns.column_types import BigInt
from piccolo.table import Table

from app.accounts.tables import Person
from app.events.tables import Edition
from app.payments.enums import CashWay
from app.payments.tables import Drawer


class PaymentDay(Table, tablename="payment_day"):
    """A day of an edition's books that was closed: nothing is entered into it any more. Rows are only ever added.

    ``totals`` is JSON: what the ledger's accounts came to on it, and what came and went by each method.
    """

    id: Serial
    edition = ForeignKey(references=Edition, null=False, on_delete=OnDelete.restrict)
    day = Date(default=None, help_text="In the edition's zone")
    closed_at = Timestamptz(default=None)
    closed_by = ForeignKey(references=Person, null=True, on_delete=OnDelete.set_null)
    totals = Text()
    unassigned = Integer(default=0, help_text="Transfers that waited to be assigned when it was closed")
    waiting = Integer(default=0, help_text="Notices of providers that waited when it was closed")


class CashMove(Table, tablename="cash_move"):
    """Cash that was put into a drawer (positive) or taken out of it, and paid nothing. Rows are only ever added.

    ``client_id`` is the form's own: sent twice it is one move; those of before forms had one have none. A row that
    takes another one back has its way and the opposite amount.
    """

    id: Serial
    drawer = ForeignKey(references=Drawer, null=False, on_delete=OnDelete.restrict, index=True)
    way = Varchar(length=12, choices=CashWay)
    amount_minor = BigInt()
    currency = Varchar(length=3)
    reason = Varchar(length=200)
    moved_at = Timestamptz(default=None)
    moved_by = ForeignKey(references=Person, null=True, on_delete=OnDelete.set_null)
    client_id = Varchar(length=64, default=None, null=True, unique=True)
    takes_back: ForeignKey["CashMove"] = ForeignKey(
        references="self", default=None, null=True, on_delete=OnDelete.restrict, unique=True
    )


BOOKS_TABLES: list[type[Table]] = [PaymentDay, CashMove]

"""Tables of e-invoices: what a provider was asked for, and the files that it made."""

from piccolo.columns import ForeignKey, Integer, Serial, SmallInt, Timestamptz, Varchar
from piccolo.columns.base import OnDelete
from piccolo.table import Table

from app.accounts.tables import Person
from app.payments.enums_legal import LegalFileKind, LegalState
from app.payments.tables import PaymentDocument


class LegalOrder(Table, tablename="payment_legal_order"):
    """A document whose e-invoice a provider is asked for, under the document's own number; one for each document.

    ``asked_at`` is when somebody last began to ask: while that is fresh, nobody else does.
    """

    id: Serial
    document = ForeignKey(references=PaymentDocument, null=False, on_delete=OnDelete.restrict, unique=True)
    state = Varchar(length=12, choices=LegalState, default=LegalState.WAITING)
    tries = SmallInt(default=0)
    error = Varchar(length=300)
    asked_at = Timestamptz(default=None, null=True)
    issued_at = Timestamptz(default=None, null=True)
    files_at = Timestamptz(
        default=None, null=True, help_text="When all of its files were here, or were waited for no more"
    )


class LegalFile(Table, tablename="payment_legal_file"):
    """A file of an e-invoice, stored under its hash. ``stored_by`` is empty for one that the provider gave."""

    id: Serial
    document = ForeignKey(references=PaymentDocument, null=False, on_delete=OnDelete.restrict)
    kind = Varchar(length=4, choices=LegalFileKind)
    digest = Varchar(length=64)
    size = Integer(default=0)
    stored_at = Timestamptz(default=None)
    stored_by = ForeignKey(references=Person, null=True, on_delete=OnDelete.set_null)


LEGAL_TABLES: list[type[Table]] = [LegalOrder, LegalFile]

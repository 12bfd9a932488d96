"""Tables of payments."""

from piccolo.columns import ForeignKey, Integer, Serial, SmallInt, Text, Timestamptz, Varchar
from piccolo.columns.base import OnDelete
from piccolo.columns.column_types import BigInt
from piccolo.table import Table

from app.accounts.tables import Person
from app.events.tables import Edition
from app.payments.enums import DocumentKind, DocumentState, PaymentMethod, Settlement


class DocumentCounter(Table, tablename="payment_document_counter"):
    """How many documents an edition has numbered: the numbers are dense, from 1."""

    id: Serial
    edition = ForeignKey(references=Edition, null=False, on_delete=OnDelete.restrict, unique=True)
    issued = Integer(default=0)


class PaymentDocument(Table, tablename="payment_document"):
    """Something to be paid. ``purpose`` and ``subject_id`` say for what; ``reference`` stands in transfers."""

    id: Serial
    edition = ForeignKey(references=Edition, null=False, on_delete=OnDelete.restrict)
    number = Varchar(length=24)
    kind = Varchar(length=12, choices=DocumentKind, default=DocumentKind.INVOICE)
    payer = ForeignKey(references=Person, null=True, on_delete=OnDelete.set_null, index=True)
    payer_name = Varchar(length=200)
    search_text = Varchar(length=400)
    amount_minor = BigInt()
    currency = Varchar(length=3)
    purpose = Varchar(length=24)
    subject_id = Integer()
    description = Varchar(length=300)
    state = Varchar(length=12, choices=DocumentState, default=DocumentState.OPEN)
    reference = Varchar(length=16, unique=True)
    created_at = Timestamptz(default=None)
    settled_at = Timestamptz(default=None, null=True)


class Payment(Table, tablename="payment"):
    """Money that came (positive) or went back (negative). Rows are only ever added."""

    id: Serial
    document = ForeignKey(references=PaymentDocument, null=False, on_delete=OnDelete.restrict)
    method = Varchar(length=12, choices=PaymentMethod)
    amount_minor = BigInt()
    currency = Varchar(length=3)
    outcome = Varchar(length=12, choices=Settlement)
    provider_reference = Varchar(length=120, default=None, null=True, unique=True)
    returns: ForeignKey["Payment"] = ForeignKey(
        references="self", null=True, on_delete=OnDelete.restrict, unique=True, help_text="The payment that went back"
    )
    note = Varchar(length=200)
    received_at = Timestamptz(default=None)
    recorded_by = ForeignKey(references=Person, null=True, on_delete=OnDelete.set_null)


class PaymentEvent(Table, tablename="payment_event"):
    """The inbox: what a provider told us, kept once, applied once."""

    id: Serial
    provider = Varchar(length=16)
    event_id = Varchar(length=120)
    kind = Varchar(length=80)
    payload = Text()
    received_at = Timestamptz(default=None)
    handled_at = Timestamptz(default=None, null=True, index=True)
    effect = Varchar(length=40)
    tries = SmallInt(default=0)
    error = Varchar(length=400)


TABLES: list[type[Table]] = [DocumentCounter, PaymentDocument, Payment, PaymentEvent]

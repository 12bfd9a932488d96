"""Tables of payments."""

from piccolo.columns import Boolean, Date, ForeignKey, Integer, Serial, SmallInt, Text, Timestamptz, Varchar
from piccolo.columns.base import OnDelete
from piccolo.columns.column_types import BigInt
from piccolo.table import Table

from app.accounts.tables import Person
from app.events.tables import Edition
from app.payments.enums import Account, DocumentKind, DocumentState, PaymentMethod, Posting, Settlement, TaxMode


class PaymentTerms(Table, tablename="payment_terms"):
    """Who sells at an edition, how what she sells is taxed, and how long one has to pay."""

    id: Serial
    edition = ForeignKey(references=Edition, null=False, on_delete=OnDelete.restrict, unique=True)
    seller_name = Varchar(length=200)
    seller_address = Varchar(length=300)
    seller_tax_code = Varchar(length=20)
    tax_mode = Varchar(length=12, choices=TaxMode, default=TaxMode.NONE)
    tax_name = Varchar(length=24, help_text="Which rate; what it is on a day stands in app.payments.tax")
    exempt_reason = Varchar(length=120)
    due_days = SmallInt(default=7)
    use_drawers = Boolean(default=False, help_text="Cash is taken into open drawers alone")
    remind_days = SmallInt(default=3, help_text="Payers are reminded so many days before; 0 for never")
    qris = Varchar(length=64, help_text="Hash of the picture of the seller's QRIS code, where the currency is IDR")
    live = Boolean(default=None, null=True, help_text="Cards are really charged; empty while nobody chose")


class PaymentSeries(Table, tablename="payment_series"):
    """How many documents of a series were numbered in a year: the numbers are dense, from 1."""

    id: Serial
    series = Varchar(length=12)
    year = SmallInt(default=0)
    issued = Integer(default=0)


class PaymentDocument(Table, tablename="payment_document"):
    """Something to be paid, or what corrects it. ``purpose`` and ``subject_id`` say for what.

    Its content is never changed once it stands; ``state`` and the amounts paid, credited and owed say what became of
    it. ``reference`` stands in transfers. The ``legal_`` columns name the e-invoice that a provider issued for it.
    """

    id: Serial
    edition = ForeignKey(references=Edition, null=False, on_delete=OnDelete.restrict)
    number = Varchar(length=24)
    kind = Varchar(length=12, choices=DocumentKind, default=DocumentKind.INVOICE)
    payer = ForeignKey(references=Person, null=True, on_delete=OnDelete.set_null, index=True)
    payer_name = Varchar(length=200)
    search_text = Varchar(length=400)
    amount_minor = BigInt()
    tax_minor = BigInt(default=0)
    paid_minor = BigInt(default=0, help_text="What came for it and is kept")
    credited_minor = BigInt(default=0, help_text="What credit notes took back of it")
    owed_minor = BigInt(default=0, help_text="What came and has to go back, and has not yet")
    currency = Varchar(length=3)
    purpose = Varchar(length=24)
    subject_id = Integer()
    description = Varchar(length=300)
    state = Varchar(length=12, choices=DocumentState, default=DocumentState.OPEN)
    reference = Varchar(length=16, unique=True)
    created_at = Timestamptz(default=None)
    settled_at = Timestamptz(default=None, null=True)
    due_on = Date(default=None, null=True)
    reminded_at = Timestamptz(default=None, null=True)
    payer_tax_code = Varchar(length=20)
    payer_address = Varchar(length=300)
    payer_language = Varchar(length=2, default="vi")
    corrects: ForeignKey["PaymentDocument"] = ForeignKey(
        references="self",
        null=True,
        on_delete=OnDelete.restrict,
        index=True,
        help_text="The invoice a credit note is for",
    )
    legal_provider = Varchar(length=60)
    legal_series = Varchar(length=20)
    legal_number = Varchar(length=20)
    legal_lookup = Varchar(length=120)
    seller_name = Varchar(length=200, help_text="Who sold, as the terms said on the day; empty: the edition itself")
    seller_address = Varchar(length=300)
    seller_tax_code = Varchar(length=20)


class PaymentLine(Table, tablename="payment_line"):
    """A line of a document. One that is waived or subsidised is negative and names who bears it."""

    id: Serial
    document = ForeignKey(references=PaymentDocument, null=False, on_delete=OnDelete.restrict, index=True)
    position = SmallInt(default=0)
    description = Varchar(length=300)
    quantity = Integer(default=1)
    unit_minor = BigInt(default=0, help_text="As the price was given: with tax or without, as the terms have it")
    net_minor = BigInt(default=0)
    tax_minor = BigInt(default=0)
    tax_rate = SmallInt(default=None, null=True, help_text="In hundredths of a percent; NULL when exempt")
    exempt_reason = Varchar(length=120)
    funded_by = Varchar(length=120)
    corrects = SmallInt(
        default=None, null=True, help_text="Of a credit note: the position of the invoice's line that it is over"
    )


class Instalment(Table, tablename="payment_instalment"):
    """A part of a document that is due on a day of its own; payments fill the parts in their order."""

    id: Serial
    document = ForeignKey(references=PaymentDocument, null=False, on_delete=OnDelete.restrict, index=True)
    position = SmallInt(default=0)
    due_on = Date(default=None)
    amount_minor = BigInt(default=0)


class Drawer(Table, tablename="cash_drawer"):
    """A cashier's drawer from when she opens it until she has counted it."""

    id: Serial
    edition = ForeignKey(references=Edition, null=False, on_delete=OnDelete.restrict, index=True)
    cashier = ForeignKey(references=Person, null=True, on_delete=OnDelete.set_null)
    currency = Varchar(length=3)
    float_minor = BigInt(default=0)
    opened_at = Timestamptz(default=None)
    closed_at = Timestamptz(default=None, null=True)
    expected_minor = BigInt(default=None, null=True)
    counted_minor = BigInt(default=None, null=True)
    note = Varchar(length=200)


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
        references="self",
        null=True,
        on_delete=OnDelete.restrict,
        index=True,
        help_text="The payment that went back, or was taken off; of money that is here again since its refund failed, "
        "that refund",
    )
    owed_minor = BigInt(default=0, help_text="How much of it has to go back, or had to")
    returned_minor = BigInt(default=0, help_text="How much of it went back")
    drawer = ForeignKey(references=Drawer, null=True, on_delete=OnDelete.restrict, index=True)
    note = Varchar(length=200)
    bearer = Varchar(length=120, help_text="Who bears a part of the document and paid of that; empty: its payer")
    received_at = Timestamptz(default=None)
    recorded_by = ForeignKey(references=Person, null=True, on_delete=OnDelete.set_null)


class LedgerEntry(Table, tablename="ledger_entry"):
    """One side of a posting: debits are positive, credits negative, and each posting sums to nothing.

    Rows are only ever added.
    """

    id: Serial
    posting = Varchar(length=32, index=True)
    kind = Varchar(length=12, choices=Posting)
    edition = ForeignKey(references=Edition, null=False, on_delete=OnDelete.restrict)
    account = Varchar(length=12, choices=Account)
    detail = Varchar(length=120, help_text="Who bears a subsidy")
    amount_minor = BigInt()
    currency = Varchar(length=3)
    document = ForeignKey(references=PaymentDocument, null=True, on_delete=OnDelete.restrict, index=True)
    payment = ForeignKey(references=Payment, null=True, on_delete=OnDelete.restrict)
    day = Date(default=None, help_text="In the edition's zone")
    booked_at = Timestamptz(default=None)


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


TABLES: list[type[Table]] = [
    PaymentTerms,
    PaymentSeries,
    PaymentDocument,
    PaymentLine,
    Instalment,
    Drawer,
    Payment,
    LedgerEntry,
    PaymentEvent,
]

"""Tables of what bank accounts tell: transfers that came in, and which documents they paid."""

from piccolo.columns import ForeignKey, Integer, Serial, Timestamptz, Varchar
from piccolo.columns.base import OnDelete
from piccolo.columns.column_types import BigInt
from piccolo.table import Table

from app.accounts.tables import Person
from app.events.tables import Edition
from app.payments.enums import EntrySource, EntryState, LaidState
from app.payments.tables import Payment, PaymentDocument


class BankEntry(Table, tablename="bank_entry"):
    """One transfer that came in, whether a notice or a statement told first.

    ``fingerprint`` is what its teller knows it by; ``confirmed_by`` the fingerprint under which the other one told of
    it. ``edition`` is that of the desk that loaded it, or of what it paid; other notices have none. ``books`` is the
    edition in whose ledger it lies as not assigned, while it does. ``reversed_at``: a line of the account says that the
    same amount went out again, by which the bank may have taken it back.
    """

    id: Serial
    edition = ForeignKey(references=Edition, null=True, on_delete=OnDelete.restrict, index=True)
    account = Varchar(length=40)
    booked_at = Timestamptz(default=None)
    amount_minor = BigInt()
    currency = Varchar(length=3)
    purpose = Varchar(length=500)
    payer_name = Varchar(length=200)
    payer_account = Varchar(length=40)
    bank_reference = Varchar(length=80)
    search_text = Varchar(length=800)
    source = Varchar(length=12, choices=EntrySource)
    fingerprint = Varchar(length=64, unique=True)
    confirmed_by = Varchar(length=64, default=None, null=True, unique=True)
    state = Varchar(length=12, choices=EntryState, default=EntryState.NEW)
    reason = Varchar(length=200, help_text="Why it was left or ignored")
    told_at = Timestamptz(default=None)
    settled_at = Timestamptz(default=None, null=True)
    settled_by = ForeignKey(references=Person, null=True, on_delete=OnDelete.set_null)
    books = ForeignKey(references=Edition, null=True, on_delete=OnDelete.restrict)
    reversed_at = Timestamptz(default=None, null=True)
    reversal_purpose = Varchar(length=500, default=None, null=True)
    reversal_number = Varchar(length=80, default=None, null=True)


class LaidStatement(Table, tablename="laid_statement"):
    """The statement whose transfers lie ready and are not shown yet, or not all of them: one at a time.

    ``edition`` is that of the desk that loads it.
    """

    id: Serial
    edition = ForeignKey(references=Edition, null=True, on_delete=OnDelete.cascade)
    state = Varchar(length=10, choices=LaidState, default=LaidState.LAYING)
    newest_entry = Integer(help_text="The newest transfer when it began; what was told of since it does not know")
    seen_at = Timestamptz(default=None, help_text="The last sign of life of whoever works on it")


class BankMatch(Table, tablename="bank_match"):
    """How much of a transfer went to which document, as which payment.

    What was taken off the document again is said by the payment: it is ``mistaken``, and this share is free again.
    Assigned to it once more, the row names the payment that it is now.
    """

    id: Serial
    entry = ForeignKey(references=BankEntry, null=False, on_delete=OnDelete.restrict)
    document = ForeignKey(references=PaymentDocument, null=False, on_delete=OnDelete.restrict, index=True)
    payment = ForeignKey(references=Payment, null=False, on_delete=OnDelete.restrict, unique=True)
    amount_minor = BigInt()


BANK_TABLES: list[type[Table]] = [BankEntry, BankMatch, LaidStatement]

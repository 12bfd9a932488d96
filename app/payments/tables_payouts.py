"""Tables of payouts: card money that arrives at the bank, and cash that is brought there."""

from piccolo.columns import Boolean, Date, ForeignKey, Serial, Timestamptz, Varchar
from piccolo.columns.base import OnDelete
from piccolo.columns.column_types import BigInt
from piccolo.table import Table

from app.accounts.tables import Person
from app.events.tables import Edition
from app.payments.enums import Account, PayoutState
from app.payments.tables_bank import BankEntry


class Payout(Table, tablename="payment_payout"):
    """Money that whoever takes cards for us sends to the bank, or that somebody brings there in cash, as one sum.

    ``reference`` is what it is known by, whoever tells of it: ``stripe:`` and Stripe's id, a terminal's batch, or the
    number of the slip for cash.
    ``amount_minor`` is what arrives, less than nothing when more went back than came. ``recorded_by`` is empty for one
    that Stripe told of.
    """

    id: Serial
    account = Varchar(length=12, choices=Account)
    reference = Varchar(length=160, unique=True)
    amount_minor = BigInt()
    currency = Varchar(length=3)
    arrives_on = Date(default=None, null=True)
    state = Varchar(length=12, choices=PayoutState, default=PayoutState.TOLD)
    error = Varchar(length=300, help_text="Why one that was told is not entered yet")
    bank_entry = ForeignKey(
        references=BankEntry, null=True, on_delete=OnDelete.restrict, unique=True, help_text="As which it arrived"
    )
    note = Varchar(length=200)
    live = Boolean(default=False, help_text="In which of Stripe's modes it was told")
    told_at = Timestamptz(default=None)
    checked_at = Timestamptz(default=None, null=True)
    recorded_by = ForeignKey(references=Person, null=True, on_delete=OnDelete.set_null)
    taken_back_at = Timestamptz(default=None, null=True)
    taken_back_by = ForeignKey(references=Person, null=True, on_delete=OnDelete.set_null)
    taken_back_for = Varchar(length=200, help_text="Why; of before there were these columns it stands in the note")


class PayoutShare(Table, tablename="payment_payout_share"):
    """What of a payout is an edition's, as it was entered: out of the account of cards, to the bank, and to others."""

    id: Serial
    payout = ForeignKey(references=Payout, null=False, on_delete=OnDelete.restrict)
    edition = ForeignKey(references=Edition, null=False, on_delete=OnDelete.restrict, index=True)
    taken_minor = BigInt(default=0, help_text="Out of the account of cards, terminals or cash")
    bank_minor = BigInt(default=0, help_text="What arrives")
    fee_minor = BigInt(default=0, help_text="Fees that were not entered with the payments")
    loss_minor = BigInt(default=0, help_text="What cardholders' banks took back")


PAYOUT_TABLES: list[type[Table]] = [Payout, PayoutShare]

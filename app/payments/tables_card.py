"""Tables of card payments: what Stripe was asked, each under an idempotency key of its own, and what it told."""

from piccolo.columns import Boolean, ForeignKey, Serial, Text, Timestamptz, Varchar
from piccolo.columns.base import OnDelete
from piccolo.columns.column_types import BigInt
from piccolo.table import Table

from app.accounts.tables import Person
from app.payments.enums_card import AttemptState, DisputeState, RefundState
from app.payments.tables import Payment, PaymentDocument


class CardAttempt(Table, tablename="card_attempt"):
    """One checkout of a document. Its values are what Stripe was asked with: the same key needs the same again.

    A document has one that is ``started`` or ``open``, by a partial unique index, and any number that are ``closing``.
    ``fee_minor`` is what Stripe kept, in ``fee_currency``, the currency of the account there; 0 where it cannot say.
    ``live`` is the mode of Stripe in which it was begun, and where it is looked up ever after.
    """

    id: Serial
    document = ForeignKey(references=PaymentDocument, null=False, on_delete=OnDelete.restrict, index=True)
    amount_minor = BigInt()
    currency = Varchar(length=3)
    locale = Varchar(length=2)
    live = Boolean(default=False)
    idempotency_key = Varchar(length=64, unique=True)
    session_id = Varchar(length=255, default=None, null=True, unique=True)
    payment_intent = Varchar(length=255, default=None, null=True, unique=True)
    url = Text()
    state = Varchar(length=10, choices=AttemptState, default=AttemptState.STARTED)
    error = Varchar(length=300)
    fee_minor = BigInt(default=None, null=True)
    fee_currency = Varchar(length=3)
    created_at = Timestamptz(default=None)
    expires_at = Timestamptz(default=None)
    checked_at = Timestamptz(default=None, null=True)


class CardRefund(Table, tablename="card_refund"):
    """Money that goes back to a card, in the mode in which it came. ``asked_by`` is empty for one that was made at
    Stripe itself.
    """

    id: Serial
    payment = ForeignKey(references=Payment, null=False, on_delete=OnDelete.restrict, index=True)
    amount_minor = BigInt()
    currency = Varchar(length=3)
    idempotency_key = Varchar(length=64, unique=True)
    refund_id = Varchar(length=255, default=None, null=True, unique=True)
    state = Varchar(length=10, choices=RefundState, default=RefundState.STARTED)
    error = Varchar(length=300)
    note = Varchar(length=200)
    live = Boolean(default=False)
    asked_by = ForeignKey(references=Person, null=True, on_delete=OnDelete.set_null)
    created_at = Timestamptz(default=None)
    checked_at = Timestamptz(default=None, null=True)


class CardDispute(Table, tablename="card_dispute"):
    """A payment that the cardholder's bank claims back. ``told_at`` is when Stripe said what stands here.

    ``lost_minor`` and ``fee_minor``, the latter in ``fee_currency``, are what of it stands in the ledger.
    """

    id: Serial
    payment = ForeignKey(references=Payment, null=False, on_delete=OnDelete.restrict, index=True)
    dispute_id = Varchar(length=255, unique=True)
    amount_minor = BigInt()
    currency = Varchar(length=3)
    reason = Varchar(length=60)
    state = Varchar(length=14, choices=DisputeState, default=DisputeState.NEEDS_ANSWER)
    answer_by = Timestamptz(default=None, null=True)
    opened_at = Timestamptz(default=None)
    told_at = Timestamptz(default=None)
    lost_minor = BigInt(default=0)
    fee_minor = BigInt(default=0)
    fee_currency = Varchar(length=3)


class EventReading(Table, tablename="card_event_reading"):
    """Up to when the list of a provider's events was read, for those whose webhook was lost; a list for each mode."""

    id: Serial
    provider = Varchar(length=16, unique=True)
    read_until = Timestamptz(default=None)


CARD_TABLES: list[type[Table]] = [CardAttempt, CardRefund, CardDispute, EventReading]

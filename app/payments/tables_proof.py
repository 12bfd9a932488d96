"""The table of what payers show as proof that they sent a transfer."""

from piccolo.columns import Bytea, ForeignKey, Integer, Serial, Timestamptz, Varchar
from piccolo.columns.base import OnDelete
from piccolo.table import Table

from app.accounts.tables import Person
from app.payments.tables import PaymentDocument


class PaymentProof(Table, tablename="payment_proof"):
    """A picture of a transfer, drawn anew from what its payer uploaded. It proves nothing: money is seen on accounts.

    It lies in the row and not among the media, which are public, so that whoever erases the row erases it.
    """

    id: Serial
    document = ForeignKey(references=PaymentDocument, null=False, on_delete=OnDelete.restrict, index=True)
    content = Bytea()
    mime = Varchar(length=20)
    size_bytes = Integer(default=0)
    sent_at = Timestamptz(default=None)
    sent_by = ForeignKey(references=Person, null=True, on_delete=OnDelete.set_null)
    looked_at = Timestamptz(default=None, null=True, help_text="When the finance desk was done with it")
    looked_by = ForeignKey(references=Person, null=True, on_delete=OnDelete.set_null)


PROOF_TABLES: list[type[Table]] = [PaymentProof]

"""What changes to invoices and payments are called in the log."""

from app.kernel.audit_words import Field, LogWords, Subject, names_in
from app.kernel.i18n import N_
from app.payments.enums import METHOD_NAMES, SETTLEMENT_NAMES, STATE_NAMES
from app.payments.tables import PaymentDocument

WORDS = LogWords(
    actions={
        "payment.record": N_("Recorded a payment"),
        "payment.cancel": N_("Cancelled an invoice"),
        "payment.owe_back": N_("Noted that money has to go back"),
        "payment.refund": N_("Recorded a refund"),
        "payment.refund_to_card": N_("Sent money back to a card"),
    },
    subjects={
        "payment_document": Subject(
            name=N_("Invoice"),
            find=names_in(PaymentDocument, PaymentDocument.number),
            fields={
                "state": Field(N_("State"), values=STATE_NAMES),
                "method": Field(N_("Method"), values=METHOD_NAMES),
                "amount_minor": Field(N_("Amount"), money=True),
                "outcome": Field(N_("What became of it"), values=SETTLEMENT_NAMES),
                "payment_id": Field(""),
            },
        ),
    },
)

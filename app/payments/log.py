"""What changes to invoices and payments are called in the log."""

from app.kernel.audit_words import Field, LogWords, Subject, names_in
from app.kernel.i18n import N_
from app.payments.enums import (
    CASH_WAY_NAMES,
    ENTRY_STATE_NAMES,
    METHOD_NAMES,
    SETTLEMENT_NAMES,
    STATE_NAMES,
    TAX_MODE_NAMES,
)
from app.payments.tables import PaymentDocument
from app.payments.tables_bank import BankEntry
from app.payments.tables_payouts import Payout
from app.payments.tax import RATE_NAMES

WORDS = LogWords(
    actions={
        "payment.invoice": N_("Issued an invoice"),
        "payment.record": N_("Recorded a payment"),
        "payment.take_off": N_("Took a payment off an invoice"),
        "payment.cancel": N_("Cancelled an invoice"),
        "payment.owe_back": N_("Noted that money has to go back"),
        "payment.refund": N_("Recorded a refund"),
        "payment.count_for": N_("Counted for another invoice what a bearer had paid too much"),
        "payment.count_back": N_("Took back that something counts for another invoice"),
        "payment.refund_failed": N_("Noted that a refund failed"),
        "bank.assign": N_("Assigned a transfer"),
        "bank.take_off": N_("Let a transfer be assigned again"),
        "bank.set_aside": N_("Set a transfer aside"),
        "bank.income": N_("Entered a transfer as other income"),
        "bank.send_back": N_("Noted that a transfer was sent back"),
        "bank.take_up": N_("Took up a transfer again"),
        "payment.refund_to_card": N_("Sent money back to a card"),
        "payment.credit": N_("Issued a credit note"),
        "payment.write_off": N_("Wrote an invoice off"),
        "payment.legal_invoice": N_("Noted the provider's e-invoice"),
        "payment.legal_file": N_("Stored a file of the e-invoice"),
        "payment.remind": N_("Reminded a payer"),
        "payment.proof": N_("Sent a proof of transfer"),
        "payment.proof_looked_at": N_("Looked at a proof of transfer"),
        "payment.terms": N_("Changed who sells and how it is taxed"),
        "payment.card_mode": N_("Changed whether cards are charged"),
        "payment.close_day": N_("Closed a day of the books"),
        "payout.record": N_("Recorded a payout"),
        "payout.take_back": N_("Took back a payout"),
        "payout.match": N_("Found a payout on the bank account"),
        "payout.part": N_("Parted a payout from its transfer"),
        "drawer.open": N_("Opened a drawer"),
        "drawer.close": N_("Counted and closed a drawer"),
        "drawer.move": N_("Moved cash"),
        "drawer.take_back": N_("Took back a move of cash"),
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
                "bearer": Field(N_("Borne by")),
                "invoice": Field(N_("For invoice")),
                "credited_minor": Field(N_("Taken back"), money=True),
                "legal_provider": Field(N_("Provider")),
                "legal_series": Field(N_("Series")),
                "legal_number": Field(N_("Number of the e-invoice")),
                "legal_lookup": Field(N_("Lookup code")),
                "legal_file": Field(N_("File")),
            },
        ),
        "cash_drawer": Subject(
            name=N_("Drawer"),
            fields={
                "float_minor": Field(N_("Change in it"), money=True),
                "expected_minor": Field(N_("Expected"), money=True),
                "counted_minor": Field(N_("Counted"), money=True),
                "way": Field(N_("Where it goes"), values=CASH_WAY_NAMES),
                "amount_minor": Field(N_("Amount"), money=True),
                "reason": Field(N_("Reason")),
                "note": Field(N_("Note")),
            },
        ),
        "payment_payout": Subject(
            name=N_("Payout"),
            find=names_in(Payout, Payout.reference),
            fields={
                "amount_minor": Field(N_("Amount"), money=True),
                "fee_minor": Field(N_("Fees"), money=True),
                "reason": Field(N_("Reason")),
                "transfer_id": Field(""),
            },
        ),
        "payment_day": Subject(name=N_("Day of the books"), fields={"day": Field(N_("Day"))}),
        "payment_terms": Subject(
            name=N_("Terms of payment"),
            fields={
                "seller_name": Field(N_("Who sells")),
                "seller_address": Field(N_("Address")),
                "seller_tax_code": Field(N_("Tax code")),
                "tax_mode": Field(N_("Tax"), values=TAX_MODE_NAMES),
                "tax_name": Field(N_("Rate"), values=RATE_NAMES),
                "exempt_reason": Field(N_("Why no tax is taken")),
                "due_days": Field(N_("Days to pay")),
                "use_drawers": Field(N_("Cash goes through drawers")),
                "qris": Field(N_("QRIS picture")),
                "remind_days": Field(N_("Remind payers so many days before")),
                "live": Field(N_("Cards are charged")),
            },
        ),
        "bank_entry": Subject(
            name=N_("Transfer"),
            find=names_in(BankEntry, BankEntry.bank_reference),
            fields={
                "state": Field(N_("State"), values=ENTRY_STATE_NAMES),
                "reason": Field(N_("Reason")),
            },
        ),
    },
)

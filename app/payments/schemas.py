"""What forms of payments take, and what the API gives."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal

import msgspec
from litestar.datastructures import UploadFile
from msgspec import Meta

from app.kernel.forms import Reading
from app.kernel.i18n import N_, _
from app.kernel.money import MOST, Money, TooMuchMoney, parse_money
from app.payments.enums import CashWay, DocumentKind, DocumentState, HandMethod, PaymentMethod, Settlement, TaxMode
from app.payments.enums_card import CardMode
from app.payments.errors import AmountTooLarge
from app.payments.queries import DocumentInfo, PaymentInfo

NO_FILE = N_("Please choose a file.")
NOT_A_PROOF = N_("This file cannot be read. Use a picture (JPEG, PNG or WebP) or a PDF.")
NOT_AN_AMOUNT = N_("Please write an amount, such as 250.000.")
NO_SLIP = N_("Please write the number of the terminal's slip.")
NO_TRANSFER = N_("Please write the number of the transfer, as the bank shows it.")


def read_amount(reading: Reading[Any], field: str, otherwise: Money) -> Money:
    """The amount that was typed into a field, in the currency of ``otherwise``, which stands for what is none.

    That is refused at the field.
    """
    try:
        return parse_money(getattr(reading.values, field), otherwise.currency)
    except ValueError as error:
        reading.refuse(field, why_no_amount(error, otherwise.currency))
        return otherwise


def why_no_amount(error: ValueError, currency: str, otherwise: str = "") -> str:
    """What to say at the field of what :func:`parse_money` refused: it is no amount, or more than any fair takes.

    ``otherwise`` is the form's own sentence of what is no amount.
    """
    if isinstance(error, TooMuchMoney):
        return AmountTooLarge(most=Money(MOST, currency)).sentence()
    return otherwise or _(NOT_AN_AMOUNT)


def want_number(reading: Reading[Any], field: str, method: str, *, went_back: bool = False) -> None:
    """See to it that a field has the number which alone shows that money came, or ``went_back``.

    That is a slip's, for no terminal tells us, and that of a transfer which we made; one that came the bank tells of.
    """
    wanted = {PaymentMethod.TERMINAL: NO_SLIP} | ({PaymentMethod.TRANSFER: NO_TRANSFER} if went_back else {})
    if method in wanted and not getattr(reading.values, field).strip():
        reading.refuse(field, _(wanted[PaymentMethod(method)]))


class PaymentForm(msgspec.Struct):
    """Money that came, as the finance desk writes it down. ``amount`` as people type amounts.

    ``another`` says that a transfer is not the one of that amount of which the bank told; ``stood`` is where the
    invoice stood on the page (``queries_sent.stand_of``).
    """

    method: HandMethod
    amount: Annotated[str, Meta(max_length=30)]
    note: Annotated[str, Meta(max_length=200)] = ""
    another: bool = False
    stood: str = ""


class RefundForm(msgspec.Struct):
    """Money that went back: ``amount`` as people type amounts; ``stood`` as in ``PaymentForm``."""

    method: HandMethod
    amount: Annotated[str, Meta(max_length=30)]
    note: Annotated[str, Meta(max_length=200)] = ""
    stood: str = ""


class BorneForm(msgspec.Struct):
    """Money that came from who bears a part of an invoice, whom ``borne_by`` names (``Borne.line_id``)."""

    borne_by: str
    borne_method: HandMethod
    borne_amount: Annotated[str, Meta(max_length=30)]
    borne_note: Annotated[str, Meta(max_length=200)] = ""
    borne_another: bool = False
    stood: str = ""


class CountForm(msgspec.Struct):
    """For which other invoice what a bearer paid too much counts (``Borne.line_id``)."""

    counts_for: Annotated[int, Meta(ge=1, le=2**31 - 1)]


class CountBackForm(msgspec.Struct):
    """Why something does not count for another invoice."""

    count_back: Annotated[str, Meta(max_length=200)] = ""


class CreditForm(msgspec.Struct):
    """What is taken back of an invoice, and why; ``whole`` says that all of it is meant, with what was sold.

    ``credit_of`` is the position of the line that it is taken back of; 0 for all of them, in proportion.
    """

    credit: Annotated[str, Meta(max_length=30)]
    reason: Annotated[str, Meta(min_length=1, max_length=300)]
    credit_of: Annotated[int, Meta(ge=0, le=32_767)] = 0
    whole: bool = False
    stood: str = ""


class TakeOffForm(msgspec.Struct):
    """Which payment was not for its invoice, and why; ``instead`` is the number of the one that it was for.

    ``missing``: it was for none, and was missing when its drawer was counted.
    """

    payment: Annotated[int, Meta(ge=1, le=2**31 - 1)]
    why: Annotated[str, Meta(min_length=1, max_length=200)]
    instead: Annotated[str, Meta(max_length=40)] = ""
    missing: bool = False


class ServiceInvoiceForm(msgspec.Struct):
    """An invoice for a service or a sponsor. Its lines stand in fields of ``ServiceLineForm``, each ``NAME-NUMBER``.

    It is due as a whole, or ``first_percent`` of it on ``due_on`` and the rest on ``rest_due_on``. ``agreed`` is the
    sum that the page has shown before.
    """

    client_id: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{8,64}$")]
    payer_name: Annotated[str, Meta(min_length=1, max_length=200)]
    contact: Annotated[str, Meta(min_length=3, max_length=254)]
    description: Annotated[str, Meta(min_length=1, max_length=300)]
    payer_address: Annotated[str, Meta(max_length=300)] = ""
    payer_tax_code: Annotated[str, Meta(max_length=20)] = ""
    locale: Literal["vi", "id", "en"] = "vi"
    due_on: date | None = None
    first_percent: Annotated[int, Meta(ge=1, le=100)] = 100
    rest_due_on: date | None = None
    agreed: Annotated[str, Meta(max_length=20)] = ""


class ServiceLineForm(msgspec.Struct):
    """A line of it; amounts as people type them. ``line_tax`` is a rate's name, ``exempt``, or empty.

    ``line_borne`` is what ``line_borne_by`` bears of it, tax and all.
    """

    line_what: Annotated[str, Meta(min_length=1, max_length=300)]
    line_price: Annotated[str, Meta(min_length=1, max_length=30)]
    line_number: Annotated[int, Meta(ge=1, le=100_000)] = 1
    line_tax: str = ""
    line_exempt: Annotated[str, Meta(max_length=120)] = ""
    line_borne: Annotated[str, Meta(max_length=30)] = ""
    line_borne_by: Annotated[str, Meta(max_length=120)] = ""


class LegalForm(msgspec.Struct):
    """What names the e-invoice that a certified provider issued."""

    legal_provider: Annotated[str, Meta(max_length=60)] = ""
    legal_series: Annotated[str, Meta(max_length=20)] = ""
    legal_number: Annotated[str, Meta(max_length=20)] = ""
    legal_lookup: Annotated[str, Meta(max_length=120)] = ""


class LegalFileForm(msgspec.Struct):
    """The PDF or XML of an e-invoice; ``replace`` says that it takes the place of the one that is stored."""

    file: UploadFile
    replace: bool = False


class TermsForm(msgspec.Struct):
    """Who sells and how it is taxed."""

    seller_name: Annotated[str, Meta(max_length=200)] = ""
    seller_address: Annotated[str, Meta(max_length=300)] = ""
    seller_tax_code: Annotated[str, Meta(max_length=20)] = ""
    tax_mode: TaxMode = TaxMode.NONE
    tax_name: str = ""
    exempt_reason: Annotated[str, Meta(max_length=120)] = ""
    due_days: Annotated[int, Meta(ge=0, le=365)] = 7
    use_drawers: bool = False
    remind_days: Annotated[int, Meta(ge=0, le=60)] = 3


class DrawerForm(msgspec.Struct):
    """What lies in a drawer, as people type amounts."""

    amount: Annotated[str, Meta(max_length=30)]
    note: Annotated[str, Meta(max_length=200)] = ""


class DrawerCloseForm(DrawerForm):
    """What was counted in a drawer; ``sure`` that a large difference is none of counting."""

    sure: bool = False


class CashMoveForm(msgspec.Struct):
    """Cash that is put into a drawer or taken out of it: ``moved`` as people type amounts."""

    client_id: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{8,64}$")]
    way: CashWay
    moved: Annotated[str, Meta(max_length=30)]
    reason: Annotated[str, Meta(min_length=1, max_length=200)]


class TakeBackForm(msgspec.Struct):
    """A move of cash, or a payout, that is taken back, and why."""

    takes_back: Annotated[int, Meta(ge=1, le=2**31 - 1)]
    why: Annotated[str, Meta(min_length=1, max_length=200)]


class DayForm(msgspec.Struct):
    """A day of the books."""

    day: date


class PayoutForm(msgspec.Struct):
    """A payout that somebody writes down; amounts as people type them.

    ``more``: it is right, though not expected. ``newest`` is the newest payout when the page was opened.
    """

    account: Literal["card", "terminal", "safe", "cash"]
    taken: Annotated[str, Meta(max_length=30)]
    arrives_on: date
    reference: Annotated[str, Meta(min_length=1, max_length=100)]
    fee: Annotated[str, Meta(max_length=30)] = ""
    note: Annotated[str, Meta(max_length=200)] = ""
    more: bool = False
    newest: Annotated[int, Meta(ge=0, le=2**31 - 1)] | None = None


class PayoutMatchForm(msgspec.Struct):
    """Which payout a transfer is."""

    payout_id: Annotated[int, Meta(ge=1, le=2**31 - 1)]


class SetAsideForm(msgspec.Struct):
    """Why a transfer is for none of our documents, and what becomes of it.

    ``reason`` of one that was sent back is the number of the transfer by which it went.
    """

    reason: Annotated[str, Meta(min_length=1, max_length=200)]
    becomes: Literal["ignored", "income", "sent_back"] = "ignored"


class CardRefundForm(msgspec.Struct):
    """Money that goes back to its card. ``amount`` as people type amounts."""

    amount: Annotated[str, Meta(max_length=30)]
    note: Annotated[str, Meta(max_length=200)] = ""
    stood: str = ""


class CardModeForm(msgspec.Struct):
    """A mode of Stripe, and whether somebody was told what it does."""

    mode: CardMode
    sure: str = ""


class QrisForm(msgspec.Struct):
    """A picture of the seller's QRIS code."""

    qris: UploadFile | None = None


class ProofForm(msgspec.Struct):
    """A picture or PDF of a transfer."""

    proof: UploadFile | None = None


class DocumentDTO(msgspec.Struct, kw_only=True):
    """A payment document in a list. Money in the currency's minor unit."""

    id: int
    number: str
    kind: DocumentKind
    payer: str
    description: str
    amount_minor: int
    tax_minor: int
    paid_minor: int
    due_minor: int
    owed_minor: int
    currency: str
    state: DocumentState
    reference: str
    created_at: datetime
    settled_at: datetime | None
    due_on: date | None

    @classmethod
    def of(cls, document: DocumentInfo) -> "DocumentDTO":
        """The record as the API shows it."""
        return cls(**_columns(document))


class DocumentListDTO(msgspec.Struct, kw_only=True):
    """A stretch of the documents; ``total`` counts all that fit."""

    items: list[DocumentDTO]
    total: int
    page: int


class PaymentDTO(msgspec.Struct, kw_only=True):
    """Money that came (positive) or went back (negative); ``returns`` names the payment that went back."""

    id: int
    method: PaymentMethod
    amount_minor: int
    currency: str
    outcome: Settlement
    note: str
    returns: int | None
    received_at: datetime

    @classmethod
    def of(cls, payment: PaymentInfo) -> "PaymentDTO":
        """The record as the API shows it."""
        return cls(
            id=payment.id,
            method=payment.method,
            amount_minor=payment.amount.amount_minor,
            currency=payment.amount.currency,
            outcome=payment.outcome,
            note=payment.note,
            returns=payment.returns_id,
            received_at=payment.received_at,
        )


class DocumentDetailDTO(DocumentDTO, kw_only=True):
    """A payment document with its payments in the order in which they were recorded."""

    payments: list[PaymentDTO]

    @classmethod
    def with_payments(cls, document: DocumentInfo, payments: Sequence[PaymentInfo]) -> "DocumentDetailDTO":
        """The record as the API shows it."""
        return cls(**_columns(document), payments=[PaymentDTO.of(payment) for payment in payments])


def _columns(document: DocumentInfo) -> dict[str, Any]:
    names = ("id", "number", "kind", "description", "state", "reference", "created_at", "settled_at", "due_on")
    return {
        **{name: getattr(document, name) for name in names},
        "payer": document.payer_name,
        "amount_minor": document.amount.amount_minor,
        "tax_minor": document.tax.amount_minor,
        "paid_minor": document.paid.amount_minor,
        "due_minor": document.due.amount_minor if document.state == DocumentState.OPEN else 0,
        "owed_minor": document.owed.amount_minor,
        "currency": document.amount.currency,
    }

"""What comes in and goes out: forms of pages, bodies of the API."""

from datetime import date, datetime
from typing import Annotated

import msgspec

from app.events.enums import PassKind
from app.kernel.forms import pattern
from app.kernel.i18n import N_
from app.kernel.money import MOST
from app.payments.enums import CounterMethod, HandMethod
from ticketing.sales.schemas_questions import AskedDTO

MOST_IN_ONE_ORDER = 10
MOST_AT_BOX_OFFICE = 50

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Code = Annotated[
    str,
    msgspec.Meta(min_length=1, max_length=30),
    pattern(
        r"^[A-Za-z0-9][A-Za-z0-9_-]*$",
        N_("Please write plain letters, digits, hyphens or underscores, and no blanks, such as NGAY-1."),
    ),
]
Text = Annotated[str, msgspec.Meta(max_length=120)]
LongText = Annotated[str, msgspec.Meta(max_length=600)]
Quota = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
InOneOrder = Annotated[int, msgspec.Meta(ge=1, le=MOST_IN_ONE_ORDER)]
#: The number of something in the database.
Row = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
#: What a page asked for, in minor units: where it is another amount by now, nothing is recorded.
Shown = Annotated[int, msgspec.Meta(ge=0, le=MOST)]
#: The number of a card terminal's slip.
Slip = Annotated[str, msgspec.Meta(max_length=60)]
#: Cash that somebody gave, as it was typed; empty where it was not counted.
Given = Annotated[str, msgspec.Meta(max_length=30)]
ClientId = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{8,64}$")]


class BuyerForm(msgspec.Struct):
    """The second step of a ticket: who it is for. The tickets chosen stand in fields ``n-ID``."""

    full_name: Name
    contact: Annotated[str, msgspec.Meta(min_length=3, max_length=254)]
    client_id: ClientId
    locale: str = "vi"
    bill_name: Annotated[str, msgspec.Meta(max_length=200)] = ""
    bill_address: Annotated[str, msgspec.Meta(max_length=300)] = ""
    bill_tax_code: Annotated[str, msgspec.Meta(max_length=20)] = ""


class RegisterForm(msgspec.Struct):
    """A visitor who registers herself before the poster."""

    full_name: Name
    phone: Annotated[str, msgspec.Meta(min_length=3, max_length=40)]


class RegisteringForm(msgspec.Struct):
    """Which ticket type visitors get who register themselves; none: they cannot."""

    ticket_type: int | None = None


class TicketTypeForm(msgspec.Struct):
    """A ticket type as an organiser writes it; the price as people write amounts."""

    code: Code
    name_vi: Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
    quota: Quota | None = None
    quotas: list[int] = []
    name_id: Text = ""
    name_en: Text = ""
    description_vi: LongText = ""
    description_id: LongText = ""
    description_en: LongText = ""
    price: Annotated[str, msgspec.Meta(max_length=30)] = "0"
    sales_from: datetime | None = None
    sales_until: datetime | None = None
    pass_kind: PassKind = PassKind.VISITOR
    first_day: date | None = None
    last_day: date | None = None
    min_per_order: InOneOrder | None = None
    max_per_order: InOneOrder | None = None
    group_most: Annotated[int, msgspec.Meta(ge=1, le=200)] | None = None
    hidden: bool = False
    active: bool = False
    donation: bool = False
    suggestions: LongText = ""
    exempt_reason: Text = ""


class QuotaForm(msgspec.Struct):
    """A quota as an organiser writes it."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
    size: Quota


class BoxOfficeForm(msgspec.Struct):
    """A sale at the box office. The tickets stand in fields ``n-ID``; ``given`` is the cash, as people type amounts."""

    client_id: ClientId
    full_name: Annotated[str, msgspec.Meta(max_length=200)] = ""
    method: CounterMethod = CounterMethod.CASH
    slip: Slip = ""
    given: Given = ""


class CounterPaidForm(msgspec.Struct):
    """That the money of an order came at the counter, where its number was said."""

    reference: Annotated[str, msgspec.Meta(max_length=200)] = ""
    method: CounterMethod = CounterMethod.CASH
    slip: Slip = ""
    due: Shown = 0
    given: Given = ""


class PaidForm(msgspec.Struct):
    """That the money of an order came. ``another`` says that a transfer is not the one of which the bank told."""

    method: HandMethod
    slip: Slip = ""
    due: Shown = 0
    another: bool = False


#: What was said to questions, by their ids; of a consent ``yes``.
TicketAnswers = Annotated[dict[str, Annotated[str, msgspec.Meta(max_length=300)]], msgspec.Meta(max_length=50)]


class OrderLine(msgspec.Struct):
    """So many tickets of one type; ``answers`` are those for each of them, by the ids of its questions.

    ``price_minor`` is what the buyer gives for each ticket of a donation; of other types it says nothing.
    """

    ticket_type: str
    count: Annotated[int, msgspec.Meta(ge=1, le=MOST_IN_ONE_ORDER)]
    answers: Annotated[list[TicketAnswers], msgspec.Meta(max_length=MOST_IN_ONE_ORDER)] = []
    price_minor: Annotated[int, msgspec.Meta(ge=0, le=MOST)] | None = None


class OrderRequest(msgspec.Struct):
    """An order placed through the API; ``ticket_type`` is the type's code, ``client_id`` an id made by the client."""

    client_id: ClientId
    lines: Annotated[list[OrderLine], msgspec.Meta(min_length=1, max_length=MOST_IN_ONE_ORDER)]
    full_name: Name
    phone: str | None = None
    email: str | None = None
    locale: str = "vi"
    voucher: Annotated[str, msgspec.Meta(max_length=40)] = ""


class TicketTypeAnswer(msgspec.Struct):
    """A ticket type that can be had, so many of it in one order at least and at most.

    Its passes count on the days from ``first_day`` to ``last_day``. Of a ``donation`` the buyer says the price:
    ``price_minor`` or more, such as one that is suggested.
    """

    code: str
    name: dict[str, str]
    description: dict[str, str]
    price_minor: int
    currency: str
    left: int
    first_day: date
    last_day: date
    sales_from: datetime | None
    sales_until: datetime | None
    min_per_order: int
    max_per_order: int
    questions: list[AskedDTO] = []
    donation: bool = False
    suggested_minor: list[int] = []


class TicketAnswer(msgspec.Struct):
    """One ticket of an order; ``pass_url`` and ``short_code`` once the order is confirmed."""

    ticket_type: str
    holder_name: str
    pass_url: str | None
    short_code: str | None


class OrderAnswer(msgspec.Struct):
    """An order, as whoever holds its secret may see it."""

    reference: str
    state: str
    total_minor: int
    currency: str
    voucher: str | None
    secret: str
    url: str
    expires_at: datetime | None
    tickets: list[TicketAnswer]


Percent = Annotated[int, msgspec.Meta(ge=0, le=100)]


class RulesForm(msgspec.Struct):
    """What buyers may do themselves, and until when; the fee as people write amounts."""

    names_until: datetime | None = None
    answers_until: datetime | None = None
    changes_until: datetime | None = None
    handing_until: datetime | None = None
    back_until: datetime | None = None
    back_percent: Percent = 100
    later_until: datetime | None = None
    later_percent: Percent = 50
    fee: Annotated[str, msgspec.Meta(max_length=30)] = "0"


class BackForm(msgspec.Struct):
    """The account that money goes back to."""

    bank: Annotated[str, msgspec.Meta(max_length=80)] = ""
    number: Annotated[
        str,
        msgspec.Meta(max_length=34),
        pattern(r"^[0-9A-Za-z .-]*$", N_("Please write the number of the account in digits and plain letters.")),
    ] = ""
    holder: Annotated[str, msgspec.Meta(max_length=120)] = ""


class CancelForm(BackForm):
    """Which tickets are cancelled, for what amount as the page said it, and the account that it goes to."""

    ticket: list[Row] = []
    back: Shown = 0


class ChangeForm(BackForm, kw_only=True):
    """The type that a ticket is to be of, and what the page said goes back or is to be paid.

    Neither stands in it before the page has said so: then it does, where the other type costs another price.
    """

    ticket_type: Row
    back: Shown | None = None
    due: Shown | None = None


class GiveForm(msgspec.Struct):
    """Whom a ticket is given to."""

    full_name: Annotated[str, msgspec.Meta(min_length=1, max_length=160)]
    contact: Annotated[str, msgspec.Meta(min_length=3, max_length=254)]
    locale: str = "vi"


class AcceptForm(msgspec.Struct):
    """The name of who accepts a ticket, and that she agrees to its being kept."""

    full_name: Annotated[str, msgspec.Meta(min_length=1, max_length=160)]
    agreed: bool = False


class AgainForm(msgspec.Struct):
    """Where somebody's orders went to, to send them there again."""

    contact: Annotated[str, msgspec.Meta(min_length=3, max_length=254)]

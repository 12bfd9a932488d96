"""What comes in and goes out of vouchers."""

from datetime import datetime
from typing import Annotated

import msgspec

from app.kernel.forms import pattern
from app.kernel.i18n import N_
from ticketing.sales.enums import VoucherEffect

MOST_AT_ONCE = 1_000


class VoucherForm(msgspec.Struct):
    """A voucher as an organiser writes it; ``value`` a percentage, or an amount as people write amounts."""

    code: Annotated[
        str,
        msgspec.Meta(max_length=20),
        pattern(
            r"^[A-Za-z0-9 -]*$",
            N_("Please write plain letters, digits or hyphens, such as HOA-2026."),
        ),
    ] = ""
    effect: VoucherEffect = VoucherEffect.PERCENT
    value: Annotated[str, msgspec.Meta(max_length=30)] = ""
    reveals: bool = False
    types: list[int] = []
    max_uses: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 1
    valid_until: datetime | None = None
    note: Annotated[str, msgspec.Meta(max_length=200)] = ""
    active: bool = False


class VouchersForm(VoucherForm):
    """New vouchers, so many at once, each as written; what stands in ``code`` begins the code of each of several."""

    number: Annotated[int, msgspec.Meta(ge=1, le=MOST_AT_ONCE)] = 1


class VoucherPrice(msgspec.Struct):
    """What a ticket of a type costs with a voucher, and what it cost without."""

    ticket_type: str
    first_minor: int
    price_minor: int
    currency: str


class VoucherAnswer(msgspec.Struct):
    """A voucher, for whoever has its code: how many tickets it is ``left`` for, and of which types."""

    code: str
    left: int
    valid_until: datetime | None
    ticket_types: list[VoucherPrice]

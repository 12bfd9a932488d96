"""What forms of payments take."""

from typing import Annotated

import msgspec
from msgspec import Meta

from app.payments.enums import PaymentMethod


class PaymentForm(msgspec.Struct):
    """Money that came, as the finance desk writes it down. ``amount`` as people type amounts."""

    method: PaymentMethod
    amount: Annotated[str, Meta(max_length=30)]
    note: Annotated[str, Meta(max_length=200)] = ""


class RefundForm(msgspec.Struct):
    """Money that went back."""

    method: PaymentMethod
    note: Annotated[str, Meta(max_length=200)] = ""

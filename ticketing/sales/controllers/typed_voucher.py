"""The code of a voucher that a buyer typed, or came with, on the pages of an order."""

from dataclasses import dataclass
from typing import Any

from litestar import Request

from app.events.queries import EditionInfo
from app.kernel.clock import now
from app.kernel.errors import AppError, TooManyTries
from app.kernel.web import browser_of
from ticketing.sales.errors_vouchers import (
    VoucherNotForThese,
    VoucherOver,
    VoucherSpent,
    VouchersSlowed,
    VoucherUnknown,
)
from ticketing.sales.queries_vouchers import Offer
from ticketing.sales.services.redeeming import code_of, look_up

#: Why a voucher is not to be had, which its field says.
NO_VOUCHER = (VoucherUnknown, VoucherOver, VoucherSpent, VoucherNotForThese, VouchersSlowed)


@dataclass(frozen=True, kw_only=True)
class TypedVoucher:
    """A code as it was typed, what it does, or why nothing; all empty where none was typed."""

    code: str = ""
    offer: Offer | None = None
    does: str = ""
    problem: AppError | None = None

    @property
    def asked(self) -> dict[str, str]:
        """What carries it to the next step."""
        return {"voucher": self.code} if self.code else {}


NO_CODE = TypedVoucher()


async def typed_voucher(
    request: Request[Any, Any, Any], edition: EditionInfo, typed: str, *, at_order: bool = False
) -> TypedVoucher:
    """Look a code up that somebody typed; ``at_order`` leaves it to the order whether it can be used still."""
    code = code_of(typed)
    if not code:
        return NO_CODE
    try:
        offer = await look_up(
            edition_id=edition.id, code=code, browser=browser_of(request), whatever_is_left=at_order, now=now()
        )
    except (*NO_VOUCHER, TooManyTries) as error:
        return TypedVoucher(code=code, problem=error)
    return TypedVoucher(code=code, offer=offer, does=offer.sentence(edition.currency))

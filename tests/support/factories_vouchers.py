"""Factories of vouchers."""

from __future__ import annotations

from typing import Any

from app.accounts.actor import SYSTEM
from tests.conftest import NOW
from ticketing.sales.enums import VoucherEffect
from ticketing.sales.services.vouchers import VoucherValues, create_vouchers


async def make_voucher(edition_id: int, **values: Any) -> str:
    """Make a voucher that takes a tenth off one ticket of any type, unless told; gives its code."""
    values = {
        "code": "",
        "effect": VoucherEffect.PERCENT,
        "value": 10,
        "reveals": False,
        "max_uses": 1,
        "valid_until": None,
        "types": [],
        "active": True,
        "note": "",
        **values,
    }
    (code,) = await create_vouchers(edition_id=edition_id, values=VoucherValues(**values), actor=SYSTEM, now=NOW)
    return code

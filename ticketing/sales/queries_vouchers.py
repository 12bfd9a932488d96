"""Reads of vouchers: what a code does, who may use it still, and which orders did."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.kernel.database import fetch
from app.kernel.i18n import _
from app.kernel.money import Money
from app.kernel.names import search_text
from app.kernel.rows import among
from ticketing.sales.enums import VoucherEffect


@dataclass(frozen=True, kw_only=True)
class Offer:
    """What a voucher does, for whoever has its code. ``types`` are the ids of its ticket types; empty for all."""

    id: int
    code: str
    effect: VoucherEffect
    value: int
    reveals: bool
    left: int
    valid_until: datetime | None
    types: frozenset[int]
    active: bool

    def covers(self, type_id: int) -> bool:
        """Whether it is for tickets of a type."""
        return not self.types or type_id in self.types

    def price(self, price_minor: int) -> int:
        """What a ticket costs with it, in minor units: never more than without, never below 0, a half rounded up."""
        if self.effect is VoucherEffect.PERCENT:
            return (price_minor * (100 - self.value) + 50) // 100
        if self.effect is VoucherEffect.AMOUNT:
            return max(0, price_minor - self.value)
        return min(price_minor, self.value) if self.effect is VoucherEffect.PRICE else price_minor

    def sentence(self, currency: str) -> str:
        """What it does, in the reader's language."""
        return effect_of(self.effect, self.value, currency)


def effect_of(effect: VoucherEffect, value: int, currency: str) -> str:
    """What a voucher does to prices, in the reader's language."""
    if effect is VoucherEffect.PERCENT:
        return _("{percent}% off each ticket").format(percent=value)
    if effect is VoucherEffect.AMOUNT:
        return _("{amount} off each ticket").format(amount=Money(value, currency))
    if effect is VoucherEffect.PRICE:
        return _("Each ticket for {amount}").format(amount=Money(value, currency))
    return _("Same price")


async def offer_of(edition_id: int, code: str) -> Offer | None:
    """What the voucher with this code does in an edition; None for an unknown code."""
    rows = (
        [] if "\0" in code else await fetch("SELECT * FROM voucher WHERE edition = {} AND code = {}", edition_id, code)
    )
    if not rows:
        return None
    row = rows[0]
    types = await fetch("SELECT ticket_type FROM voucher_type WHERE voucher = {}", row["id"])
    return Offer(
        id=row["id"],
        code=row["code"],
        effect=VoucherEffect(row["effect"]),
        value=row["value"],
        reveals=bool(row["reveals"]),
        left=row["max_uses"] - row["used"],
        valid_until=row["valid_until"],
        types=frozenset(one["ticket_type"] for one in types),
        active=bool(row["active"]),
    )


async def vouchers_of(edition_id: int, search: str = "") -> list[dict[str, Any]]:
    """Vouchers of an edition, the newest first, in whose code or note every word stands, each with its ``types``."""
    rows = await fetch("SELECT * FROM voucher WHERE edition = {} ORDER BY id DESC", edition_id)
    types = await fetch(
        "SELECT t.voucher, t.ticket_type FROM voucher_type t JOIN voucher v ON v.id = t.voucher "
        "WHERE v.edition = {} ORDER BY t.ticket_type",
        edition_id,
    )
    found: dict[int, list[int]] = {}
    for one in types:
        found.setdefault(one["voucher"], []).append(one["ticket_type"])
    words = search_text(search).split()
    return [
        {**row, "effect": VoucherEffect(row["effect"]), "types": found.get(row["id"], [])}
        for row in rows
        if all(word in search_text(row["code"], row["note"]) for word in words)
    ]


async def vouchers_of_orders(order_ids: Sequence[int]) -> dict[int, str]:
    """The code of the voucher that an order used, by order; those without one are left out."""
    chosen, ids = among(list(order_ids))
    rows = await fetch(
        "SELECT DISTINCT u.ticket_order, v.code FROM voucher_use u JOIN voucher v ON v.id = u.voucher "
        f"WHERE u.ticket_order {chosen}",
        ids,
    )
    return {row["ticket_order"]: row["code"] for row in rows}


async def has_vouchers(edition_id: int) -> bool:
    """Whether an edition has a voucher that is switched on."""
    return bool(await fetch("SELECT 1 AS one FROM voucher WHERE edition = {} AND active = TRUE LIMIT 1", edition_id))


async def codes_taken(edition_id: int, codes: Iterable[str]) -> set[str]:
    """Those of some codes that vouchers of an edition have."""
    chosen, texts = among(sorted(codes), "TEXT")
    rows = await fetch(f"SELECT code FROM voucher WHERE edition = {{}} AND code {chosen}", edition_id, texts)
    return {row["code"] for row in rows}

"""Vouchers as buyers use them: looked up, counted in the order's transaction, given back when the order is not to be.

Invariant: ``used`` of a voucher never exceeds ``max_uses``. The condition stands in the statement that counts; a check
of the database (``voucher_holds``) stands behind it. A use is one ticket. Rows are taken in one order, so that nobody
waits for each other: edition, payment document, order, vouchers by id, ticket types.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.kernel.database import fetch, hold_rows
from app.kernel.errors import TooManyTries
from app.kernel.i18n import _, use_locale
from app.kernel.logs import note_security
from app.kernel.money import Money
from app.kernel.rows import among
from app.kernel.security import has_waited, is_over, limit
from ticketing.sales.errors_vouchers import (
    VoucherNotForThese,
    VoucherOver,
    VoucherSpent,
    VouchersSlowed,
    VoucherUnknown,
)
from ticketing.sales.queries_vouchers import Offer, offer_of
from ticketing.sales.tables import TicketOrder
from ticketing.sales.tables_vouchers import VoucherUse

HOUR = 3600
PER_BROWSER = 120
#: So many unknown codes in ten minutes are no slips of the finger: from then on whoever comes anew waits a minute.
MISSES, MISS_SECONDS, WAIT_SECONDS = 100, 600, 60
#: What lets a voucher be used for so many tickets more, or not.
FITS = "used + {} <= max_uses"


@dataclass(frozen=True, kw_only=True)
class Redeemed:
    """A voucher used for an order: how many tickets of each type, and what one of each had cost."""

    offer: Offer
    counts: Mapping[int, int]
    firsts: Mapping[int, int]

    def price(self, type_id: int) -> int:
        """What a ticket costs with it, in minor units."""
        return self.offer.price(self.firsts[type_id])


def code_of(typed: str) -> str:
    """A voucher's code as it is stored, however it was typed: no blanks, capitals."""
    return "".join(typed.split()).upper()[:30]


async def look_up(*, edition_id: int, code: str, browser: str, now: datetime, whatever_is_left: bool = False) -> Offer:
    """What a code does that somebody typed. ``browser`` is empty for the API. Outside of any transaction.

    One browser asks so often an hour as it may. While many codes come in that are none, one that is new waits a minute.
    ``whatever_is_left`` is for an order, which may be sent again when it used the voucher up itself.
    Raises VoucherUnknown, VoucherOver, VoucherSpent, VouchersSlowed, TooManyTries.
    """
    misses = f"voucher-miss:{edition_id}"
    if await is_over(misses, times=MISSES, seconds=MISS_SECONDS, now=now):
        who = f"voucher-wait:{edition_id}:{browser or code}"
        if not await has_waited(who, seconds=WAIT_SECONDS, now=now):
            note_security("voucher.slowed", limit="voucher-miss")
            raise VouchersSlowed
    if browser:
        await limit(f"voucher-browser:{edition_id}:{browser}", times=PER_BROWSER, seconds=HOUR, now=now)
    try:
        offer = await _known(edition_id, code) if whatever_is_left else await _usable(edition_id, code, now)
    except VoucherUnknown:
        with suppress(TooManyTries):  # it slows those who come next, and shuts nobody out
            await limit(misses, times=MISSES, seconds=MISS_SECONDS, now=now)
        raise
    if not offer.left and not whatever_is_left:
        raise VoucherSpent(left=0)
    return offer


async def _known(edition_id: int, code: str) -> Offer:
    offer = await offer_of(edition_id, code_of(code))
    if offer is None:
        raise VoucherUnknown
    return offer


async def _usable(edition_id: int, code: str, now: datetime) -> Offer:
    offer = await _known(edition_id, code)
    if not offer.active or (offer.valid_until is not None and offer.valid_until <= now):
        raise VoucherOver
    return offer


async def redeem(
    *, edition_id: int, code: str, counts: Mapping[int, int], prices: Mapping[int, int], now: datetime
) -> Redeemed:
    """Use a voucher for those of an order's tickets that it is for, in the caller's transaction.

    ``counts`` and ``prices`` are by ticket type; ``prices`` without the voucher.
    Raises VoucherUnknown, VoucherOver, VoucherNotForThese, VoucherSpent.
    """
    offer = await _usable(edition_id, code, now)
    covered = {type_id: count for type_id, count in counts.items() if offer.covers(type_id)}
    if not covered:
        raise VoucherNotForThese
    number = sum(covered.values())
    used = await fetch(
        f"UPDATE voucher SET used = used + {{}} WHERE id = {{}} AND active = TRUE "
        f"AND (valid_until IS NULL OR valid_until > {{}}) AND {FITS} RETURNING id",
        number,
        offer.id,
        now,
        *([number] if "{}" in FITS else []),
    )
    if not used:
        raise VoucherSpent(left=(await _usable(edition_id, code, now)).left)
    return Redeemed(offer=offer, counts=covered, firsts={type_id: prices[type_id] for type_id in covered})


async def note_use(order_id: int, redeemed: Redeemed) -> None:
    """Write down what an order got with a voucher, in the transaction that used it."""
    await VoucherUse.insert(
        *(
            VoucherUse(
                ticket_order=order_id,
                voucher=redeemed.offer.id,
                ticket_type=type_id,
                tickets=count,
                first_minor=redeemed.firsts[type_id],
            )
            for type_id, count in sorted(redeemed.counts.items())
        )
    )


def told_first(line: Mapping[str, Any], order: TicketOrder) -> str:
    """What an invoice says behind the name of a ticket whose price a voucher lowered, in the order's language."""
    if line["first_minor"] is None or line["first_minor"] == line["price_minor"]:
        return ""
    with use_locale(order.locale):
        words = _("first price {amount}, voucher {code}")
        return f" ({words.format(amount=Money(line['first_minor'], order.currency), code=line['code'])})"


async def hold_vouchers(order_ids: Sequence[int]) -> None:
    """Hold the vouchers that orders used, before places are held in the caller's transaction."""
    chosen, ids = among(sorted(order_ids))
    await hold_rows("voucher", f"id IN (SELECT voucher FROM voucher_use WHERE ticket_order {chosen})", ids, alone=True)


async def give_back_uses(order_id: int) -> None:
    """Give back what an order that expires or is cancelled used of its voucher; once, however often it is asked."""
    await _change(
        await fetch(
            "UPDATE voucher_use SET counted = FALSE WHERE ticket_order = {} AND counted = TRUE "
            "RETURNING voucher, tickets",
            order_id,
        ),
        sign=-1,
    )


async def give_back_some(order_id: int, counts: Mapping[int, int]) -> None:
    """Give back the uses of tickets of an order that its buyer cancelled; ``counts`` are by ticket type."""
    for type_id, count in sorted(counts.items()):
        await _change(
            [
                {**row, "tickets": count}
                for row in await fetch(
                    "UPDATE voucher_use SET tickets = tickets - {} WHERE ticket_order = {} AND ticket_type = {} "
                    "AND counted = TRUE AND tickets >= {} RETURNING voucher",
                    count,
                    order_id,
                    type_id,
                    count,
                )
            ],
            sign=-1,
        )


async def use_again(order_id: int) -> bool:
    """Count the uses of an order that had expired once more, its money having come; false where they are gone.

    Whether the voucher is still switched on or valid does not matter: the order was placed in time.
    """
    rows = await fetch(
        "SELECT voucher, tickets FROM voucher_use WHERE ticket_order = {} AND counted = FALSE AND tickets > 0", order_id
    )
    if not rows:
        return True
    if not await _change(rows, sign=1):
        return False
    await VoucherUse.update({VoucherUse.counted: True}).where(VoucherUse.ticket_order == order_id)
    return True


async def _change(rows: Sequence[Mapping[str, Any]], *, sign: int) -> bool:
    """Count the uses of one order more or less; an order has one voucher. Gives whether there was room for them."""
    number = sum(row["tickets"] for row in rows)
    if not number:
        return True
    changed = await fetch(
        "UPDATE voucher SET used = used + {} WHERE id = {} AND used + {} <= max_uses AND used + {} >= 0 RETURNING id",
        sign * number,
        rows[0]["voucher"],
        sign * number,
        sign * number,
    )
    return bool(changed)

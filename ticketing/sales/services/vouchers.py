"""Vouchers as an organiser makes them: one with a code of its own, many at once, changed, switched off."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from app.accounts.actor import Actor
from app.events.queries import hold_edition_going_on
from app.kernel import audit
from app.kernel.database import fetch, hold_row, is_unique_violation, write_transaction
from ticketing.sales.enums import VoucherEffect
from ticketing.sales.errors import UnknownTicketType
from ticketing.sales.errors_vouchers import (
    TooManyPercent,
    VoucherBelowUse,
    VoucherCodeTaken,
    VoucherDoesNothing,
    VoucherUnknown,
)
from ticketing.sales.queries import ids_by_code
from ticketing.sales.queries_vouchers import codes_taken, vouchers_of
from ticketing.sales.services.redeeming import code_of
from ticketing.sales.tables_vouchers import Voucher, VoucherType

#: Letters and digits that nobody takes for others: no 0, 1, I, L, O.
LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
RANDOM_LETTERS = 8


@dataclass(frozen=True, kw_only=True)
class VoucherValues:
    """What an organiser says about a voucher; ``value`` in percent or minor units; no ``types`` are all of them."""

    code: str
    effect: VoucherEffect
    value: int
    reveals: bool
    max_uses: int
    valid_until: datetime | None
    types: Sequence[int]
    active: bool
    note: str

    def columns(self) -> dict[str, Any]:
        """Values of the table's columns."""
        return {
            "code": self.code,
            "effect": self.effect.value,
            "value": self.value,
            "reveals": self.reveals,
            "max_uses": self.max_uses,
            "valid_until": self.valid_until,
            "active": self.active,
            "note": self.note,
        }


async def create_vouchers(
    *, edition_id: int, values: VoucherValues, actor: Actor, now: datetime, number: int = 1
) -> list[str]:
    """Add a voucher; of several, the code in ``values`` is the prefix, behind which random letters stand.

    So they do where no code is said. Gives the codes, in the order of the vouchers.
    Raises VoucherCodeTaken, TooManyPercent, VoucherDoesNothing, UnknownTicketType, EditionIsCancelled.
    """
    values = await _checked(edition_id, values)
    try:
        async with write_transaction():
            await hold_edition_going_on(edition_id)
            alone = number == 1 and bool(values.code)
            codes = [values.code] if alone else await _random_codes(edition_id, values.code, number)
            for code in codes:
                await _insert(edition_id, replace(values, code=code), now)
            await audit.record(
                actor=actor,
                action="voucher.create",
                subject_type="voucher",
                subject_id=await _id_of(edition_id, codes[0]),
                edition_id=edition_id,
                after={**_told(values), "code": values.code if number > 1 else codes[0], "count": number},
                now=now,
            )
    except Exception as error:
        if is_unique_violation(error):
            raise VoucherCodeTaken from error
        raise
    return codes


async def update_voucher(
    *, voucher_id: int, edition_id: int, values: VoucherValues, actor: Actor, now: datetime
) -> None:
    """Change a voucher; orders that used it keep their prices.

    Raises VoucherUnknown, VoucherCodeTaken, VoucherBelowUse, TooManyPercent, VoucherDoesNothing, UnknownTicketType,
    EditionIsCancelled.
    """
    values = await _checked(edition_id, values)
    try:
        async with write_transaction():
            await hold_edition_going_on(edition_id)
            await hold_row("voucher", voucher_id, alone=True)
            before = await _voucher(voucher_id, edition_id)
            if values.max_uses < before["used"]:
                raise VoucherBelowUse(used=before["used"])
            columns = values.columns()
            await Voucher.update({getattr(Voucher, name): value for name, value in columns.items()}).where(
                Voucher.id == voucher_id
            )
            await VoucherType.delete().where(VoucherType.voucher == voucher_id)
            await _draw(voucher_id, values.types)
            old, new = audit.changes(
                {**{name: before[name] for name in columns}, "types": before["types"]}, _told(values)
            )
            if new:
                await audit.record(
                    actor=actor,
                    action="voucher.update",
                    subject_type="voucher",
                    subject_id=voucher_id,
                    edition_id=edition_id,
                    before=old,
                    after=new,
                    now=now,
                )
    except Exception as error:
        if is_unique_violation(error):
            raise VoucherCodeTaken from error
        raise


async def switch_voucher(*, voucher_id: int, edition_id: int, active: bool, actor: Actor, now: datetime) -> None:
    """Switch a voucher off, or on again. Twice changes nothing. Raises VoucherUnknown."""
    async with write_transaction():
        await _voucher(voucher_id, edition_id)
        changed = (
            await Voucher.update({Voucher.active: active})
            .where((Voucher.id == voucher_id) & (Voucher.active == (not active)))
            .returning(Voucher.id)
        )
        if changed:
            await audit.record(
                actor=actor,
                action="voucher.update",
                subject_type="voucher",
                subject_id=voucher_id,
                edition_id=edition_id,
                before={"active": not active},
                after={"active": active},
                now=now,
            )


async def _checked(edition_id: int, values: VoucherValues) -> VoucherValues:
    if values.effect is VoucherEffect.PERCENT and not 1 <= values.value <= 100:
        raise TooManyPercent
    if values.effect is VoucherEffect.NONE and not values.reveals:
        raise VoucherDoesNothing
    if set(values.types) - set((await ids_by_code(edition_id)).values()):
        raise UnknownTicketType
    value = 0 if values.effect is VoucherEffect.NONE else values.value
    return replace(values, code=code_of(values.code), value=value, types=sorted(set(values.types)))


async def _random_codes(edition_id: int, prefix: str, number: int) -> list[str]:
    codes: dict[str, None] = {}
    while len(codes) < number:
        made = (
            prefix + "".join(secrets.choice(LETTERS) for _letter in range(RANDOM_LETTERS))
            for _code in range(number - len(codes))
        )
        new = dict.fromkeys(made)
        taken = await codes_taken(edition_id, new)
        codes |= {code: None for code in new if code not in taken}
    return list(codes)


async def _insert(edition_id: int, values: VoucherValues, now: datetime) -> None:
    made = Voucher(edition=edition_id, created_at=now, **values.columns())
    await made.save()
    await _draw(made.id, values.types)


async def _draw(voucher_id: int, types: Sequence[int]) -> None:
    if types:
        await VoucherType.insert(*(VoucherType(voucher=voucher_id, ticket_type=type_id) for type_id in types))


async def _id_of(edition_id: int, code: str) -> int:
    (row,) = await fetch("SELECT id FROM voucher WHERE edition = {} AND code = {}", edition_id, code)
    return int(row["id"])


async def _voucher(voucher_id: int, edition_id: int) -> dict[str, Any]:
    for row in await vouchers_of(edition_id):
        if row["id"] == voucher_id:
            return {**row, "reveals": bool(row["reveals"]), "active": bool(row["active"])}
    raise VoucherUnknown


def _told(values: VoucherValues) -> dict[str, Any]:
    return {**values.columns(), "types": list(values.types)}

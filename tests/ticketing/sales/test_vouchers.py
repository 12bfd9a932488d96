"""Vouchers in orders: what they lower and reveal, how often, and what becomes of their uses."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.kernel.database import dialect, fetch
from app.payments.enums import PaymentMethod, Settlement
from tests.conftest import NOW
from tests.support.factories_ticketing import make_order, make_ticket_type, pay_order
from tests.support.factories_vouchers import make_voucher
from tests.support.race import losers, race, winners
from tests.ticketing.sales.orders import check_orders, check_quotas
from tests.ticketing.sales.own import allow, items, make_paid
from ticketing.sales.enums import OrderState, VoucherEffect
from ticketing.sales.errors import TypeNotOffered, UnknownTicketType
from ticketing.sales.errors_vouchers import VoucherNotForThese, VoucherOver, VoucherSpent, VoucherUnknown
from ticketing.sales.services import redeeming
from ticketing.sales.services.cancelling import cancel_tickets
from ticketing.sales.services.changing import change_ticket
from ticketing.sales.services.outcomes import cancel_order, expire_orders
from ticketing.sales.services.vouchers import switch_voucher

BUYERS = 64
LATER = NOW + timedelta(minutes=21)
engines = pytest.mark.engines


async def used(code: str) -> int:
    """How many tickets a voucher was used for."""
    (row,) = await fetch("SELECT used FROM voucher WHERE code = {}", code)
    return int(row["used"])


async def prices(order_id: int) -> list[int]:
    """What the tickets of an order cost."""
    rows = await fetch("SELECT price_minor FROM order_item WHERE ticket_order = {} ORDER BY id", order_id)
    return [row["price_minor"] for row in rows]


@engines
@pytest.mark.parametrize(
    ("effect", "value", "price"),
    [
        (VoucherEffect.PERCENT, 25, 37_500),
        (VoucherEffect.AMOUNT, 20_000, 30_000),
        (VoucherEffect.AMOUNT, 90_000, 0),
        (VoucherEffect.PRICE, 10_000, 10_000),
        (VoucherEffect.PRICE, 70_000, 50_000),
    ],
)
async def test_a_voucher_lowers_the_price_of_what_it_is_for(
    edition: Any, effect: VoucherEffect, value: int, price: int
) -> None:
    seat, other = [await make_ticket_type(edition.id, now=NOW, price_minor=50_000) for _number in range(2)]
    code = await make_voucher(edition.id, effect=effect, value=value, types=[seat], max_uses=3)
    placed = await make_order(edition.id, {seat: 2, other: 1}, voucher=f" {code.lower()} ", now=NOW)
    assert placed.total.amount_minor == 2 * price + 50_000
    assert await prices(placed.order_id) == [price, price, 50_000]
    assert await used(code) == 2


@engines
async def test_a_price_of_nothing_makes_a_free_order(edition: Any) -> None:
    seat = await make_ticket_type(edition.id, now=NOW, price_minor=50_000)
    code = await make_voucher(edition.id, effect=VoucherEffect.PERCENT, value=100)
    placed = await make_order(edition.id, {seat: 1}, voucher=code, now=NOW)
    assert (placed.state, placed.total.amount_minor) == (OrderState.CONFIRMED, 0)
    assert await fetch("SELECT id FROM payment_document") == []
    await cancel_order(order_id=placed.order_id, edition_id=edition.id, actor=SYSTEM, now=NOW)
    assert await used(code) == 0


@engines
async def test_the_invoice_tells_the_first_price(edition: Any) -> None:
    seat = await make_ticket_type(edition.id, now=NOW, price_minor=50_000, name={"en": "Seat", "vi": "Ghế"})
    code = await make_voucher(edition.id, effect=VoucherEffect.PERCENT, value=10)
    await make_order(edition.id, {seat: 1}, voucher=code, locale="en", now=NOW)
    lines = await fetch("SELECT description, unit_minor FROM payment_line")
    assert lines == [{"description": f"Seat (first price 50.000 ₫, voucher {code})", "unit_minor": 45_000}]


@engines
async def test_a_voucher_reveals_hidden_types_to_who_has_it_alone(edition: Any) -> None:
    guest, secret = [await make_ticket_type(edition.id, now=NOW, hidden=True) for _number in range(2)]
    code = await make_voucher(edition.id, effect=VoucherEffect.NONE, reveals=True, types=[guest])
    placed = await make_order(edition.id, {guest: 1}, voucher=code, now=NOW)
    assert placed.state == OrderState.CONFIRMED
    with pytest.raises(UnknownTicketType):
        await make_order(edition.id, {guest: 1}, now=NOW)
    other = await make_voucher(edition.id, effect=VoucherEffect.NONE, reveals=True, types=[guest])
    with pytest.raises(UnknownTicketType):
        await make_order(edition.id, {guest: 1, secret: 1}, voucher=other, now=NOW)
    blind = await make_voucher(edition.id, effect=VoucherEffect.PERCENT, value=10)
    with pytest.raises(UnknownTicketType):
        await make_order(edition.id, {guest: 1}, voucher=blind, now=NOW)
    assert (await used(other), await used(blind)) == (0, 0)


@engines
async def test_what_cannot_be_used_is_refused_and_nothing_is_taken(edition: Any) -> None:
    seat, other = [await make_ticket_type(edition.id, now=NOW, price_minor=50_000) for _number in range(2)]
    with pytest.raises(VoucherUnknown):
        await make_order(edition.id, {seat: 1}, voucher="NOBODY", now=NOW)
    code = await make_voucher(edition.id, types=[seat], max_uses=2, valid_until=LATER)
    with pytest.raises(VoucherNotForThese):
        await make_order(edition.id, {other: 1}, voucher=code, now=NOW)
    with pytest.raises(VoucherSpent) as refused:
        await make_order(edition.id, {seat: 3}, voucher=code, now=NOW)
    assert refused.value.params == {"left": 2}
    with pytest.raises(VoucherOver):
        await make_order(edition.id, {seat: 1}, voucher=code, now=LATER)
    (row,) = await fetch("SELECT id FROM voucher WHERE code = {}", code)
    await switch_voucher(voucher_id=row["id"], edition_id=edition.id, active=False, actor=SYSTEM, now=NOW)
    with pytest.raises(VoucherOver):
        await make_order(edition.id, {seat: 1}, voucher=code, now=NOW)
    assert await used(code) == 0
    assert await fetch("SELECT id FROM ticket_order") == []
    await check_quotas(edition.id)


@engines
async def test_an_order_that_expires_or_is_cancelled_gives_its_use_back_once(edition: Any) -> None:
    seat = await make_ticket_type(edition.id, now=NOW, price_minor=50_000)
    code = await make_voucher(edition.id, max_uses=5)
    first = await make_order(edition.id, {seat: 2}, voucher=code, now=NOW)
    await make_order(edition.id, {seat: 1}, voucher=code, now=NOW)
    assert await used(code) == 3
    for _twice in range(2):
        await cancel_order(order_id=first.order_id, edition_id=edition.id, actor=SYSTEM, now=NOW)
    assert await used(code) == 1
    await expire_orders(now=LATER)
    await expire_orders(now=LATER)
    assert await used(code) == 0
    await check_orders(edition)


@engines
async def test_tickets_cancelled_by_their_buyer_give_their_uses_back(edition: Any) -> None:
    day = await make_ticket_type(edition.id, now=NOW)
    await fetch(
        "INSERT INTO order_rules (edition, back_until, back_percent, later_percent, fee_minor) "
        "VALUES ({}, {}, 100, 50, 0)",
        edition.id,
        LATER,
    )
    code = await make_voucher(edition.id, max_uses=3)
    placed = await make_order(edition.id, {day: 3}, voucher=code, now=NOW)
    items = [row["id"] for row in await fetch("SELECT id FROM order_item ORDER BY id")]
    for some, left in ((items[:1], 2), (items[1:], 0)):
        await cancel_tickets(
            order_id=placed.order_id, edition_id=edition.id, item_ids=some, shown_minor=0, actor=None, now=NOW
        )
        assert await used(code) == left


@engines
async def test_late_money_uses_the_voucher_again_or_goes_back(edition: Any) -> None:
    seat = await make_ticket_type(edition.id, now=NOW, price_minor=50_000)
    code = await make_voucher(edition.id, valid_until=NOW + timedelta(minutes=5))
    late = [await make_order(edition.id, {seat: 1}, voucher=code, now=NOW)]
    await expire_orders(now=LATER)
    late.append(await make_order(edition.id, {seat: 1}, voucher=code, now=NOW))
    await expire_orders(now=LATER)
    outcomes = [
        await pay_order(
            order_id=one.order_id, edition_id=edition.id, method=PaymentMethod.CASH, actor=SYSTEM, now=LATER
        )
        for one in late
    ]
    assert outcomes == [Settlement.KEPT, Settlement.REFUND]
    assert await used(code) == 1
    await check_orders(edition)


@engines
@pytest.mark.race
async def test_sixty_four_with_one_single_use_voucher_give_one_order(edition: Any) -> None:
    seat = await make_ticket_type(edition.id, now=NOW, price_minor=50_000, quota=BUYERS)
    code = await make_voucher(edition.id)
    results = await race(BUYERS, lambda _number: make_order(edition.id, {seat: 1}, voucher=code, now=NOW))
    losers(results, VoucherSpent)
    assert (len(winners(results)), await used(code)) == (1, 1)
    assert len(await fetch("SELECT id FROM ticket_order")) == 1
    await check_orders(edition)


@engines
@pytest.mark.race
async def test_without_the_condition_the_database_still_refuses(edition: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    seat = await make_ticket_type(edition.id, now=NOW, price_minor=50_000, quota=BUYERS)
    code = await make_voucher(edition.id)
    monkeypatch.setattr(redeeming, "FITS", "TRUE")
    results = await race(8, lambda _number: make_order(edition.id, {seat: 1}, voucher=code, now=NOW))
    assert (len(winners(results)), await used(code)) == (1, 1)
    assert all("voucher_holds" in str(one) for one in results if isinstance(one, BaseException))


@engines
@pytest.mark.race
async def test_without_any_protection_a_single_use_voucher_is_used_by_all(
    edition: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: without the condition and without the database's check."""
    seat = await make_ticket_type(edition.id, now=NOW, price_minor=50_000, quota=BUYERS)
    code = await make_voucher(edition.id)
    monkeypatch.setattr(redeeming, "FITS", "TRUE")
    if dialect() == "postgres":
        await fetch('ALTER TABLE voucher DROP CONSTRAINT "voucher_holds"')
    else:
        await fetch('DROP TRIGGER "voucher_holds_update"')
    results = await race(BUYERS, lambda _number: make_order(edition.id, {seat: 1}, voucher=code, now=NOW))
    assert (len(winners(results)), await used(code)) == (BUYERS, BUYERS)


@engines
async def test_a_ticket_with_a_voucher_is_not_changed_for_another_and_gives_its_use_back_whole(edition: Any) -> None:
    day = await make_ticket_type(edition.id, now=NOW, price_minor=50_000, code="ONE")
    other = await make_ticket_type(edition.id, now=NOW, price_minor=50_000, code="TWO")
    await make_voucher(edition.id, code="HOA2026", max_uses=2)
    await allow(edition)
    paid = await make_paid(edition, {day: 1, other: 1}, voucher="HOA2026")
    first, second = await items(paid.order_id)
    with pytest.raises(TypeNotOffered):
        await change_ticket(
            order_id=paid.order_id, edition_id=edition.id, item_id=first["id"], type_id=other, actor=None, now=NOW
        )
    assert (await fetch("SELECT used FROM voucher"))[0]["used"] == 2
    await fetch("UPDATE voucher_use SET tickets = 3")  # as where it no longer fits its tickets
    await fetch("UPDATE voucher SET max_uses = 9, used = 6")
    await cancel_tickets(
        order_id=paid.order_id,
        edition_id=edition.id,
        item_ids=[first["id"], second["id"]],
        shown_minor=(await fetch("SELECT total_minor FROM ticket_order"))[0]["total_minor"],
        actor=None,
        now=NOW,
    )
    assert (await fetch("SELECT used FROM voucher"))[0]["used"] == 0


@engines
async def test_a_donation_uses_no_voucher_up(edition: Any) -> None:
    day = await make_ticket_type(edition.id, now=NOW, price_minor=50_000)
    gift = await make_ticket_type(edition.id, now=NOW, code="GIFT", price_minor=0, donation=True)
    await make_voucher(edition.id, code="HOA2026", max_uses=1)
    await make_order(edition.id, {day: 1, gift: 1}, now=NOW, prices={gift: 20_000}, voucher="HOA2026")
    assert (await fetch("SELECT used FROM voucher"))[0]["used"] == 1
    with pytest.raises(VoucherNotForThese):
        await make_order(edition.id, {gift: 1}, now=NOW, prices={gift: 20_000}, voucher="HOA2026")

"""Orders over random histories, and over storms of what may happen at once: places, passes and money agree."""

from __future__ import annotations

import contextlib
import itertools
import random
from datetime import timedelta
from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.kernel.database import fetch
from app.kernel.errors import AppError
from app.kernel.money import Money
from app.payments.enums import PaymentMethod, Settlement
from app.payments.errors import AlreadyPaid, AmountDiffers, DocumentNotOpen, MoreThanBilled, MoreThanOwed
from app.payments.queries import document_by_id, payments_of
from app.payments.services.assigning import match_new
from app.payments.services.corrections import credit_document, write_off
from app.payments.services.documents import cancel_document
from app.payments.services.recording import record_payment
from app.payments.services.refunding import record_refund
from app.payments.services.taking_off import may_be_taken_off, take_off
from tests.conftest import NOW
from tests.payments.factories import make_entry
from tests.support.factories_ticketing import make_order, make_ticket_type
from tests.support.race import losers, race, winners
from tests.ticketing.sales.orders import check_orders
from tests.ticketing.sales.own import allow
from ticketing.sales.errors import DueChanged, OrderNotFound, OrderNotOpen, SoldOut
from ticketing.sales.queries_own import bills_of, rules_of
from ticketing.sales.services.cancelling import cancel_tickets
from ticketing.sales.services.changing import change_ticket, difference_of
from ticketing.sales.services.dearer import expire_changes
from ticketing.sales.services.giving_back import back_for
from ticketing.sales.services.outcomes import cancel_order, expire_orders
from ticketing.sales.services.paying import pay_order

pytestmark = [pytest.mark.slow, pytest.mark.engines]
PRICE = 50_000
LATER = NOW + timedelta(minutes=21)
NUMBERS = itertools.count(1)


class Sales:
    """An edition whose orders anything may happen to, in the order of a seed."""

    def __init__(self, edition: Any, types: list[int], seed: int) -> None:
        self.edition, self.types = edition, types
        self.chance = random.Random(seed)
        self.now = NOW
        self.orders: list[int] = []
        self.happened: set[str] = set()

    async def step(self, *, changes: bool = False) -> None:
        """Let something be tried, most often about ``changes`` perhaps; what may not be is refused."""
        self.now += timedelta(minutes=self.chance.choice([1, 5, 15]))
        does = (
            *(self.order, self.pay, self.pay, self.expire, self.cancel, self.credit, self.cancel_own, self.take_off),
            *(self.change_own,) * 8,
            *(self.difference,) * 6,
            *(self.take_off_difference, self.credit_difference),
        )
        all_of_it = (
            *(self.order, self.comes, self.comes, self.comes, self.counter, self.expire, self.cancel),
            *(self.take_back, self.give_back, self.credit, self.write_off, self.transfer, self.take_off, self.take_off),
            *(self.cancel_own, self.cancel_own, self.change_own, self.change_own, self.change_own),
            *(self.difference, self.difference, self.take_off_difference, self.credit_difference),
        )
        what = self.chance.choice(does if changes else all_of_it) if self.orders else self.order
        with contextlib.suppress(AppError):
            await what()
            self.happened.add(what.__name__)

    async def bill(self) -> Any:
        """The bill of one of the newest orders."""
        return await self.bill_of(self.chance.choice(self.orders[-4:]))

    async def order(self) -> None:
        """Somebody orders some tickets of a type."""
        placed = await make_order(
            self.edition.id, {self.chance.choice(self.types): self.chance.choice([1, 2, 3])}, now=self.now
        )
        self.orders.append(placed.order_id)

    async def comes(self) -> None:
        """The bank tells of money: a part, the rest, all of it or more."""
        bill = await self.bill()
        amounts = (PRICE, bill.due.amount_minor, bill.amount.amount_minor, bill.amount.amount_minor + 7)
        await record_payment(
            document_id=bill.id,
            method=PaymentMethod.TRANSFER,
            amount=Money(self.chance.choice(amounts), "VND"),
            actor=None,
            provider_reference=f"bank:{next(NUMBERS)}",
            now=self.now,
        )

    async def transfer(self) -> None:
        """A transfer names an order's bill, and is assigned."""
        bill = await self.bill()
        await make_entry(bill.reference, amount=self.chance.choice([PRICE, bill.amount.amount_minor]))
        await match_new(self.now)

    async def pay(self) -> None:
        """Somebody pays all that is due."""
        bill = await self.bill()
        await record_payment(
            document_id=bill.id, method=PaymentMethod.CASH, amount=bill.due, actor=SYSTEM, now=self.now
        )

    async def counter(self) -> None:
        """Somebody pays at the counter what its page asks for, or what it asked for before."""
        bill = await self.bill()
        shown = self.chance.choice(
            [bill.due, bill.amount, Money(bill.amount.amount_minor - bill.owed.amount_minor, "VND")]
        )
        await pay_order(
            order_id=bill.subject_id,
            edition_id=self.edition.id,
            method=PaymentMethod.CASH,
            shown_minor=shown.amount_minor,
            actor=SYSTEM,
            now=self.now,
        )

    async def expire(self) -> None:
        """The time of some is over."""
        await expire_orders(now=self.now)
        await expire_changes(now=self.now)

    async def cancel(self) -> None:
        """An organiser cancels an order."""
        order_id = (await self.bill()).subject_id
        await cancel_order(order_id=order_id, edition_id=self.edition.id, actor=SYSTEM, now=self.now)

    async def cancel_own(self) -> None:
        """A buyer cancels some tickets, for what her page says goes back, or said before."""
        order_id = (await self.bill()).subject_id
        standing = await fetch("SELECT * FROM order_item WHERE ticket_order = {} AND cancelled_at IS NULL", order_id)
        some = standing[: self.chance.choice([1, 2, 3])]
        prices, bills = [one["price_minor"] for one in some], await self.bills_of(order_id)
        back = await back_for(prices, bills, await rules_of(self.edition), self.now)
        await cancel_tickets(
            order_id=order_id,
            edition_id=self.edition.id,
            item_ids=[one["id"] for one in some],
            shown_minor=back.amount_minor,
            actor=None,
            now=self.now,
        )

    async def change_own(self) -> None:
        """A buyer changes a ticket for one of some type, at the same price, a lower or a higher one."""
        order_id, type_id = (await self.bill()).subject_id, self.chance.choice(self.types)
        (item, *_others) = await fetch("SELECT * FROM order_item WHERE ticket_order = {} ORDER BY id DESC", order_id)
        (row,) = await fetch("SELECT price_minor FROM ticket_type WHERE id = {}", type_id)
        prices, bills = (item["price_minor"], row["price_minor"]), await self.bills_of(order_id)
        shown = await difference_of(*prices, bills, await rules_of(self.edition), self.now)
        changed = await change_ticket(
            order_id=order_id,
            edition_id=self.edition.id,
            item_id=item["id"],
            type_id=type_id,
            shown_minor=shown.amount_minor,
            actor=None,
            now=self.now,
        )
        self.happened.add("dearer" if isinstance(changed, int) else "cheaper" if shown.amount_minor else "same")

    async def change_bill(self) -> Any:
        """The bill over the difference of one of the newest changes. Raises OrderNotFound while there is none."""
        rows = await fetch("SELECT payment_document AS id FROM ticket_change ORDER BY id DESC LIMIT 4")
        if not rows:
            raise OrderNotFound
        return await document_by_id(self.chance.choice(rows)["id"])

    async def difference(self) -> None:
        """The bank tells of money for a difference: a part, the rest, or more."""
        bill = await self.change_bill()
        amounts = (5_000, bill.due.amount_minor, bill.amount.amount_minor, bill.amount.amount_minor + 7)
        recorded = await record_payment(
            document_id=bill.id,
            method=PaymentMethod.TRANSFER,
            amount=Money(self.chance.choice(amounts), "VND"),
            actor=None,
            provider_reference=f"bank:{next(NUMBERS)}",
            now=self.now,
        )
        self.happened.add(f"difference {recorded.outcome} {recorded.state}")

    async def take_off_difference(self) -> None:
        """Finance takes a payment off the bill over a difference."""
        there = [one for one in await payments_of((await self.change_bill()).id) if may_be_taken_off(one)]
        if there:
            one = self.chance.choice(there)
            await take_off(document_id=one.document_id, payment_id=one.id, reason="Nhầm", actor=SYSTEM, now=self.now)

    async def credit_difference(self) -> None:
        """Finance takes back the bill over a difference, or a part of it."""
        bill = await self.change_bill()
        part = Money(self.chance.choice([5_000, bill.left.amount_minor]), "VND")
        await credit_document(document_id=bill.id, amount=part, reason="Sai", actor=SYSTEM, now=self.now)

    async def bills_of(self, order_id: int) -> list[Any]:
        """The bills of an order and of its changes."""
        return await bills_of({"id": order_id, "payment_document": (await self.bill_of(order_id)).id})

    async def bill_of(self, order_id: int) -> Any:
        """The bill of an order."""
        (row,) = await fetch("SELECT payment_document FROM ticket_order WHERE id = {}", order_id)
        return await document_by_id(row["payment_document"])

    async def take_back(self) -> None:
        """Finance cancels a bill that is open."""
        await cancel_document(document_id=(await self.bill()).id, actor=SYSTEM, now=self.now)

    async def credit(self) -> None:
        """Finance takes a bill back, or a part of it."""
        bill = await self.bill()
        part = Money(self.chance.choice([PRICE, bill.left.amount_minor]), "VND")
        await credit_document(document_id=bill.id, amount=part, reason="Sai", actor=SYSTEM, now=self.now)

    async def write_off(self) -> None:
        """Finance gives up what is due."""
        late = self.now + timedelta(days=1)  # an order is due on the day on which its time is over
        await write_off(document_id=(await self.bill()).id, actor=SYSTEM, now=late)

    async def take_off(self) -> None:
        """Finance takes a payment off a bill that it was not for."""
        there = [one for one in await payments_of((await self.bill()).id) if may_be_taken_off(one)]
        if there:
            payment = self.chance.choice(there)
            await take_off(
                document_id=payment.document_id, payment_id=payment.id, reason="Nhầm", actor=SYSTEM, now=self.now
            )

    async def give_back(self) -> None:
        """What has to go back does, or half of it."""
        owed = [one for one in await payments_of((await self.bill()).id) if one.due_back.amount_minor > 0]
        if owed:
            payment = self.chance.choice(owed)
            part = Money(max(1, payment.due_back.amount_minor // self.chance.choice([1, 2])), "VND")
            await record_refund(
                payment_id=payment.id, method=PaymentMethod.TRANSFER, amount=part, actor=SYSTEM, now=self.now
            )


@pytest.mark.parametrize("seed", range(6))
async def test_places_passes_and_money_agree_whatever_happens(edition: Any, seed: int) -> None:
    types = [
        await make_ticket_type(edition.id, now=NOW, price_minor=price, quota=quota)
        for price, quota in ((PRICE, 4), (PRICE, 3), (PRICE + 30_000, 4), (PRICE - 20_000, 3))
    ]
    await allow(edition, back_percent=(100, 50, 60)[seed % 3], fee=(0, 0, 7_000)[seed % 3])
    sales = Sales(edition, types, seed)
    for _step in range(90):
        await sales.step()
        await check_orders(edition)
    assert len(sales.happened) >= 8, sales.happened


@pytest.mark.parametrize("seed", [1, 2, 3, 6, 7])
async def test_tickets_changed_at_any_price_agree_with_their_money_whatever_happens(edition: Any, seed: int) -> None:
    types = [
        await make_ticket_type(edition.id, now=NOW, price_minor=price, quota=quota)
        for price, quota in ((PRICE, 5), (PRICE, 3), (PRICE + 30_000, 4), (PRICE - 20_000, 4), (0, 3))
    ]
    await allow(edition, back_percent=(100, 50)[seed % 2], fee=(0, 0, 7_000)[seed % 3])
    sales = Sales(edition, types[:4], seed)
    for step in range(120):
        sales.types = types if step > 20 else types[:4]
        await sales.step(changes=True)
        await check_orders(edition)
    assert {"dearer", "cheaper", "difference kept paid"} <= sales.happened, sales.happened


@pytest.mark.race
async def test_a_storm_of_late_money_refunds_cancelling_and_expiry_leaves_nothing_at_odds(edition: Any) -> None:
    types = [await make_ticket_type(edition.id, now=NOW, price_minor=PRICE, quota=quota) for quota in (9, 6)]
    orders = [await make_order(edition.id, {types[number % 2]: 3}, now=NOW) for number in range(5)]
    bills = [row["id"] for row in await fetch("SELECT payment_document AS id FROM ticket_order ORDER BY id")]

    async def comes(bill: int, amount: int) -> Settlement:
        recorded = await record_payment(
            document_id=bill,
            method=PaymentMethod.TRANSFER,
            amount=Money(amount, "VND"),
            actor=None,
            provider_reference=f"bank:{next(NUMBERS)}",
            now=LATER,
        )
        return recorded.outcome

    for bill in bills:
        await comes(bill, 2 * PRICE)
    for _late in range(3):
        await expire_orders(now=LATER, at_most=1)

    async def act(number: int) -> Any:
        order, bill, what = orders[number % 5], bills[number % 5], number // 5
        match what:
            case 0 | 1:
                return await comes(bill, PRICE)
            case 2:
                return await comes(bill, 3 * PRICE)
            case 3 | 4:
                owed = [one for one in await payments_of(bill) if one.due_back.amount_minor > 0]
                return owed and await record_refund(
                    payment_id=owed[0].id, method=PaymentMethod.CASH, actor=SYSTEM, now=LATER
                )
            case 5:
                return await cancel_order(order_id=order.order_id, edition_id=edition.id, actor=SYSTEM, now=LATER)
            case 6:
                return await expire_orders(now=LATER)
            case 7:
                return await cancel_document(document_id=bill, actor=SYSTEM, now=LATER)
            case 8:
                return await make_order(edition.id, {types[number % 2]: 3}, now=LATER)
            case _:
                return await pay_order(
                    order_id=order.order_id,
                    edition_id=edition.id,
                    method=PaymentMethod.CASH,
                    shown_minor=PRICE,
                    actor=SYSTEM,
                    now=LATER,
                )

    results = await race(50, act)
    losers(
        results,
        *(OrderNotOpen, DocumentNotOpen, SoldOut, AlreadyPaid, DueChanged, AmountDiffers, MoreThanOwed, MoreThanBilled),
    )
    assert all(not isinstance(one, BaseException) for one in results[:15])  # money that came is kept track of
    assert winners(results)
    await check_orders(edition)
    came = await fetch("SELECT COUNT(*) AS count FROM payment WHERE provider_reference LIKE 'bank:%'")
    assert came[0]["count"] >= 20  # the five first parts and fifteen more, some with what was too much beside them


@pytest.mark.race
async def test_fifty_whose_rest_comes_at_once_share_what_places_there_are(edition: Any) -> None:
    type_id = await make_ticket_type(edition.id, now=NOW, price_minor=PRICE, quota=150)
    orders = [await make_order(edition.id, {type_id: 3}, now=NOW) for _number in range(50)]
    bills = [row["id"] for row in await fetch("SELECT payment_document AS id FROM ticket_order ORDER BY id")]

    async def comes(number: int, amount: int) -> Settlement:
        recorded = await record_payment(
            document_id=bills[number],
            method=PaymentMethod.TRANSFER,
            amount=Money(amount, "VND"),
            actor=None,
            provider_reference=f"bank:{next(NUMBERS)}",
            now=LATER,
        )
        return recorded.outcome

    for number in range(50):
        await comes(number, 2 * PRICE)
    assert await expire_orders(now=LATER) == len(orders)
    await fetch("UPDATE quota SET size = 31")
    outcomes = winners(await race(50, lambda number: comes(number, PRICE)))
    assert (len(outcomes), outcomes.count(Settlement.KEPT)) == (50, 10)  # the place that is left over fits nobody
    assert await fetch("SELECT sold, held FROM ticket_type") == [{"sold": 30, "held": 0}]
    await check_orders(edition)

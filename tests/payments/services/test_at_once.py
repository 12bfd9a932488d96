"""Everything of one edition at once: whoever loses, loses in order; nobody waits for anybody who waits for her."""

from __future__ import annotations

import random
from collections.abc import Coroutine
from datetime import date
from typing import Any

import pytest

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.accounts.queries import actor_of_person
from app.events.queries import EditionInfo, hold_edition
from app.kernel.database import write_transaction
from app.kernel.errors import AppError
from app.kernel.money import Money
from app.kernel.security import new_token
from app.payments.enums import Account, CashWay, PaymentMethod
from app.payments.queries import payments_of
from app.payments.queries_books import closed_days, totals_of_day
from app.payments.queries_drawers import open_drawer_of
from app.payments.services.cash_moves import move_cash
from app.payments.services.closing import owe_all_back
from app.payments.services.corrections import credit_document, write_off
from app.payments.services.days import close_day
from app.payments.services.documents import cancel_document, require_refund
from app.payments.services.drawers import close_drawer, open_drawer
from app.payments.services.payouts import record_payout
from app.payments.services.recording import record_payment
from app.payments.services.refunding import record_refund
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.payments.books import check_books
from tests.payments.factories import OVERDUE, make_document
from tests.support.factories import make_holder
from tests.support.race import losers, race, winners

pytestmark = [pytest.mark.engines, pytest.mark.race, pytest.mark.usefixtures("database", "seller")]
TODAY = date(2026, 10, 16)


async def _back(document_id: int, cashier: Actor) -> None:
    for payment in await payments_of(document_id):
        if payment.due_back.amount_minor > 0:
            await record_refund(payment_id=payment.id, method=PaymentMethod.CASH, actor=cashier, now=NOW)


async def _all_back(edition: EditionInfo, actor: Actor) -> None:
    """Owe back what was paid, as whoever cancels the edition does."""
    async with write_transaction():
        await owe_all_back(await hold_edition(edition.id, alone=True), actor, NOW)


async def _drawer(edition: EditionInfo, cashier: Actor) -> None:
    drawer = await open_drawer_of(edition.id, cashier.person_id)
    if drawer is None:
        await open_drawer(edition_id=edition.id, float_=Money(0, "VND"), actor=cashier, now=NOW)
    else:
        counted = Money(10_000, "VND")
        await close_drawer(
            drawer_id=drawer.id,
            edition_id=edition.id,
            counted=counted,
            note="Đếm lại",
            sure=True,
            actor=cashier,
            now=NOW,
        )


async def _move(edition: EditionInfo, cashier: Actor, way: CashWay) -> None:
    drawer = await open_drawer_of(edition.id, cashier.person_id)
    if drawer is not None:
        await move_cash(
            drawer_id=drawer.id,
            edition_id=edition.id,
            client_id=new_token(),
            way=way,
            amount=Money(30_000, "VND"),
            reason="Tiền lẻ",
            actor=cashier,
            now=NOW,
        )


def _work(
    chance: random.Random, edition: EditionInfo, document_id: int, cashier: Actor, number: int
) -> Coroutine[Any, Any, Any]:
    """Return something that somebody does."""
    some = Money(chance.choice([10_000, 50_000]), "VND")
    match chance.randrange(14):
        case 0:
            return close_day(edition_id=edition.id, day=TODAY, actor=cashier, now=NOW)
        case 1 | 2:
            return record_payment(
                document_id=document_id, method=PaymentMethod.CASH, amount=some, actor=cashier, now=NOW
            )
        case 3:
            return record_payment(
                document_id=document_id,
                method=PaymentMethod.CARD,
                amount=some,
                actor=None,
                provider_reference=f"stripe:pi_{number}",
                now=NOW,
            )
        case 4:
            return credit_document(
                document_id=document_id, amount=Money(7_000, "VND"), reason="Bớt", actor=cashier, now=NOW
            )
        case 5:
            return cancel_document(document_id=document_id, actor=cashier, now=NOW)
        case 6:
            return require_refund(document_id=document_id, actor=cashier, now=NOW)
        case 7:
            return _back(document_id, cashier)
        case 8:
            return _drawer(edition, cashier)
        case 9:
            return _all_back(edition, cashier)
        case 10:
            return write_off(document_id=document_id, actor=cashier, now=OVERDUE)
        case 11 | 12:
            return _move(edition, cashier, chance.choice(list(CashWay)))
    return record_payout(
        edition_id=edition.id,
        account=Account.CARD,
        taken=some,
        fee=Money(100, "VND"),
        reference=f"po_{number % 3}",
        arrives_on=TODAY,
        actor=cashier,
        now=NOW,
        more=True,
    )


@pytest.mark.parametrize("seed", range(3))
async def test_many_hands_on_the_same_documents_end_in_books_that_balance(seed: int) -> None:
    chance = random.Random(seed)
    edition = await make_edition()
    cashiers = [
        await actor_of_person((await make_holder(Role.FINANCE, edition_id=edition.id)).id) for _number in range(2)
    ]
    ids = [(await make_document(edition, subject_id=number + 1)).id for number in range(3)]
    for round_ in range(5):
        ids.append((await make_document(edition, subject_id=10 + round_)).id)
        plans = [
            _work(chance, edition, chance.choice(ids), chance.choice(cashiers), 20 * round_ + number)
            for number in range(20)
        ]

        async def work(number: int, plans: list[Coroutine[Any, Any, Any]] = plans) -> Any:
            return await plans[number]

        results = await race(20, work)
        assert winners(results)
        losers(results, AppError)
    await check_books(edition)
    for closed in await closed_days(edition.id):
        assert closed.totals == await totals_of_day(edition.id, closed.day)


async def test_who_gives_back_and_who_cancels_everything_do_not_wait_for_one_another() -> None:
    edition = await make_edition()
    cashier = await actor_of_person((await make_holder(Role.FINANCE, edition_id=edition.id)).id)
    for round_ in range(3):
        too_much = []
        for number in range(7):
            document = await make_document(edition, subject_id=10 * round_ + number + 1)
            await record_payment(
                document_id=document.id,
                method=PaymentMethod.TRANSFER,
                amount=Money(60_000, "VND"),
                actor=None,
                provider_reference=f"bank:{round_}:{number}",
                now=NOW,
            )
            too_much.append(document.id)

        async def work(number: int, too_much: list[int] = too_much) -> None:
            if number == 3:
                await _all_back(edition, cashier)
            elif number % 2:
                await write_off(document_id=too_much[number], actor=cashier, now=OVERDUE)
            else:
                await _back(too_much[number], cashier)

        losers(await race(7, work), AppError)
    await check_books(edition)

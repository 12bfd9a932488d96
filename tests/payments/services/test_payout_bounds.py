"""No more goes to the bank than lies there, unless a person says of cards that it is right."""

from __future__ import annotations

from typing import Any

import pytest

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.accounts.queries import actor_of_person
from app.events.queries import EditionInfo
from app.kernel.database import fetch
from app.kernel.money import Money
from app.payments.enums import Account, PaymentMethod
from app.payments.errors import PayoutKnown
from app.payments.errors_payouts import CashHasLess, PayoutMore, SafeHasLess
from app.payments.queries_drawers import cash_elsewhere
from app.payments.queries_payouts import payouts_of
from app.payments.services import payouts
from app.payments.services.payouts import record_payout
from app.payments.services.recording import record_payment
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.payments.books import account, check_books
from tests.payments.factories import make_document, put_into_safe
from tests.support.factories import make_holder
from tests.support.race import losers, meet_before, race, unguarded, winners

pytestmark = [pytest.mark.slow, pytest.mark.engines, pytest.mark.usefixtures("database", "seller")]
WAYS = {Account.CARD: PaymentMethod.CARD, Account.TERMINAL: PaymentMethod.TERMINAL, Account.CASH: PaymentMethod.CASH}


@pytest.fixture
async def edition(database: str) -> EditionInfo:
    return await make_edition()


@pytest.fixture
async def treasurer(edition: EditionInfo) -> Actor:
    return await actor_of_person((await make_holder(Role.FINANCE, edition_id=edition.id)).id)


async def brought(edition: EditionInfo, actor: Actor, source: Account, taken: int, **changes: Any) -> int:
    """Write a payout down."""
    values: dict[str, Any] = {"fee": Money(0, "VND"), "reference": "B1", "arrives_on": NOW.date()} | changes
    return await record_payout(
        edition_id=edition.id, account=source, taken=Money(taken, "VND"), actor=actor, now=NOW, **values
    )


async def lie_there(edition: EditionInfo, source: Account, amount: int) -> None:
    """Let an amount lie in an account of money that can be paid out."""
    if source is Account.SAFE:
        await put_into_safe(edition, amount)
        return
    document = await make_document(edition, amount=amount)
    method = WAYS[source]
    name = "stripe:pi_1" if method is PaymentMethod.CARD else None
    await record_payment(
        document_id=document.id, method=method, amount=document.amount, actor=None, provider_reference=name, now=NOW
    )


@pytest.mark.parametrize(("source", "refused"), [(Account.SAFE, SafeHasLess), (Account.CASH, CashHasLess)])
async def test_no_more_cash_is_brought_to_the_bank_than_lies_there(
    edition: EditionInfo, treasurer: Actor, source: Account, refused: type[SafeHasLess | CashHasLess]
) -> None:
    await lie_there(edition, source, 240_000)
    for sure in (False, True):  # nobody can bring notes that are not there
        with pytest.raises(refused) as error:
            await brought(edition, treasurer, source, 240_001, more=sure)
        assert "240.000\xa0₫" in error.value.sentence()
    assert (await payouts_of(edition.id), await account(edition, source)) == ([], 240_000)
    await brought(edition, treasurer, source, 240_000)
    assert (await account(edition, source), await account(edition, Account.BANK)) == (0, 240_000)
    with pytest.raises(refused):
        await brought(edition, treasurer, source, 1, reference="B2")
    await check_books(edition)


@pytest.mark.parametrize("source", [Account.CARD, Account.TERMINAL])
async def test_more_than_is_expected_of_cards_wants_to_be_said(
    edition: EditionInfo, treasurer: Actor, source: Account
) -> None:
    await lie_there(edition, source, 3_168_000)
    with pytest.raises(PayoutMore) as error:
        await brought(edition, treasurer, source, 9_999_999_999)
    assert "3.168.000\xa0₫" in error.value.sentence()
    assert (await payouts_of(edition.id), await account(edition, source)) == ([], 3_168_000)
    await brought(edition, treasurer, source, 3_168_000, fee=Money(50_000, "VND"))
    with pytest.raises(PayoutMore):
        await brought(edition, treasurer, source, 100_000, reference="B2")
    await brought(edition, treasurer, source, 100_000, reference="B2", more=True)
    assert await account(edition, source) == -100_000
    await check_books(edition)


async def test_the_same_form_gives_the_first_answer_and_another_is_entered_already(
    edition: EditionInfo, treasurer: Actor
) -> None:
    await lie_there(edition, Account.SAFE, 240_000)
    fields: dict[str, Any] = {"fee": Money(1_000, "VND"), "note": "VCB"}
    first = await brought(edition, treasurer, Account.SAFE, 200_000, **fields)
    assert await brought(edition, treasurer, Account.SAFE, 200_000, **fields) == first
    other = await actor_of_person((await make_holder(Role.FINANCE, edition_id=edition.id)).id)
    tomorrow = NOW.date().replace(day=NOW.day + 1)
    for actor, taken, changes in (
        (other, 200_000, {}),
        (treasurer, 200_001, {}),
        (treasurer, 201_000, {"fee": Money(2_000, "VND")}),  # as much arrives
        (treasurer, 900_000, {}),  # that it is entered is said before that so much does not lie there
        (treasurer, 200_000, {"note": "ACB"}),
        (treasurer, 200_000, {"arrives_on": tomorrow}),
    ):
        with pytest.raises(PayoutKnown):
            await brought(edition, actor, Account.SAFE, taken, **fields | changes)
    assert [one.id for one in await payouts_of(edition.id)] == [first]
    assert await fetch("SELECT COUNT(*) AS count FROM payment_payout_share") == [{"count": 1}]
    await check_books(edition)


@pytest.mark.race
async def test_two_who_bring_the_same_notes_to_the_bank_do_not_leave_less_than_nothing(
    edition: EditionInfo, treasurer: Actor
) -> None:
    await lie_there(edition, Account.SAFE, 240_000)
    results = await race(6, lambda number: brought(edition, treasurer, Account.SAFE, 150_000, reference=f"B{number}"))
    assert len(winners(results)) == 1
    losers(results, SafeHasLess)
    assert (await cash_elsewhere(edition.id, "VND")).safe == Money(90_000, "VND")
    await check_books(edition)


@pytest.mark.race
async def test_a_form_sent_many_times_at_once_is_one_payout(edition: EditionInfo, treasurer: Actor) -> None:
    await lie_there(edition, Account.SAFE, 240_000)
    results = await race(6, lambda _number: brought(edition, treasurer, Account.SAFE, 150_000))
    assert len(set(winners(results))) == 1
    assert losers(results) == []
    assert (await cash_elsewhere(edition.id, "VND")).safe == Money(90_000, "VND")


@pytest.mark.race
async def test_without_its_transaction_the_safe_goes_below_nothing(
    monkeypatch: pytest.MonkeyPatch, edition: EditionInfo, treasurer: Actor
) -> None:
    await lie_there(edition, Account.SAFE, 240_000)
    unguarded(monkeypatch, payouts)
    meet_before(monkeypatch, payouts, "cash_elsewhere", parties=2)
    losers(
        await race(2, lambda number: brought(edition, treasurer, Account.SAFE, 150_000, reference=f"B{number}")),
        SafeHasLess,
    )
    assert (await cash_elsewhere(edition.id, "VND")).safe == Money(-60_000, "VND")

"""A payout written down wrongly is taken back, once, while no transfer was found to be it; or is parted from that."""

from __future__ import annotations

from typing import Any

import pytest

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.accounts.queries import actor_of_person
from app.events.queries import EditionInfo
from app.kernel import clock
from app.kernel.money import Money
from app.kernel.security import new_token
from app.payments.enums import Account, CashWay, EntryState, PayoutState
from app.payments.errors import PayoutDiffers
from app.payments.errors_bank import TransferNotFound, TransferSettled
from app.payments.errors_payouts import PayoutArrived, PayoutBackReasonNeeded, PayoutStays, PayoutWasTakenBack
from app.payments.queries import balances, payments_of
from app.payments.queries_bank import entry_by_id
from app.payments.queries_drawers import moves_of
from app.payments.queries_payouts import PayoutInfo, payout_by_id, payouts_of
from app.payments.services import payout_matching, payouts_back
from app.payments.services.assigning import assign_entry, match_new
from app.payments.services.card_watching import look_after_cards
from app.payments.services.cash_moves import move_cash, take_back_move
from app.payments.services.drawers import open_drawer
from app.payments.services.payout_matching import match_payout, part_from_payout
from app.payments.services.payouts import record_payout
from app.payments.services.payouts_back import take_back_payout
from app.payments.services.taking_off import take_off
from app.payments.tables_payouts import Payout
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.payments.books import check_books
from tests.payments.cards import a_document, paid, tell
from tests.payments.factories import make_document, make_entry, put_into_safe
from tests.support.card_payments import StripeServer
from tests.support.factories import make_holder
from tests.support.race import ask_first, losers, race, unguarded, winners

pytestmark = [pytest.mark.slow, pytest.mark.engines, pytest.mark.usefixtures("database", "seller")]


@pytest.fixture
async def edition(database: str) -> EditionInfo:
    return await make_edition()


@pytest.fixture
async def treasurer(edition: EditionInfo) -> Actor:
    return await actor_of_person((await make_holder(Role.FINANCE, edition_id=edition.id)).id)


async def written(
    edition: EditionInfo, actor: Actor, source: Account = Account.TERMINAL, taken: int = 50_000, **changes: Any
) -> int:
    """Write a payout down with a fee, whatever is expected."""
    values: dict[str, Any] = {"reference": "B1", "fee": Money(1_000, "VND")} | changes
    return await record_payout(
        edition_id=edition.id,
        account=source,
        taken=Money(taken, "VND"),
        arrives_on=NOW.date(),
        actor=actor,
        now=NOW,
        more=True,
        **values,
    )


async def back(edition: EditionInfo, actor: Actor, payout_id: int, reason: str = "Nhầm") -> None:
    """Take a payout back."""
    await take_back_payout(payout_id=payout_id, edition_id=edition.id, reason=reason, actor=actor, now=NOW)


async def seen(edition: EditionInfo, payout_id: int) -> PayoutInfo:
    """Return a payout as the desk sees it."""
    found = await payout_by_id(payout_id, edition.id)
    assert found is not None
    return found


async def moved(edition: EditionInfo) -> dict[str, int]:
    """Return what the accounts come to, but those that are empty."""
    return {row["account"]: int(row["amount_minor"]) for row in await balances(edition.id) if row["amount_minor"]}


@pytest.mark.parametrize("source", [Account.CARD, Account.TERMINAL, Account.SAFE])
async def test_what_was_written_down_wrongly_is_taken_back_and_written_down_anew(
    edition: EditionInfo, treasurer: Actor, source: Account
) -> None:
    await put_into_safe(edition, 500_000)
    before = await moved(edition)
    wrong = await written(edition, treasurer, source, 400_000, note="VCB")
    assert (await seen(edition, wrong)).may_be_taken_back
    with pytest.raises(PayoutBackReasonNeeded):
        await back(edition, treasurer, wrong, "  ")
    for reason in ("Sai số tiền", "lần hai"):
        await back(edition, treasurer, wrong, reason)
        assert await moved(edition) == before
    found = await seen(edition, wrong)
    assert (found.state, found.reference, found.note, found.may_be_taken_back) == (
        PayoutState.TAKEN_BACK,
        "B1",
        "VCB",
        False,
    )
    assert (found.taken_back_for, found.taken_back_by != "", found.taken_back_at) == ("Sai số tiền", True, NOW)
    right = await written(edition, treasurer, source, 50_000)
    assert (await moved(edition))["bank"] == 49_000
    assert [one.id for one in await payouts_of(edition.id)] == [right, wrong]
    await check_books(edition)


async def test_a_page_that_entered_what_was_taken_back_enters_it_not_once_more(
    edition: EditionInfo, treasurer: Actor
) -> None:
    other = await written(edition, treasurer, reference="B0")
    wrong = await written(edition, treasurer, after=other)
    assert await written(edition, treasurer, after=other) == wrong
    await back(edition, treasurer, wrong)
    with pytest.raises(PayoutWasTakenBack):
        await written(edition, treasurer, after=other)
    assert (await moved(edition))["bank"] == 49_000
    await written(edition, treasurer, taken=40_000, after=wrong)
    await check_books(edition)


async def test_what_stands_on_the_bank_account_stays(edition: EditionInfo, treasurer: Actor) -> None:
    payout_id = await written(edition, treasurer)
    entry = await make_entry("QUYET TOAN POS", amount=49_000, edition=edition)
    await match_payout(edition_id=edition.id, entry_id=entry.id, payout_id=payout_id, actor=treasurer, now=NOW)
    assert not (await seen(edition, payout_id)).may_be_taken_back
    with pytest.raises(PayoutArrived):
        await back(edition, treasurer, payout_id)
    await check_books(edition)


async def test_what_others_told_of_is_not_taken_back_by_hand(
    edition: EditionInfo, treasurer: Actor, stripe: StripeServer
) -> None:
    await paid(stripe, await a_document(edition))
    stripe.control("balance", act="pay_out")
    await tell(stripe, "payout.paid")
    await look_after_cards(clock.now())
    drawer_id = await open_drawer(edition_id=edition.id, float_=Money(90_000, "VND"), actor=treasurer, now=NOW)
    named: dict[str, Any] = {"drawer_id": drawer_id, "edition_id": edition.id, "actor": treasurer, "now": NOW}
    move_id = await move_cash(
        **named, client_id=new_token(), way=CashWay.TO_BANK, amount=Money(20_000, "VND"), reason="Phiếu 12"
    )
    elsewhere = await make_edition("other")
    theirs = await written(elsewhere, treasurer)
    before = await moved(edition)
    told = await payouts_of(edition.id)
    assert [one.may_be_taken_back for one in told] == [False, False]
    for payout_id in (*(one.id for one in told), theirs, 999_999):
        with pytest.raises(PayoutStays):
            await back(edition, treasurer, payout_id)
    assert await moved(edition) == before
    await take_back_move(**named, move_id=move_id, reason="Không nộp")
    (cash, _stripe) = await payouts_of(edition.id)
    assert (cash.state, cash.of_drawer, cash.taken_back_for, cash.taken_back_by != "") == (
        PayoutState.TAKEN_BACK,
        True,
        "Không nộp",
        True,
    )
    assert cash.name == f"Phiếu 12 · {drawer_id}-{move_id}"
    assert len(await moves_of(drawer_id)) == 2
    await check_books(edition)


async def test_what_was_taken_of_stripe_by_hand_is_entered_when_stripe_tells(
    edition: EditionInfo, treasurer: Actor, stripe: StripeServer
) -> None:
    await paid(stripe, await a_document(edition))
    await look_after_cards(clock.now())
    number = stripe.control("balance", act="pay_out")["id"]
    await back(edition, treasurer, await written(edition, treasurer, Account.CARD, 99_000, reference=number))
    assert await tell(stripe, "payout.paid") == ["told"]
    await look_after_cards(clock.now())
    found = await moved(edition)
    assert (found["bank"], found["fees"], "card" in found) == (48_000, 2_000, False)
    await check_books(edition)


async def joined(edition: EditionInfo, actor: Actor, payout_id: int, amount: int = 49_000) -> int:
    """Let a transfer come that nobody can assign, and say that it is a payout; gives its id."""
    entry = await make_entry("QUYET TOAN POS", amount=amount, edition=edition)
    await match_new(NOW)
    await match_payout(edition_id=edition.id, entry_id=entry.id, payout_id=payout_id, actor=actor, now=NOW)
    return entry.id


async def test_a_transfer_that_was_taken_for_a_payout_waits_again_and_so_does_the_payout(
    edition: EditionInfo, treasurer: Actor
) -> None:
    payout_id = await written(edition, treasurer)
    entry_id = await joined(edition, treasurer, payout_id)
    assert (await entry_by_id(entry_id)).state is EntryState.PAYOUT
    assert "unassigned" not in await moved(edition)
    named: dict[str, Any] = {"entry_id": entry_id, "actor": treasurer, "now": NOW}
    with pytest.raises(TransferNotFound):
        await part_from_payout(edition_id=(await make_edition("other")).id, **named)
    await part_from_payout(edition_id=edition.id, **named)
    with pytest.raises(TransferSettled):
        await part_from_payout(edition_id=edition.id, **named)
    entry = await entry_by_id(entry_id)
    assert (entry.state, entry.left, (await seen(edition, payout_id)).entry_id) == (EntryState.LEFT, entry.amount, None)
    assert (await moved(edition))["unassigned"] == -49_000
    await check_books(edition)
    await match_payout(edition_id=edition.id, payout_id=payout_id, **named)  # it was after all
    await part_from_payout(edition_id=edition.id, **named)
    await back(edition, treasurer, payout_id)
    right = await written(edition, treasurer, taken=50_000, reference="B2")
    await match_payout(edition_id=edition.id, payout_id=right, **named)
    assert (await moved(edition)) == {"bank": 49_000, "fees": 1_000, "terminal": -50_000}
    await check_books(edition)


async def test_a_transfer_of_which_some_paid_an_invoice_is_no_payout(edition: EditionInfo, treasurer: Actor) -> None:
    payout_id = await written(edition, treasurer)
    ids = [
        (await make_document(edition, subject_id=number, amount=amount)).id
        for number, amount in ((1, 49_000), (2, 20_000))
    ]
    entry = await make_entry("hai hoa don", amount=69_000, edition=edition)
    named: dict[str, Any] = {"edition_id": edition.id, "entry_id": entry.id, "actor": treasurer, "now": NOW}
    await assign_entry(**named, amounts={ids[0]: Money(49_000, "VND"), ids[1]: Money(20_000, "VND")})
    (payment,) = await payments_of(ids[0])
    await take_off(document_id=ids[0], payment_id=payment.id, reason="Nhầm", actor=treasurer, now=NOW)
    assert (await entry_by_id(entry.id)).left == Money(49_000, "VND")
    with pytest.raises(PayoutDiffers):
        await match_payout(**named, payout_id=payout_id)
    await check_books(edition)


@pytest.mark.race
async def test_of_many_who_part_a_transfer_from_its_payout_one_does(edition: EditionInfo, treasurer: Actor) -> None:
    entry_id = await joined(edition, treasurer, await written(edition, treasurer))
    named: dict[str, Any] = {"edition_id": edition.id, "entry_id": entry_id, "actor": treasurer, "now": NOW}
    results = await race(4, lambda _number: part_from_payout(**named))
    assert len(winners(results)) == 1
    losers(results, TransferSettled)
    assert (await moved(edition))["unassigned"] == -49_000
    await check_books(edition)


@pytest.mark.race
async def test_without_its_condition_a_transfer_is_parted_twice(
    monkeypatch: pytest.MonkeyPatch, edition: EditionInfo, treasurer: Actor
) -> None:
    entry_id = await joined(edition, treasurer, await written(edition, treasurer))
    named: dict[str, Any] = {"edition_id": edition.id, "entry_id": entry_id, "actor": treasurer, "now": NOW}
    unguarded(monkeypatch, payout_matching)
    ask_first(monkeypatch, Payout, parties=2)
    assert len(winners(await race(2, lambda _number: part_from_payout(**named)))) == 2


@pytest.mark.race
async def test_many_who_take_one_payout_back_do_so_once(edition: EditionInfo, treasurer: Actor) -> None:
    payout_id = await written(edition, treasurer)
    assert losers(await race(6, lambda _number: back(edition, treasurer, payout_id))) == []
    assert await moved(edition) == {}
    assert (await Payout.select(Payout.reference))[0]["reference"].endswith(f":B1~{payout_id}")


@pytest.mark.race
async def test_it_is_taken_back_or_found_on_the_account_and_not_both(edition: EditionInfo, treasurer: Actor) -> None:
    payout_id = await written(edition, treasurer)
    entry = await make_entry("QUYET TOAN POS", amount=49_000, edition=edition)

    async def find() -> None:
        await match_payout(edition_id=edition.id, entry_id=entry.id, payout_id=payout_id, actor=treasurer, now=NOW)

    results = await race(2, lambda number: find() if number else back(edition, treasurer, payout_id))
    assert len(winners(results)) == 1
    await check_books(edition)


@pytest.mark.race
async def test_without_its_condition_a_payout_is_taken_back_twice(
    monkeypatch: pytest.MonkeyPatch, edition: EditionInfo, treasurer: Actor
) -> None:
    payout_id = await written(edition, treasurer)
    unguarded(monkeypatch, payouts_back)
    ask_first(monkeypatch, Payout, parties=2)
    await race(2, lambda _number: back(edition, treasurer, payout_id))
    assert (await moved(edition))["bank"] == -49_000

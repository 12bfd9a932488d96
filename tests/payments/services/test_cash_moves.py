"""Cash is put into drawers and taken out of them: in the books, never more than lies there, and found at the bank."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.accounts.queries import actor_of_person
from app.events.queries import EditionInfo
from app.kernel.database import fetch
from app.kernel.errors import NotAllowed
from app.kernel.money import Money
from app.kernel.security import new_token
from app.payments.enums import Account, CashWay, EntryState, PaymentMethod, PayoutState
from app.payments.errors import AmountOutOfRange, DrawerNotOpen, PayoutSettled
from app.payments.errors_cash import (
    DrawerDiffers,
    DrawerDiffersMuch,
    DrawerShort,
    MoveArrived,
    MoveCounted,
    MoveIdTaken,
    MoveNotFound,
    MoveReasonNeeded,
    MoveTakesBack,
    SafeShort,
    TakeBackReasonNeeded,
)
from app.payments.queries import balances
from app.payments.queries_bank import entry_by_id
from app.payments.queries_drawers import CashElsewhere, cash_elsewhere, drawer_by_id, moves_of, sums_of
from app.payments.queries_payouts import payouts_like, payouts_of
from app.payments.services import cash_moves, drawers
from app.payments.services.assigning import match_new
from app.payments.services.cash_moves import move_cash, take_back_move
from app.payments.services.drawers import close_drawer, expected_in, open_drawer
from app.payments.services.payout_matching import match_payout
from app.payments.services.payouts import record_payout
from app.payments.services.recording import record_payment
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.payments.books import check_books
from tests.payments.factories import make_document, make_entry
from tests.support.factories import make_holder
from tests.support.race import drop_index, losers, meet_after, meet_before, race, unguarded, winners

pytestmark = [pytest.mark.engines, pytest.mark.usefixtures("database", "seller")]


def dong(amount: int) -> Money:
    """Return an amount in đồng."""
    return Money(amount, "VND")


@pytest.fixture
async def edition(database: str) -> EditionInfo:
    """A festival."""
    return await make_edition()


@pytest.fixture
async def cashier(edition: EditionInfo) -> Actor:
    """Somebody at the box office."""
    return await actor_of_person((await make_holder(Role.GATE_LEAD, edition_id=edition.id, name="Chị Hai")).id)


@pytest.fixture
async def drawer_id(edition: EditionInfo, cashier: Actor) -> int:
    """Her drawer, with 200.000 ₫ in change."""
    return await open_drawer(edition_id=edition.id, float_=dong(200_000), actor=cashier, now=NOW)


async def move(
    drawer_id: int,
    edition: EditionInfo,
    actor: Actor,
    way: CashWay,
    amount: int,
    reason: str = "x",
    *,
    form: str = "",
    later: int = 0,
) -> int:
    """Move cash, so many hours later, by a form of its own or by one that is named."""
    return await move_cash(
        drawer_id=drawer_id,
        edition_id=edition.id,
        client_id=form or new_token(),
        way=way,
        amount=dong(amount),
        reason=reason,
        actor=actor,
        now=NOW + timedelta(hours=later),
    )


async def take_back(drawer_id: int, edition: EditionInfo, actor: Actor, move_id: int, reason: str = "Nhầm") -> int:
    """Take a move back, a day later."""
    return await take_back_move(
        drawer_id=drawer_id,
        edition_id=edition.id,
        move_id=move_id,
        reason=reason,
        actor=actor,
        now=NOW + timedelta(days=1),
    )


async def take(edition: EditionInfo, cashier: Actor, subject_id: int = 1) -> None:
    """Take 50.000 ₫ in cash."""
    document = await make_document(edition, subject_id=subject_id)
    await record_payment(
        document_id=document.id, method=PaymentMethod.CASH, amount=document.amount, actor=cashier, now=NOW
    )


async def lies(edition: EditionInfo) -> dict[str, int]:
    """Return what the accounts of cash and the bank come to, but those that are empty."""
    wanted = ("cash", "safe", "bank", "over_short", "loss", "unassigned")
    found = {row["account"]: int(row["amount_minor"]) for row in await balances(edition.id)}
    return {name: found[name] for name in wanted if found.get(name)}


async def test_cash_goes_from_the_safe_into_the_drawer_and_back(
    edition: EditionInfo, cashier: Actor, drawer_id: int
) -> None:
    await take(edition, cashier)
    await move(drawer_id, edition, cashier, CashWay.FROM_SAFE, 100_000, "  tiền lẻ buổi   chiều ")
    assert await lies(edition) == {"cash": 150_000, "safe": -100_000}
    await move(drawer_id, edition, cashier, CashWay.TO_SAFE, 300_000)
    assert await lies(edition) == {"cash": -150_000, "safe": 200_000}
    drawer = await drawer_by_id(drawer_id, edition.id)
    assert await expected_in(drawer) == dong(50_000)
    sums = await sums_of(drawer)
    assert (sums.came, sums.went, sums.put_in, sums.taken_out) == tuple(map(dong, (50_000, 0, 100_000, 300_000)))
    first, second = await moves_of(drawer_id)
    assert (first.amount, first.reason, first.by) == (dong(100_000), "tiền lẻ buổi chiều", "Chị Hai")
    assert (second.way, second.amount) == (CashWay.TO_SAFE, dong(-300_000))
    assert await cash_elsewhere(edition.id, "VND") == CashElsewhere(safe=dong(200_000), beside=dong(0))
    await check_books(edition)


async def test_what_is_counted_above_the_change_lies_in_the_safe_and_a_difference_on_its_own_account(
    edition: EditionInfo, cashier: Actor, drawer_id: int
) -> None:
    await take(edition, cashier)
    await close_drawer(
        drawer_id=drawer_id, edition_id=edition.id, counted=dong(245_000), note="thiếu", actor=cashier, now=NOW
    )
    assert await lies(edition) == {"safe": 45_000, "over_short": 5_000}
    other = await actor_of_person((await make_holder(Role.FINANCE, edition_id=edition.id)).id)
    await take(edition, other, 2)  # through no drawer
    assert await cash_elsewhere(edition.id, "VND") == CashElsewhere(safe=dong(45_000), beside=dong(50_000))
    await check_books(edition)


@pytest.mark.parametrize(
    ("counted", "note", "sure", "wanting"),
    [
        (249_000, "", False, {"note"}),
        (200_000, "", False, {"note", "sure"}),
        (200_000, "thiếu", False, {"sure"}),
        (300_000, "", True, {"note"}),
        (225_000, "", False, {"note"}),
        (224_999, "thiếu", False, {"sure"}),
    ],
)
async def test_a_difference_wants_a_word_and_a_large_one_a_second_look(
    edition: EditionInfo, cashier: Actor, drawer_id: int, counted: int, note: str, sure: bool, wanting: set[str]
) -> None:
    await take(edition, cashier)
    named = {"drawer_id": drawer_id, "edition_id": edition.id, "counted": dong(counted), "actor": cashier, "now": NOW}
    with pytest.raises(DrawerDiffers) as refused:
        await close_drawer(**named, note=note, sure=sure)  # type: ignore[arg-type]
    assert (set(refused.value.fields), refused.value.params["difference"]) == (wanting, dong(counted - 250_000))
    assert isinstance(refused.value, DrawerDiffersMuch) == (wanting == {"sure"})
    assert (await drawer_by_id(drawer_id, edition.id)).closed_at is None
    closed = await close_drawer(**named, note="thiếu", sure=True)  # type: ignore[arg-type]
    assert closed.difference == dong(counted - 250_000)
    await check_books(edition)


async def test_what_is_brought_to_the_bank_is_found_on_its_statement(
    edition: EditionInfo, cashier: Actor, drawer_id: int
) -> None:
    await take(edition, cashier)
    await move(drawer_id, edition, cashier, CashWay.TO_BANK, 150_000, "Phiếu nộp 0012")
    assert await lies(edition) == {"cash": -100_000, "bank": 150_000}
    entry_id = (await make_entry("NOP TIEN MAT", amount=150_000, edition=edition)).id
    await match_new(NOW)
    assert (await entry_by_id(entry_id)).state == EntryState.LEFT
    (payout,) = await payouts_like(edition.id, dong(150_000))
    assert (payout.account, payout.note) == (Account.CASH, "Phiếu nộp 0012")
    await match_payout(edition_id=edition.id, entry_id=entry_id, payout_id=payout.id, actor=cashier, now=NOW)
    assert await lies(edition) == {"cash": -100_000, "bank": 150_000}
    await check_books(edition)
    await close_drawer(drawer_id=drawer_id, edition_id=edition.id, counted=dong(100_000), actor=cashier, now=NOW)
    assert await lies(edition) == {"safe": -100_000, "bank": 150_000}
    await check_books(edition)


async def test_the_safe_is_brought_to_the_bank(edition: EditionInfo, cashier: Actor, drawer_id: int) -> None:
    await take(edition, cashier)
    await close_drawer(drawer_id=drawer_id, edition_id=edition.id, counted=dong(250_000), actor=cashier, now=NOW)
    for _twice in range(2):  # another slip each time, though the amount is the same
        await record_payout(
            edition_id=edition.id,
            account=Account.SAFE,
            taken=dong(25_000),
            fee=dong(0),
            reference=f"nop-{_twice}",
            arrives_on=date(2026, 10, 16),
            actor=cashier,
            now=NOW,
        )
    assert await lies(edition) == {"bank": 50_000}
    await check_books(edition)


async def test_what_may_not_be_moved_is_refused(edition: EditionInfo, cashier: Actor, drawer_id: int) -> None:
    other = await actor_of_person((await make_holder(Role.GATE_LEAD, edition_id=edition.id)).id)
    finance = await actor_of_person((await make_holder(Role.FINANCE, edition_id=edition.id)).id)
    with pytest.raises(MoveReasonNeeded):
        await move(drawer_id, edition, cashier, CashWay.TO_SAFE, 10_000, "  ")
    for amount in (0, -5):
        with pytest.raises(AmountOutOfRange):
            await move(drawer_id, edition, cashier, CashWay.TO_SAFE, amount)
    for way in (CashWay.TO_SAFE, CashWay.TO_BANK):
        with pytest.raises(DrawerShort) as refused:
            await move(drawer_id, edition, cashier, way, 200_001)
        assert refused.type is DrawerShort
    with pytest.raises(NotAllowed):
        await move(drawer_id, edition, other, CashWay.TO_SAFE, 10_000)
    assert await moves_of(drawer_id) == []
    assert await fetch("SELECT id FROM payment_payout") == []
    await move(drawer_id, edition, finance, CashWay.TO_SAFE, 200_000)
    await close_drawer(drawer_id=drawer_id, edition_id=edition.id, counted=dong(0), actor=cashier, now=NOW)
    with pytest.raises(DrawerNotOpen):
        await move(drawer_id, edition, cashier, CashWay.FROM_SAFE, 10_000)
    with pytest.raises(DrawerNotOpen):
        await move(drawer_id, await make_edition("other"), finance, CashWay.FROM_SAFE, 10_000)


@pytest.mark.race
async def test_of_many_who_take_out_what_is_left_one_does(edition: EditionInfo, cashier: Actor, drawer_id: int) -> None:
    ways = (CashWay.TO_SAFE, CashWay.TO_BANK)
    results = await race(6, lambda number: move(drawer_id, edition, cashier, ways[number % 2], 150_000))
    assert len(winners(results)) == 1
    losers(results, DrawerShort)
    await check_books(edition)


@pytest.mark.race
async def test_out_of_a_drawer_that_nobody_holds_the_same_notes_go_twice(
    edition: EditionInfo, cashier: Actor, drawer_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    unguarded(monkeypatch, cash_moves)
    meet_after(monkeypatch, drawers, "expected_in", parties=2)
    results = await race(2, lambda _number: move(drawer_id, edition, cashier, CashWay.TO_SAFE, 150_000))
    assert len(winners(results)) == 2
    with pytest.raises(AssertionError):
        await check_books(edition)


WAYS = [CashWay.FROM_SAFE, CashWay.TO_SAFE, CashWay.TO_BANK]


@pytest.mark.parametrize("way", WAYS)
async def test_a_form_that_is_sent_twice_moves_cash_once(
    edition: EditionInfo, cashier: Actor, drawer_id: int, way: CashWay
) -> None:
    first = await move(drawer_id, edition, cashier, way, 150_000, form="form-0001")
    assert await move(drawer_id, edition, cashier, way, 150_000, " x ", form="form-0001", later=2) == first
    assert len(await moves_of(drawer_id)) == 1
    for wrong in ((way, 140_000, "x"), (way, 150_000, "y"), (WAYS[WAYS.index(way) - 1], 150_000, "x")):
        with pytest.raises(MoveIdTaken):
            await move(drawer_id, edition, cashier, *wrong, form="form-0001")
    await check_books(edition)
    counted = int((await expected_in(await drawer_by_id(drawer_id, edition.id))).amount_minor)
    await close_drawer(drawer_id=drawer_id, edition_id=edition.id, counted=dong(counted), actor=cashier, now=NOW)
    assert await move(drawer_id, edition, cashier, way, 150_000, form="form-0001") == first  # whatever happened since
    await check_books(edition)


async def test_a_form_of_one_drawer_moves_nothing_in_another(
    edition: EditionInfo, cashier: Actor, drawer_id: int
) -> None:
    other = await actor_of_person((await make_holder(Role.GATE_LEAD, edition_id=edition.id)).id)
    others = await open_drawer(edition_id=edition.id, float_=dong(200_000), actor=other, now=NOW)
    await move(drawer_id, edition, cashier, CashWay.TO_SAFE, 10_000, form="form-0001")
    with pytest.raises(MoveIdTaken):
        await move(others, edition, other, CashWay.TO_SAFE, 10_000, form="form-0001")
    assert await moves_of(others) == []


@pytest.mark.race
async def test_of_a_form_that_is_sent_by_many_tabs_one_moves_cash(
    edition: EditionInfo, cashier: Actor, drawer_id: int
) -> None:
    results = await race(
        6, lambda _number: move(drawer_id, edition, cashier, CashWay.FROM_SAFE, 50_000, form="form-0001")
    )
    assert len(set(winners(results))) == 1
    assert (len(winners(results)), len(await moves_of(drawer_id))) == (6, 1)
    await check_books(edition)


@pytest.mark.race
@pytest.mark.parametrize("index", [True, False])
async def test_of_a_form_that_is_sent_for_two_drawers_at_once_one_moves_cash_by_the_index(
    edition: EditionInfo, cashier: Actor, drawer_id: int, index: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not index:
        await drop_index("cash_move_of_form")
    finance = await actor_of_person((await make_holder(Role.FINANCE, edition_id=edition.id)).id)
    ids = (drawer_id, await open_drawer(edition_id=edition.id, float_=dong(200_000), actor=finance, now=NOW))
    unguarded(monkeypatch, cash_moves)
    meet_before(monkeypatch, cash_moves, "require_in", parties=2)
    results = await race(
        2, lambda number: move(ids[number], edition, finance, CashWay.TO_SAFE, 50_000, form="form-0001")
    )
    assert len(winners(results)) == (1 if index else 2)
    losers(results, MoveIdTaken)


@pytest.mark.parametrize("way", WAYS)
async def test_a_move_that_did_not_happen_is_taken_back(
    edition: EditionInfo, cashier: Actor, drawer_id: int, way: CashWay
) -> None:
    await take(edition, cashier)
    before = await lies(edition)
    move_id = await move(drawer_id, edition, cashier, way, 150_000, "  nộp két ")
    finance = await actor_of_person((await make_holder(Role.FINANCE, edition_id=edition.id, name="Bà Ba")).id)
    back = await take_back(drawer_id, edition, finance, move_id, " Nhầm   số ")
    assert await take_back(drawer_id, edition, cashier, move_id, "Lại") == back  # twice it is taken back once
    assert await lies(edition) == before
    assert await expected_in(await drawer_by_id(drawer_id, edition.id)) == dong(250_000)
    sums = await sums_of(await drawer_by_id(drawer_id, edition.id))
    assert (sums.put_in, sums.taken_out) == (dong(0), dong(0))
    first, second = await moves_of(drawer_id)
    assert (first.taken_back, first.takes_back, first.stands) == (True, None, False)
    assert (second.takes_back, second.stands, second.way, second.by) == (move_id, False, way, "Bà Ba")
    assert (second.amount.amount_minor, second.reason) == (-first.amount.amount_minor, "Nhầm số")
    assert [one.state for one in await payouts_of(edition.id)] == [PayoutState.TAKEN_BACK] * (way == CashWay.TO_BANK)
    assert await payouts_like(edition.id, dong(150_000)) == []
    with pytest.raises(MoveTakesBack):
        await take_back(drawer_id, edition, finance, back)
    (noted,) = await fetch("SELECT actor_name FROM audit_entry WHERE action = 'drawer.take_back'")
    assert noted["actor_name"] == "Bà Ba"
    await check_books(edition)


async def test_what_is_not_there_any_more_is_not_taken_back(
    edition: EditionInfo, cashier: Actor, drawer_id: int
) -> None:
    put_in = await move(drawer_id, edition, cashier, CashWay.FROM_SAFE, 100_000)
    to_bank = await move(drawer_id, edition, cashier, CashWay.TO_BANK, 250_000)
    with pytest.raises(DrawerShort):
        await take_back(drawer_id, edition, cashier, put_in)
    entry_id = (await make_entry("NOP TIEN MAT", amount=250_000, edition=edition)).id
    await match_new(NOW)
    (payout,) = await payouts_like(edition.id, dong(250_000))
    await match_payout(edition_id=edition.id, entry_id=entry_id, payout_id=payout.id, actor=cashier, now=NOW)
    with pytest.raises(MoveArrived):
        await take_back(drawer_id, edition, cashier, to_bank)
    assert len(await moves_of(drawer_id)) == 2
    await check_books(edition)


async def test_cash_that_left_the_safe_since_is_not_back_in_the_drawer(
    edition: EditionInfo, cashier: Actor, drawer_id: int
) -> None:
    await move(drawer_id, edition, cashier, CashWay.FROM_SAFE, 100_000)  # change of before: the safe is below nothing
    to_safe = await move(drawer_id, edition, cashier, CashWay.TO_SAFE, 60_000, later=1)
    again = await move(drawer_id, edition, cashier, CashWay.TO_SAFE, 90_000, later=2)
    last = await move(drawer_id, edition, cashier, CashWay.FROM_SAFE, 20_000, later=3)
    with pytest.raises(SafeShort) as refused:  # 50.000 ₫ lay there then, and 30.000 ₫ do now
        await take_back(drawer_id, edition, cashier, again)
    assert refused.value.params == {"there": dong(30_000), "given": dong(90_000)}
    await take_back(drawer_id, edition, cashier, last)
    await take_back(drawer_id, edition, cashier, again)
    await take_back(drawer_id, edition, cashier, to_safe)  # nothing left it since, though it is below nothing
    assert await lies(edition) == {"cash": 100_000, "safe": -100_000}
    await check_books(edition)


async def test_who_may_not_move_cash_takes_none_back(edition: EditionInfo, cashier: Actor, drawer_id: int) -> None:
    other = await actor_of_person((await make_holder(Role.GATE_LEAD, edition_id=edition.id)).id)
    others = await open_drawer(edition_id=edition.id, float_=dong(0), actor=other, now=NOW)
    move_id = await move(drawer_id, edition, cashier, CashWay.TO_SAFE, 10_000)
    with pytest.raises(TakeBackReasonNeeded):
        await take_back(drawer_id, edition, cashier, move_id, "  ")
    with pytest.raises(NotAllowed):
        await take_back(drawer_id, edition, other, move_id)
    for wrong in (move_id, move_id + 1):
        with pytest.raises(MoveNotFound):
            await take_back(others, edition, other, wrong)
    await close_drawer(drawer_id=drawer_id, edition_id=edition.id, counted=dong(190_000), actor=cashier, now=NOW)
    with pytest.raises(MoveCounted):
        await take_back(drawer_id, edition, cashier, move_id)
    await check_books(edition)


@pytest.mark.race
async def test_of_many_who_take_a_move_back_one_does(edition: EditionInfo, cashier: Actor, drawer_id: int) -> None:
    move_id = await move(drawer_id, edition, cashier, CashWay.TO_SAFE, 150_000)
    results = await race(6, lambda _number: take_back(drawer_id, edition, cashier, move_id))
    assert (len(winners(results)), len(set(winners(results))), len(await moves_of(drawer_id))) == (6, 1, 2)
    await check_books(edition)


@pytest.mark.race
async def test_cash_is_found_at_the_bank_or_taken_back(edition: EditionInfo, cashier: Actor, drawer_id: int) -> None:
    for round_ in range(4):
        move_id = await move(drawer_id, edition, cashier, CashWay.TO_BANK, 10_000)
        entry_id = (await make_entry(f"NOP TIEN {round_}", amount=10_000, edition=edition)).id
        await match_new(NOW)
        (payout,) = await payouts_like(edition.id, dong(10_000))

        async def work(
            number: int, move_id: int = move_id, entry_id: int = entry_id, payout_id: int = payout.id
        ) -> object:
            if number % 2:
                return await take_back(drawer_id, edition, cashier, move_id)
            named = {"edition_id": edition.id, "entry_id": entry_id, "payout_id": payout_id}
            return await match_payout(**named, actor=cashier, now=NOW)

        results = await race(2, work)
        assert len(winners(results)) == 1
        losers(results, MoveArrived, PayoutSettled)
        await check_books(edition)

"""A day that was closed stays as it was: once, whoever closes it and whatever is under way."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from app.accounts.actor import SYSTEM
from app.accounts.enums import Role
from app.accounts.queries import actor_of_person
from app.events.queries import EditionInfo
from app.kernel.database import fetch
from app.kernel.money import Money
from app.payments.enums import Account, PaymentMethod
from app.payments.errors import DayNotBegun, DrawersOpen
from app.payments.queries import DocumentInfo
from app.payments.queries_books import ClosedDay, closed_days, days_to_close, totals_of_day
from app.payments.services import days, ledger, recording
from app.payments.services.days import close_day
from app.payments.services.drawers import close_drawer, open_drawer
from app.payments.services.recording import Recorded, record_payment
from app.payments.services.refunding import record_refund
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.payments.factories import make_document, make_entry
from tests.support.factories import make_holder
from tests.support.race import drop_index, meet_after, overtaken, race, unguarded, winners

pytestmark = [pytest.mark.engines, pytest.mark.usefixtures("database", "seller")]
TODAY = date(2026, 10, 16)


async def pay(document: DocumentInfo, amount: int, now: datetime = NOW) -> Recorded:
    """Take some money at the desk, without a drawer."""
    return await record_payment(
        document_id=document.id,
        method=PaymentMethod.TERMINAL,
        amount=Money(amount, "VND"),
        actor=SYSTEM,
        now=now,
    )


async def close(edition: EditionInfo, day: date = TODAY, now: datetime = NOW) -> ClosedDay:
    """Close a day."""
    return await close_day(edition_id=edition.id, day=day, actor=SYSTEM, now=now)


async def days_entered(edition: EditionInfo) -> list[date]:
    """Return the days on which something is entered, in the order of entries."""
    rows = await fetch("SELECT MIN(id) AS first, day FROM ledger_entry WHERE edition = {} GROUP BY day", edition.id)
    return [
        row["day"] if isinstance(row["day"], date) else date.fromisoformat(row["day"])
        for row in sorted(rows, key=lambda one: int(one["first"]))
    ]


async def test_a_day_is_kept_with_what_it_came_to_and_balances() -> None:
    edition = await make_edition()
    document = await make_document(edition)
    await pay(document, 30_000)
    await make_entry("khong ro", edition=edition)
    await fetch("UPDATE bank_entry SET state = 'left'")
    closed = await close(edition)
    assert (closed.day, closed.closed_at, closed.unassigned, closed.waiting) == (TODAY, NOW, 1, 0)
    assert {one.account: one.amount.amount_minor for one in closed.totals.accounts} == {
        Account.RECEIVABLE: 20_000,
        Account.REVENUE: -50_000,
        Account.TERMINAL: 30_000,
    }
    assert closed.totals.sums == [Money(0, "VND")]
    (method,) = closed.totals.methods
    assert (method.method, method.came, method.went) == (
        PaymentMethod.TERMINAL,
        Money(30_000, "VND"),
        Money(0, "VND"),
    )
    assert await closed_days(edition.id) == [closed]
    assert await close(edition, now=NOW + timedelta(hours=1)) == closed


async def test_what_comes_after_the_close_is_entered_into_the_next_open_day() -> None:
    edition = await make_edition()
    document = await make_document(edition)
    closed = await close(edition)
    recorded = await pay(document, 20_000)
    assert await days_entered(edition) == [TODAY, TODAY + timedelta(days=1)]
    tomorrow = NOW + timedelta(days=1)
    assert await days_to_close(edition.id, TODAY) == []
    await close(edition, TODAY + timedelta(days=1), tomorrow)
    await pay(document, 20_000, NOW)  # a worker whose clock is late
    assert (await days_entered(edition))[-1] == TODAY + timedelta(days=2)
    assert await totals_of_day(edition.id, TODAY) == closed.totals
    assert recorded.payment_id


async def test_money_that_went_back_stands_apart_from_what_came(seller: object) -> None:
    edition = await make_edition()
    document = await make_document(edition)
    recorded = await record_payment(
        document_id=document.id,
        method=PaymentMethod.TRANSFER,
        amount=Money(70_000, "VND"),
        actor=None,
        provider_reference="bank:1",
        now=NOW,
    )
    assert recorded.over_minor == 20_000
    (over,) = await fetch("SELECT id FROM payment WHERE owed_minor > 0")
    await record_refund(
        payment_id=over["id"],
        method=PaymentMethod.TRANSFER,
        amount=Money(5_000, "VND"),
        actor=SYSTEM,
        now=NOW,
    )
    (method,) = (await close(edition)).totals.methods
    assert (method.came, method.went) == (Money(70_000, "VND"), Money(5_000, "VND"))


async def test_a_day_waits_for_its_drawers_and_for_its_morning() -> None:
    edition = await make_edition()
    cashier = await actor_of_person((await make_holder(Role.FINANCE, edition_id=edition.id, name="Chị Hai")).id)
    drawer_id = await open_drawer(edition_id=edition.id, float_=Money(0, "VND"), actor=cashier, now=NOW)
    with pytest.raises(DrawersOpen, match="Chị Hai"):
        await close(edition)
    await close(edition, TODAY - timedelta(days=1))  # it was not open then
    await close_drawer(drawer_id=drawer_id, edition_id=edition.id, counted=Money(0, "VND"), actor=cashier, now=NOW)
    await close(edition)
    with pytest.raises(DayNotBegun):
        await close(edition, TODAY + timedelta(days=1))


async def test_days_of_another_edition_stay_open() -> None:
    edition, other = await make_edition(), await make_edition("other")
    await close(edition)
    document = await make_document(other)
    await pay(document, 10_000)
    assert await days_entered(other) == [TODAY]
    assert [day for day, _entries in await days_to_close(other.id, TODAY)] == [TODAY]


@pytest.mark.race
async def test_two_who_close_a_day_at_once_close_it_once() -> None:
    edition = await make_edition()
    await make_document(edition)
    results = await race(6, lambda number: close(edition, now=NOW + timedelta(minutes=number)))
    assert len({found.closed_at for found in winners(results)}) == 1
    assert len(winners(results)) == 6
    assert await fetch("SELECT COUNT(*) AS count FROM payment_day") == [{"count": 1}]


@pytest.mark.race
async def test_without_its_index_and_lock_a_day_is_closed_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    edition = await make_edition()
    await drop_index("payment_day_is_one")
    unguarded(monkeypatch, days)
    meet_after(monkeypatch, days, "totals_of_day", parties=2)
    winners(await race(2, lambda number: close(edition, now=NOW + timedelta(minutes=number))))
    assert await fetch("SELECT COUNT(*) AS count FROM payment_day") == [{"count": 2}]


@pytest.mark.race
async def test_what_is_under_way_while_a_day_is_closed_is_in_it_or_in_the_next() -> None:
    edition = await make_edition()
    for round_ in range(3):
        day, now = TODAY + timedelta(days=2 * round_), NOW + timedelta(days=2 * round_)
        documents = [await make_document(edition, subject_id=100 * round_ + number) for number in range(6)]

        async def work(
            number: int, documents: list[DocumentInfo] = documents, day: date = day, now: datetime = now
        ) -> object:
            return await (close(edition, day, now) if number == 3 else pay(documents[number], 50_000, now))

        assert len(winners(await race(6, work))) == 6
        (closed, *_earlier) = await closed_days(edition.id)
        assert (closed.day, closed.totals) == (day, await totals_of_day(edition.id, day))


@pytest.mark.race
async def test_without_holding_the_edition_money_falls_into_a_closed_day(monkeypatch: pytest.MonkeyPatch) -> None:
    edition = await make_edition()
    document = await make_document(edition)
    unguarded(monkeypatch, recording)
    _paid, closed = await overtaken(
        monkeypatch, ledger, "open_day", lambda: pay(document, 50_000), lambda: close(edition)
    )
    assert closed.totals != await totals_of_day(edition.id, TODAY)

"""Money that comes when an order's time is over: its places, equal ones, or the money back; the buyer is told."""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.events.enums import PassKind
from app.kernel.database import fetch, write_transaction
from app.kernel.money import Money
from app.payments.enums import DocumentState, PaymentMethod, Settlement
from app.payments.queries import document_by_id, payments_of
from app.payments.services.recording import Recorded, record_payment
from app.payments.services.refunding import record_refund
from tests.conftest import NOW
from tests.support.client import Browser
from tests.support.factories_ticketing import make_order, make_ticket_type
from tests.support.race import losers, meet_after, race, unguarded, winners
from ticketing.sales.errors import SoldOut
from ticketing.sales.queries import tickets_of_order
from ticketing.sales.services import late, outcomes
from ticketing.sales.services.outcomes import expire_orders
from ticketing.sales.services.placing import Placed

pytestmark = pytest.mark.engines
LATER = NOW + timedelta(minutes=21)
PRICE = 50_000


async def document_of(placed: Placed) -> int:
    """The document of an order."""
    rows = await fetch("SELECT payment_document FROM ticket_order WHERE id = {}", placed.order_id)
    return int(rows[0]["payment_document"])


async def transfer(placed: Placed, amount: int = PRICE, *, number: str = "") -> Recorded:
    """Let money of an order come on the bank account."""
    return await record_payment(
        document_id=await document_of(placed),
        method=PaymentMethod.TRANSFER,
        amount=Money(amount, "VND"),
        actor=None,
        provider_reference=f"bank:{placed.order_id}:{number}",
        now=LATER,
    )


async def late_order(edition_id: int, counts: dict[int, int], **values: Any) -> Placed:
    """An order whose time is over."""
    placed = await make_order(edition_id, counts, now=NOW, locale="en", **values)
    await expire_orders(now=LATER)
    return placed


async def fill(edition_id: int, type_id: int, count: int) -> None:
    """Let somebody else have places."""
    await make_order(edition_id, {type_id: count}, now=LATER)


async def last_message() -> dict[str, Any]:
    """What was told last."""
    return (await fetch("SELECT to_address, subject, body_text, secret FROM outbox_message ORDER BY id DESC"))[0]


async def test_the_place_is_still_free(edition: Any) -> None:
    type_id = await make_ticket_type(edition.id, now=NOW, price_minor=PRICE, quota=1)
    placed = await late_order(edition.id, {type_id: 1}, phone="+84912345678")
    assert (await transfer(placed)).outcome == Settlement.KEPT
    told = await last_message()
    assert (told["to_address"], told["subject"]) == ("+84912345678", f"Your ticket: {edition.name['en']}")
    assert "instead" not in told["body_text"]


@pytest.mark.parametrize("contact", [{"phone": "+84912345678"}, {"phone": None, "email": "hoa@example.com"}])
async def test_an_equal_place_is_given_for_one_that_is_gone(edition: Any, contact: dict[str, Any]) -> None:
    gone = await make_ticket_type(edition.id, now=NOW, price_minor=PRICE, quota=2, name={"vi": "Sáng", "en": "Dawn"})
    equal = await make_ticket_type(edition.id, now=NOW, price_minor=PRICE, name={"vi": "Trưa", "en": "Noon"})
    placed = await late_order(edition.id, {gone: 2}, **contact)
    await fill(edition.id, gone, 1)
    assert (await transfer(placed, 2 * PRICE)).outcome == Settlement.REPLACED
    assert await fetch("SELECT id, sold, held FROM ticket_type ORDER BY id") == [
        {"id": gone, "sold": 0, "held": 1},
        {"id": equal, "sold": 2, "held": 0},
    ]
    assert {ticket["type_name"]["en"] for ticket in await tickets_of_order(placed.order_id)} == {"Noon"}
    assert {row["label"] for row in await fetch("SELECT label FROM pass")} == {"Trưa"}
    (payment,) = await payments_of(await document_of(placed))
    assert payment.outcome == Settlement.REPLACED
    told = await last_message()
    assert told["to_address"] in contact.values()
    assert "tickets “Dawn” were gone. You have tickets “Noon” instead" in told["body_text"]
    assert told["body_text"].count("/pass/") == 2


OTHERS: dict[str, dict[str, Any]] = {
    "dearer": {"price_minor": PRICE + 1},
    "cheaper": {"price_minor": PRICE - 1},
    "fewer days": {"last_day": date(2026, 10, 17)},
    "not offered": {"active": False},
    "not yet on sale": {"sales_from": LATER + timedelta(minutes=1)},
    "no longer on sale": {"sales_until": LATER},
    "for guests": {"pass_kind": PassKind.GUEST},
    "too few": {"quota": 1},
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS.keys())
async def test_what_is_not_equal_stands_in_for_nothing_and_the_buyer_is_told(edition: Any, other: Any) -> None:
    gone = await make_ticket_type(edition.id, now=NOW, price_minor=PRICE, quota=2)
    await make_ticket_type(edition.id, now=NOW, **{"price_minor": PRICE, **other})
    placed = await late_order(edition.id, {gone: 2}, phone=None, email="hoa@example.com")
    await fill(edition.id, gone, 1)
    recorded = await transfer(placed, 2 * PRICE)
    assert (recorded.outcome, recorded.state) == (Settlement.REFUND, DocumentState.REFUND_DUE)
    assert await fetch("SELECT id FROM pass") == []
    document = await document_by_id(await document_of(placed))
    told = await last_message()
    assert (told["to_address"], told["secret"]) == ("hoa@example.com", True)
    assert told["subject"] == f"Your payment for {document.number} goes back to you"
    assert "100.000\xa0₫ goes back to you" in told["body_text"]
    assert f"/tickets/done/{placed.secret}" in told["body_text"]


async def test_tickets_of_two_types_get_places_for_all_or_none(edition: Any) -> None:
    first, second = [await make_ticket_type(edition.id, now=NOW, price_minor=PRICE, quota=quota) for quota in (2, 3)]
    placed = await late_order(edition.id, {first: 2, second: 1})
    await fill(edition.id, first, 1)
    again = await late_order(edition.id, {first: 1, second: 2}, phone="+84912345678")
    assert (await transfer(placed, 3 * PRICE)).outcome == Settlement.REPLACED
    assert await fetch("SELECT sold, held FROM ticket_type ORDER BY id") == [
        {"sold": 0, "held": 1},
        {"sold": 3, "held": 0},
    ]
    assert (await transfer(again, 3 * PRICE)).outcome == Settlement.REFUND


async def test_passes_of_days_that_are_over_are_no_places(edition: Any) -> None:
    type_id = await make_ticket_type(edition.id, now=NOW, price_minor=PRICE)
    placed = await late_order(edition.id, {type_id: 1})
    recorded = await record_payment(
        document_id=await document_of(placed),
        method=PaymentMethod.TRANSFER,
        amount=Money(PRICE, "VND"),
        actor=None,
        now=edition.window[1],
    )
    assert recorded.outcome == Settlement.REFUND


async def test_what_comes_a_second_time_or_too_much_is_told_too(edition: Any) -> None:
    type_id = await make_ticket_type(edition.id, now=NOW, price_minor=PRICE)
    placed = await make_order(edition.id, {type_id: 1}, now=NOW, locale="en")
    assert (await transfer(placed, PRICE + 7)).over_minor == 7
    assert "50.007\xa0₫ came for invoice" in (await last_message())["body_text"]
    assert "7\xa0₫ goes back to you" in (await last_message())["body_text"]
    assert (await transfer(placed, number="again")).outcome == Settlement.REFUND
    assert "more than was to be paid. 50.000\xa0₫ goes back to you" in (await last_message())["body_text"]


async def test_money_that_went_back_by_hand_is_told_and_seen(edition: Any, client: Browser) -> None:
    type_id = await make_ticket_type(edition.id, now=NOW, price_minor=PRICE, quota=1)
    placed = await late_order(edition.id, {type_id: 1})
    await fill(edition.id, type_id, 1)
    recorded = await transfer(placed)
    page = f"{edition.path}/tickets/done/{placed.secret}?lang=en"
    assert "What you paid, 50.000\xa0₫, goes back to you" in (await client.get(page)).text
    await record_refund(
        payment_id=recorded.payment_id,
        method=PaymentMethod.TRANSFER,
        actor=SYSTEM,
        amount=Money(PRICE, "VND"),
        now=LATER,
    )
    told = await last_message()
    assert "50.000\xa0₫ for invoice" in told["body_text"]
    assert "went back to you. How: Bank transfer." in told["body_text"]
    shown = (await client.get(page)).text
    assert "50.000\xa0₫ went back to you on" in shown
    assert "goes back to you" not in shown


async def test_an_expired_order_says_what_becomes_of_money_on_its_way(edition: Any, client: Browser) -> None:
    type_id = await make_ticket_type(edition.id, now=NOW, price_minor=PRICE, quota=1)
    placed = await late_order(edition.id, {type_id: 1})
    page = f"{edition.path}/tickets/done/{placed.secret}?lang=en"
    assert "Is your transfer on its way?" in (await client.get(page)).text


@pytest.mark.race
async def test_two_late_payments_and_a_new_buyer_get_one_place(edition: Any) -> None:
    type_id = await make_ticket_type(edition.id, now=NOW, price_minor=PRICE, quota=1)
    first = await late_order(edition.id, {type_id: 1})
    second = await make_order(edition.id, {type_id: 1}, now=LATER)
    await expire_orders(now=LATER + timedelta(minutes=21))

    async def act(number: int) -> Any:
        if number < 2:
            return (await transfer((first, second)[number])).outcome
        return await make_order(edition.id, {type_id: 1}, now=LATER)

    results = await race(3, act)
    losers(results, SoldOut)
    assert len([one for one in results[:2] if isinstance(one, BaseException)]) == 0  # money that came is kept track of
    got = [one for one in winners(results) if one != Settlement.REFUND]
    assert len(got) == 1
    (row,) = await fetch("SELECT sold, held FROM ticket_type")
    assert row["sold"] + row["held"] == 1
    assert len(await fetch("SELECT id FROM pass")) == row["sold"]


@pytest.mark.race
async def test_without_holding_the_types_money_that_came_is_not_written_down(
    edition: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: both find the last place free, and the second's payment falls with its settlement."""
    type_id = await make_ticket_type(edition.id, now=NOW, price_minor=PRICE, quota=1)
    first = await late_order(edition.id, {type_id: 1})
    second = await make_order(edition.id, {type_id: 1}, now=LATER)
    await expire_orders(now=LATER + timedelta(minutes=21))

    async def no_hold(*_which: Any, **_how: Any) -> None:
        """Keeps nobody away."""

    monkeypatch.setattr(late, "hold_all_types", no_hold)
    unguarded(monkeypatch, outcomes)
    meet_after(monkeypatch, outcomes, "places_for", parties=2)

    async def settle(number: int) -> Settlement:
        placed = (first, second)[number]
        document: Any = SimpleNamespace(subject_id=placed.order_id, edition_id=edition.id)
        return await outcomes.settle_order(document, None, LATER)  # type: ignore[arg-type]  # the payment is not asked

    results = await race(2, settle)
    assert winners(results) == [Settlement.KEPT]
    assert len(losers(results, SoldOut)) == 1


async def test_what_is_told_stands_and_falls_with_the_payment(edition: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    type_id = await make_ticket_type(edition.id, now=NOW, price_minor=PRICE, quota=1)
    placed = await late_order(edition.id, {type_id: 1})
    await fill(edition.id, type_id, 1)
    before = await last_message()

    async def torn() -> None:
        async with write_transaction():
            await transfer(placed)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await torn()
    assert await last_message() == before
    assert await payments_of(await document_of(placed)) == []

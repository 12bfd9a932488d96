"""A ticket changed for a cheaper one: the difference goes back as cancelling would give it, and the books say so."""

from __future__ import annotations

from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.kernel.database import fetch
from app.payments.queries import document_by_id
from tests.conftest import NOW
from tests.support.factories_ticketing import make_ticket_type
from tests.ticketing.sales.conftest import Scene
from tests.ticketing.sales.orders import check_orders
from tests.ticketing.sales.own import allow, items, make_paid, told
from tests.ticketing.sales.test_changing import change
from tests.ticketing.sales.test_orders import places
from ticketing.sales.errors import DifferenceChanged
from ticketing.sales.queries_own import account_of_order
from ticketing.sales.services.cancelling import cancel_tickets
from ticketing.sales.services.giving_back import TO_CARDS, Account
from ticketing.sales.services.outcomes import cancel_order

pytestmark = pytest.mark.engines
PRICE, LOWER = 50_000, 30_000


async def two_prices(edition: Any, **rules: Any) -> tuple[int, int]:
    """A ticket type, and a cheaper one."""
    await allow(edition, **rules)
    dear, cheap = [
        await make_ticket_type(
            edition.id, now=NOW, price_minor=price, name={"vi": name, "en": name}, code=name, quota=4
        )
        for price, name in ((PRICE, "Front"), (LOWER, "Back"))
    ]
    return dear, cheap


async def bill_of(order_id: int) -> Any:
    (row,) = await fetch("SELECT payment_document FROM ticket_order WHERE id = {}", order_id)
    return await document_by_id(row["payment_document"])


@pytest.mark.parametrize(
    ("rules", "back"),
    [
        ({}, 20_000),
        ({"back_percent": 50}, 10_000),
        ({"fee": 7_000}, 13_000),
        ({"fee": 30_000}, 0),
        ({"back_until": None}, 0),
    ],
)
async def test_the_difference_goes_back_by_the_rules(edition: Any, rules: dict[str, Any], back: int) -> None:
    dear, cheap = await two_prices(edition, **rules)
    placed = await make_paid(edition, {dear: 2}, locale="en", email="hoa@example.vn")
    first, second = await items(placed.order_id)
    with pytest.raises(DifferenceChanged):
        await change(edition, placed.order_id, first["id"], cheap, shown_minor=back + 1)
    made = await change(edition, placed.order_id, first["id"], cheap, shown_minor=back)
    after, other = await items(placed.order_id)
    assert (after["pass_id"], after["state"], after["replaces"]) == (made, "issued", first["pass_id"])
    assert (other["pass_id"], other["state"]) == (second["pass_id"], "issued")
    assert (await places(dear), await places(cheap)) == ((1, 0), (1, 0))
    bill = await bill_of(placed.order_id)
    assert (bill.state, bill.credited.amount_minor, bill.owed.amount_minor) == ("paid", back, back)
    assert ("goes back to you" in (await told())[-1][2]) == bool(back)
    assert len(await fetch("SELECT id FROM job WHERE kind = {}", TO_CARDS)) == bool(back)
    await check_orders(edition)


async def test_cancelled_after_that_no_more_goes_back_than_the_cheaper_one_cost(edition: Any) -> None:
    dear, cheap = await two_prices(edition)
    placed = await make_paid(edition, {dear: 1})
    (item,) = await items(placed.order_id)
    await change(edition, placed.order_id, item["id"], cheap, shown_minor=PRICE - LOWER)
    back = await cancel_tickets(
        order_id=placed.order_id, edition_id=edition.id, item_ids=[item["id"]], shown_minor=LOWER, actor=None, now=NOW
    )
    bill = await bill_of(placed.order_id)
    assert (back.amount_minor, bill.owed.amount_minor, bill.state) == (LOWER, PRICE, "refund_due")
    await check_orders(edition)


async def test_changed_for_one_that_costs_nothing_all_of_it_goes_back_and_the_order_stands(edition: Any) -> None:
    dear, _cheap = await two_prices(edition)
    free = await make_ticket_type(edition.id, now=NOW, price_minor=0)
    placed = await make_paid(edition, {dear: 1})
    (item,) = await items(placed.order_id)
    await change(edition, placed.order_id, item["id"], free, shown_minor=PRICE)
    bill = await bill_of(placed.order_id)
    (order,) = await fetch("SELECT state FROM ticket_order WHERE id = {}", placed.order_id)
    assert (bill.state, bill.owed.amount_minor, order["state"]) == ("refund_due", PRICE, "confirmed")
    assert [one["state"] for one in await items(placed.order_id)] == ["issued"]
    await cancel_order(order_id=placed.order_id, edition_id=edition.id, actor=SYSTEM, now=NOW)
    assert ((await bill_of(placed.order_id)).owed.amount_minor, await places(free)) == (PRICE, (0, 0))


async def test_the_account_that_she_names_is_kept_for_the_desk(edition: Any) -> None:
    dear, cheap = await two_prices(edition)
    placed = await make_paid(edition, {dear: 1})
    (item,) = await items(placed.order_id)
    account = Account(bank="VCB", number="0123", holder="HOA")
    await change(edition, placed.order_id, item["id"], cheap, shown_minor=PRICE - LOWER, account=account)
    assert await account_of_order(await bill_of(placed.order_id)) == "VCB · 0123 · HOA"


async def test_the_page_says_what_goes_back_before_anything_is_changed(scene: Scene) -> None:
    dear, cheap = await two_prices(scene.edition)
    placed = await make_paid(scene.edition, {dear: 1})
    own = f"{scene.edition.path}/tickets/done/{placed.secret}"
    (item,) = await items(placed.order_id)
    page = f"{own}/change/{item['id']}?lang=en"
    assert "20.000\xa0₫ goes back" in (await scene.browser.get(page)).text
    asked = await scene.browser.post(page, data={"ticket_type": str(cheap)})
    assert (asked.status_code, 'name="back" value="20000"' in asked.text) == (200, True)
    assert 'name="bank"' in asked.text
    half = await scene.browser.post(page, data={"ticket_type": str(cheap), "back": "20000", "bank": "VCB"})
    assert (half.status_code, "field-number-error" in half.text) == (422, True)
    wrong = await scene.browser.post(page, data={"ticket_type": str(cheap), "back": "1"})
    assert (wrong.status_code, "another amount by now" in wrong.text) == (409, True)
    assert (await items(placed.order_id))[0]["pass_id"] == item["pass_id"]
    done = await scene.browser.post(page, data={"ticket_type": str(cheap), "back": "20000"})
    assert (done.status_code, done.headers["location"].startswith("/pass/")) == (303, True)
    await check_orders(scene.edition)

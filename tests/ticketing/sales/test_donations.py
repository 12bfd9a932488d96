"""Ticket types of which the buyer says the price: at the shop, the counter and the API, and on the bill."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from openpyxl import load_workbook

from app.accounts.actor import SYSTEM
from app.accounts.enums import Role
from app.events.queries import edition_by_id
from app.kernel.database import fetch
from app.kernel.money import MOST
from app.payments.enums import PaymentMethod, Settlement, TaxMode
from app.payments.lines import Terms
from app.payments.queries import document_by_id
from app.payments.services.terms import set_terms
from tests.conftest import NOW
from tests.support.factories_ticketing import make_order, make_ticket_type, pay_order
from tests.ticketing.sales.conftest import Scene
from tests.ticketing.sales.orders import check_orders
from tests.ticketing.sales.own import allow, make_paid
from ticketing.sales.errors import AmountUnfit, OrderIdTaken
from ticketing.sales.queries import ticket_types_of, tickets_of_order
from ticketing.sales.queries_own import changeable
from ticketing.sales.services.orders import sell_at_box_office
from ticketing.sales.services.outcomes import expire_orders

pytestmark = pytest.mark.engines


async def make_donation(edition_id: int, least: int = 0, **values: Any) -> int:
    """A ticket type of which the buyer says the price."""
    values = {"price_minor": least, "donation": True, "suggestions": (50_000, 100_000), "code": "GIFT", **values}
    return await make_ticket_type(edition_id, now=NOW, **values)


async def prices(order_id: int) -> tuple[list[int], int, str]:
    """The prices of an order's tickets, its total, its state."""
    rows = await fetch("SELECT price_minor FROM order_item WHERE ticket_order = {} ORDER BY id", order_id)
    (order,) = await fetch("SELECT total_minor, state FROM ticket_order WHERE id = {}", order_id)
    return [row["price_minor"] for row in rows], order["total_minor"], order["state"]


async def test_the_buyer_says_the_price_and_nothing_where_the_least_is_nothing(edition: Any) -> None:
    gift, plain = await make_donation(edition.id), await make_ticket_type(edition.id, now=NOW, price_minor=20_000)
    placed = await make_order(edition.id, {gift: 2, plain: 1}, now=NOW, prices={gift: 70_000, plain: 1})
    assert await prices(placed.order_id) == ([70_000, 70_000, 20_000], 160_000, "held")
    await pay_order(
        order_id=placed.order_id, edition_id=edition.id, method=PaymentMethod.TRANSFER, actor=SYSTEM, now=NOW
    )
    nothing = await make_order(edition.id, {gift: 1}, now=NOW, prices={gift: 0})
    assert await prices(nothing.order_id) == ([0], 0, "confirmed")
    for wrong in ({}, {gift: -1}, {gift: MOST // 40}):
        with pytest.raises(AmountUnfit):
            await make_order(edition.id, {gift: 1}, now=NOW, prices=wrong)
    dear = await make_donation(edition.id, 50_000, code="DEAR")
    with pytest.raises(AmountUnfit):
        await make_order(edition.id, {dear: 1}, now=NOW, prices={dear: 49_999})
    await check_orders(edition)


async def test_the_same_order_at_another_price_is_another(edition: Any) -> None:
    gift = await make_donation(edition.id)
    same = {"client_id": "gift-000001", "phone": "+84912345678"}
    first = await make_order(edition.id, {gift: 1}, now=NOW, prices={gift: 50_000}, **same)
    again = await make_order(edition.id, {gift: 1}, now=NOW, prices={gift: 50_000}, **same)
    assert (again.replayed, again.order_id) == (True, first.order_id)
    plain = await make_ticket_type(edition.id, now=NOW, price_minor=20_000)
    said = {"counts": {plain: 1}, "now": NOW, "prices": {plain: 1}, "client_id": "gift-000002", "phone": "+84912345678"}
    assert [(await make_order(edition.id, **said)).replayed for _again in range(2)] == [False, True]  # it says nothing
    with pytest.raises(OrderIdTaken):
        await make_order(edition.id, {gift: 1}, now=NOW, prices={gift: 60_000}, **same)


@pytest.mark.parametrize("reason", ["", "Khoản tài trợ không chịu thuế"])
async def test_the_line_is_exempt_by_its_own_reason_or_taxed_as_the_terms_say(edition: Any, reason: str) -> None:
    terms = Terms(tax_mode=TaxMode.INCLUDED, tax_name="vn_reduced")
    await set_terms(edition_id=edition.id, terms=terms, actor=SYSTEM, now=NOW)
    gift = await make_donation(edition.id, exempt_reason=reason)
    plain = await make_ticket_type(edition.id, now=NOW, price_minor=108_000)
    placed = await make_order(edition.id, {gift: 1, plain: 1}, now=NOW, prices={gift: 54_000})
    (order,) = await fetch("SELECT payment_document FROM ticket_order WHERE id = {}", placed.order_id)
    rows = await fetch(
        "SELECT net_minor, tax_minor, exempt_reason FROM payment_line WHERE document = {} ORDER BY position",
        order["payment_document"],
    )
    lines = [(row["net_minor"], row["tax_minor"], row["exempt_reason"]) for row in rows]
    assert lines == [(54_000, 0, reason) if reason else (50_000, 4_000, ""), (100_000, 8_000, "")]
    assert (await document_by_id(order["payment_document"])).amount.amount_minor == 162_000


async def test_a_donation_is_no_equal_of_anything(edition: Any) -> None:
    gift = await make_donation(edition.id, quota=1)
    await make_ticket_type(edition.id, now=NOW, price_minor=0)
    await make_ticket_type(edition.id, now=NOW, price_minor=50_000)
    await make_donation(edition.id, code="OTHER", quota=9)
    await allow(edition)
    paid = await make_paid(edition, {gift: 1}, prices={gift: 50_000})
    here = await edition_by_id(edition.id)
    assert await changeable(here, await tickets_of_order(paid.order_id), NOW, dearer=True) == set()
    other = (await ticket_types_of(edition.id))[3]["id"]
    late = await make_order(edition.id, {other: 1}, now=NOW, prices={other: 50_000})
    await expire_orders(now=NOW + timedelta(hours=1))
    await fetch("UPDATE quota SET size = 0 WHERE id = (SELECT MAX(id) FROM quota) RETURNING id")
    outcome = await pay_order(
        order_id=late.order_id,
        edition_id=edition.id,
        method=PaymentMethod.TRANSFER,
        actor=SYSTEM,
        now=NOW + timedelta(hours=2),
    )
    assert outcome == Settlement.REFUND


async def test_the_counter_takes_what_is_given(edition: Any) -> None:
    gift = await make_donation(edition.id, 10_000)
    sale = {"edition_id": edition.id, "holder_name": "", "actor": SYSTEM, "now": NOW}
    sold = await sell_at_box_office(client_id="counter-01", counts={gift: 2}, prices={gift: 30_000}, **sale)
    assert await prices(sold.order_id) == ([30_000, 30_000], 60_000, "confirmed")
    with pytest.raises(AmountUnfit):
        await sell_at_box_office(client_id="counter-02", counts={gift: 1}, **sale)
    await check_orders(edition)


async def test_the_shop_asks_how_much_and_says_what_is_wrong(scene: Scene) -> None:
    gift = await make_donation(scene.edition.id, 20_000, name={"vi": "Ủng hộ", "en": "Support"})
    shop = f"{scene.edition.path}/tickets"
    page = html.unescape((await scene.browser.get(f"{shop}?lang=en")).text)
    assert "You say how much: 20.000\xa0₫ or more" in page
    assert re.findall(rf'name="s-{gift}" value="([^"]+)"', page) == ["50.000", "100.000"]
    for asked in ({}, {f"p-{gift}": "abc"}, {f"p-{gift}": "19.999"}, {f"s-{gift}": "50.000", f"p-{gift}": "1"}):
        wrong = await scene.browser.get(f"{shop}/order", params={"lang": "en", f"n-{gift}": "1", **asked})
        assert wrong.status_code == 422
        assert "For “Support” please write an amount of 20.000\xa0₫ or more." in html.unescape(wrong.text)
        if said := asked.get(f"p-{gift}"):
            assert f'name="p-{gift}" maxlength="30" autocomplete="off" value="{said}"' in wrong.text
    step_two = await scene.browser.get(f"{shop}/order?lang=en&n-{gift}=2&s-{gift}=100.000")
    assert "To pay: 200.000\xa0₫" in html.unescape(step_two.text)
    body = {
        "full_name": "Hoa",
        "contact": "hoa@example.vn",
        "client_id": "gift-on-page-1",
        f"n-{gift}": "2",
        f"p-{gift}": "100.000",
    }
    assert f'name="p-{gift}" value="100.000"' in step_two.text
    done = await scene.browser.post(f"{shop}/order", data=body)
    assert done.status_code == 303
    (row,) = await fetch("SELECT id FROM ticket_order")
    assert await prices(row["id"]) == ([100_000, 100_000], 200_000, "held")


async def test_the_organiser_makes_it_and_the_counters_page_sells_it(scene: Scene) -> None:
    await scene.sign_in(Role.MANAGER)
    body = {
        "code": "GIFT",
        "name_vi": "Ủng hộ",
        "quota": "9",
        "price": "10.000",
        "pass_kind": "visitor",
        "active": "on",
        "donation": "on",
        "suggestions": "100.000\n5.000",
        "exempt_reason": "Khoản tài trợ",
    }
    wrong = await scene.browser.post(scene.manage("/tickets/new?lang=en"), data=body)
    assert wrong.status_code == 422
    assert "Please suggest no less than the least, 10.000\xa0₫." in html.unescape(wrong.text)
    body["suggestions"] = "100.000\n\n50000"
    assert (await scene.browser.post(scene.manage("/tickets/new"), data=body)).status_code == 303
    row = (await ticket_types_of(scene.edition.id))[-1]
    assert (row["donation"], row["suggestions"], row["exempt_reason"]) == (True, [50_000, 100_000], "Khoản tài trợ")
    form = await scene.browser.get(scene.manage(f"/tickets/{row['id']}"))
    assert "50.000\n100.000</textarea>" in form.text
    office = scene.manage("/box-office")
    assert f'name="p-{row["id"]}"' in (await scene.browser.get(office)).text
    sale = {"client_id": "counter-gift-1", "method": "cash", f"n-{row['id']}": "2", f"p-{row['id']}": "1"}
    refused = await scene.browser.post(f"{office}?lang=en", data=sale)
    assert (refused.status_code, f'name="p-{row["id"]}" value="1"' in refused.text) == (422, True)
    sold = await scene.browser.post(office, data={**sale, f"p-{row['id']}": "25.000", "given": "100.000"})
    assert (sold.status_code, "change=50000" in sold.headers["location"]) == (303, True)
    sheet = await scene.browser.get(scene.manage("/orders/tickets.xlsx?lang=en"))
    head, *rows = load_workbook(BytesIO(sheet.content)).active.iter_rows(values_only=True)
    assert [one[head.index("Price")] for one in rows] == [25_000, 25_000]


async def test_a_donation_through_the_api(scene: Scene) -> None:
    await make_donation(scene.edition.id, 10_000)
    api = f"/api/v1/editions/{scene.edition.slug}"
    told = (await scene.browser.get(f"{api}/ticket-types")).json()[-1]
    assert (told["donation"], told["price_minor"], told["suggested_minor"]) == (True, 10_000, [50_000, 100_000])
    order = {"client_id": "gift-by-api-1", "full_name": "Hoa", "email": "hoa@example.vn"}
    line: dict[str, Any] = {"ticket_type": "GIFT", "count": 1}
    refused = await scene.browser.post(f"{api}/orders", json={**order, "lines": [line]})
    assert (refused.status_code, refused.json()["code"]) == (422, "amount_unfit")
    two = [{**line, "price_minor": 10_000}, {**line, "price_minor": 20_000}]
    assert (await scene.browser.post(f"{api}/orders", json={**order, "lines": two})).status_code == 422
    placed = await scene.browser.post(f"{api}/orders", json={**order, "lines": [{**line, "price_minor": 20_000}]})
    assert placed.json()["total_minor"] == 20_000

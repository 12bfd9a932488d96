"""What the organiser's desks see of sales: ticket types, orders, and the counter of the box office."""

from __future__ import annotations

import re

import pytest

from app.accounts.enums import Role
from app.kernel import clock
from app.kernel.database import fetch
from app.kernel.sheets import read_table
from tests.conftest import NOW
from tests.support.client import Browser, sign_in
from tests.support.factories import make_holder
from tests.support.factories_ticketing import make_open_edition, make_order, make_ticket_type
from tests.ticketing.sales.conftest import Scene
from ticketing.sales.queries import find_orders, ticket_types_of


async def test_an_organiser_adds_and_changes_a_ticket_type(scene: Scene) -> None:
    await scene.sign_in(Role.MANAGER)
    body = {
        "code": "VIP",
        "name_vi": "Vé quý",
        "price": "1.250.000",
        "quota": "20",
        "pass_kind": "guest",
        "active": "on",
    }
    made = await scene.browser.post(scene.manage("/tickets/new"), data=body)
    assert made.status_code == 303
    row = next(one for one in await ticket_types_of(scene.edition.id) if one["code"] == "VIP")
    assert (row["price_minor"], row["quota"]) == (1_250_000, 20)
    form = await scene.browser.get(scene.manage(f"/tickets/{row['id']}"))
    assert 'value="1.250.000"' in form.text
    changed = await scene.browser.post(scene.manage(f"/tickets/{row['id']}"), data={**body, "quota": "30"})
    assert changed.status_code == 303
    taken = await scene.browser.post(scene.manage("/tickets/new"), data={**body, "code": "DAY"})
    assert taken.status_code == 409
    large = await scene.browser.post(scene.manage("/tickets/new?lang=en"), data={**body, "price": "9" * 17})
    assert (large.status_code, "The amount is more than" in large.text) == (422, True)
    wrong = await scene.browser.post(scene.manage("/tickets/new"), data={**body, "price": "viel"})
    assert wrong.status_code == 422
    times = {"sales_from": "2026-10-17T09:00", "sales_until": "2026-10-17T08:00"}
    early = await scene.browser.post(scene.manage("/tickets/new?lang=en"), data={**body, **times, "code": "EARLY"})
    said = re.findall(r'id="field-([a-z_]+)-error".*?<span>([^<]+)</span>', early.text)
    ends_early = [("sales_until", "Sales would end before they begin. Please choose a later end.")]
    assert (early.status_code, said) == (422, ends_early)
    early = await scene.browser.post(scene.manage(f"/tickets/{row['id']}"), data={**body, **times})
    assert early.status_code == 422
    listed = await scene.browser.get(scene.manage("/tickets?lang=en"))
    assert "Vé quý" in listed.text
    wrong = await scene.browser.post(
        scene.manage("/tickets/new?lang=en"), data={**body, "code": "né 🙂", "quota": "1234567890123456789"}
    )
    assert wrong.text.count("Please write plain letters, digits, hyphens or underscores") >= 1
    assert wrong.text.count("Please write 1000000 or less.") >= 1


async def test_orders_are_listed_searched_exported_and_cancelled(scene: Scene) -> None:
    await scene.sign_in(Role.FINANCE)
    placed = await make_order(scene.edition.id, {scene.free: 2}, now=NOW, full_name="Đỗ Thị Ánh")
    await make_order(scene.edition.id, {scene.paid: 1}, now=NOW, full_name="Võ Thị Bé")
    found = await scene.browser.get(scene.manage("/orders?q=anh"))
    assert "Đỗ Thị Ánh" in found.text
    assert "Võ Thị Bé" not in found.text
    held = await scene.browser.get(scene.manage("/orders?state=held"))
    assert "Võ Thị Bé" in held.text
    assert "Đỗ Thị Ánh" not in held.text
    export = await scene.browser.get(scene.manage("/orders/export.xlsx?q=anh&lang=en"))
    table = read_table(export.content, "orders.xlsx")
    assert [row.values[1] for row in table.rows] == ["Đỗ Thị Ánh"]
    assert [row.values[5] for row in table.rows] == ["Day ticket"]
    assert await find_orders(scene.edition.id, search="%") == await find_orders(scene.edition.id, search="_") == ([], 0)
    detail = await scene.browser.get(scene.manage(f"/orders/{placed.order_id}"))
    assert placed.reference in detail.text
    cancelled = await scene.browser.post(scene.manage(f"/orders/{placed.order_id}/cancel"))
    assert cancelled.status_code == 303
    assert await fetch("SELECT sold FROM ticket_type WHERE id = {}", scene.free) == [{"sold": 0}]


async def test_finance_records_that_the_money_came(scene: Scene) -> None:
    await scene.sign_in(Role.FINANCE)
    placed = await make_order(scene.edition.id, {scene.paid: 1}, now=NOW)
    said = {"method": "transfer", "due": "50000"}
    paid = await scene.browser.post(scene.manage(f"/orders/{placed.order_id}/paid"), data=said)
    assert paid.status_code == 303
    assert await fetch("SELECT state FROM ticket_order WHERE id = {}", placed.order_id) == [{"state": "confirmed"}]


async def test_the_box_office_sells_and_prints(scene: Scene) -> None:
    await scene.sign_in(Role.GATE_LEAD)
    page = await scene.browser.get(scene.manage("/box-office?lang=en"))
    client_id = re.search(r'name="client_id" value="([^"]+)"', page.text)
    assert client_id is not None
    body = {"client_id": client_id[1], f"n-{scene.paid}": "3"}
    sold = [await scene.browser.post(scene.manage("/box-office"), data=body) for _time in range(2)]
    assert [answer.status_code for answer in sold] == [303, 303]
    printed = await scene.browser.get(sold[0].headers["location"])
    assert printed.text.count('class="qr"') == 3
    assert await fetch("SELECT sold, held FROM ticket_type WHERE id = {}", scene.paid) == [{"sold": 3, "held": 0}]
    too_many = await scene.browser.post(
        scene.manage("/box-office"), data={"client_id": "another-sale", f"n-{scene.paid}": "20"}
    )
    assert too_many.status_code == 409


async def test_an_order_placed_before_is_paid_at_the_counter(scene: Scene) -> None:
    await scene.sign_in(Role.GATE_LEAD)
    placed = await make_order(scene.edition.id, {scene.paid: 2}, now=NOW)
    typed = f"{placed.reference[:4].lower()}-{placed.reference[4:]}"
    found = await scene.browser.get(scene.manage("/box-office/order"), params={"reference": typed})
    order = scene.manage(f"/box-office/{placed.order_id}")
    shown = f"{order}?reference={placed.reference}"
    assert (found.status_code, found.headers["location"]) == (303, shown)
    waiting = await scene.browser.get(f"{shown}&lang=en")
    hidden = f'<input type="hidden" name="reference" value="{placed.reference}">'
    parts = ("Waiting for payment", f'action="{order}/paid"', hidden, 'class="qr"')
    assert [waiting.text.count(part) for part in parts] == [1, 1, 1, 0]
    said = {"reference": placed.reference, "due": "100000"}
    paid = [await scene.browser.post(f"{order}/paid", data=said) for _time in range(2)]
    assert paid[0].headers["location"] == shown
    assert [answer.status_code for answer in paid] == [303, 409]
    assert (await scene.browser.get(shown)).text.count('class="qr"') == 2


@pytest.mark.parametrize("role", [Role.GATE_LEAD, Role.FINANCE, Role.MANAGER])
async def test_who_counts_ids_up_at_the_counter_sees_and_pays_no_order_from_elsewhere(scene: Scene, role: Role) -> None:
    await scene.sign_in(role)
    orders = [await make_order(scene.edition.id, {kind: 1}, now=NOW) for kind in (scene.paid, scene.free, scene.paid)]
    ids = [placed.order_id for placed in orders]
    wrong = ["", orders[-1].reference, "%", "________"]
    unknown = await scene.browser.get(scene.manage(f"/box-office/{max(ids) + 1}?lang=en"))
    assert (unknown.status_code, unknown.text.count("This order does not exist.")) == (404, 1)
    for placed in orders[:-1]:
        order = scene.manage(f"/box-office/{placed.order_id}")
        for said in wrong:
            seen = await scene.browser.get(order, params={"lang": "en", "reference": said})
            assert (seen.status_code, seen.text.count("This order does not exist.")) == (404, 1)
            paid = await scene.browser.post(f"{order}/paid", data={"reference": said})
            assert paid.status_code == 404
        assert (await scene.browser.post(f"{order}/paid")).status_code == 404
        typed = f"{placed.reference[:4].lower()}-{placed.reference[4:]}"
        assert (await scene.browser.get(order, params={"reference": typed})).status_code == 200
    states = await fetch("SELECT state FROM ticket_order ORDER BY id")
    assert [row["state"] for row in states] == ["held", "confirmed", "held"]


async def test_a_number_that_no_order_has_is_said_beside_its_field(scene: Scene) -> None:
    await scene.sign_in(Role.GATE_LEAD)
    page = await scene.browser.get(scene.manage("/box-office/order?lang=en"), params={"reference": "ZZZZ ZZZZ"})
    assert (page.status_code, page.text.count("This order does not exist."), page.text.count("ZZZZ ZZZZ")) == (
        422,
        1,
        1,
    )


@pytest.mark.parametrize("path", ["/tickets/new", "/orders", "/box-office"])
async def test_a_floor_manager_sees_none_of_it(scene: Scene, path: str) -> None:
    await scene.sign_in(Role.FLOOR)
    assert (await scene.browser.get(scene.manage(path))).status_code == 403


async def test_the_box_office_counts_with_separators(client: Browser) -> None:
    edition = await make_open_edition(now=NOW)
    await make_ticket_type(edition.id, now=NOW, quota=4465)
    await sign_in(client, (await make_holder(Role.MANAGER, edition_id=edition.id)).id)
    with clock.freeze(NOW):
        shown = (await client.get(f"/manage/{edition.id}/box-office?lang=vi")).text
    assert (shown.count("4.465"), shown.count("4465")) == (1, 0)

"""Other names on tickets, by the link of their order: all or none, and the passes stay as they are."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.kernel import clock
from app.kernel.database import fetch
from app.kernel.errors import Invalid
from tests.conftest import NOW
from tests.support.factories_ticketing import make_gate, make_list, make_open_edition, make_order, make_ticket_type
from tests.ticketing.sales.conftest import Scene
from tests.ticketing.sales.own import LATER, allow, items, told
from ticketing.checkin.services.redeeming import redeem_pass
from ticketing.sales.errors import ChangesOver, OrderNotFound, OrderNotOpen
from ticketing.sales.services.orders import sell_at_box_office
from ticketing.sales.services.outcomes import cancel_order
from ticketing.sales.services.renaming import rename_tickets

pytestmark = pytest.mark.engines


async def rename(edition: Any, order_id: int, names: dict[int, str], **values: Any) -> int:
    values = {"edition_id": edition.id, "actor": None, "now": NOW, **values}
    return await rename_tickets(order_id=order_id, names=names, **values)


async def test_a_renamed_pass_stays_valid_under_its_code_and_the_buyer_is_told(edition: Any) -> None:
    await allow(edition)
    type_id = await make_ticket_type(edition.id, now=NOW)
    placed = await make_order(edition.id, {type_id: 2}, now=NOW, locale="en", email="hoa@example.vn")
    first, second = await items(placed.order_id)
    assert await rename(edition, placed.order_id, {first["id"]: " Siti  Rahayu ", second["id"]: "Nguyễn Thị Hoa"}) == 1
    after = await items(placed.order_id)
    assert [(one["holder_name"], one["on_pass"], one["state"]) for one in after] == [
        ("Siti Rahayu", "Siti Rahayu", "issued"),
        ("Nguyễn Thị Hoa", "Nguyễn Thị Hoa", "issued"),
    ]
    assert [one["code"] for one in after] == [first["code"], second["code"]]
    address, subject, body = (await told())[-1]
    assert (address, subject) == ("hoa@example.vn", f"Other names on your order {placed.reference}")
    assert ["a ticket of your order" in body, "Siti Rahayu" in body, placed.secret in body] == [True] * 3
    (entry,) = await fetch("SELECT action, before, after FROM audit_entry WHERE action = 'order.rename_own'")
    assert ("Nguyễn Thị Hoa" in entry["before"], "Siti Rahayu" in entry["after"]) == (True, True)


async def test_forty_names_are_saved_by_one_and_told_of_by_one_message(edition: Any) -> None:
    await allow(edition)
    type_id = await make_ticket_type(edition.id, now=NOW, quota=40)
    sold = await sell_at_box_office(
        edition_id=edition.id, client_id="ward-0001", counts={type_id: 40}, holder_name="Hội", actor=SYSTEM, now=NOW
    )
    await fetch("UPDATE ticket_order SET contact = 'hoi@example.vn' WHERE id = {}", sold.order_id)
    names = {one["id"]: f"Hội viên số {number}" for number, one in enumerate(await items(sold.order_id))}
    assert await rename(edition, sold.order_id, names) == 40
    ((_address, _subject, body),) = await told()
    assert ("40" in body, "Hội viên số 4 …" in body, "Hội viên số 5" in body) == (True, True, False)
    assert [one["on_pass"] for one in await items(sold.order_id)] == list(names.values())


@pytest.mark.parametrize("bad", ["", "  ", "123", "…"])
async def test_a_bad_name_is_refused_at_its_ticket_and_nothing_is_written(edition: Any, bad: str) -> None:
    await allow(edition)
    type_id = await make_ticket_type(edition.id, now=NOW)
    placed = await make_order(edition.id, {type_id: 2}, now=NOW)
    first, second = await items(placed.order_id)
    with pytest.raises(Invalid) as refused:
        await rename(edition, placed.order_id, {first["id"]: "Lan", second["id"]: bad})
    assert list(refused.value.fields) == [f"name_{second['id']}"]
    assert {one["on_pass"] for one in await items(placed.order_id)} == {"Nguyễn Thị Hoa"}
    assert await fetch("SELECT id FROM audit_entry WHERE action = 'order.rename_own'") == []


async def test_a_name_on_a_pass_that_was_used_stays(scene: Scene) -> None:
    await allow(scene.edition)
    placed = await make_order(scene.edition.id, {scene.free: 2}, now=NOW)
    first, second = await items(placed.order_id)
    list_id = await make_list(scene.edition.id, now=NOW)
    _gate, phone, _token = await make_gate(scene.edition.id, list_id, now=NOW)
    answer = await redeem_pass(actor=phone, client_id="scan-1", code=first["code"], now=clock.now())
    assert answer.verdict == "admitted"
    with pytest.raises(Invalid) as refused:
        await rename(scene.edition, placed.order_id, {first["id"]: "Lan", second["id"]: "Mai"})
    assert list(refused.value.fields) == [f"name_{first['id']}"]
    assert await rename(scene.edition, placed.order_id, {first["id"]: "Nguyễn Thị Hoa", second["id"]: "Mai"}) == 1


async def test_names_may_be_changed_until_the_time_that_was_set_and_only_then(edition: Any) -> None:
    type_id = await make_ticket_type(edition.id, now=NOW)
    placed = await make_order(edition.id, {type_id: 1}, now=NOW)
    (item,) = await items(placed.order_id)
    with pytest.raises(ChangesOver):
        await rename(edition, placed.order_id, {item["id"]: "Lan"})
    await allow(edition)
    with pytest.raises(ChangesOver):
        await rename(edition, placed.order_id, {item["id"]: "Lan"}, now=LATER)
    assert await rename(edition, placed.order_id, {item["id"]: "Lan"}, now=LATER - timedelta(seconds=1)) == 1
    await cancel_order(order_id=placed.order_id, edition_id=edition.id, actor=SYSTEM, now=NOW)
    with pytest.raises(OrderNotOpen):
        await rename(edition, placed.order_id, {item["id"]: "Mai"})


async def test_tickets_of_another_order_or_edition_are_not_touched(edition: Any) -> None:
    await allow(edition)
    type_id = await make_ticket_type(edition.id, now=NOW)
    mine, hers = [await make_order(edition.id, {type_id: 1}, now=NOW) for _time in range(2)]
    (item,) = await items(hers.order_id)
    assert await rename(edition, mine.order_id, {item["id"]: "Lan"}) == 0
    assert (await items(hers.order_id))[0]["holder_name"] == "Nguyễn Thị Hoa"
    other = await make_open_edition(now=NOW)
    await allow(other)
    with pytest.raises(OrderNotFound):
        await rename(other, hers.order_id, {item["id"]: "Lan"})


async def test_the_page_saves_all_names_or_says_at_the_row_what_is_wrong(scene: Scene) -> None:
    placed = await make_order(scene.edition.id, {scene.free: 3}, now=NOW)
    own = f"{scene.edition.path}/tickets/done/{placed.secret}"
    assert "/names" not in (await scene.browser.get(own)).text
    assert (await scene.browser.get(f"{own}/names")).status_code == 409
    await allow(scene.edition)
    assert f'href="{own}/names"' in (await scene.browser.get(f"{own}?lang=en")).text
    page = await scene.browser.get(f"{own}/names")
    fields = [f"name_{one['id']}" for one in await items(placed.order_id)]
    assert all(f'name="{name}"' in page.text for name in fields)
    wrong = await scene.browser.post(f"{own}/names", data=dict(zip(fields, ("Lan", "", "Mai"), strict=True)))
    assert (wrong.status_code, f'id="field-{fields[1]}-error"' in wrong.text, "Lan" in wrong.text) == (422, True, True)
    assert {one["on_pass"] for one in await items(placed.order_id)} == {"Nguyễn Thị Hoa"}
    saved = await scene.browser.post(f"{own}/names", data=dict(zip(fields, ("Lan", "Hà", "Mai"), strict=True)))
    assert (saved.status_code, saved.headers["location"]) == (303, own)
    assert [one["on_pass"] for one in await items(placed.order_id)] == ["Lan", "Hà", "Mai"]


async def test_two_who_write_names_at_once_are_both_heard(scene: Scene) -> None:
    await allow(scene.edition)
    placed = await make_order(scene.edition.id, {scene.free: 2}, now=NOW)
    own = f"{scene.edition.path}/tickets/done/{placed.secret}/names"
    page = html.unescape((await scene.browser.get(own)).text)
    opened = re.search(r'name="as_opened"[^>]* value="(\{.*?\})"', page)
    assert opened is not None
    first, second = [f"name_{one['id']}" for one in await items(placed.order_id)]
    same = "Nguyễn Thị Hoa"
    for data in ({first: "Lan", second: same}, {first: same, second: "Mai"}):
        assert (await scene.browser.post(own, data={**data, "as_opened": opened[1]})).status_code == 303
    assert [one["on_pass"] for one in await items(placed.order_id)] == ["Lan", "Mai"]
    clash = await scene.browser.post(own, data={first: "Hương", second: "Mai", "as_opened": opened[1]})
    assert clash.status_code == 409

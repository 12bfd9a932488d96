"""Pages and API of sales, as a browser and a client of the API see them."""

from __future__ import annotations

import re
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from app.events.passes.services import secret_of
from app.kernel import clock
from app.kernel.database import fetch
from app.payments import transfers
from tests.conftest import NOW
from tests.support.client import Browser, new_browser
from tests.support.factories_ticketing import make_open_edition, make_order, make_ticket_type
from tests.ticketing.sales.conftest import Scene


async def order_through_pages(scene: Scene, type_id: int, contact: str = "0912 345 678") -> Any:
    """Walk the two steps; returns the answer to the last one."""
    page = await scene.browser.get(f"{scene.edition.path}/tickets/order?n-{type_id}=2&lang=en")
    client_id = re.search(r'name="client_id" value="([^"]+)"', page.text)
    assert client_id is not None
    body = {
        "client_id": client_id[1],
        f"n-{type_id}": "2",
        "full_name": "Lê Thị Hà",
        "contact": contact,
        "locale": "en",
    }
    return await scene.browser.post(f"{scene.edition.path}/tickets/order", data=body)


async def test_a_visitor_gets_a_free_ticket_in_two_steps(scene: Scene) -> None:
    first = await scene.browser.get(f"{scene.edition.path}/tickets?lang=en")
    assert first.status_code == 200
    assert "Day ticket" in first.text
    answer = await order_through_pages(scene, scene.free)
    assert answer.status_code == 303
    done = await scene.browser.get(answer.headers["location"])
    assert done.text.count("/pass/") == 2
    link = re.search(r'href="(/pass/[^"]+)"', done.text)
    assert link is not None
    assert (await scene.browser.get(link[1])).status_code == 200


async def test_the_pass_names_its_type_in_the_readers_language(scene: Scene) -> None:
    names = {"vi": "Vé tham quan", "id": "Tiket pengunjung", "en": "Visitor pass"}
    type_id = await make_ticket_type(scene.edition.id, now=NOW, name=names)
    await make_order(scene.edition.id, {type_id: 1}, now=NOW)
    (row,) = await fetch("SELECT secret_seed, label FROM pass")
    path = f"/pass/{secret_of(row['secret_seed'])}"
    for locale, name in names.items():
        shown = (await scene.browser.get(f"{path}?lang={locale}")).text
        held = (await scene.browser.get(f"{path}/data?lang={locale}")).text
        assert [[other for other in names.values() if other in text] for text in (shown, held)] == [[name], [name]]
    assert row["label"] == "Vé tham quan"


async def test_a_paid_order_says_how_to_pay(scene: Scene) -> None:
    answer = await order_through_pages(scene, scene.paid, "ha@example.vn")
    done = await scene.browser.get(answer.headers["location"])
    assert "100.000\xa0₫" in done.text
    assert "/pass/" not in done.text
    (order,) = await fetch("SELECT reference FROM ticket_order")
    english = (await scene.browser.get(answer.headers["location"] + "?lang=en")).text
    assert "2 × " in english
    assert "20 minutes left." in english
    with clock.freeze(NOW + timedelta(minutes=18, seconds=30)):
        assert "2 minutes left." in (await scene.browser.get(answer.headers["location"] + "?lang=en")).text
    with clock.freeze(NOW + timedelta(minutes=20)):
        assert "left." not in (await scene.browser.get(answer.headers["location"] + "?lang=en")).text
    assert f"Say the order number {order['reference']} and pay there." in english
    assert "By bank transfer" not in english


async def test_with_a_bank_account_a_paid_order_shows_a_code_for_the_banking_app(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    bank = SimpleNamespace(
        bank_bin="970436",
        bank_account="0011001234567",
        bank_account_name="HOI PHU NU",
        instant_transfer_ceiling=60_000,
    )
    monkeypatch.setattr(transfers, "settings", lambda: bank)
    answer = await order_through_pages(scene, scene.paid, "ha@example.vn")
    done = (await scene.browser.get(answer.headers["location"] + "?lang=en")).text
    assert "Pay in one of two ways" in done
    assert "0011001234567" in done
    assert (done.count("<figcaption"), "One transfer is needed for each code" in done) == (2, True)


async def test_who_loses_the_last_seat_need_not_write_her_name_again(scene: Scene) -> None:
    last = await make_ticket_type(scene.edition.id, now=NOW, quota=1)
    order = f"{scene.edition.path}/tickets/order"
    form = await scene.browser.get(f"{order}?n-{last}=1")
    client_id = re.search(r'name="client_id" value="([^"]+)"', form.text)
    assert client_id is not None
    await make_order(scene.edition.id, {last: 1}, now=NOW)
    named = {"full_name": "Lê Thị Hà", "contact": "0912 345 678", "locale": "en"}
    lost = await scene.browser.post(order, data={**named, "client_id": client_id[1], f"n-{last}": "1"})
    assert lost.status_code == 409
    hidden = dict(re.findall('<input type="hidden" name="([a-z_]+)" value="([^"]+)">', lost.text))
    kept = {name: hidden.get(name) for name in (*named, "again")}
    assert kept == {**named, "again": "1"}
    nothing = await scene.browser.post(order, data=kept)
    assert (nothing.status_code, nothing.text.count('value="Lê Thị Hà"')) == (422, 1)
    again = await scene.browser.post(order, data={**kept, f"n-{scene.free}": "1"})
    assert again.status_code == 200
    assert (again.text.count('value="Lê Thị Hà"'), again.text.count('value="0912 345 678"')) == (1, 1)


async def test_a_form_that_does_not_fit_comes_back_with_what_was_typed(scene: Scene) -> None:
    answer = await order_through_pages(scene, scene.free, "hà@")
    assert answer.status_code == 422
    assert 'value="Lê Thị Hà"' in answer.text
    address = f"{scene.edition.path}/tickets/order?n-{scene.free}=2"
    assert f'action="{address}"' in answer.text
    again = await scene.browser.post(address, data={f"n-{scene.free}": "2", "full_name": "", "contact": ""})
    assert f'href="?n-{scene.free}=2&amp;lang=id"' in again.text
    back = f"{scene.edition.path}/tickets?n-{scene.free}=2"
    assert f'href="{back}"' in again.text
    chosen = re.findall(r'<option value="(\d)" selected>', (await scene.browser.get(back)).text)
    assert chosen == ["2", "0"]
    assert "field-contact-error" in answer.text
    assert await fetch("SELECT id FROM ticket_order") == []


async def test_all_that_does_not_fit_is_said_at_once(scene: Scene) -> None:
    nobody = {"full_name": "", "contact": "hà@", "client_id": "c-12345678", f"n-{scene.free}": "1"}
    answer = await scene.browser.post(f"{scene.edition.path}/tickets/order", data=nobody)
    assert re.findall(r'id="field-(\w+)-error"', answer.text) == ["full_name", "contact"]


async def test_nothing_chosen_and_sold_out_go_back_to_the_first_step(scene: Scene) -> None:
    nothing = await scene.browser.get(f"{scene.edition.path}/tickets/order?lang=en")
    assert nothing.status_code == 422
    assert "at least one ticket" in nothing.text
    for _time in range(4):
        await make_order(scene.edition.id, {scene.free: 2}, now=NOW)
    await make_order(scene.edition.id, {scene.free: 1}, now=NOW)
    page = await scene.browser.get(f"{scene.edition.path}/tickets/order?n-{scene.free}=1")
    assert page.status_code == 200
    body = {"client_id": "a-client-id", f"n-{scene.free}": "2", "full_name": "A", "contact": "0912345678"}
    too_many = await scene.browser.post(f"{scene.edition.path}/tickets/order?lang=en", data=body)
    assert (too_many.status_code, "1 can still be had" in too_many.text) == (409, True)
    await make_order(scene.edition.id, {scene.free: 1}, now=NOW)
    refused = await scene.browser.post(f"{scene.edition.path}/tickets/order?lang=en", data=body)
    assert (refused.status_code, "Tickets of the kind “Day ticket” are sold out." in refused.text) == (409, True)


async def test_the_order_of_another_edition_and_a_wrong_link_are_not_there(scene: Scene) -> None:
    placed = await make_order(scene.edition.id, {scene.free: 1}, now=NOW)
    other = await make_open_edition(now=NOW)
    for path in (f"{other.path}/tickets/done/{placed.secret}", f"{scene.edition.path}/tickets/done/no"):
        assert (await scene.browser.get(path)).status_code == 404


async def test_an_edition_without_tickets_has_no_ticket_page(scene: Scene) -> None:
    other = await make_open_edition(now=NOW, parts=())
    assert (await scene.browser.get(f"{other.path}/tickets")).status_code == 404


async def test_the_editions_page_offers_tickets(scene: Scene) -> None:
    page = await scene.browser.get(f"{scene.edition.path}?lang=en")
    assert f'href="{scene.edition.path}/tickets"' in page.text
    assert "Day ticket" in page.text


async def test_the_api_sells_a_ticket_once(scene: Scene) -> None:
    types = await scene.browser.get(f"/api/v1/editions/{scene.edition.slug}/ticket-types")
    assert [(row["code"], row["left"]) for row in types.json()] == [("DAY", 10), ("SEAT", 10)]
    body = {
        "client_id": "api-client-0001",
        "lines": [{"ticket_type": "DAY", "count": 2}],
        "full_name": "Siti Rahayu",
        "phone": "+62 812 3456 7890",
        "locale": "id",
    }
    async with new_browser() as machine:
        first, again = [
            await machine.post(f"/api/v1/editions/{scene.edition.slug}/orders", json=body) for _time in range(2)
        ]
        assert (first.status_code, again.json()) == (201, first.json())
        secret = first.json()["secret"]
        read = await machine.get(f"/api/v1/orders/{secret}")
        assert read.json() == first.json()
        assert [ticket["ticket_type"] for ticket in read.json()["tickets"]] == ["DAY", "DAY"]
        wrong = await machine.post(
            f"/api/v1/editions/{scene.edition.slug}/orders",
            json={**body, "client_id": "api-client-0002", "phone": "12"},
        )
        assert (wrong.status_code, wrong.json()["code"], list(wrong.json()["fields"])) == (422, "invalid", ["phone"])
        gone = await machine.post(
            f"/api/v1/editions/{scene.edition.slug}/orders",
            json={**body, "client_id": "api-client-0003", "lines": [{"ticket_type": "NO", "count": 1}]},
        )
        assert gone.json()["code"] == "unknown_ticket_type"
        assert (await machine.get("/api/v1/orders/nobody")).status_code == 404


async def test_an_expired_order_says_so(scene: Scene) -> None:
    from ticketing.sales.services.outcomes import expire_orders

    placed = await make_order(scene.edition.id, {scene.paid: 1}, now=NOW)
    with clock.freeze(NOW + timedelta(hours=1)):
        await expire_orders(now=clock.now())
        page = await scene.browser.get(f"{scene.edition.path}/tickets/done/{placed.secret}?lang=en")
    assert "not paid in time" in page.text


@pytest.mark.parametrize("name", ["   ", "\u200b", "\0"])
async def test_the_api_wants_a_name_that_can_be_seen(scene: Scene, name: str) -> None:
    body: dict[str, Any] = {"client_id": "machine-0001", "phone": "0912345678"}
    codes = await fetch("SELECT code FROM ticket_type ORDER BY id LIMIT 1")
    body["lines"] = [{"ticket_type": codes[0]["code"], "count": 1}]
    path = f"/api/v1/editions/{scene.edition.slug}/orders"
    answer = await scene.browser.post(path, json={**body, "full_name": name})
    assert (answer.status_code, list(answer.json()["fields"])) == (422, ["full_name"])
    assert await fetch("SELECT id FROM ticket_order") == []


async def test_an_address_with_a_zero_byte_leads_nowhere(scene: Scene) -> None:
    for path in ("/e/%00", "/e/%00/tickets", "/pass/%00", "/P/%00", "/s/%00", "/api/v1/orders/%00"):
        assert (await scene.browser.get(path)).status_code == 404, path


async def test_when_everything_is_sold_nobody_is_asked_to_go_on(client: Browser) -> None:
    edition = await make_open_edition(now=NOW)
    type_id = await make_ticket_type(edition.id, now=NOW, quota=1)
    go_on = ">Go on<"
    with clock.freeze(NOW):
        offered = await client.get(f"{edition.path}/tickets?lang=en")
        await make_order(edition.id, {type_id: 1}, now=NOW)
        gone = await client.get(f"{edition.path}/tickets?lang=en&again=1")
    assert [page.text.count(go_on) for page in (offered, gone)] == [1, 0]
    assert gone.text.count("Sold out") == 1

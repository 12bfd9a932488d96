"""Vouchers on pages and in the API: typed, come with, made and switched off."""

from __future__ import annotations

import html
import io
import re
from datetime import timedelta
from typing import Any

import openpyxl
import pytest

from app.accounts.enums import Role
from app.kernel.database import fetch
from tests.conftest import NOW
from tests.support.factories_ticketing import make_order, make_ticket_type
from tests.support.factories_vouchers import make_voucher
from tests.ticketing.sales.conftest import Scene
from ticketing.sales.enums import VoucherEffect
from ticketing.sales.errors_vouchers import VouchersSlowed, VoucherUnknown
from ticketing.sales.services import redeeming
from ticketing.sales.services.redeeming import look_up


def body(scene: Scene, **more: Any) -> dict[str, Any]:
    """What step two sends."""
    return {
        "full_name": "Nguyễn Thị Hoa",
        "contact": "0912345678",
        "locale": "en",
        "client_id": "client-voucher-1",
        **more,
    }


async def text_of(scene: Scene, address: str) -> str:
    """What a page says in English, as people read it."""
    answer = await scene.browser.get(f"{scene.edition.path}{address}{'&' if '?' in address else '?'}lang=en")
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", answer.text))).replace("\xa0", " ")


async def test_a_link_opens_the_page_with_its_voucher_and_the_order_is_made_with_it(scene: Scene) -> None:
    assert "I have a voucher" not in await text_of(scene, "/tickets")
    hidden = await make_ticket_type(scene.edition.id, now=NOW, name={"en": "Guest", "vi": "Khách"}, hidden=True)
    code = await make_voucher(scene.edition.id, types=[scene.paid, hidden], reveals=True, max_uses=2)
    assert "I have a voucher" in await text_of(scene, "/tickets")
    chosen = await text_of(scene, f"/tickets?voucher={code.lower()}")
    assert "10% off each ticket · good for 2 tickets" in chosen
    assert "45.000 ₫ First price : 50.000 ₫" in chosen.replace("price:", "price :")
    assert "Guest" in chosen
    step = await text_of(scene, f"/tickets/order?n-{scene.paid}=2&voucher={code}")
    assert f"Voucher {code} · 10% off each ticket To pay: 90.000 ₫" in step
    sent = {**body(scene), f"n-{scene.paid}": "2", "voucher": code}
    placed = await scene.browser.post(f"{scene.edition.path}/tickets/order", data=sent)
    assert placed.status_code == 303
    again = await scene.browser.post(f"{scene.edition.path}/tickets/order", data=sent)
    assert again.headers["location"] == placed.headers["location"]
    done = (await scene.browser.get(placed.headers["location"])).text
    assert code in done
    assert await fetch("SELECT used FROM voucher") == [{"used": 2}]
    await scene.sign_in(Role.MANAGER)
    orders = await scene.browser.get(scene.manage(f"/orders?q={code.lower()}"))
    assert code in orders.text
    (row,) = await fetch("SELECT id FROM ticket_order")
    assert code in (await scene.browser.get(scene.manage(f"/orders/{row['id']}"))).text
    sheet = openpyxl.load_workbook(io.BytesIO((await scene.browser.get(scene.manage("/orders/export.xlsx"))).content))
    assert code in [cell.value for cell in list(sheet.worksheets[0].rows)[1]]


async def test_what_a_code_does_not_do_is_said_where_tickets_are_chosen(scene: Scene) -> None:
    for code, status, said in (
        ("NOBODY", 404, "There is no voucher with this code."),
        (await make_voucher(scene.edition.id, valid_until=NOW), 409, "This voucher cannot be used any more."),
    ):
        answer = await scene.browser.get(f"{scene.edition.path}/tickets?voucher={code}&lang=en")
        assert (answer.status_code, said in answer.text, f'value="{code}"' in answer.text) == (status, True, True)
    code = await make_voucher(scene.edition.id, max_uses=1)
    await make_order(scene.edition.id, {scene.free: 1}, voucher=code, now=NOW)
    spent = await scene.browser.get(f"{scene.edition.path}/tickets?voucher={code}&lang=en")
    assert (spent.status_code, "This voucher was used already." in spent.text) == (409, True)
    sent = {**body(scene), f"n-{scene.paid}": "1", "voucher": code}
    late = await scene.browser.post(f"{scene.edition.path}/tickets/order?lang=en", data=sent)
    assert (late.status_code, "This voucher was used already." in late.text) == (409, True)
    assert 'name="again"' in late.text
    without = {**sent, "voucher": "", "again": "1"}
    again = await scene.browser.post(f"{scene.edition.path}/tickets/order", data=without)
    assert (again.status_code, "50.000" in again.text, 'value="0912345678"' in again.text) == (200, True, True)


async def test_guessing_is_slowed(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redeeming, "MISSES", 3)
    code = await make_voucher(scene.edition.id)
    for number in range(3):
        with pytest.raises(VoucherUnknown):
            await look_up(edition_id=scene.edition.id, code=f"GUESS{number}", browser="", now=NOW)
    with pytest.raises(VouchersSlowed):
        await look_up(edition_id=scene.edition.id, code="GUESS4", browser="", now=NOW)
    with pytest.raises(VouchersSlowed):
        await look_up(edition_id=scene.edition.id, code=code, browser="mine", now=NOW)
    found = await look_up(edition_id=scene.edition.id, code=code, browser="mine", now=NOW + timedelta(seconds=61))
    assert found.code == code
    monkeypatch.setattr(redeeming, "PER_BROWSER", 2)
    pages = [await scene.browser.get(f"{scene.edition.path}/tickets?voucher={code}") for _number in range(4)]
    assert {page.status_code for page in pages} == {429}


async def test_the_api_tells_what_a_voucher_does_and_takes_it(scene: Scene) -> None:
    code = await make_voucher(scene.edition.id, effect=VoucherEffect.AMOUNT, value=20_000, types=[scene.paid])
    base = f"/api/v1/editions/{scene.edition.slug}"
    told = (await scene.browser.get(f"{base}/vouchers/{code}")).json()
    assert told == {
        "code": code,
        "left": 1,
        "valid_until": None,
        "ticket_types": [{"ticket_type": "SEAT", "first_minor": 50_000, "price_minor": 30_000, "currency": "VND"}],
    }
    sent = {
        "client_id": "client-api-voucher",
        "lines": [{"ticket_type": "SEAT", "count": 1}],
        "full_name": "Hoa",
        "phone": "0912345678",
        "voucher": code,
    }
    placed, again = [(await scene.browser.post(f"{base}/orders", json=sent)).json() for _twice in range(2)]
    assert (placed["total_minor"], placed["voucher"]) == (30_000, code)
    assert again == placed
    other = await scene.browser.post(f"{base}/orders", json={**sent, "client_id": "client-api-other"})
    assert (other.status_code, other.json()["code"]) == (409, "voucher_spent")
    missing = await scene.browser.get(f"{base}/vouchers/NOBODY")
    assert (missing.status_code, missing.json()["code"]) == (404, "voucher_unknown")


FORM = {"effect": "percent", "value": "20", "max_uses": "3", "number": "1", "active": "on"}


async def test_an_organiser_makes_changes_and_switches_off_a_voucher(scene: Scene) -> None:
    await scene.sign_in(Role.MANAGER)
    here = scene.manage("/tickets/vouchers")
    made = await scene.browser.post(
        f"{here}/new", data={**FORM, "code": "hoa 2026", "note": "Báo chí", "types": [str(scene.paid)]}
    )
    assert (made.status_code, made.headers["location"]) == (303, here)
    listed = html.unescape((await scene.browser.get(f"{here}?q=bao+chi&lang=en")).text)
    assert all(said in listed for said in ("HOA2026", "20% off each ticket", "Seat", "0 of 3 tickets", "Can be used"))
    (row,) = await fetch("SELECT id FROM voucher")
    own = f"{here}/{row['id']}"
    assert 'value="HOA2026"' in (await scene.browser.get(own)).text
    change = {**FORM, "code": "HOA2026", "effect": "price", "value": "15.000", "max_uses": "2"}
    assert (await scene.browser.post(own, data=change)).status_code == 303
    assert await fetch("SELECT effect, value, max_uses FROM voucher") == [
        {"effect": "price", "value": 15_000, "max_uses": 2}
    ]
    assert await fetch("SELECT id FROM voucher_type") == []
    assert 'value="15.000"' in (await scene.browser.get(own)).text
    await make_order(scene.edition.id, {scene.paid: 2}, voucher="HOA2026", now=NOW)
    for wrong, status, said in (
        ({"max_uses": "1"}, 409, "It was used for 2 tickets already"),
        ({"code": ""}, 422, "Please fill this in."),
        ({"value": ""}, 422, "Please fill this in."),
        ({"value": "much"}, 422, "Please write an amount"),
        ({"effect": "percent", "value": "101"}, 422, "Please write a percentage from 1 to 100."),
        ({"effect": "none", "value": ""}, 422, "It would do nothing"),
    ):
        refused = await scene.browser.post(f"{own}?lang=en", data={**change, **wrong})
        assert (refused.status_code, said in html.unescape(refused.text)) == (status, True), wrong
    taken = await scene.browser.post(f"{here}/new?lang=en", data={**FORM, "code": "HOA2026"})
    assert (taken.status_code, "has this code already" in taken.text) == (409, True)
    for _twice in range(2):
        assert (await scene.browser.post(f"{own}/off")).status_code == 303
    assert "Switched off" in (await scene.browser.get(f"{here}?lang=en")).text
    log = await fetch("SELECT action FROM audit_entry WHERE subject_type = 'voucher' ORDER BY id")
    assert [row["action"] for row in log] == ["voucher.create", "voucher.update", "voucher.update"]
    assert (await scene.browser.get(f"{here}/{row['id'] + 1}")).status_code == 404


async def test_two_hundred_codes_come_as_a_sheet(scene: Scene) -> None:
    await scene.sign_in(Role.MANAGER)
    here = scene.manage("/tickets/vouchers")
    made = await scene.browser.post(f"{here}/new", data={**FORM, "code": "PHO-", "number": "200", "max_uses": "1"})
    assert made.status_code == 303
    sheet = openpyxl.load_workbook(io.BytesIO((await scene.browser.get(f"{here}/export.xlsx")).content))
    rows = list(sheet.worksheets[0].iter_rows(values_only=True))[1:]
    codes = {str(row[0]) for row in rows}
    assert len(codes) == 200
    assert all(re.fullmatch(r"PHO-[2-9A-HJKMNP-Z]{8}", code) for code in codes)
    assert str(rows[0][-1]).endswith(f"{scene.edition.path}/tickets?voucher={rows[0][0]}")
    narrowed = await scene.browser.get(f"{here}/export.xlsx?q={rows[0][0]}")
    assert openpyxl.load_workbook(io.BytesIO(narrowed.content)).worksheets[0].max_row == 2

"""A delegation's tickets in one order: names by a sheet, all or nothing, places to the last."""

from __future__ import annotations

import asyncio
import html
import re
from io import BytesIO
from typing import Any

import pytest
from openpyxl import Workbook

from app.accounts.enums import Role
from app.kernel.database import fetch
from app.kernel.sheets.errors import NotASheet, SheetEmpty, SheetTooLarge
from tests.conftest import NOW
from tests.support.factories_ticketing import make_order, make_question, make_ticket_type
from tests.ticketing.sales.conftest import Scene
from tests.ticketing.sales.orders import check_orders, places_of
from tests.ticketing.sales.own import LATER, allow, items, make_paid
from ticketing.sales.errors import (
    NamesColumnMissing,
    SoldOut,
    TooFewOfType,
    TooManyOfType,
    TooManyTickets,
    UnknownTicketType,
)
from ticketing.sales.names_sheet import MOST_BYTES, read_names
from ticketing.sales.queries import quotas_of

pytestmark = pytest.mark.engines
WARD = tuple(f"Hội viên {letter}" for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmn")


def sheet(*rows: list[Any]) -> bytes:
    """An XLSX file with these rows."""
    book = Workbook()
    page = book.worksheets[0]
    for row in rows:
        page.append(row)
    into = BytesIO()
    book.save(into)
    return into.getvalue()


async def test_a_ward_of_forty_is_one_order_with_one_invoice_and_a_name_on_each_pass(edition: Any) -> None:
    type_id = await make_ticket_type(edition.id, now=NOW, quota=40, group_most=40, price_minor=50_000)
    placed = await make_paid(edition, {type_id: 40}, group=WARD)
    found = await items(placed.order_id)
    assert [(one["holder_name"], one["on_pass"], one["state"]) for one in found] == [
        (name, name, "issued") for name in WARD
    ]
    assert await fetch("SELECT quantity, unit_minor FROM payment_line") == [{"quantity": 40, "unit_minor": 50_000}]
    (own,) = await quotas_of(edition.id)
    assert await places_of(own["id"]) == (40, 40, 0)
    await check_orders(edition)


async def test_a_group_gets_what_is_open_to_groups_and_no_more_of_it(edition: Any) -> None:
    closed = await make_ticket_type(edition.id, now=NOW, quota=500)
    tours = await make_ticket_type(edition.id, now=NOW, quota=500, group_most=30, min_per_order=10, max_per_order=10)
    hidden = await make_ticket_type(edition.id, now=NOW, quota=500, group_most=30, hidden=True)
    for type_id, count, error in (
        (closed, 11, UnknownTicketType),
        (hidden, 11, UnknownTicketType),
        (tours, 31, TooManyOfType),
        (tours, 9, TooFewOfType),
        (tours, 201, TooManyTickets),
    ):
        with pytest.raises(error):
            await make_order(edition.id, {type_id: count}, now=NOW, group=())
    with pytest.raises(TooManyTickets):
        await make_order(edition.id, {tours: 11}, now=NOW)
    placed = await make_order(edition.id, {tours: 30}, now=NOW, group=("Lò Thị Mai",))
    names = [one["holder_name"] for one in await items(placed.order_id)]
    assert names == ["Lò Thị Mai", *["Nguyễn Thị Hoa"] * 29]


async def test_a_group_is_asked_nothing_when_it_orders(edition: Any) -> None:
    type_id = await make_ticket_type(edition.id, now=NOW, quota=20, group_most=20)
    await make_question(edition.id, now=NOW, types=[type_id], required=True)
    await make_order(edition.id, {type_id: 20}, now=NOW, group=WARD[:20])


@pytest.mark.race
async def test_of_five_groups_on_a_hundred_places_two_get_all_of_theirs_and_the_others_nothing(edition: Any) -> None:
    type_id = await make_ticket_type(edition.id, now=NOW, quota=100, group_most=40)
    answers = await asyncio.gather(
        *(make_order(edition.id, {type_id: 40}, now=NOW, group=WARD) for _number in range(5)), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in answers) == ["Placed", "Placed", *["SoldOut"] * 3]
    assert all(isinstance(one, SoldOut) or not isinstance(one, Exception) for one in answers)
    (own,) = await quotas_of(edition.id)
    assert await places_of(own["id"]) == (100, 80, 0)
    (count,) = await fetch("SELECT COUNT(*) AS count FROM order_item")
    assert count["count"] == 80


@pytest.mark.parametrize(
    ("data", "names", "wrong"),
    [
        (sheet(["STT", "Họ và tên"], [1, " Lò  Thị Mai "], [2, "Siti"]), ["Lò Thị Mai", "Siti"], []),
        (b"Nama lengkap;Kelurahan\nSiti;Menteng\n;Gambir\n", ["Siti", ""], [3]),
        ("Lò Thị Mai\nSiti Rahayu\n".encode(), ["Lò Thị Mai", "Siti Rahayu"], []),
        (sheet(["Name"], ["12"], ["Ý"]), ["12", "Ý"], [2]),
        (sheet(["Name"], ["x" * 161]), ["x" * 161], [2]),
    ],
)
async def test_names_are_read_as_people_write_them(data: bytes, names: list[str], wrong: list[int]) -> None:
    read = await read_names(data, "doan.xlsx" if data[:2] == b"PK" else "doan.csv")
    assert (list(read.names), [row.number for row in read.wrong]) == (names, wrong)


@pytest.mark.parametrize(
    ("data", "name", "error"),
    [
        (b"Ward,City\nTay Ho,Hanoi\n", "a.csv", NamesColumnMissing),
        (b"%PDF-1.7", "a.pdf", NotASheet),
        (b"", "a.csv", SheetEmpty),
        (b"A\n" * MOST_BYTES, "a.csv", SheetTooLarge),
    ],
)
async def test_what_is_no_sheet_of_names_says_so(data: bytes, name: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        await read_names(data, name)


async def test_the_page_shows_what_was_read_and_then_orders(scene: Scene) -> None:
    here = f"{scene.edition.path}/tickets/group?lang=en"
    shop = f"{scene.edition.path}/tickets?lang=en"
    assert (await scene.browser.get(here)).status_code == 404
    assert "Tickets for a group" not in (await scene.browser.get(shop)).text
    await fetch("UPDATE ticket_type SET group_most = 9 WHERE id = {} RETURNING id", scene.paid)
    assert "Tickets for a group" in (await scene.browser.get(shop)).text
    assert 'name="sheet"' in (await scene.browser.get(here)).text
    body = {"full_name": "Hội Phụ nữ Tây Hồ", "contact": "hoi@example.vn", "client_id": "group-on-page", "locale": "vi"}
    body["ticket_type"] = str(scene.paid)
    bad = {"sheet": ("doan.xlsx", sheet(["Họ và tên", "Phường"], ["Lò Thị Mai", "A"], [None, "B"], ["Siti", "C"]))}
    wrong = await scene.browser.post(here, data=body, files=bad)
    text = html.unescape(wrong.text)
    assert (wrong.status_code, "1 row of this sheet does not fit." in text, "Please write a name." in text) == (
        422,
        True,
        True,
    )
    assert 'value="Hội Phụ nữ Tây Hồ"' in text
    assert "Lò Thị Mai\n–\nSiti</textarea>" in text
    pdf = await scene.browser.post(here, data=body, files={"sheet": ("doan.pdf", b"%PDF-1.7")})
    assert (pdf.status_code, "field-sheet-error" in pdf.text) == (422, True)
    good = {"sheet": ("doan.csv", "Tên\nLò Thị Mai\nSiti\n".encode())}
    read = await scene.browser.post(here, data=body, files=good)
    assert (read.status_code, "2 names were read." in read.text) == (200, True)
    assert await fetch("SELECT id FROM ticket_order") == []
    refused = await scene.browser.post(here, data={**body, "names": "Lò Thị Mai\n–\nSiti"})
    assert "Line 2: Please write a name." in html.unescape(refused.text)
    assert "Please write the names, or how many" in (await scene.browser.post(here, data=body)).text
    few = await scene.browser.post(here, data={**body, "names": "Mai\nSiti", "count": "1"})
    assert "There are 2 names." in few.text
    many = await scene.browser.post(here, data={**body, "count": "10"})
    assert (many.status_code, "holds at most 9" in html.unescape(many.text)) == (422, True)
    bill = {"bill_name": "Hội LHPN phường Tây Hồ", "bill_address": "Hà Nội"}
    done = await scene.browser.post(here, data={**body, **bill, "names": "Mai\nSiti", "count": "3"})
    assert done.status_code == 303
    (order,) = await fetch("SELECT id, state, total_minor FROM ticket_order")
    assert (order["state"], order["total_minor"]) == ("held", 150_000)
    names = [one["holder_name"] for one in await items(order["id"])]
    assert names == ["Mai", "Siti", "Hội Phụ nữ Tây Hồ"]
    assert [row["payer_name"] for row in await fetch("SELECT payer_name FROM payment_document")] == [
        "Hội LHPN phường Tây Hồ"
    ]


async def test_names_come_later_by_a_sheet_and_are_seen_before_they_are_saved(scene: Scene) -> None:
    await fetch("UPDATE ticket_type SET group_most = 9 WHERE id = {} RETURNING id", scene.free)
    placed = await make_order(scene.edition.id, {scene.free: 3}, now=NOW, group=())
    own = f"{scene.edition.path}/tickets/done/{placed.secret}/names"
    names = {"sheet": ("doan.csv", "Tên\nLò Thị Mai\nSiti\n".encode())}
    assert (await scene.browser.post(f"{own}/sheet", files=names)).status_code == 409
    await allow(scene.edition, names_until=LATER)
    read = await scene.browser.post(f"{own}/sheet?lang=en", files=names)
    text = html.unescape(read.text)
    assert (read.status_code, "2 names were read." in text) == (200, True)
    ids = [one["id"] for one in await items(placed.order_id)]
    shown = dict(re.findall(r'name="name_(\d+)" value="([^"]*)"', text))
    assert [shown[str(number)] for number in ids] == ["Lò Thị Mai", "Siti", "Nguyễn Thị Hoa"]
    assert {one["holder_name"] for one in await items(placed.order_id)} == {"Nguyễn Thị Hoa"}
    opened = re.search(r'name="as_opened"[^>]*value="(\{.*?\})">', text)
    assert opened is not None
    body = {"as_opened": opened[1], **{f"name_{number}": name for number, name in shown.items()}}
    assert (await scene.browser.post(own, data=body)).status_code == 303
    assert [one["on_pass"] for one in await items(placed.order_id)] == ["Lò Thị Mai", "Siti", "Nguyễn Thị Hoa"]
    four = {"sheet": ("doan.csv", "Tên\nA\nB\nC\nD\n".encode())}
    many = await scene.browser.post(f"{own}/sheet?lang=en", files=four)
    assert (many.status_code, "has 4 names, and the order 3 tickets" in html.unescape(many.text)) == (422, True)
    none = await scene.browser.post(f"{own}/sheet?lang=en", data={})
    assert (none.status_code, "field-sheet-error" in none.text) == (422, True)


async def test_an_organiser_opens_a_type_to_groups(scene: Scene) -> None:
    await scene.sign_in(Role.MANAGER)
    body = {"code": "DAY", "name_vi": "Vé", "quota": "99", "pass_kind": "visitor", "active": "on", "price": "0"}
    saved = await scene.browser.post(scene.manage(f"/tickets/{scene.free}"), data={**body, "group_most": "40"})
    assert saved.status_code == 303
    assert (await scene.browser.get(f"{scene.edition.path}/tickets/group")).status_code == 200
    much = await scene.browser.post(scene.manage(f"/tickets/{scene.free}"), data={**body, "group_most": "201"})
    assert much.status_code == 422


async def test_all_passes_of_a_group_are_one_document(scene: Scene) -> None:
    await fetch("UPDATE ticket_type SET group_most = 9 WHERE id = {} RETURNING id", scene.free)
    placed = await make_order(scene.edition.id, {scene.free: 9}, now=NOW, group=WARD[:9])
    answer = await scene.browser.get(f"{scene.edition.path}/tickets/done/{placed.secret}/passes.pdf")
    assert answer.status_code == 200
    assert len(re.findall(rb"/Type\s*/Page\b", answer.content)) == 9

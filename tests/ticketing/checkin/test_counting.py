"""Counted visitors: each tap once, in any order, undone by the phone that made it, and never among the scanned."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from openpyxl import load_workbook

from app.accounts.enums import Role
from app.kernel.database import fetch
from tests.conftest import NOW
from tests.support.client import Browser, new_browser, sign_in
from tests.support.factories import make_holder
from tests.support.factories_ticketing import make_gate, make_list, make_open_edition, make_pass
from tests.support.race import drop_unique, race, winners
from ticketing.checkin import queries
from ticketing.checkin.queries_counting import counted_by_gate, counted_flow
from ticketing.checkin.schemas_counting import CountTold
from ticketing.checkin.services.counting import count_visitors, counted
from ticketing.checkin.services.redeeming import redeem_pass

pytestmark = pytest.mark.engines
MINUTE = timedelta(minutes=1)
COUNTS = "/api/v1/gate/counts"


def tap(number: int, visitors: int = 1, **values: Any) -> CountTold:
    """A tap of a phone, at the scene's moment unless told."""
    return CountTold(f"tap-{number:05d}", visitors, values.pop("device_at", NOW), **values)


@pytest.fixture
async def scene(database: str) -> Any:
    """An edition, and two gates of one list, each with a phone."""
    edition = await make_open_edition(now=NOW)
    list_id = await make_list(edition.id, now=NOW)
    gates = [await make_gate(edition.id, list_id, now=NOW, name=name) for name in ("Cổng Đông", "Cổng Tây")]
    return edition, list_id, gates


async def test_what_is_tapped_counts_once_and_is_told(scene: Any) -> None:
    edition, _list_id, ((_east_id, east, _token), (_west_id, west, _other)) = scene
    first = await count_visitors(actor=east, counts=[tap(1), tap(2, 5), tap(2, 5)], now=NOW)
    again = await count_visitors(actor=east, counts=[tap(2, 5), tap(3)], now=NOW + MINUTE)
    await count_visitors(actor=west, counts=[tap(4, 5)], now=NOW)
    assert [one.replayed for one in first.answers] == [False, False, True]
    assert [one.replayed for one in again.answers] == [True, False]
    assert (first.visitors, again.visitors, again.gate) == (6, 7, "Cổng Đông")
    assert await counted_by_gate(edition.id) == {"Cổng Đông": 7, "Cổng Tây": 5}


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
async def test_a_count_is_taken_back_in_whatever_order_it_comes(scene: Any, order: tuple[int, int]) -> None:
    edition, _list_id, ((_gate_id, phone, _token), _other) = scene
    queue = [tap(1, 5), tap(2, 5, undoes="tap-00001")]
    for place in order:
        await count_visitors(actor=phone, counts=[queue[place]], now=NOW)
    await count_visitors(actor=phone, counts=[tap(3, 5, undoes="tap-00001"), tap(4)], now=NOW)
    assert (await counted(actor=phone, now=NOW)).visitors == 1
    assert await counted_by_gate(edition.id) == {"Cổng Đông": 1}


async def test_another_phone_takes_nothing_back_and_takes_over_no_number(scene: Any) -> None:
    edition, _list_id, ((_east_id, east, _token), (_west_id, west, _other)) = scene
    await count_visitors(actor=east, counts=[tap(1, 5)], now=NOW)
    told = await count_visitors(actor=west, counts=[tap(1, 5), tap(2, 5, undoes="tap-00001")], now=NOW)
    assert [(one.replayed, one.error) for one in told.answers] == [(False, "nonce_taken"), (False, None)]
    assert await counted_by_gate(edition.id) == {"Cổng Đông": 5}


async def test_a_number_that_stands_for_another_count_is_refused(scene: Any) -> None:
    edition, _list_id, ((_gate_id, phone, _token), _other) = scene
    told = await count_visitors(actor=phone, counts=[tap(1), tap(1, 5)], now=NOW)
    later = await count_visitors(actor=phone, counts=[tap(1, 5)], now=NOW)
    assert [one.error for one in (*told.answers, *later.answers)] == [None, "nonce_taken", "nonce_taken"]
    assert await counted_by_gate(edition.id) == {"Cổng Đông": 1}


async def test_a_gate_of_another_edition_is_refused_and_the_others_are_taken_over(scene: Any) -> None:
    edition, _list_id, ((_east_id, east, _token), (west_id, _west, _other)) = scene
    foreign = await make_open_edition(now=NOW)
    foreign_gate, _phone, _token = await make_gate(foreign.id, await make_list(foreign.id, now=NOW), now=NOW)
    taps = [tap(1, gate=foreign_gate), tap(2, gate=2**40), tap(3, gate=west_id)]
    told = await count_visitors(actor=east, counts=taps, now=NOW)
    assert [one.error for one in told.answers] == ["gate_not_found", "gate_not_found", None]
    assert await counted_by_gate(edition.id) == {"Cổng Tây": 1}
    assert await counted_by_gate(foreign.id) == {}


async def test_the_flow_goes_by_when_it_was_tapped(scene: Any) -> None:
    edition, _list_id, ((_east_id, east, _token), (_west_id, west, _other)) = scene
    at = NOW + 14 * MINUTE
    minutes = [-200, -166, -165, -16, -15, -1, 0, 13, 600]
    taps = [tap(place, 5 if place % 2 else 1, device_at=NOW + minute * MINUTE) for place, minute in enumerate(minutes)]
    await count_visitors(actor=east, counts=taps, now=at)
    starts, flow = await counted_flow(edition.id, at)
    assert (starts[0], starts[-1]) == (NOW - 165 * MINUTE, NOW)
    assert flow == {"Cổng Đông": [1, 0, 0, 0, 0, 0, 0, 0, 0, 5, 6, 7]}
    lost = replace(west)
    await count_visitors(actor=lost, counts=[tap(20, device_at=NOW - timedelta(days=9000))], now=at)
    (row,) = await fetch("SELECT device_at, at FROM head_count WHERE client_id = 'tap-00020'")
    assert row["device_at"] is None


async def test_counted_and_scanned_visitors_are_in_no_figure_together(scene: Any) -> None:
    edition, list_id, ((_gate_id, phone, _token), _other) = scene
    issued = await make_pass(edition, now=NOW)
    await redeem_pass(actor=phone, client_id="scan-0001", code=issued.code, now=NOW)
    before = (await queries.counts_of_edition(edition.id), await queries.counts_of_list(list_id, NOW - MINUTE))
    await count_visitors(actor=phone, counts=[tap(1, 5)], now=NOW)
    assert (await queries.counts_of_edition(edition.id), await queries.counts_of_list(list_id, NOW - MINUTE)) == before
    _starts, flow = await queries.flow(edition.id, NOW)
    assert (sum(flow["Cổng Đông"]), await counted_by_gate(edition.id)) == (1, {"Cổng Đông": 5})


@pytest.mark.race
async def test_forty_send_the_same_tap_at_once(scene: Any) -> None:
    edition, _list_id, ((_gate_id, phone, _token), _other) = scene
    told = winners(await race(40, lambda _number: count_visitors(actor=phone, counts=[tap(1, 5)], now=NOW)))
    assert sorted(one.answers[0].replayed for one in told) == [False] + [True] * 39
    assert await counted_by_gate(edition.id) == {"Cổng Đông": 5}


@pytest.mark.race
async def test_without_its_unique_number_a_tap_counts_twice(scene: Any) -> None:
    edition, _list_id, ((_gate_id, phone, _token), _other) = scene
    await drop_unique("head_count", "client_id")
    await race(2, lambda _number: count_visitors(actor=phone, counts=[tap(1, 5)], now=NOW))
    assert await counted_by_gate(edition.id) == {"Cổng Đông": 10}


async def test_a_phone_counts_and_the_organiser_sees_it_apart(client: Browser, frozen_now: Any) -> None:
    edition = await make_open_edition(now=NOW)
    list_id = await make_list(edition.id, now=NOW)
    _gate_id, _phone, token = await make_gate(edition.id, list_id, now=NOW)
    headers = {"authorization": f"Bearer {token}"}
    async with new_browser() as phone:
        body = {"counts": [{"client_id": "tap-00001", "visitors": 5, "device_at": NOW.isoformat()}]}
        answer = await phone.post(COUNTS, json=body, headers=headers)
        assert (answer.status_code, answer.json()["visitors"]) == (200, 5)
        undo = {**body["counts"][0], "client_id": "tap-00002", "undoes": "tap-00001"}
        more = {**body["counts"][0], "client_id": "tap-00003", "visitors": 1}
        await phone.post(COUNTS, json={"counts": [undo, more]}, headers=headers)
        assert (await phone.get(COUNTS, headers=headers)).json()["visitors"] == 1
        assert 'id="counting"' in (await phone.get("/gate/count", headers=headers)).text
        assert (await phone.post(COUNTS, json=body)).status_code == 401
        none = {"counts": [{**body["counts"][0], "visitors": 0}]}
        assert (await phone.post(COUNTS, json=none, headers=headers)).status_code == 400
    assert 'id="counting"' not in (await client.get("/gate/count")).text
    await sign_in(client, (await make_holder(Role.GATE_LEAD, edition_id=edition.id, now=NOW)).id)
    live = (await client.get(f"/manage/{edition.id}/live")).text
    assert 'id="counted"' in live
    assert '<p class="figure-large" id="inside-now">0</p>' in live
    sheet = load_workbook(BytesIO((await client.get(f"/manage/{edition.id}/live/counts.xlsx")).content)).active
    assert sheet is not None
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
    assert [(row[2], row[4], row[5] is None) for row in rows] == [("Cổng A", 1, True), ("Cổng A", 5, False)]

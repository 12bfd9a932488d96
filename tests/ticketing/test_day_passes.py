"""Passes for certain days: sold, sent and let in on these days of the edition's own zone, and on no others."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.events.passes.codec import verify_code
from app.events.passes.queries import pass_public_keys
from app.events.services.postponing import postpone_edition
from app.kernel import clock
from app.kernel.database import fetch, write_transaction
from app.kernel.sheets import SheetContext, examine, read_table
from app.main import start_modules
from tests.conftest import NOW
from tests.support.client import Browser
from tests.support.factories_ticketing import make_gate, make_list, make_open_edition, make_order, make_ticket_type
from ticketing.checkin.enums import Verdict
from ticketing.checkin.schemas import QueuedScan
from ticketing.checkin.services.redeeming import redeem_pass, redeem_queue
from ticketing.sales.errors import DaysOutsideEdition, SalesClosed
from ticketing.sales.queries import ticket_types_of, ticket_types_on_sale
from ticketing.sales.sheets import ATTENDEES, TICKET_TYPES

pytestmark = pytest.mark.engines
SATURDAY = date(2026, 10, 17)
BEGIN = datetime(2026, 10, 16, 17, tzinfo=UTC)
"""Midnight before Saturday in Hanoi."""
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def scene(database: str) -> Any:
    """An edition from Friday to Sunday, a phone at its gate, a Saturday ticket."""
    edition = await make_open_edition(now=NOW)
    _gate_id, phone, _token = await make_gate(edition.id, await make_list(edition.id, now=NOW), now=NOW)
    type_id = await make_ticket_type(edition.id, now=NOW, first_day=SATURDAY, last_day=SATURDAY)
    return edition, phone, type_id


async def pass_of(order_id: int) -> dict[str, Any]:
    """The one pass of an order."""
    rows = await fetch(
        'SELECT p.code AS code, p.valid_from AS valid_from, p.valid_until AS valid_until FROM "pass" p '
        "JOIN order_item i ON i.event_pass = p.id WHERE i.ticket_order = {}",
        order_id,
    )
    return rows[0]


async def test_the_signed_code_and_the_row_say_the_same_day(scene: Any) -> None:
    edition, _phone, type_id = scene
    found = await pass_of((await make_order(edition.id, {type_id: 1}, now=NOW)).order_id)
    assert (found["valid_from"], found["valid_until"]) == (BEGIN, BEGIN + DAY)
    payload = verify_code(found["code"], await pass_public_keys(edition.id))
    assert (payload.valid_from, payload.valid_until) == (BEGIN, BEGIN + DAY)


async def test_a_pass_is_let_in_on_its_day_alone_and_the_refusal_says_which(scene: Any) -> None:
    edition, phone, type_id = scene
    found = await pass_of((await make_order(edition.id, {type_id: 1}, now=NOW)).order_id)
    answers = {
        name: await redeem_pass(actor=phone, client_id=f"scan-{name}", code=found["code"], now=at)
        for name, at in {
            "friday": NOW,
            "minute-before": BEGIN - MINUTE,
            "first-minute": BEGIN,
            "sunday": BEGIN + DAY,
        }.items()
    }
    assert {name: answer.verdict for name, answer in answers.items()} == {
        "friday": "not_valid_yet",
        "minute-before": "not_valid_yet",
        "first-minute": "admitted",
        "sunday": "expired",
    }
    for name in ("friday", "sunday"):
        assert (answers[name].valid_from, answers[name].valid_until) == (BEGIN, BEGIN + DAY)
    assert answers["first-minute"].valid_from is None
    again = await redeem_pass(actor=phone, client_id="scan-friday", code=found["code"], now=BEGIN)
    assert (again.verdict, again.replayed, again.valid_from) == ("not_valid_yet", True, BEGIN)


async def test_a_pass_let_in_offline_on_another_day_is_set_aside(scene: Any) -> None:
    edition, phone, type_id = scene
    found = await pass_of((await make_order(edition.id, {type_id: 1}, now=NOW)).order_id)
    scans = [
        QueuedScan("scan-0001", found["code"], NOW, Verdict.ADMITTED),
        QueuedScan("scan-0002", found["code"], NOW, Verdict.NOT_VALID_YET),
    ]
    answers = await redeem_queue(actor=phone, scans=scans, now=BEGIN + MINUTE)
    assert [(answer.verdict, answer.reason, answer.valid_until) for answer in answers] == [
        ("late_conflict", "not_valid_yet", BEGIN + DAY),
        ("not_valid_yet", None, BEGIN + DAY),
    ]


async def test_days_are_those_of_the_editions_zone(database: str) -> None:
    edition = await make_open_edition(now=NOW, timezone="Asia/Jayapura")
    type_id = await make_ticket_type(edition.id, now=NOW, first_day=SATURDAY, last_day=SATURDAY)
    found = await pass_of((await make_order(edition.id, {type_id: 1}, now=NOW)).order_id)
    assert found["valid_from"] == BEGIN - timedelta(hours=2)


async def test_the_message_says_the_day(scene: Any) -> None:
    edition, _phone, type_id = scene
    await make_order(edition.id, {type_id: 1}, now=NOW, locale="vi")
    message = (await fetch("SELECT body_text FROM outbox_message"))[0]["body_text"]
    assert "17/10/2026: http" in message
    every_day = await make_ticket_type(edition.id, now=NOW)
    await make_order(edition.id, {every_day: 1}, now=NOW, locale="vi")
    assert "2026: http" not in (await fetch("SELECT body_text FROM outbox_message ORDER BY id"))[1]["body_text"]


async def test_nothing_is_sold_for_a_day_that_is_over(scene: Any) -> None:
    edition, _phone, type_id = scene
    assert [row["id"] for row in await ticket_types_on_sale(edition, BEGIN + DAY - MINUTE)] == [type_id]
    assert await ticket_types_on_sale(edition, BEGIN + DAY) == []
    with pytest.raises(SalesClosed):
        await make_order(edition.id, {type_id: 1}, now=BEGIN + DAY)
    await make_order(edition.id, {type_id: 1}, now=BEGIN + DAY - MINUTE)


async def test_days_that_the_edition_does_not_have_are_refused(scene: Any) -> None:
    edition, _phone, _type_id = scene
    for first, last in (
        (date(2026, 10, 15), None),
        (None, date(2026, 10, 19)),
        (date(2026, 10, 18), SATURDAY),
        (date(2026, 10, 20), None),
    ):
        with pytest.raises(DaysOutsideEdition):
            await make_ticket_type(edition.id, now=NOW, first_day=first, last_day=last)


async def test_sheets_bring_days_and_attendees_get_passes_for_them(scene: Any) -> None:
    edition, _phone, _type_id = scene
    context = SheetContext(edition_id=edition.id, actor=SYSTEM, now=NOW)

    async def load(kind: Any, text: str) -> list[tuple[int, str | None, str]]:
        examined = await examine(kind, read_table(text.encode(), "sheet.csv", kind.columns), context)
        if not examined.problems:
            async with write_transaction():
                await kind.load(examined.rows, context)
        return [(one.row, one.column, one.code) for one in examined.problems]

    head = "Mã,Tên,Số lượng,Ngày đầu,Ngày cuối\n"
    assert await load(TICKET_TYPES, head + "CN,Vé Chủ nhật,5,18/10/2026,17/10/2026\n") == [
        (2, "E", "days_outside_edition")
    ]
    assert await load(TICKET_TYPES, head + "CN,Vé Chủ nhật,5,18/10/2026,18/10/2026\n") == []
    assert await load(TICKET_TYPES, "Mã,Tên,Số lượng\nCN,Vé Chủ nhật,6\n") == []
    row = (await ticket_types_of(edition.id))[-1]
    assert (row["quota"], row["first_day"], row["last_day"]) == (6, date(2026, 10, 18), date(2026, 10, 18))
    assert await load(ATTENDEES, "Họ và tên,Số điện thoại,Loại vé\nLê Thị Na,0912345678,CN\n") == []
    assert await fetch('SELECT valid_from FROM "pass"') == [{"valid_from": BEGIN + DAY}]


async def test_pages_and_the_api_say_the_days(client: Browser) -> None:
    edition = await make_open_edition(now=NOW)
    await make_ticket_type(edition.id, now=NOW, first_day=SATURDAY, last_day=SATURDAY)
    with clock.freeze(NOW):
        choose = await client.get(f"{edition.path}/tickets?lang=vi")
        (shown,) = (await client.get(f"/api/v1/editions/{edition.slug}/ticket-types")).json()
    assert "17/10/2026" in choose.text
    assert (shown["first_day"], shown["last_day"]) == ("2026-10-17", "2026-10-17")


async def test_after_a_postponement_an_old_code_opens_the_gate_on_the_new_day_alone(scene: Any) -> None:
    edition, phone, type_id = scene
    found = await pass_of((await make_order(edition.id, {type_id: 1}, now=NOW)).order_id)
    await start_modules()
    await postpone_edition(
        edition_id=edition.id, starts_on=date(2026, 10, 30), seen=edition.starts_on, reason="", actor=SYSTEM, now=NOW
    )
    code, later = found["code"], timedelta(days=14)
    told = [
        (await redeem_pass(actor=phone, client_id=f"postponed-{number}", code=code, now=at)).verdict
        for number, at in enumerate((BEGIN, BEGIN + later - MINUTE, BEGIN + later, BEGIN + later + DAY))
    ]
    assert told == [Verdict.NOT_VALID_YET, Verdict.NOT_VALID_YET, Verdict.ADMITTED, Verdict.EXPIRED]

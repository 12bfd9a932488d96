"""What an order brings: its passes as one PDF and in the calendar, by mail or behind a link."""

import re
from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.events.passes.attaching import MOST_IN_A_PDF
from app.kernel.outbox import get_message, list_messages
from tests.conftest import NOW
from tests.support.client import Browser
from tests.support.factories_ticketing import make_order, make_ticket_type
from tests.support.pdf_codes import codes_of
from tests.support.pdf_text import text_of
from ticketing.sales.queries import tickets_of_order
from ticketing.sales.services import messages
from ticketing.sales.services.outcomes import cancel_order

pytestmark = pytest.mark.engines


async def the_message() -> dict[str, Any]:
    """The one that was written, decoded."""
    rows, total = await list_messages()
    assert total == 1
    found = await get_message(rows[0]["id"])
    assert found is not None
    return found


async def test_a_mail_brings_all_passes_of_its_order(edition: Any) -> None:
    type_id = await make_ticket_type(edition.id, now=NOW)
    placed = await make_order(edition.id, {type_id: 5}, now=NOW, phone=None, email="hoa@example.com")
    ids = [ticket["pass_id"] for ticket in await tickets_of_order(placed.order_id)]
    told = await the_message()
    assert [(one["mime"], one["of"]) for one in told["attachments"]] == [
        ("application/pdf", ids),
        ("text/calendar", ids),
    ]
    assert told["body_text"].count("/pass/") == 5
    assert "/tickets/done/" not in told["body_text"]


async def test_of_very_many_a_mail_leads_to_the_page(edition: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "MOST_IN_A_PDF", 1)
    assert MOST_IN_A_PDF >= 40
    type_id = await make_ticket_type(edition.id, now=NOW)
    placed = await make_order(edition.id, {type_id: 2}, now=NOW, phone=None, email="hoa@example.com")
    told = await the_message()
    assert told["body_text"].count(f"{edition.path}/tickets/done/{placed.secret}") == 1


async def test_a_phone_gets_the_link_alone(edition: Any) -> None:
    type_id = await make_ticket_type(edition.id, now=NOW)
    placed = await make_order(edition.id, {type_id: 4}, now=NOW)
    told = await the_message()
    assert told["attachments"] == []
    assert re.findall(r"https?://\S+", told["body_text"]) == [
        f"http://testserver.local{edition.path}/tickets/done/{placed.secret}"
    ]


async def test_the_orders_page_has_all_passes_in_one_file(client: Browser, edition: Any) -> None:
    type_id = await make_ticket_type(edition.id, now=NOW)
    placed = await make_order(edition.id, {type_id: 3}, now=NOW)
    page = f"{edition.path}/tickets/done/{placed.secret}"
    shown = (await client.get(page)).text
    assert f"{page}/passes.pdf" in shown
    assert f"{page}/passes.ics" in shown
    made = await client.get(f"{page}/passes.pdf")
    assert (made.status_code, made.headers["content-type"]) == (200, "application/pdf")
    assert len(codes_of(made.content)) == 3
    assert text_of(made.content).count("Nguyễn Thị Hoa") == 3
    calendar = await client.get(f"{page}/passes.ics")
    assert calendar.headers["content-type"].startswith("text/calendar")
    assert calendar.text.count("BEGIN:VEVENT") == 3
    assert (await client.get(f"{edition.path}/tickets/done/guessed/passes.pdf")).status_code == 404
    await cancel_order(order_id=placed.order_id, edition_id=edition.id, actor=SYSTEM, now=NOW)
    assert (await client.get(f"{page}/passes.pdf")).status_code == 404

"""Money at the counter: by cash or card terminal, through drawers where they are used; and nobody else's invoice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.accounts.enums import Role
from app.accounts.queries import actor_of_person
from app.events.queries import EditionInfo
from app.kernel.database import fetch
from app.kernel.money import Money
from app.kernel.settings import settings
from app.payments.enums import PaymentMethod
from app.payments.lines import Terms
from app.payments.services.assigning import match_new
from app.payments.services.drawers import open_drawer
from app.payments.services.recording import record_payment
from app.payments.services.refunding import record_refund
from app.payments.services.terms import set_terms
from tests.conftest import NOW
from tests.payments.factories import make_entry
from tests.support.client import Browser, sign_in
from tests.support.factories import make_holder
from tests.support.factories_ticketing import make_open_edition, make_order, make_ticket_type
from ticketing.sales.services.outcomes import cancel_order, expire_orders

pytestmark = pytest.mark.engines


@pytest.fixture
async def edition(client: Browser, frozen_now: Any) -> EditionInfo:
    """A festival that sells."""
    return await make_open_edition(now=NOW)


@pytest.fixture
async def seat(edition: EditionInfo) -> int:
    """A ticket type over 50.000 ₫."""
    return await make_ticket_type(edition.id, now=NOW, price_minor=50_000)


@pytest.fixture
def bank(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The organiser's account."""
    for name, value in {"BANK_BIN": "970436", "BANK_ACCOUNT": "0011001234567", "BANK_ACCOUNT_NAME": "HOI"}.items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()


async def payments() -> list[tuple[str, str, int | None]]:
    """How money came: method, note, drawer."""
    rows = await fetch("SELECT method, note, drawer FROM payment ORDER BY id")
    return [(row["method"], row["note"], row["drawer"]) for row in rows]


async def test_the_counter_takes_cards_at_the_terminal(edition: EditionInfo, seat: int, client: Browser) -> None:
    await sign_in(client, (await make_holder(Role.GATE_LEAD, edition_id=edition.id, now=NOW)).id)
    counter = f"/manage/{edition.id}/box-office"
    sale = {"client_id": "sale-0001", f"n-{seat}": "1", "method": "terminal", "slip": "000123"}
    assert (await client.post(counter, data=sale)).status_code == 303
    placed = await make_order(edition.id, {seat: 1}, now=NOW)
    said = {"reference": placed.reference, "method": "terminal", "slip": "000124", "due": "50000"}
    assert (await client.post(f"{counter}/{placed.order_id}/paid", data=said)).status_code == 303
    assert await payments() == [("terminal", "000123", None), ("terminal", "000124", None)]


async def test_the_order_page_takes_the_number_of_the_terminals_slip(
    edition: EditionInfo, seat: int, client: Browser
) -> None:
    await sign_in(client, (await make_holder(Role.MANAGER, edition_id=edition.id, now=NOW)).id)
    placed = await make_order(edition.id, {seat: 1}, now=NOW)
    order = f"/manage/{edition.id}/orders/{placed.order_id}"
    form = (await client.get(order)).text.partition('value="terminal"')[2].partition("</form>")[0]
    assert 'name="slip"' in form
    said = {"method": "terminal", "slip": "000125", "due": "50000"}
    assert (await client.post(f"{order}/paid", data=said)).status_code == 303
    assert await payments() == [("terminal", "000125", None)]


async def test_a_terminals_payment_has_the_number_of_its_slip(edition: EditionInfo, seat: int, client: Browser) -> None:
    await sign_in(client, (await make_holder(Role.MANAGER, edition_id=edition.id, now=NOW)).id)
    counter, orders = f"/manage/{edition.id}/box-office", f"/manage/{edition.id}/orders"
    placed = await make_order(edition.id, {seat: 1}, now=NOW)
    for path, form in (
        (counter, {"client_id": "sale-0001", f"n-{seat}": "1", "full_name": "Lan"}),
        (f"{counter}/{placed.order_id}/paid", {"reference": placed.reference, "due": "50000"}),
        (f"{orders}/{placed.order_id}/paid", {"due": "50000"}),
    ):
        refused = await client.post(f"{path}?lang=en", data={**form, "method": "terminal", "slip": " "})
        said = "Please write the number of the terminal's slip." in unescape(refused.text)
        assert (refused.status_code, said, await payments()) == (422, True, []), path
    free = await make_ticket_type(edition.id, now=NOW, code="free", price_minor=0)
    given = {"client_id": "sale-0002", f"n-{free}": "1", "method": "terminal"}
    assert (await client.post(counter, data=given)).status_code == 303  # nothing was paid, so there is no slip


@pytest.mark.parametrize("method", ["card", "transfer", "gold"])
async def test_the_counter_takes_nothing_else(edition: EditionInfo, seat: int, client: Browser, method: str) -> None:
    await sign_in(client, (await make_holder(Role.MANAGER, edition_id=edition.id, now=NOW)).id)
    counter = f"/manage/{edition.id}/box-office"
    sale = {"client_id": "sale-0001", f"n-{seat}": "1", "method": method}
    assert (await client.post(counter, data=sale)).status_code == 422
    placed = await make_order(edition.id, {seat: 1}, now=NOW)
    said = {"reference": placed.reference, "method": method}
    assert (await client.post(f"{counter}/{placed.order_id}/paid", data=said)).status_code == 422
    assert await payments() == []


@pytest.mark.parametrize(
    ("role", "method", "status"),
    [
        (Role.MANAGER, "transfer", 403),
        (Role.MANAGER, "card", 422),
        (Role.MANAGER, "cash", 303),
        (Role.MANAGER, "terminal", 303),
        (Role.FINANCE, "transfer", 303),
        (Role.FINANCE, "card", 422),
        (Role.OWNER, "transfer", 303),
    ],
)
async def test_that_a_transfer_came_says_who_sees_the_account(
    edition: EditionInfo, seat: int, client: Browser, role: Role, method: str, status: int
) -> None:
    await sign_in(client, (await make_holder(role, edition_id=edition.id, now=NOW)).id)
    placed = await make_order(edition.id, {seat: 1}, now=NOW)
    order = f"/manage/{edition.id}/orders/{placed.order_id}"
    shown = (await client.get(order)).text
    assert ('value="transfer"' in shown) == (role != Role.MANAGER)
    assert (
        await client.post(f"{order}/paid", data={"method": method, "due": "50000", "slip": "7"})
    ).status_code == status
    assert len(await payments()) == (status == 303)


async def test_where_drawers_are_used_the_counter_asks_for_one(
    edition: EditionInfo, seat: int, client: Browser
) -> None:
    person = await make_holder(Role.GATE_LEAD, edition_id=edition.id, now=NOW)
    await sign_in(client, person.id)
    counter = f"/manage/{edition.id}/box-office"
    drawers = f"/manage/{edition.id}/payments/drawers"
    told = "Open yours before you take any."
    assert told not in (await client.get(f"{counter}?lang=en")).text
    await set_terms(edition_id=edition.id, terms=Terms(use_drawers=True), actor=SYSTEM, now=NOW)
    shown = (await client.get(f"{counter}?lang=en")).text
    assert (told in shown, drawers in shown) == (True, True)
    sale = {"client_id": "sale-0001", f"n-{seat}": "2", "method": "cash", "full_name": "Lan"}
    refused = await client.post(f"{counter}?lang=en", data=sale)
    sentence = "Cash goes through drawers here. Open yours first"
    assert (refused.status_code, refused.text.count(sentence)) == (409, 1)
    assert [part in refused.text for part in ('value="sale-0001"', 'value="2"', 'value="Lan"', drawers)] == [True] * 4
    placed = await make_order(edition.id, {seat: 1}, now=NOW)
    said = {"reference": placed.reference, "method": "cash", "due": "50000"}
    answer = await client.post(f"{counter}/{placed.order_id}/paid?lang=en", data=said)
    assert (answer.status_code, answer.text.count(sentence), drawers in answer.text) == (409, 1, True)
    assert await payments() == []
    assert await fetch("SELECT sold, held FROM ticket_type WHERE id = {}", seat) == [{"sold": 0, "held": 1}]
    drawer_id = await open_drawer(
        edition_id=edition.id, float_=Money(0, "VND"), actor=await actor_of_person(person.id), now=NOW
    )
    assert (await client.post(counter, data=sale)).status_code == 303
    assert (await client.post(f"{counter}/{placed.order_id}/paid", data=said)).status_code == 303
    assert await payments() == [("cash", "", drawer_id)] * 2


async def come(amount: int) -> None:
    """Let a part of the newest order's money come."""
    (order,) = await fetch("SELECT payment_document FROM ticket_order ORDER BY id DESC LIMIT 1")
    await record_payment(
        document_id=order["payment_document"],
        method=PaymentMethod.TERMINAL,
        amount=Money(amount, "VND"),
        actor=SYSTEM,
        now=NOW,
    )


@pytest.mark.parametrize("desk", ["counter", "orders"])
async def test_of_an_order_that_is_paid_in_part_the_rest_is_asked_for(
    edition: EditionInfo, seat: int, client: Browser, desk: str
) -> None:
    await sign_in(client, (await make_holder(Role.FINANCE, edition_id=edition.id, now=NOW)).id)
    placed = await make_order(edition.id, {seat: 2}, now=NOW)
    base = f"/manage/{edition.id}/{'box-office' if desk == 'counter' else 'orders'}/{placed.order_id}"
    shown = f"{base}?lang=en&reference={placed.reference}"
    said = {"reference": placed.reference, "method": "cash"}
    asked = '<input type="hidden" name="due" value="{}">'
    before = (await client.get(shown)).text
    assert (
        asked.format(100_000) in before,
        "This records that the whole amount of 100.000\xa0₫ came in." in before,
    ) == (True, True)
    await come(30_000)
    late = await client.post(f"{base}/paid?lang=en", data={**said, "due": "100000"})
    sentence = "70.000\xa0₫ is to be paid now, no longer 100.000\xa0₫"
    assert (late.status_code, sentence in late.text) == (409, True)
    assert len(await payments()) == 1
    after = (await client.get(shown)).text
    assert [
        part in after
        for part in (asked.format(70_000), "This records that the rest came in: 70.000\xa0₫.", "whole amount")
    ] == [
        True,
        True,
        False,
    ]
    assert (await client.post(f"{base}/paid", data={**said, "due": "70000"})).status_code == 303
    assert await fetch("SELECT state, paid_minor, owed_minor FROM payment_document") == [
        {"state": "paid", "paid_minor": 100_000, "owed_minor": 0}
    ]


async def test_another_transfer_of_the_amount_that_the_bank_told_of_is_recorded_when_that_is_said(
    edition: EditionInfo, seat: int, client: Browser
) -> None:
    await sign_in(client, (await make_holder(Role.FINANCE, edition_id=edition.id, now=NOW)).id)
    placed = await make_order(edition.id, {seat: 2}, now=NOW)
    (bill,) = await fetch("SELECT reference FROM payment_document")
    await make_entry(bill["reference"], amount=50_000)
    assert await match_new(NOW) == {"matched": 1}
    paid = f"/manage/{edition.id}/orders/{placed.order_id}/paid"
    said = {"method": "transfer", "due": "50000"}
    refused = await client.post(f"{paid}?lang=en", data=said)
    told, offered = "The bank told of a transfer of 50.000\xa0₫", "It is another transfer of the same amount"
    assert (refused.status_code, told in refused.text, offered in refused.text) == (409, True, True)
    assert (len(await payments()), await fetch("SELECT id FROM pass")) == (1, [])
    assert offered not in (await client.get(f"{paid.removesuffix('/paid')}?lang=en")).text
    assert (await client.post(paid, data={**said, "another": "on"})).status_code == 303
    assert await fetch("SELECT state, paid_minor FROM payment_document") == [{"state": "paid", "paid_minor": 100_000}]


async def test_who_posts_no_amount_takes_no_money(edition: EditionInfo, seat: int, client: Browser) -> None:
    await sign_in(client, (await make_holder(Role.FINANCE, edition_id=edition.id, now=NOW)).id)
    placed = await make_order(edition.id, {seat: 2}, now=NOW)
    order = f"/manage/{edition.id}/orders/{placed.order_id}"
    assert (await client.post(f"{order}/paid", data={"method": "cash"})).status_code == 409
    assert await payments() == []


@pytest.mark.parametrize("desk", ["box-office", "orders"])
async def test_an_order_that_lapsed_after_a_part_came_is_asked_for_the_rest(
    edition: EditionInfo, seat: int, client: Browser, desk: str
) -> None:
    await sign_in(client, (await make_holder(Role.FINANCE, edition_id=edition.id, now=NOW)).id)
    placed = await make_order(edition.id, {seat: 2}, now=NOW)
    await come(30_000)
    await expire_orders(now=NOW + timedelta(hours=1))
    base = f"/manage/{edition.id}/{desk}/{placed.order_id}"
    shown = (await client.get(f"{base}?lang=en&reference={placed.reference}")).text
    assert (
        '<input type="hidden" name="due" value="70000">' in shown,
        "This records that the rest came in: 70.000\xa0₫." in shown,
    ) == (
        True,
        True,
    )
    assert "<dd>70.000\xa0₫</dd>" in shown or "<dd><strong>70.000\xa0₫</strong></dd>" in shown
    said = {"reference": placed.reference, "method": "cash"}
    assert (await client.post(f"{base}/paid", data={**said, "due": "100000"})).status_code == 409
    assert (await client.post(f"{base}/paid", data={**said, "due": "70000"})).status_code == 303
    assert await fetch("SELECT state, paid_minor, owed_minor FROM payment_document") == [
        {"state": "paid", "paid_minor": 100_000, "owed_minor": 0}
    ]


async def test_once_the_part_went_back_the_whole_is_asked_for(edition: EditionInfo, seat: int, client: Browser) -> None:
    await sign_in(client, (await make_holder(Role.FINANCE, edition_id=edition.id, now=NOW)).id)
    placed = await make_order(edition.id, {seat: 2}, now=NOW)
    await come(30_000)
    await expire_orders(now=NOW + timedelta(hours=1))
    (first,) = await fetch("SELECT id FROM payment")
    await record_refund(payment_id=first["id"], method=PaymentMethod.TERMINAL, actor=SYSTEM, now=NOW)
    order = f"/manage/{edition.id}/orders/{placed.order_id}"
    assert '<input type="hidden" name="due" value="100000">' in (await client.get(order)).text
    assert (await client.post(f"{order}/paid", data={"method": "cash", "due": "70000"})).status_code == 409
    assert (await client.post(f"{order}/paid", data={"method": "cash", "due": "100000"})).status_code == 303


async def test_a_transfer_is_asked_for_what_is_due(
    edition: EditionInfo, seat: int, client: Browser, bank: None
) -> None:
    placed = await make_order(edition.id, {seat: 2}, now=NOW)
    await come(30_000)
    shown = (await client.get(f"{edition.path}/tickets/done/{placed.secret}")).text
    assert ('data-copy="70000"' in shown, "<span>70.000\xa0₫</span>" in shown) == (True, True)  # the transfer's amount
    assert "<dd><strong>70.000\xa0₫</strong></dd>" in shown  # what is still due of the order
    assert (shown.count("100.000\xa0₫"), shown.count("<dd>100.000\xa0₫</dd>")) == (1, 1)  # what all of it costs
    assert "<dd>30.000\xa0₫</dd>" in shown  # and what has come


async def test_the_page_of_a_cancelled_order_gives_its_papers(edition: EditionInfo, seat: int, client: Browser) -> None:
    placed = await make_order(edition.id, {seat: 2}, now=NOW)
    page = f"{edition.path}/tickets/done/{placed.secret}"
    await come(100_000)
    paid = (await client.get(f"{page}?lang=en")).text
    assert (">Receipt<" in paid, "Credit note" in paid) == (True, False)
    await cancel_order(order_id=placed.order_id, edition_id=edition.id, actor=SYSTEM, now=NOW)
    closed = (await client.get(f"{page}?lang=en")).text
    (note,) = await fetch("SELECT id, number FROM payment_document WHERE kind = 'credit_note'")
    assert (f'href="{page}/invoice.pdf"' in closed, f"Credit note {note['number']}" in closed) == (True, True)
    assert f'href="{page}/invoice.pdf?note={note["id"]}"' in closed
    for query in ("", f"?note={note['id']}"):
        assert (await client.get(f"{page}/invoice.pdf{query}")).content[:4] == b"%PDF"
    other = await make_order(edition.id, {seat: 1}, now=NOW)
    elsewhere = await client.get(f"{edition.path}/tickets/done/{other.secret}/invoice.pdf?note={note['id']}")
    assert elsewhere.status_code == 404


async def test_the_page_of_an_order_that_lapsed_unpaid_gives_none(
    edition: EditionInfo, seat: int, client: Browser
) -> None:
    placed = await make_order(edition.id, {seat: 1}, now=NOW)
    await cancel_order(order_id=placed.order_id, edition_id=edition.id, actor=SYSTEM, now=NOW)
    assert "invoice.pdf" not in (await client.get(f"{edition.path}/tickets/done/{placed.secret}")).text


async def test_nobody_reads_or_pays_anothers_invoice(edition: EditionInfo, seat: int, client: Browser) -> None:
    placed = await make_order(edition.id, {seat: 1}, now=NOW)
    elsewhere = await make_open_edition(now=NOW)
    own = f"{edition.path}/tickets/done"
    paper = await client.get(f"{own}/{placed.secret}/invoice.pdf")
    assert (paper.status_code, paper.content[:4]) == (200, b"%PDF")
    wrong = [
        placed.secret[:-1] + ("a" if placed.secret[-1] != "a" else "b"),
        placed.reference,
        "x" * len(placed.secret),
    ]
    foreign = [(elsewhere.path + "/tickets/done", placed.secret), *((own, secret) for secret in wrong)]
    for base, secret in foreign:
        asked = [
            await client.get(f"{base}/{secret}/invoice.pdf"),
            await client.get(f"{base}/{secret}"),
            await client.post(f"{base}/{secret}/card"),
        ]
        assert [answer.status_code for answer in asked] == [404] * 3
        assert all(b"%PDF" not in answer.content and b"50.000" not in answer.content for answer in asked)
    assert await fetch("SELECT id FROM card_attempt") == []


async def test_the_counter_knows_what_to_take(edition: EditionInfo, seat: int, client: Browser) -> None:
    await sign_in(client, (await make_holder(Role.GATE_LEAD, edition_id=edition.id, now=NOW)).id)
    counter = f"/manage/{edition.id}/box-office"
    shown = unescape((await client.get(counter)).text)
    assert f'data-prices="{{"{seat}": 50000}}"' in shown
    placed = await make_order(edition.id, {seat: 2}, now=NOW)
    shown = (await client.get(f"{counter}/{placed.order_id}?reference={placed.reference}")).text
    assert 'data-fixed="100000"' in shown
    sale = {"client_id": "sale-0001", f"n-{seat}": "1", "method": "cash", "given": "200.000"}
    assert (await client.post(counter, data=sale)).status_code == 303

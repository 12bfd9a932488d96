"""A sale at the counter of several ticket types: a family is one sale, one payment, one number."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from app.accounts.actor import SYSTEM
from app.accounts.enums import Role
from app.events.queries import EditionInfo
from app.kernel.database import fetch
from app.kernel.money import Money
from app.payments.enums import PaymentMethod
from app.payments.services.recording import record_payment
from tests.conftest import NOW
from tests.support.client import Browser, sign_in
from tests.support.factories import make_holder
from tests.support.factories_ticketing import make_open_edition, make_order, make_ticket_type
from tests.support.race import losers, race, winners
from ticketing.sales.errors import SoldOut
from ticketing.sales.services.orders import sell_at_box_office

pytestmark = pytest.mark.engines
FAMILY = "sale-family"


@pytest.fixture
async def edition(client: Browser, frozen_now: Any) -> EditionInfo:
    """A festival that sells."""
    return await make_open_edition(now=NOW)


@pytest.fixture
async def seat(edition: EditionInfo) -> int:
    """A ticket type over 50.000 ₫."""
    return await make_ticket_type(edition.id, now=NOW, price_minor=50_000)


@pytest.fixture
async def child(edition: EditionInfo, seat: int) -> int:
    """A ticket type over 20.000 ₫, of which five are there."""
    return await make_ticket_type(
        edition.id, now=NOW, price_minor=20_000, quota=5, name={"vi": "Trẻ em", "en": "Child"}
    )


async def taken() -> list[tuple[int, int]]:
    """How many of each ticket type are sold and held."""
    return [(row["sold"], row["held"]) for row in await fetch("SELECT sold, held FROM ticket_type ORDER BY id")]


async def test_a_family_is_one_sale_of_several_types(
    edition: EditionInfo, seat: int, child: int, client: Browser
) -> None:
    await sign_in(client, (await make_holder(Role.GATE_LEAD, edition_id=edition.id, now=NOW)).id)
    counter = f"/manage/{edition.id}/box-office"
    shown = unescape((await client.get(counter)).text)
    assert f'data-prices="{{"{seat}": 50000, "{child}": 20000}}"' in shown
    assert [f'name="n-{one}" value=""' in shown for one in (seat, child)] == [True, True]
    sale = {"client_id": FAMILY, f"n-{seat}": "2", f"n-{child}": "1", "method": "cash", "given": "200.000"}
    sold = [await client.post(counter, data=sale) for _twice in range(2)]
    assert [answer.status_code for answer in sold] == [303, 303]
    assert len({answer.headers["location"].partition("?")[0] for answer in sold}) == 1
    assert await taken() == [(2, 0), (1, 0)]
    assert [
        (row["amount_minor"], row["method"]) for row in await fetch("SELECT amount_minor, method FROM payment")
    ] == [(120_000, "cash")]
    lines = await fetch("SELECT quantity, unit_minor FROM payment_line ORDER BY position")
    assert [(row["quantity"], row["unit_minor"]) for row in lines] == [(2, 50_000), (1, 20_000)]
    passes = (await client.get(f"{sold[0].headers['location']}&lang=en")).text
    assert passes.count('class="qr"') == 3
    for words in ("1 × Child", "Paid: 120.000\xa0₫", "<dd>200.000\xa0₫</dd>", "<strong>80.000\xa0₫</strong>"):
        assert words in passes
    other = await client.post(f"{counter}?lang=en", data=sale | {f"n-{child}": "2"})
    assert (other.status_code, "already sent with another order" in other.text) == (409, True)
    assert (len(await fetch("SELECT id FROM payment")), FAMILY in other.text, 'value="200.000"' in other.text) == (
        1,
        False,
        True,
    )


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"adults": "0", "children": ""}, 422, "Please choose at least one ticket."),
        ({"adults": "x"}, 422, "Please write a whole number"),
        ({"adults": "-1"}, 422, "Please write a whole number"),
        ({"adults": "46", "children": "5"}, 422, "One order holds at most 50 tickets."),
        ({"children": "6"}, 409, "Not enough tickets of the kind “Child” are left. 5 can still be had."),
        (
            {"given": "100.000"},
            422,
            "120.000\xa0₫ is to be paid, and 100.000\xa0₫ was given: 20.000\xa0₫ is still lacking.",
        ),
        ({"given": "viele"}, 422, "Please write an amount"),
    ],
)
async def test_what_cannot_be_sold_comes_back_as_it_was_typed(
    edition: EditionInfo, seat: int, child: int, client: Browser, change: dict[str, str], status: int, words: str
) -> None:
    await sign_in(client, (await make_holder(Role.GATE_LEAD, edition_id=edition.id, now=NOW)).id)
    asked = {"adults": "2", "children": "1", "given": ""} | change
    sale = {"client_id": FAMILY, f"n-{seat}": asked["adults"], f"n-{child}": asked["children"], "given": asked["given"]}
    counter = f"/manage/{edition.id}/box-office?lang=en"
    refused = await client.post(counter, data={**sale, "full_name": "Nhà Lan"})
    assert (refused.status_code, refused.text.count(words)) == (status, 1)
    for name, value in {**sale, "full_name": "Nhà Lan"}.items():
        assert f'name="{name}" value="{value}"' in refused.text
    assert (await taken(), await fetch("SELECT id FROM payment")) == ([(0, 0), (0, 0)], [])


async def test_what_was_given_in_cash_counts_for_cash_alone(edition: EditionInfo, seat: int, client: Browser) -> None:
    await sign_in(client, (await make_holder(Role.GATE_LEAD, edition_id=edition.id, now=NOW)).id)
    counter = f"/manage/{edition.id}/box-office"
    sale = {"client_id": FAMILY, f"n-{seat}": "1", "method": "terminal", "slip": "000123", "given": "10.000"}
    sold = await client.post(counter, data=sale)
    assert (sold.status_code, "given" in sold.headers["location"]) == (303, False)


async def test_the_change_of_an_order_that_was_placed_before_is_that_of_what_was_due(
    edition: EditionInfo, seat: int, client: Browser
) -> None:
    await sign_in(client, (await make_holder(Role.GATE_LEAD, edition_id=edition.id, now=NOW)).id)
    placed = await make_order(edition.id, {seat: 2}, now=NOW)
    (bill,) = await fetch("SELECT payment_document FROM ticket_order")
    await record_payment(
        document_id=bill["payment_document"],
        method=PaymentMethod.TERMINAL,
        amount=Money(30_000, "VND"),
        actor=SYSTEM,
        now=NOW,
    )
    order = f"/manage/{edition.id}/box-office/{placed.order_id}"
    said = {"reference": placed.reference, "method": "cash", "due": "70000"}
    lacking = await client.post(f"{order}/paid?lang=en", data={**said, "given": "60.000"})
    assert (lacking.status_code, "10.000\xa0₫ is still lacking" in lacking.text) == (422, True)
    paid = await client.post(f"{order}/paid", data={**said, "given": "100.000"})
    assert paid.status_code == 303
    shown = (await client.get(f"{paid.headers['location']}&lang=en")).text
    assert "<strong>30.000\xa0₫</strong>" in shown


async def test_what_is_sold_out_by_now_is_said_where_it_was_asked_for(
    edition: EditionInfo, seat: int, child: int, client: Browser
) -> None:
    await sign_in(client, (await make_holder(Role.GATE_LEAD, edition_id=edition.id, now=NOW)).id)
    await make_order(edition.id, {child: 5}, now=NOW)
    counter = f"/manage/{edition.id}/box-office?lang=en"
    assert f'name="n-{child}"' not in (await client.get(counter)).text
    refused = await client.post(counter, data={"client_id": FAMILY, f"n-{seat}": "1", f"n-{child}": "1"})
    assert (refused.status_code, "“Child” are sold out." in refused.text) == (409, True)
    assert f'name="n-{child}" value="1"' in refused.text
    assert await taken() == [(0, 0), (0, 5)]


@pytest.mark.race
async def test_of_many_families_as_many_go_in_as_there_are_places_for_children(
    edition: EditionInfo, seat: int, child: int
) -> None:
    async def sell(number: int) -> object:
        return await sell_at_box_office(
            edition_id=edition.id,
            client_id=f"family-{number:04d}",
            counts={child: 2, seat: 1} if number % 2 else {seat: 1, child: 2},
            holder_name="",
            actor=SYSTEM,
            now=NOW,
        )

    results = await race(6, sell)
    assert len(winners(results)) == 2
    losers(results, SoldOut)
    assert await taken() == [(2, 0), (4, 0)]  # of who went without a child's place no other place is held


@pytest.mark.parametrize(("lang", "word"), [("en", "Receipt"), ("vi", "Biên nhận"), ("id", "Kuitansi")])
async def test_help_names_the_button_that_gives_the_receipt_of_a_sale(
    edition: EditionInfo, seat: int, client: Browser, lang: str, word: str
) -> None:
    await sign_in(client, (await make_holder(Role.FINANCE, edition_id=edition.id, now=NOW)).id)
    sale = {"client_id": FAMILY, f"n-{seat}": "1", "method": "terminal", "slip": "000123"}
    sold = (await client.post(f"/manage/{edition.id}/box-office", data=sale)).headers["location"]
    shown = (await client.get(sold, params={"lang": lang} | dict(parse_qsl(urlsplit(sold).query)))).text
    (button,) = re.findall(r"<a [^>]*invoice[.]pdf[^>]*>(.*?)</a>", shown, re.DOTALL)
    assert re.sub(r"<[^>]*>", "", button).strip() == word
    assert f"<strong>{word}</strong>" in (await client.get(f"/help/finance?lang={lang}")).text

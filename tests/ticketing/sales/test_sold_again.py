"""A sale whose form comes a second time, and the receipt of a sale."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest

from app.accounts.enums import Role
from app.events.queries import EditionInfo
from app.kernel.database import fetch
from tests.conftest import NOW
from tests.support.client import Browser, sign_in
from tests.support.factories import make_holder
from tests.support.factories_ticketing import make_open_edition, make_order, make_ticket_type

pytestmark = pytest.mark.engines
ALREADY = "This was sold already, and these are its passes."


@pytest.fixture
async def edition(client: Browser, frozen_now: Any) -> EditionInfo:
    """A festival that sells, with a gate lead at its counter."""
    edition = await make_open_edition(now=NOW)
    await sign_in(client, (await make_holder(Role.GATE_LEAD, edition_id=edition.id, now=NOW)).id)
    return edition


async def test_a_sale_sent_again_says_so_and_offers_the_same_once_more(edition: EditionInfo, client: Browser) -> None:
    seat = await make_ticket_type(edition.id, now=NOW, price_minor=50_000)
    other = await make_ticket_type(edition.id, now=NOW, code="KID", price_minor=20_000)
    counter = f"/manage/{edition.id}/box-office"
    sale = {"client_id": "sale-0001", f"n-{seat}": "2", f"n-{other}": "1", "method": "cash", "given": "200000"}
    pages = []
    for _time in range(2):
        answer = await client.post(counter, data=sale)
        pages.append((await client.get(answer.headers["location"] + "&lang=en")).text)
    assert [page.count(ALREADY) for page in pages] == [0, 1]
    assert [page.count("Change to give") for page in pages] == [1, 1]
    assert [page.count('class="qr"') for page in pages] == [3, 3]
    assert [row["count"] for row in await fetch("SELECT COUNT(*) AS count FROM payment")] == [1]
    same = re.search(r'href="([^"]+)"[^>]*>(?:(?!</a>).)*Sell the same once more', pages[1], re.DOTALL)
    assert same is not None
    form = (await client.get(unescape(same[1]))).text
    filled = dict(re.findall(r'name="(n-[0-9]+|client_id)" value="([^"]*)"', form))
    assert filled.pop("client_id") not in ("", "sale-0001")
    assert filled == {f"n-{seat}": "2", f"n-{other}": "1"}


async def test_the_counters_form_is_empty_whatever_else_its_address_says(edition: EditionInfo, client: Browser) -> None:
    seat = await make_ticket_type(edition.id, now=NOW, price_minor=50_000)
    await make_ticket_type(edition.id, now=NOW, code="KID")
    asked = {f"n-{seat}": "-1", "client_id": "theirs-0001", "full_name": "Nobody", "method": "terminal"}
    form = (await client.get(f"/manage/{edition.id}/box-office", params=asked)).text
    shown = form.partition("data-counter")[2].partition("</form>")[0]
    assert [part in shown for part in ('value="-1"', "theirs-0001", "Nobody")] == [False, False, False]
    assert re.findall(r'value="(cash|terminal)"[^>]* checked', shown) == ["cash"]
    assert 'autocomplete="off" data-counter' in form


async def test_the_page_of_a_sale_has_its_receipt(edition: EditionInfo, client: Browser) -> None:
    seat = await make_ticket_type(edition.id, now=NOW, price_minor=50_000)
    free = await make_ticket_type(edition.id, now=NOW, code="FREE")
    counter = f"/manage/{edition.id}/box-office"
    found = []
    for kind in (seat, free):
        sale = {"client_id": f"sale-of-{kind}", f"n-{kind}": "1", "method": "cash"}
        sold = (await client.post(counter, data=sale)).headers["location"]
        shown = (await client.get(sold)).text
        receipt = re.search(rf'href="({sold}/invoice\.pdf[^"]*)"', shown)
        found.append(receipt and unescape(receipt[1]))
        assert (receipt is None) == (kind == free)
        if kind == free:
            assert (await client.get(f"{sold}/invoice.pdf")).status_code == 404
    answer = await client.get(found[0] or "")
    assert (answer.status_code, answer.content[:5], answer.headers["content-type"]) == (
        200,
        b"%PDF-",
        "application/pdf",
    )
    placed = await make_order(edition.id, {seat: 1}, now=NOW)
    theirs = f"{counter}/{placed.order_id}/invoice.pdf"
    assert (await client.get(theirs)).status_code == 404
    assert (await client.get(theirs, params={"reference": placed.reference})).status_code == 200

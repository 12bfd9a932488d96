"""An edition keeps its currency once something in it is priced, billed or paid; what costs nothing takes another."""

from __future__ import annotations

from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.accounts.enums import Role
from app.accounts.queries import actor_of_person
from app.events.errors import CurrencyInUse
from app.events.queries import EditionInfo, edition_by_id
from app.kernel.database import fetch
from app.kernel.money import Money
from app.payments.errors_cash import DrawerInOther
from app.payments.services.documents import cancel_document
from app.payments.services.drawers import close_drawer, open_drawer
from tests.booths.factories import make_row
from tests.conftest import NOW
from tests.events.controllers.test_manage import SETTINGS
from tests.events.factories import make_edition
from tests.payments.factories import Seller, make_document
from tests.support.client import Browser, sign_in
from tests.support.factories import make_holder, make_owner
from tests.support.factories_ticketing import make_ticket_type
from tests.support.race import losers, race, winners

pytestmark = pytest.mark.engines
ABROAD = {**SETTINGS, "timezone": "Asia/Jakarta"}
DONG = Money(50_000, "VND")


@pytest.fixture
async def edition(client: Browser, seller: Seller) -> EditionInfo:
    """A festival abroad whose currency was never chosen."""
    await sign_in(client, (await make_owner()).id)
    return await make_edition("jakarta", timezone="Asia/Jakarta")


async def settle(client: Browser, edition: EditionInfo, currency: str) -> Any:
    """Change the currency on the page of the settings."""
    data = {**ABROAD, "slug": edition.slug, "currency": currency}
    return await client.post(f"/manage/{edition.id}/settings?lang=en", data=data)


async def bill(edition: EditionInfo) -> None:
    """An invoice that was taken back since."""
    document = await make_document(edition)
    await cancel_document(document_id=document.id, actor=SYSTEM, now=NOW)


async def drawer(edition: EditionInfo) -> None:
    """A drawer that was counted since."""
    actor = await actor_of_person((await make_holder(Role.FINANCE, edition_id=edition.id)).id)
    drawer_id = await open_drawer(edition_id=edition.id, float_=DONG, actor=actor, now=NOW)
    await close_drawer(drawer_id=drawer_id, edition_id=edition.id, counted=DONG, actor=actor, now=NOW)


async def ticket(edition: EditionInfo) -> None:
    """A ticket with a price."""
    await make_ticket_type(edition.id, now=NOW, price_minor=50_000)


async def booth(edition: EditionInfo) -> None:
    """A booth with a price."""
    await make_row(edition.id, 1, price_minor=2_000_000)


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (bill, "invoices, the books"),
        (drawer, "drawers of cashiers"),
        (ticket, "prices of tickets"),
        (booth, "prices of booths"),
    ],
)
async def test_what_stands_in_its_currency_keeps_it(
    edition: EditionInfo, client: Browser, make: Any, named: str
) -> None:
    await make(edition)
    refused = await settle(client, edition, "IDR")
    sentence = f"The currency stays VND, since this stands in it: {named}."
    assert (refused.status_code, sentence in refused.text) == (422, True)
    assert (await edition_by_id(edition.id)).currency == "VND"
    assert (await settle(client, edition, "VND")).status_code == 303  # all else can be changed


async def test_what_costs_nothing_takes_the_new_one(edition: EditionInfo, client: Browser) -> None:
    elsewhere = await make_edition("hanoi")
    for one in (edition, elsewhere):
        await make_ticket_type(one.id, now=NOW)
        await make_row(one.id, 2)
    await ticket(elsewhere)
    assert (await settle(client, edition, "IDR")).status_code == 303
    for table in ("ticket_type", "booth"):
        found = await fetch(f"SELECT DISTINCT edition, currency FROM {table} ORDER BY edition")
        assert [(row["edition"], row["currency"]) for row in found] == [(edition.id, "IDR"), (elsewhere.id, "VND")]
    assert (await settle(client, edition, "VND")).status_code == 303


async def test_what_was_set_wrong_before_can_be_put_right(edition: EditionInfo, client: Browser) -> None:
    await bill(edition)
    await fetch("UPDATE edition SET currency = 'IDR' WHERE id = {}", edition.id)
    assert (await settle(client, edition, "EUR")).status_code == 422
    assert (await settle(client, edition, "VND")).status_code == 303


@pytest.mark.race
async def test_a_drawer_is_opened_in_the_currency_that_stays(edition: EditionInfo, client: Browser) -> None:
    actor = await actor_of_person((await make_holder(Role.FINANCE, edition_id=edition.id)).id)
    drawer_ids: list[int] = []

    async def work(number: int) -> None:
        if number:
            drawer_ids.append(await open_drawer(edition_id=edition.id, float_=DONG, actor=actor, now=NOW))
        elif (await settle(client, edition, "IDR")).status_code == 422:
            raise CurrencyInUse(currency="VND", what="")

    results = await race(2, work)
    assert len(winners(results)) == 1
    losers(results, CurrencyInUse, DrawerInOther)
    assert (await edition_by_id(edition.id)).currency == ("VND" if drawer_ids else "IDR")

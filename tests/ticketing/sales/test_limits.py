"""Orders are limited by contact and browser; the edition's brake slows made-up contacts and shuts nobody out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from app.accounts.queries import actor_of_person
from app.accounts.services.sign_in import make_sign_in_link, redeem_link
from app.kernel.clock import freeze
from app.kernel.errors import TooManyTries
from app.kernel.security import has_waited
from app.kernel.settings import settings
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.support.client import new_browser
from tests.support.factories import make_person
from tests.support.factories_ticketing import make_order, make_ticket_type
from ticketing.sales import limits
from ticketing.sales.errors import OrdersSlowed
from ticketing.sales.tables import TicketOrder

pytestmark = pytest.mark.engines
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def brake(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let two orders of strangers through in ten minutes."""
    monkeypatch.setenv("ORDER_BRAKE", "2")
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.fixture
async def sale(client: httpx.AsyncClient) -> tuple[Any, int]:
    """An open edition and a ticket of a thousand places."""
    edition = await make_edition()
    return edition, await make_ticket_type(edition.id, now=NOW, quota=1000, code="DAY")


async def place(sale: tuple[Any, int], *, now: datetime = NOW, **values: Any) -> bool:
    """Order one ticket; False when it has to wait."""
    try:
        await make_order(sale[0].id, {sale[1]: 1}, now=now, **values)
    except OrdersSlowed:
        return False
    return True


async def test_a_wait_is_a_wait(database: str) -> None:
    async def asked(key: str, at: datetime) -> bool:
        return await has_waited(key, seconds=60, now=at)

    assert not await asked("one", NOW)
    assert not await asked("one", NOW + timedelta(seconds=59))  # asking meanwhile does not begin it anew
    assert not await asked("another", NOW + MINUTE)
    assert await asked("one", NOW + MINUTE)


async def test_strangers_are_slowed_and_nobody_is_shut_out(sale: tuple[Any, int]) -> None:
    assert [await place(sale) for _time in range(3)] == [True, True, False]
    again = {"client_id": "a-patient-visitor", "phone": "+84900000001"}
    assert not await place(sale, **again)
    for second in range(10, 60, 10):  # somebody floods meanwhile
        assert not await place(sale, now=NOW + timedelta(seconds=second))
    assert not await place(sale, now=NOW + timedelta(seconds=59), **again)
    assert await place(sale, now=NOW + MINUTE, **again)
    assert await place(sale, now=NOW + timedelta(minutes=10))  # the brake is off again


async def test_page_and_api_have_a_brake_each(sale: tuple[Any, int]) -> None:
    assert [await place(sale) for _time in range(3)] == [True, True, False]
    found = [await place(sale, browser=f"browser {number}") for number in range(3)]
    assert found == [True, True, False]


async def test_who_is_known_does_not_meet_the_brake(sale: tuple[Any, int]) -> None:
    signed_in, known, unknown = await make_person(), await make_person(), await make_person()
    link, _code = await make_sign_in_link(person_id=known.id, next_path="/", now=NOW)
    await redeem_link(token=link.rpartition("/")[2], now=NOW)
    assert [await place(sale) for _time in range(3)] == [True, True, False]
    assert await place(sale, actor=await actor_of_person(signed_in.id))
    assert await place(sale, phone=known.phone)
    assert not await place(sale, phone=unknown.phone)  # registered by somebody, and shown by nobody to be hers


async def test_the_brake_can_be_left_off(sale: tuple[Any, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDER_BRAKE", "0")
    settings.cache_clear()
    assert [await place(sale) for _time in range(4)] == [True] * 4


async def test_a_browser_and_a_contact_are_limited(sale: tuple[Any, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDER_BRAKE", "0")
    settings.cache_clear()
    monkeypatch.setattr(limits, "PER_BROWSER", 2)
    monkeypatch.setattr(limits, "PER_CONTACT", 3)
    for _time in range(2):
        assert await place(sale, browser="one")
    phone = "+84900000002"
    for _time in range(3):
        with pytest.raises(TooManyTries):
            await place(sale, browser="one", phone=phone)
    for _time in range(3):  # that browser did not use up her contact's tries
        assert await place(sale, browser="another" if _time else "a third", phone=phone)
    with pytest.raises(TooManyTries):
        await place(sale, phone=phone)


async def test_a_visitor_who_has_to_wait_keeps_what_she_typed(sale: tuple[Any, int]) -> None:
    edition, type_id = sale
    typed = {f"n-{type_id}": "1", "full_name": "Trần Thị Mơ", "contact": "0912345678", "client_id": "client-of-mo-1"}
    address = f"{edition.path}/tickets/order?lang=en"
    for number in range(2):
        assert await place(sale, browser=f"browser {number}")
    async with new_browser() as browser:
        with freeze(NOW):
            slowed = await browser.post(address, data=typed)
        assert (slowed.status_code, await TicketOrder.count()) == (429, 2)
        assert "Please wait one minute and send yours again" in slowed.text
        assert [f'value="{value}"' in slowed.text for value in ("Trần Thị Mơ", "client-of-mo-1")] == [True, True]
        with freeze(NOW + MINUTE):
            assert (await browser.post(address, data=typed)).status_code == 303


async def test_a_browser_that_ordered_too_often_keeps_what_was_typed(
    sale: tuple[Any, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    edition, type_id = sale
    monkeypatch.setattr(limits, "PER_BROWSER", 0)
    typed = {f"n-{type_id}": "1", "full_name": "Trần Thị Mơ", "contact": "0912345678", "client_id": "client-of-mo-2"}
    async with new_browser() as browser:
        answer = await browser.post(f"{edition.path}/tickets/order?lang=en", data=typed)
    assert (answer.status_code, "Please wait 60 minutes" in answer.text) == (429, True)
    assert [f'value="{value}"' in answer.text for value in ("Trần Thị Mơ", "0912345678")] == [True, True]


async def test_the_api_says_when_to_come_again(sale: tuple[Any, int]) -> None:
    edition, _type_id = sale
    body = {"lines": [{"ticket_type": "DAY", "count": 1}], "full_name": "Siti", "phone": "0912345678"}
    assert [await place(sale) for _time in range(2)] == [True, True]
    async with new_browser() as machine:
        codes = []
        for at in (NOW, NOW + MINUTE):
            with freeze(at):
                answer = await machine.post(
                    f"/api/v1/editions/{edition.slug}/orders", json={**body, "client_id": "machine-0001"}
                )
                codes.append((answer.status_code, answer.json().get("code")))
    assert codes == [(429, "orders_slowed"), (201, None)]

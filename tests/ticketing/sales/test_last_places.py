"""Three hundred buyers on the last ten places: ten are sold, and no cart keeps a place that nobody pays for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.kernel.database import dialect, fetch
from app.kernel.errors import AppError
from app.payments.enums import PaymentMethod, Settlement
from tests.conftest import NOW
from tests.support.factories_ticketing import make_order, make_ticket_type, pay_order
from tests.support.race import losers, race, winners
from tests.ticketing.sales.orders import check_quotas, places_of
from ticketing.sales.enums import OrderState
from ticketing.sales.errors import SoldOut
from ticketing.sales.queries import counts_of_orders, types_asked_for
from ticketing.sales.services import orders, quota
from ticketing.sales.services.outcomes import expire_orders
from ticketing.sales.services.placing import Placed
from ticketing.sales.services.quotas import QuotaValues, create_quota

pytestmark = [pytest.mark.engines, pytest.mark.race, pytest.mark.slow]
BUYERS, PLACES = 300, 10
LATER = NOW + timedelta(minutes=21)


async def last_places(edition: Any) -> tuple[int, list[int]]:
    """A hall of ten places that a free ticket type and one to be paid draw on."""
    hall = await create_quota(
        edition_id=edition.id, values=QuotaValues(name="Hội trường", size=PLACES), actor=SYSTEM, now=NOW
    )
    types = [
        await make_ticket_type(edition.id, now=NOW, quota=quota, quotas=[hall], price_minor=price)
        for quota, price in ((BUYERS, 0), (None, 50_000))
    ]
    return hall, types


async def rush(edition: Any, types: list[int], now: Any = NOW) -> list[Placed | BaseException]:
    """Each of three hundred orders one ticket at the same moment, every other one a free one."""
    return await race(BUYERS, lambda number: make_order(edition.id, {types[number % 2]: 1}, now=now))


def take_condition_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let orders take places that are not there: neither asked for before, nor in the statement that takes them."""

    async def asked_for(edition_id: int, type_ids: Any) -> dict[int, dict[str, Any]]:
        return {key: {**row, "left": BUYERS} for key, row in (await types_asked_for(edition_id, type_ids)).items()}

    monkeypatch.setattr(orders, "types_asked_for", asked_for)
    monkeypatch.setattr(quota, "FITS", "TRUE")


async def tickets(state: str) -> int:
    """How many tickets stand in orders of a state."""
    ids = [row["id"] for row in await fetch("SELECT id FROM ticket_order WHERE state = {}", state)]
    return sum(sum(counts.values()) for counts in (await counts_of_orders(ids)).values())


async def test_three_hundred_on_the_last_ten_places_buy_ten(edition: Any) -> None:
    hall, types = await last_places(edition)
    results = await rush(edition, types)
    placed = winners(results)
    losers(results, SoldOut)
    carts = [one for one in placed if one.state == OrderState.HELD]
    assert (len(placed), len(carts) > 0) == (PLACES, True)
    assert await places_of(hall) == (PLACES, PLACES - len(carts), len(carts))

    # The carts run out while every other one of them is paid: each is one or the other, or its money finds a place.
    async def ends(number: int) -> Any:
        if number < len(carts):
            return (
                await pay_order(
                    order_id=carts[number].order_id,
                    edition_id=edition.id,
                    method=PaymentMethod.CASH,
                    actor=SYSTEM,
                    now=LATER,
                )
                if number % 2
                else None
            )
        return await expire_orders(now=LATER)

    ended = await race(len(carts) + 2, ends)
    assert losers(ended, AppError) == []
    assert ended.count(Settlement.KEPT) == len(carts) // 2
    sold = PLACES - len(carts) + len(carts) // 2
    assert (await places_of(hall), await tickets("held")) == ((PLACES, sold, 0), 0)
    await check_quotas(edition.id)

    # What came back is sold once more, to the last place.
    again = await rush(edition, types, LATER)
    losers(again, SoldOut)
    assert len(winners(again)) == PLACES - sold
    assert await places_of(hall) == (PLACES, await tickets("confirmed"), await tickets("held"))
    assert await tickets("confirmed") + await tickets("held") == PLACES
    passes = await fetch("SELECT COUNT(*) AS count FROM pass WHERE state = 'issued'")
    assert passes == [{"count": await tickets("confirmed")}]
    await check_quotas(edition.id)


async def test_without_the_condition_the_database_still_refuses(edition: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    hall, types = await last_places(edition)
    take_condition_away(monkeypatch)
    results = await rush(edition, types)
    assert (len(winners(results)), sum((await places_of(hall))[1:])) == (PLACES, PLACES)
    assert all("quota_holds" in str(one) for one in results if isinstance(one, BaseException))
    await check_quotas(edition.id)


async def test_without_any_protection_the_hall_is_oversold(edition: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: the same rush without the condition and without the database's check."""
    hall, types = await last_places(edition)
    take_condition_away(monkeypatch)
    if dialect() == "postgres":
        await fetch('ALTER TABLE quota DROP CONSTRAINT "quota_holds"')
    else:
        await fetch('DROP TRIGGER "quota_holds_update"')
    results = await rush(edition, types)
    assert len(winners(results)) == BUYERS
    assert sum((await places_of(hall))[1:]) == BUYERS > PLACES

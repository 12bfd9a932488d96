"""What buyers may do themselves, as the organiser sets it; it moves with the edition and goes into the next one."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.accounts.enums import Role
from app.kernel.database import fetch
from app.kernel.i18n import N_
from app.kernel.money import Money
from tests.conftest import NOW
from tests.support.factories_ticketing import make_open_edition
from tests.ticketing.sales.conftest import Scene
from tests.ticketing.sales.own import LATER, allow
from ticketing.sales.errors import PercentReversed
from ticketing.sales.queries_own import Rules, rules_of
from ticketing.sales.services.copying import copy_ticket_types
from ticketing.sales.services.currency import prices_held
from ticketing.sales.services.rules import set_rules

pytestmark = pytest.mark.engines


def at(hour: int, day: int = 1) -> datetime:
    return datetime(2026, 10, day, hour, tzinfo=UTC)


async def test_an_organiser_sets_them_in_a_form(scene: Scene) -> None:
    await scene.sign_in(Role.MANAGER)
    page = scene.manage("/tickets/rules")
    assert page in (await scene.browser.get(scene.manage("/tickets"))).text
    data = {
        **{"names_until": "2026-10-15T18:00", "back_until": "2026-10-02T00:00", "back_percent": "100"},
        **{"later_until": "2026-10-13T00:00", "later_percent": "50", "fee": "5.000"},
    }
    assert (await scene.browser.post(page, data=data)).status_code == 303
    rules = await rules_of(scene.edition)
    assert rules == Rules(
        fee=Money(5_000, "VND"),
        names_until=at(11, 15),
        back_until=at(17, 1),
        later_until=at(17, 12),
    )
    assert not rules.may_hand_over(NOW)
    assert 'value="2026-10-15T18:00"' in (await scene.browser.get(page)).text
    (entry,) = await fetch("SELECT after FROM audit_entry WHERE action = 'order_rules.update'")
    assert "fee_minor" in entry["after"]
    wrong = await scene.browser.post(page, data={**data, "later_percent": "101", "fee": "viel"})
    errors = [name for name in ("later_percent", "fee") if f'id="field-{name}-error"' in wrong.text]
    assert (wrong.status_code, errors) == (422, ["later_percent", "fee"])
    large = await scene.browser.post(f"{page}?lang=en", data={**data, "fee": "9" * 17})
    assert (large.status_code, "The amount is more than" in large.text) == (422, True)
    reversed_ = await scene.browser.post(page, data={**data, "back_percent": "10"})
    assert (reversed_.status_code, "field-later_until-error" in reversed_.text) == (422, True)


@pytest.mark.parametrize(
    "values",
    [
        {"back_until": at(9), "later_until": at(9)},
        {"back_until": at(9), "later_until": at(10), "back_percent": 40, "later_percent": 50},
    ],
    ids=["ends no later", "gives more"],
)
async def test_who_cancels_later_never_gets_more(edition: Any, values: dict[str, Any]) -> None:
    with pytest.raises(PercentReversed):
        await set_rules(edition=edition, rules=Rules(fee=Money(0, "VND"), **values), actor=SYSTEM, now=NOW)


@pytest.mark.parametrize(
    ("now", "percent"), [(at(8), 100), (at(9), 50), (at(10), None)], ids=["early", "later", "too late"]
)
def test_the_share_of_a_price_at_a_time(now: datetime, percent: int | None) -> None:
    rules = Rules(fee=Money(3_000, "VND"), back_until=at(9), later_until=at(10))
    assert rules.percent(now) == percent
    assert rules.back_of(9_999, now) == {100: 6_999, 50: 1_999, None: 0}[percent]
    assert rules.back_of(0, now) == 0
    assert rules.cancel_until == at(10)


async def test_a_copy_has_them_as_long_before_its_own_days_and_a_fee_holds_the_currency(edition: Any) -> None:
    await allow(edition, fee=2_000)
    made = await make_open_edition(now=NOW, starts_on=date(2027, 10, 16), ends_on=date(2027, 10, 18))
    await copy_ticket_types(edition, made, NOW)
    rules = await rules_of(made)
    assert rules.names_until == LATER + (made.starts_on - edition.starts_on)
    assert rules.fee == Money(2_000, "VND")
    assert await prices_held(edition, "IDR") == [N_("the fee for cancelled tickets")]

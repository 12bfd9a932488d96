"""Whatever happens to orders in whatever order, the counts of a ticket type say what its orders say."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.accounts.actor import SYSTEM
from app.kernel.database import fetch
from app.kernel.errors import AppError
from app.payments.enums import PaymentMethod
from tests.conftest import NOW
from tests.support.factories_ticketing import make_open_edition, make_order, make_ticket_type, pay_order
from tests.ticketing.sales.orders import check_quotas
from ticketing.sales.plugin import start
from ticketing.sales.services.outcomes import cancel_order, expire_orders

QUOTA = 6
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("order"), st.integers(1, 4)),
        st.tuples(st.just("pay"), st.integers(0, 5)),
        st.tuples(st.just("cancel"), st.integers(0, 5)),
        st.tuples(st.just("wait"), st.integers(1, 30)),
    ),
    max_size=14,
)


async def check(type_id: int) -> None:
    """Hold the counts against the orders, and against the quota."""
    row = (await fetch("SELECT edition, sold, held FROM ticket_type WHERE id = {}", type_id))[0]
    counted = await fetch(
        "SELECT o.state AS state, COUNT(*) AS count FROM order_item i JOIN ticket_order o ON o.id = i.ticket_order "
        "WHERE i.ticket_type = {} GROUP BY o.state",
        type_id,
    )
    counts = {entry["state"]: entry["count"] for entry in counted}
    assert (row["sold"], row["held"]) == (counts.get("confirmed", 0), counts.get("held", 0))
    await check_quotas(row["edition"])
    valid = await fetch(
        'SELECT COUNT(*) AS count FROM "pass" p JOIN order_item i ON i.event_pass = p.id '
        "WHERE i.ticket_type = {} AND p.state = 'issued'",
        type_id,
    )
    assert valid[0]["count"] == row["sold"]


@pytest.mark.slow
@pytest.mark.engines
@given(price=st.sampled_from([0, 50_000]), steps=STEPS)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_counts_follow_orders(database: str, price: int, steps: list[tuple[str, int]]) -> None:
    start()
    now = NOW
    edition = await make_open_edition(now=now)
    type_id = await make_ticket_type(edition.id, now=now, price_minor=price, quota=QUOTA)
    placed: list[int] = []
    for step, number in steps:
        chosen = placed[number % len(placed)] if placed else 0
        try:
            if step == "order":
                placed.append((await make_order(edition.id, {type_id: number}, now=now)).order_id)
            elif step == "wait":
                now += timedelta(minutes=number)
                await expire_orders(now=now)
            elif step == "cancel":
                await cancel_order(order_id=chosen, edition_id=edition.id, actor=SYSTEM, now=now)
            else:
                await pay_order(
                    order_id=chosen, edition_id=edition.id, method=PaymentMethod.CASH, actor=SYSTEM, now=now
                )
        except AppError:
            pass  # a refusal changes nothing, which is what is checked
        await check(type_id)

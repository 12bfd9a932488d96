"""What tests of an order's own link have in common: rules of an edition, orders that are paid."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from app.accounts.actor import SYSTEM
from app.events.queries import EditionInfo, edition_by_id
from app.kernel.database import fetch
from app.kernel.money import Money
from app.payments.enums import PaymentMethod
from tests.conftest import NOW
from tests.support.factories_ticketing import make_order, pay_order
from ticketing.sales.queries_own import Rules
from ticketing.sales.services.orders import Placed
from ticketing.sales.services.rules import set_rules

LATER = NOW + timedelta(days=3)


async def allow(edition: EditionInfo, *, fee: int = 0, **values: Any) -> None:
    """Let buyers do everything for three days, with all of their money back, unless told otherwise."""
    values = {"names_until": LATER, "changes_until": LATER, "handing_until": LATER, "back_until": LATER, **values}
    rules = Rules(fee=Money(fee, edition.currency), **values)
    await set_rules(edition=await edition_by_id(edition.id), rules=rules, actor=SYSTEM, now=NOW)


async def make_paid(
    edition: EditionInfo, counts: dict[int, int], method: PaymentMethod = PaymentMethod.TRANSFER, **values: Any
) -> Placed:
    """An order whose money came."""
    placed = await make_order(edition.id, counts, now=NOW, **values)
    await pay_order(order_id=placed.order_id, edition_id=edition.id, method=method, actor=SYSTEM, now=NOW)
    return placed


async def items(order_id: int) -> list[dict[str, Any]]:
    """The tickets of an order with the state and code of their passes."""
    return await fetch(
        "SELECT i.id, i.holder_name, i.cancelled_at, i.given_at, p.id AS pass_id, p.state, p.state_reason, p.code, "
        "p.holder_name AS on_pass, p.serial, p.replaces FROM order_item i LEFT JOIN pass p ON p.id = i.event_pass "
        "WHERE i.ticket_order = {} ORDER BY i.id",
        order_id,
    )


async def told() -> list[tuple[str, str, str]]:
    """To whom messages went, about what, with what text; the newest last."""
    rows = await fetch("SELECT to_address, subject, body_text FROM outbox_message ORDER BY id")
    return [(row["to_address"], row["subject"], row["body_text"]) for row in rows]

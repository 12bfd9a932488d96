"""What buyers may do with their orders themselves: said by whoever sells, for a whole edition."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from app.accounts.actor import Actor
from app.events.queries import EditionInfo, hold_edition_going_on
from app.kernel import audit
from app.kernel.database import write_transaction
from ticketing.sales.errors import PercentReversed
from ticketing.sales.queries_own import Rules, rules_of
from ticketing.sales.tables_own import OrderRules


def check_rules(rules: Rules) -> None:
    """Raise PercentReversed where cancelling later would give more back, or end sooner, than cancelling early."""
    if rules.back_until is None or rules.later_until is None:
        return
    if rules.later_until <= rules.back_until or rules.later_percent > rules.back_percent:
        raise PercentReversed


async def set_rules(*, edition: EditionInfo, rules: Rules, actor: Actor, now: datetime) -> None:
    """Say what buyers of an edition may do, from now on; the fee is in its currency.

    Raises PercentReversed, EditionIsCancelled.
    """
    check_rules(rules)
    async with write_transaction():
        await hold_edition_going_on(edition.id, alone=True)
        before, after = _columns(await rules_of(edition)), _columns(rules)
        await OrderRules.delete().where(OrderRules.edition == edition.id)
        await OrderRules(edition=edition.id, **after).save()
        old, new = audit.changes(before, after)
        if new:
            await audit.record(
                actor=actor,
                action="order_rules.update",
                subject_type="order_rules",
                subject_id=edition.id,
                edition_id=edition.id,
                before=old,
                after=new,
                now=now,
            )


def _columns(rules: Rules) -> dict[str, Any]:
    values = asdict(rules)
    del values["fee"]
    return {**values, "fee_minor": rules.fee.amount_minor}

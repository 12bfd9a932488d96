"""Other names on the tickets of an order, written by whoever holds its link: passes stay as they were signed."""

from collections.abc import Mapping
from datetime import datetime

from app.accounts.actor import Actor
from app.events.passes.services import rename_holder
from app.kernel import audit
from app.kernel.database import write_transaction
from app.kernel.errors import Invalid
from app.kernel.i18n import _
from app.kernel.names import clean_name
from ticketing.sales.enums import OrderState
from ticketing.sales.errors import ChangesOver
from ticketing.sales.queries_own import items_of, rules_of
from ticketing.sales.services.own import hold_own, known, was_used
from ticketing.sales.services.own_messages import tell_renamed
from ticketing.sales.tables import OrderItem


async def rename_tickets(
    *, order_id: int, edition_id: int, names: Mapping[int, str], actor: Actor | None, now: datetime
) -> int:
    """Put names on tickets of an order, by their numbers, all or none; returns how many have another one now.

    The passes stay valid under the codes that they have. Whoever ordered is told once. A name that is empty or has no
    letter, and another one for a pass that was used at a gate, are refused in fields ``name_ID``.
    Raises ChangesOver, Invalid, OrderNotFound, OrderNotOpen, EditionIsCancelled.
    """
    async with write_transaction():
        held = await hold_own(order_id, edition_id, OrderState.HELD, OrderState.CONFIRMED)
        if not (await rules_of(held.edition)).may_rename(now):
            raise ChangesOver
        wanted = {item_id: clean_name(name) for item_id, name in names.items()}
        items = await items_of(order_id, list(wanted))
        changed = [(item, wanted[item["id"]]) for item in items if item["holder_name"] != wanted[item["id"]]]
        refused: dict[str, str] = {}
        for item, name in changed:
            if not any(letter.isalpha() for letter in name):
                refused[f"name_{item['id']}"] = _("Please write a name.")
            elif await was_used(held.edition, item["event_pass"]):
                refused[f"name_{item['id']}"] = _("This pass was used at a gate, so the name on it stays.")
        if refused:
            raise Invalid(fields=refused)
        for item, name in changed:
            await OrderItem.update({OrderItem.holder_name: name}).where(OrderItem.id == item["id"])
            if item["event_pass"] is not None:
                await rename_holder(pass_id=item["event_pass"], holder_name=name)
            await audit.record(
                actor=known(actor),
                action="order.rename_own",
                subject_type="ticket_order",
                subject_id=order_id,
                edition_id=edition_id,
                before={"holder_name": item["holder_name"]},
                after={"holder_name": name},
                now=now,
            )
        if changed:
            await tell_renamed(held.order, held.edition, [name for _item, name in changed], now)
    return len(changed)

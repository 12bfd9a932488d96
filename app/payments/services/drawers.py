"""A cashier's drawer: opened with a float, counted and closed; what was counted against what the books say."""

from datetime import datetime

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.events.queries import hold_edition
from app.kernel import audit
from app.kernel.database import fetch, hold_row, is_unique_violation, write_transaction
from app.kernel.errors import NotAllowed
from app.kernel.money import Money
from app.kernel.names import clean_text
from app.payments.enums import Account, Posting
from app.payments.errors import DrawerAlreadyOpen, DrawerNotOpen, WhyNotHers
from app.payments.queries_drawers import DrawerInfo, drawer_by_id
from app.payments.services.ledger import post
from app.payments.tables import Drawer


async def open_drawer(*, edition_id: int, float_: Money, actor: Actor, now: datetime) -> int:
    """Open the actor's own drawer with change in it; returns its id. Raises DrawerAlreadyOpen."""
    try:
        async with write_transaction():
            await hold_edition(edition_id)  # who closes a day sees every drawer of it
            row = Drawer(
                edition=edition_id,
                cashier=actor.person_id,
                currency=float_.currency,
                float_minor=float_.amount_minor,
                opened_at=now,
            )
            await row.save()
            await audit.record(
                actor=actor,
                action="drawer.open",
                subject_type="cash_drawer",
                subject_id=row.id,
                edition_id=edition_id,
                after={"float_minor": float_.amount_minor},
                now=now,
            )
    except Exception as error:
        if is_unique_violation(error):
            raise DrawerAlreadyOpen from error
        raise
    return int(row.id)


async def expected_in(drawer: DrawerInfo) -> Money:
    """What must lie in a drawer: its float, and the cash that came and went back through it."""
    (row,) = await fetch("SELECT COALESCE(SUM(amount_minor), 0) AS came FROM payment WHERE drawer = {}", drawer.id)
    return Money(drawer.float.amount_minor + int(row["came"]), drawer.float.currency)


async def close_drawer(
    *, drawer_id: int, edition_id: int, counted: Money, actor: Actor, now: datetime, note: str = ""
) -> DrawerInfo:
    """Close a drawer with what was counted in it; a difference is entered as a loss, or less of one.

    One that its cashier left open finance closes in her place, with the reason as its note. Raises DrawerNotOpen, also
    when it was closed before, NotAllowed, WhyNotHers.
    """
    note = clean_text(note)[:200]
    async with write_transaction():
        await hold_edition(edition_id)
        await hold_row("cash_drawer", drawer_id, alone=True)  # no cash goes in between counting up and closing
        drawer = await drawer_by_id(drawer_id, edition_id)
        if drawer.cashier_id != actor.person_id:
            if not actor.has(Role.FINANCE, edition_id=edition_id):
                raise NotAllowed
            if not note:
                raise WhyNotHers
        expected = await expected_in(drawer)
        closed = (
            await Drawer.update(
                {
                    Drawer.closed_at: now,
                    Drawer.expected_minor: expected.amount_minor,
                    Drawer.counted_minor: counted.amount_minor,
                    Drawer.note: note,
                }
            )
            .where((Drawer.id == drawer_id) & Drawer.closed_at.is_null())
            .returning(Drawer.id)
        )
        if not closed:
            raise DrawerNotOpen
        missing = expected.amount_minor - counted.amount_minor
        await post(
            Posting.COUNT,
            {Account.LOSS: missing, Account.CASH: -missing},
            edition_id=edition_id,
            currency=counted.currency,
            now=now,
        )
        await audit.record(
            actor=actor,
            action="drawer.close",
            subject_type="cash_drawer",
            subject_id=drawer_id,
            edition_id=edition_id,
            before={"expected_minor": expected.amount_minor},
            after={"counted_minor": counted.amount_minor, "note": note},
            now=now,
        )
    return await drawer_by_id(drawer_id, edition_id)

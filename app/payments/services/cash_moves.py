"""Cash that is put into a drawer from the safe, or taken out of it into the safe or to the bank.

What goes to the bank is a payout: the transfer as which it arrives is found as that of a card terminal's batch is.
"""

from datetime import datetime

from app.accounts.actor import Actor
from app.events.queries import hold_edition
from app.kernel import audit
from app.kernel.database import hold_row, write_transaction
from app.kernel.errors import NotAllowed
from app.kernel.money import MOST, Money
from app.kernel.names import clean_text
from app.payments.enums import Account, CashWay, Posting
from app.payments.errors import AmountOutOfRange, DrawerNotOpen
from app.payments.errors_cash import MoveReasonNeeded
from app.payments.queries_drawers import drawer_by_id
from app.payments.services.drawers import may_use, require_in
from app.payments.services.ledger import post
from app.payments.services.payouts import record_payout
from app.payments.tables_books import CashMove


async def move_cash(
    *, drawer_id: int, edition_id: int, way: CashWay, amount: Money, reason: str, actor: Actor, now: datetime
) -> int:
    """Put cash into an open drawer, or take it out, and say why; returns the row's id.

    Raises AmountOutOfRange, MoveReasonNeeded, DrawerNotOpen, NotAllowed for a drawer that is neither one's own nor
    finance's to look after, DrawerShort for more than lies in it.
    """
    reason = clean_text(reason)[:200]
    if not reason:
        raise MoveReasonNeeded
    if not 0 < amount.amount_minor <= MOST:
        raise AmountOutOfRange
    async with write_transaction():
        edition = await hold_edition(edition_id)
        await hold_row("cash_drawer", drawer_id, alone=True)  # two do not take the same notes
        drawer = await drawer_by_id(drawer_id, edition_id)
        if not may_use(drawer, actor):
            raise NotAllowed
        if drawer.closed_at is not None:
            raise DrawerNotOpen
        if way != CashWay.FROM_SAFE:
            await require_in(drawer, amount)
        minor = amount.amount_minor if way == CashWay.FROM_SAFE else -amount.amount_minor
        row = CashMove(
            drawer=drawer_id,
            way=way.value,
            amount_minor=minor,
            currency=amount.currency,
            reason=reason,
            moved_at=now,
            moved_by=actor.person_id,
        )
        await row.save()
        if way == CashWay.TO_BANK:
            await record_payout(
                edition_id=edition_id,
                account=Account.CASH,
                taken=amount,
                fee=Money(0, amount.currency),
                reference=f"{drawer_id}-{row.id}",
                arrives_on=edition.today(now),
                note=reason,
                actor=actor,
                now=now,
            )
        else:
            await post(
                Posting.MOVE,
                {Account.CASH: minor, Account.SAFE: -minor},
                edition_id=edition_id,
                currency=amount.currency,
                now=now,
            )
        await audit.record(
            actor=actor,
            action="drawer.move",
            subject_type="cash_drawer",
            subject_id=drawer_id,
            edition_id=edition_id,
            after={"way": way, "amount_minor": amount.amount_minor, "reason": reason},
            now=now,
        )
    return int(row.id)

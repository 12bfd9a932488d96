"""Cash that is put into a drawer from the safe, or taken out of it into the safe or to the bank.

What goes to the bank is a payout: the transfer as which it arrives is found as that of a card terminal's batch is.
A move that was written down and did not happen is taken back by an entry against it.
"""

from datetime import datetime

from app.accounts.actor import Actor
from app.events.queries import hold_edition
from app.kernel import audit
from app.kernel.database import hold_row, is_unique_violation, write_transaction
from app.kernel.errors import NotAllowed
from app.kernel.money import MOST, Money
from app.kernel.names import clean_text
from app.payments.enums import Account, CashWay, Posting
from app.payments.errors import DrawerNotOpen, out_of_range
from app.payments.errors_cash import (
    MoveCounted,
    MoveIdTaken,
    MoveNotFound,
    MoveReasonNeeded,
    MoveTakesBack,
    SafeShort,
    TakeBackReasonNeeded,
)
from app.payments.queries_drawers import DrawerInfo, drawer_by_id, in_safe
from app.payments.services.drawers import may_use, require_in
from app.payments.services.ledger import post
from app.payments.services.payouts import record_from_drawer
from app.payments.services.payouts_back import take_back_cash
from app.payments.tables_books import CashMove


async def move_cash(
    *,
    drawer_id: int,
    edition_id: int,
    client_id: str,
    way: CashWay,
    amount: Money,
    reason: str,
    actor: Actor,
    now: datetime,
) -> int:
    """Put cash into an open drawer, or take it out, and say why; returns the row's id.

    The same ``client_id`` sent twice is one move and gives the first answer. Raises AmountOutOfRange, MoveReasonNeeded,
    DrawerNotOpen, NotAllowed for a drawer that is neither one's own nor finance's to look after, DrawerShort for more
    than lies in it, MoveIdTaken for a ``client_id`` that came before with another move.
    """
    reason = clean_text(reason)[:200]
    if not reason:
        raise MoveReasonNeeded
    if not 0 < amount.amount_minor <= MOST:
        raise out_of_range(amount)
    minor = amount.amount_minor if way == CashWay.FROM_SAFE else -amount.amount_minor
    try:
        async with write_transaction():
            edition = await hold_edition(edition_id)
            drawer = await _held(drawer_id, edition_id, actor)
            known = await CashMove.select().where(CashMove.client_id == client_id).first()
            if known is not None:
                first = (known["drawer"], known["way"], known["amount_minor"], known["currency"], known["reason"])
                if first != (drawer_id, way.value, minor, amount.currency, reason):
                    raise MoveIdTaken
                return int(known["id"])
            if drawer.closed_at is not None:
                raise DrawerNotOpen
            if way != CashWay.FROM_SAFE:
                await require_in(drawer, amount)
            row = CashMove(
                drawer=drawer_id,
                way=way.value,
                amount_minor=minor,
                currency=amount.currency,
                reason=reason,
                moved_at=now,
                moved_by=actor.person_id,
                client_id=client_id,
            )
            await row.save()
            if way == CashWay.TO_BANK:
                await record_from_drawer(
                    edition_id=edition_id,
                    taken=amount,
                    reference=f"{drawer_id}-{row.id}",
                    arrives_on=edition.today(now),
                    note=reason,
                    actor=actor,
                    now=now,
                )
            else:
                await _enter(edition_id, minor, amount.currency, now)
            await audit.record(
                actor=actor,
                action="drawer.move",
                subject_type="cash_drawer",
                subject_id=drawer_id,
                edition_id=edition_id,
                after={"way": way, "amount_minor": amount.amount_minor, "reason": reason},
                now=now,
            )
    except Exception as error:
        if is_unique_violation(error):  # the form of one drawer, sent to another one at the same moment
            raise MoveIdTaken from error
        raise
    return int(row.id)


async def take_back_move(
    *, drawer_id: int, edition_id: int, move_id: int, reason: str, actor: Actor, now: datetime
) -> int:
    """Take back a move that did not happen, by an entry against it, and say why; returns that entry's id.

    Taken back twice it gives the first answer. Raises TakeBackReasonNeeded, DrawerNotOpen for one that is not there,
    NotAllowed, MoveNotFound, MoveTakesBack, MoveCounted once the drawer is closed, and when the money is not where the
    move says: DrawerShort, SafeShort, MoveArrived.
    """
    reason = clean_text(reason)[:200]
    if not reason:
        raise TakeBackReasonNeeded
    async with write_transaction():
        await hold_edition(edition_id, alone=True)  # two moves are not taken back out of the same notes in the safe
        drawer = await _held(drawer_id, edition_id, actor)
        move = await CashMove.select().where((CashMove.id == move_id) & (CashMove.drawer == drawer_id)).first()
        if move is None:
            raise MoveNotFound
        if move["takes_back"] is not None:
            raise MoveTakesBack
        known = await CashMove.select(CashMove.id).where(CashMove.takes_back == move_id).first()
        if known is not None:
            return int(known["id"])
        if drawer.closed_at is not None:
            raise MoveCounted
        way, minor = CashWay(move["way"]), -move["amount_minor"]
        amount = Money(abs(minor), move["currency"])
        if way == CashWay.FROM_SAFE:
            await require_in(drawer, amount)
        elif way == CashWay.TO_SAFE:
            await _require_in_safe(edition_id, amount, moved_at=move["moved_at"])
        row = CashMove(
            drawer=drawer_id,
            way=way.value,
            amount_minor=minor,
            currency=amount.currency,
            reason=reason,
            moved_at=now,
            moved_by=actor.person_id,
            takes_back=move_id,
        )
        await row.save()
        if way == CashWay.TO_BANK:
            await take_back_cash(
                edition_id=edition_id,
                account=Account.CASH,
                reference=f"{drawer_id}-{move_id}",
                reason=reason,
                actor=actor,
                now=now,
            )
        else:
            await _enter(edition_id, minor, amount.currency, now)
        await audit.record(
            actor=actor,
            action="drawer.take_back",
            subject_type="cash_drawer",
            subject_id=drawer_id,
            edition_id=edition_id,
            after={"way": way, "amount_minor": amount.amount_minor, "reason": reason},
            now=now,
        )
    return int(row.id)


async def _held(drawer_id: int, edition_id: int, actor: Actor) -> DrawerInfo:
    """A drawer of hers, or one that finance looks after, held alone: two do not take the same notes.

    Raises DrawerNotOpen where there is none, NotAllowed.
    """
    await hold_row("cash_drawer", drawer_id, alone=True)
    drawer = await drawer_by_id(drawer_id, edition_id)
    if not may_use(drawer, actor):
        raise NotAllowed
    return drawer


async def _require_in_safe(edition_id: int, amount: Money, *, moved_at: datetime) -> None:
    """That the safe holds what was moved into it, or nothing left it since: change that drawers were opened with is not
    in the books, so that its account may have been below nothing all along (decision 0037). Raises SafeShort.
    """
    there, then = await in_safe(edition_id, amount.currency, then=moved_at)
    if there.amount_minor < min(amount.amount_minor, then.amount_minor):
        raise SafeShort(there=there, given=amount)


async def _enter(edition_id: int, minor: int, currency: str, now: datetime) -> None:
    """Enter that cash went from the safe into a drawer, or (below nothing) the other way."""
    await post(
        Posting.MOVE,
        {Account.CASH: minor, Account.SAFE: -minor},
        edition_id=edition_id,
        currency=currency,
        now=now,
    )

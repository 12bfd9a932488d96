"""Payouts that were written down and were not so: each is taken back once, by an entry against its own."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.accounts.actor import Actor
from app.events.queries import hold_edition
from app.kernel import audit
from app.kernel.database import write_transaction
from app.kernel.names import clean_text
from app.payments.enums import Account, PayoutState
from app.payments.errors_cash import MoveArrived
from app.payments.errors_payouts import PayoutArrived, PayoutBackReasonNeeded, PayoutStays
from app.payments.queries_payouts import payout_by_id, shares_of_payout, taken_back_as
from app.payments.services.payouts import enter_share
from app.payments.tables_payouts import Payout


async def take_back_cash(
    *, edition_id: int, account: Account, reference: str, reason: str, actor: Actor, now: datetime
) -> None:
    """Take back what was entered of cash that was not brought to the bank after all, in the caller's transaction.

    Raises MoveArrived when its transfer was found on the bank account.
    """
    known_by = f"{account.value}:{edition_id}:{reference}"
    row = await Payout.select().where(Payout.reference == known_by).first()
    assert row is not None  # the drawer says that it was made
    if not await _reverse(row, reason, actor, now):
        raise MoveArrived


async def take_back_payout(*, payout_id: int, edition_id: int, reason: str, actor: Actor, now: datetime) -> None:
    """Take back a payout that somebody wrote down, and say why; its number may be written down again.

    Twice it is taken back once. Raises PayoutBackReasonNeeded, PayoutStays for one that is not this edition's or that
    nobody wrote down here, PayoutArrived when its transfer was found on the bank account.
    """
    why = clean_text(reason)[:200]
    if not why:
        raise PayoutBackReasonNeeded
    async with write_transaction():
        await hold_edition(edition_id)
        payout = await payout_by_id(payout_id, edition_id)
        if payout is None or not payout.is_written_here:
            raise PayoutStays
        if payout.state is PayoutState.TAKEN_BACK:
            return
        (row,) = await Payout.select().where(Payout.id == payout_id)
        if not await _reverse(row, why, actor, now):
            if (await Payout.select(Payout.state).where(Payout.id == payout_id))[0]["state"] == PayoutState.TAKEN_BACK:
                return  # by somebody else, at this moment
            raise PayoutArrived
        await audit.record(
            actor=actor,
            action="payout.take_back",
            subject_type="payment_payout",
            subject_id=payout_id,
            edition_id=edition_id,
            after={"amount_minor": row["amount_minor"], "reason": why},
            now=now,
        )


async def _reverse(row: Mapping[str, Any], why: str, actor: Actor, now: datetime) -> bool:
    """Enter the opposite of a payout, whose number is free then; False for one that does not wait for its transfer."""
    values: dict[Any, Any] = {
        Payout.state: PayoutState.TAKEN_BACK.value,
        Payout.reference: f"{row['reference']}{taken_back_as(row['id'])}",
        Payout.taken_back_at: now,
        Payout.taken_back_by: actor.person_id,
        Payout.taken_back_for: why,
    }
    waits = Payout.bank_entry.is_null() & (Payout.state == PayoutState.BOOKED.value)
    if not await Payout.update(values).where((Payout.id == row["id"]) & waits).returning(Payout.id):
        return False
    for share in await shares_of_payout(row["id"]):
        await enter_share(share, Account(row["account"]), row["currency"], now, sign=-1)
    return True

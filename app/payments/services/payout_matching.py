"""A transfer on the bank account that is a payout: found by a person, once; or found not to be it after all."""

from datetime import datetime

from app.accounts.actor import Actor
from app.events.queries import hold_edition
from app.kernel import audit
from app.kernel.database import write_transaction
from app.payments.enums import EntryState, PayoutState
from app.payments.errors import PayoutDiffers, PayoutSettled
from app.payments.errors_bank import TransferSettled
from app.payments.queries_bank import entry_by_id
from app.payments.queries_payouts import payout_by_id
from app.payments.services.unassigned import leave_again, take_out
from app.payments.tables_bank import BankEntry
from app.payments.tables_payouts import Payout

#: Why such a transfer waits, as stands on its row.
NOT_THE_PAYOUT = "not_the_payout"


async def match_payout(*, edition_id: int, entry_id: int, payout_id: int, actor: Actor, now: datetime) -> None:
    """Say as which transfer a payout arrived; it is entered already, so that nothing is entered again.

    Raises TransferNotFound, TransferSettled when the transfer was dealt with, PayoutSettled when the payout is not
    waiting for one, PayoutDiffers.
    """
    async with write_transaction():
        await hold_edition(edition_id)
        entry = await entry_by_id(entry_id, edition_id)
        payout = await payout_by_id(payout_id, edition_id)
        if payout is None:
            raise PayoutSettled
        if entry.left != entry.amount or payout.whole != entry.amount:  # of one, some may have paid invoices
            raise PayoutDiffers(amount=payout.whole, came=entry.left)
        claimed = (
            await BankEntry.update(
                {
                    BankEntry.state: EntryState.PAYOUT.value,
                    BankEntry.edition: edition_id,
                    BankEntry.reason: "",
                    BankEntry.settled_at: now,
                    BankEntry.settled_by: actor.person_id,
                }
            )
            .where((BankEntry.id == entry_id) & BankEntry.state.is_in([EntryState.NEW.value, EntryState.LEFT.value]))
            .returning(BankEntry.id)
        )
        if not claimed:
            raise TransferSettled
        await take_out(entry_id, now)
        waiting = Payout.bank_entry.is_null() & (Payout.state == PayoutState.BOOKED.value)
        found = (
            await Payout.update({Payout.bank_entry: entry_id})
            .where((Payout.id == payout_id) & waiting)
            .returning(Payout.id)
        )
        if not found:
            raise PayoutSettled
        await audit.record(
            actor=actor,
            action="payout.match",
            subject_type="payment_payout",
            subject_id=payout_id,
            edition_id=edition_id,
            after={"transfer_id": entry_id},
            now=now,
        )


async def part_from_payout(*, edition_id: int, entry_id: int, actor: Actor, now: datetime) -> None:
    """Say that a transfer is not the payout that it was taken for: each of the two waits again.

    Raises TransferNotFound, TransferSettled when it is no payout.
    """
    async with write_transaction():
        await hold_edition(edition_id)
        await entry_by_id(entry_id, edition_id)
        joined = Payout.bank_entry == entry_id  # the payout first, as who tells that it failed takes them
        parted = await Payout.update({Payout.bank_entry: None}).where(joined).returning(Payout.id)
        if not parted:
            raise TransferSettled
        await leave_again(entry_id, now, NOT_THE_PAYOUT)
        await audit.record(
            actor=actor,
            action="payout.part",
            subject_type="payment_payout",
            subject_id=parted[0]["id"],
            edition_id=edition_id,
            before={"transfer_id": entry_id},
            now=now,
        )

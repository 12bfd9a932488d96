"""Transfers that are for none of our documents: set aside, entered as other income, or sent back to who sent them.

Set aside, the money lies with what is not assigned. As other income it is the organisers' own, beside what they sold.
Sent back, it has left the bank again. Each of these can be taken back by taking the transfer up again.
"""

from datetime import datetime

from app.accounts.actor import Actor
from app.events.queries import hold_edition
from app.kernel import audit
from app.kernel.database import write_transaction
from app.kernel.names import clean_text
from app.payments.enums import FOR_NOTHING_OF_OURS, HAVE_AN_END, Account, EntryState, Posting
from app.payments.errors_bank import ReasonNeeded, TransferNumberNeeded, TransferSettled
from app.payments.queries_bank import EntryInfo, entry_by_id
from app.payments.services.ledger import Side, post
from app.payments.services.paying_together import NOTE_LENGTH
from app.payments.services.unassigned import keep_unassigned, take_out
from app.payments.tables_bank import BankEntry

ACTIONS = {
    EntryState.IGNORED: "set_aside",
    EntryState.INCOME: "income",
    EntryState.SENT_BACK: "send_back",
    EntryState.LEFT: "take_up",
}


async def set_aside(
    *,
    edition_id: int,
    entry_id: int,
    reason: str,
    actor: Actor,
    now: datetime,
    becomes: EntryState = EntryState.IGNORED,
) -> None:
    """Say that a transfer is for none of our documents, what ``becomes`` of it, and why.

    Set aside, its money stays in the books as not assigned; what is set aside may still become other income or be sent
    back, when ``reason`` is the number of the transfer by which it went. Raises TransferNotFound, TransferSettled,
    ReasonNeeded, TransferNumberNeeded.
    """
    why = clean_text(reason)[:NOTE_LENGTH]
    if not why:
        needed = TransferNumberNeeded if becomes == EntryState.SENT_BACK else ReasonNeeded
        raise needed(fields={"reason": needed().sentence()})
    before = (EntryState.NEW, EntryState.LEFT, *(() if becomes == EntryState.IGNORED else (EntryState.IGNORED,)))
    async with write_transaction():
        await hold_edition(edition_id)
        entry = await entry_by_id(entry_id, edition_id)
        await _move(entry, before, becomes, why, actor, now, edition_id=edition_id)
        await keep_unassigned(entry_id, now, edition_id=edition_id)
        if becomes == EntryState.SENT_BACK:
            await take_out(entry_id, now, Posting.SEND_BACK)
        elif becomes == EntryState.INCOME:
            await take_out(entry_id, now)
            await _enter_income(entry, edition_id, entry.left.amount_minor, now)


async def take_up_again(*, edition_id: int, entry_id: int, actor: Actor, now: datetime) -> None:
    """Let a transfer be assigned that was said to be for none of our documents; what was entered is taken back.

    Raises TransferNotFound, TransferSettled.
    """
    async with write_transaction():
        await hold_edition(edition_id)
        entry = await entry_by_id(entry_id, edition_id)
        if entry.state not in FOR_NOTHING_OF_OURS:
            raise TransferSettled
        await _move(entry, (entry.state,), EntryState.LEFT, "", actor, now, edition_id=edition_id)
        if entry.state == EntryState.INCOME:
            await _enter_income(entry, edition_id, -entry.left.amount_minor, now)
        if entry.state != EntryState.IGNORED:
            await keep_unassigned(entry_id, now)


async def _enter_income(entry: EntryInfo, edition_id: int, minor: int, now: datetime) -> None:
    sides: dict[Side, int] = {Account.BANK: minor, Account.INCOME: -minor}
    await post(Posting.INCOME, sides, edition_id=edition_id, currency=entry.amount.currency, now=now)


async def _move(
    entry: EntryInfo,
    before: tuple[EntryState, ...],
    after: EntryState,
    reason: str,
    actor: Actor,
    now: datetime,
    *,
    edition_id: int,
) -> None:
    """Take the right to say what becomes of a transfer: of many one gets it. Raises TransferSettled.

    What has an end belongs to the edition whose desk gave it one.
    """
    ends = after in HAVE_AN_END
    moved = (
        await BankEntry.update(
            {
                BankEntry.state: after.value,
                BankEntry.reason: reason,
                BankEntry.edition: edition_id if ends else entry.edition_id,
                BankEntry.settled_at: None if after == EntryState.LEFT else now,
                BankEntry.settled_by: None if after == EntryState.LEFT else actor.person_id,
            }
        )
        .where((BankEntry.id == entry.id) & BankEntry.state.is_in([one.value for one in before]))
        .returning(BankEntry.id)
    )
    if not moved:
        raise TransferSettled
    await audit.record(
        actor=actor,
        action=f"bank.{ACTIONS[after]}",
        subject_type="bank_entry",
        subject_id=entry.id,
        edition_id=edition_id,
        before={"state": entry.state},
        after={"state": after, "reason": reason},
        now=now,
    )

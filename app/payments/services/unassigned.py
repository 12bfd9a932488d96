"""Money of transfers that nobody could assign: it lies at the bank, so it is in the ledger, on an account of its own.

In whose: that of the desk that loaded the statement or set the transfer aside; of a notice that of the one edition that
is open. Of several nobody knows whose it is, and it is entered when a desk deals with it.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.events.enums import EditionState
from app.events.queries import editions, hold_edition
from app.payments.enums import Account, Posting
from app.payments.services.ledger import Side, post
from app.payments.tables_bank import BankEntry


async def keep_unassigned(entry_id: int, now: datetime, *, edition_id: int | None = None) -> None:
    """Enter a transfer as not assigned, in the transaction that leaves it so; one that is entered stays as it is.

    ``edition_id`` is that of the desk that deals with it.
    """
    row = await _row(entry_id)
    if row["books"] is not None:
        return
    books = row["edition"] or edition_id or await _only_open()
    if books is not None:
        await _enter(row, Posting.KEEP, books, row["amount_minor"], now)
        await BankEntry.update({BankEntry.books: books}).where(BankEntry.id == entry_id)


async def take_out(entry_id: int, now: datetime) -> None:
    """Take a transfer out of what is not assigned, in the transaction that records what it paid."""
    row = await _row(entry_id)
    if row["books"] is not None:
        await _enter(row, Posting.ASSIGN, row["books"], -row["amount_minor"], now)
        await BankEntry.update({BankEntry.books: None}).where(BankEntry.id == entry_id)


async def _row(entry_id: int) -> Mapping[str, Any]:
    """The transfer as it is now that its claim is held."""
    (row,) = await BankEntry.select().where(BankEntry.id == entry_id)
    return row


async def _only_open() -> int | None:
    found = await editions(states=(EditionState.OPEN,))
    return found[0].id if len(found) == 1 else None


async def _enter(row: Mapping[str, Any], kind: Posting, edition_id: int, minor: int, now: datetime) -> None:
    await hold_edition(edition_id)
    sides: dict[Side, int] = {Account.BANK: minor, Account.UNASSIGNED: -minor}
    await post(kind, sides, edition_id=edition_id, currency=row["currency"], now=now)

"""Money of transfers that nobody could assign: it lies at the bank, so it is in the ledger, on an account of its own.

In whose: that of the desk that loaded the statement or set the transfer aside; of a notice that of the one edition that
is open. Of several nobody knows whose it is, and it is entered when a desk deals with it. What came to an account that
is not ours is in nobody's until a desk says that it is ours all the same.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.events.enums import EditionState
from app.events.queries import editions, hold_edition, hold_editions
from app.kernel.database import fetch, hold_rows
from app.kernel.rows import among, given
from app.kernel.settings import settings
from app.payments.bank_lines import is_ours
from app.payments.enums import Account, EntryState, Posting
from app.payments.queries_bank import entry_by_id
from app.payments.services.ledger import Entered, Side, post, post_all
from app.payments.tables_bank import BankEntry


async def keep_unassigned(entry_id: int, now: datetime, *, edition_id: int | None = None) -> None:
    """Enter a transfer as not assigned, in the transaction that leaves it so; one that is entered stays as it is.

    ``edition_id`` is that of the desk that deals with it.
    """
    row = await _row(entry_id)
    if row["books"] is not None or not _lies_with_us(row):
        return
    books = row["edition"] or edition_id or await _only_open()
    if books is not None:
        await _enter(row, Posting.KEEP, books, await _left(entry_id), now)
        await BankEntry.update({BankEntry.books: books}).where(BankEntry.id == entry_id)


async def leave_together(reasons: Mapping[int, str], now: datetime) -> int:
    """Leave transfers that nobody has dealt with to a person, in the caller's transaction: id → the code of the reason.

    What comes of it is what comes of :func:`keep_unassigned` for each, by a few statements; gives how many were left.
    """
    chosen, ids = among(list(reasons))
    rows = await hold_rows("bank_entry", f"id {chosen} AND state = {{}}", ids, EntryState.NEW.value, alone=True)
    if not rows:
        return 0
    only = await _only_open()
    books = {row["id"]: row["books"] or (row["edition"] or only if _lies_with_us(row) else None) for row in rows}
    await hold_editions(edition for edition in books.values() if edition is not None)
    postings = [
        Entered(edition_id=edition, currency=row["currency"], sides=_sides(row["amount_minor"]))
        for row in rows
        if row["books"] is None and (edition := books[row["id"]]) is not None
    ]
    await post_all(Posting.KEEP, postings, now=now)
    source, values = given(
        "left_now",
        {"left_entry": "INTEGER", "left_reason": "VARCHAR", "left_books": "INTEGER"},
        [(entry, reasons[entry], edition) for entry, edition in books.items()],
    )
    await fetch(
        f"UPDATE bank_entry SET state = {{}}, reason = left_reason, books = left_books FROM {source} "
        "WHERE id = left_entry RETURNING id",
        EntryState.LEFT.value,
        *values,
    )
    return len(rows)


async def take_out(entry_id: int, now: datetime, kind: Posting = Posting.ASSIGN) -> None:
    """Take a transfer out of what is not assigned, in the transaction that records what it paid or became."""
    row = await _row(entry_id)
    if row["books"] is not None:
        await _enter(row, kind, row["books"], -await _left(entry_id), now)
        await BankEntry.update({BankEntry.books: None}).where(BankEntry.id == entry_id)


async def leave_again(entry_id: int, now: datetime, reason: str = "") -> None:
    """Leave a transfer to a person again, in the transaction that takes back what it was taken for."""
    values: dict[Any, Any] = {
        BankEntry.state: EntryState.LEFT.value,
        BankEntry.reason: reason,
        BankEntry.settled_at: None,
        BankEntry.settled_by: None,
    }
    await BankEntry.update(values).where(BankEntry.id == entry_id)
    await keep_unassigned(entry_id, now)


async def leave_share(entry_id: int, minor: int, reason: str, now: datetime, *, edition_id: int) -> None:
    """Leave a share of a transfer to a person, in the transaction that took it off a document of an edition.

    Other shares stay what they paid. Where some of it waits already, this much more does.
    """
    row = await _row(entry_id)
    books = row["books"] or edition_id
    await _enter(row, Posting.KEEP, books, minor, now)
    values: dict[Any, Any] = {
        BankEntry.state: EntryState.LEFT.value,
        BankEntry.reason: reason,
        BankEntry.books: books,
        BankEntry.edition: books,
        BankEntry.settled_at: None,
        BankEntry.settled_by: None,
    }
    await BankEntry.update(values).where(BankEntry.id == entry_id)


async def _left(entry_id: int) -> int:
    """How much of a transfer is no document's."""
    return (await entry_by_id(entry_id)).left.amount_minor


async def _row(entry_id: int) -> Mapping[str, Any]:
    """The transfer as it is now that its claim is held."""
    (row,) = await BankEntry.select().where(BankEntry.id == entry_id)
    return row


def _lies_with_us(row: Mapping[str, Any]) -> bool:
    return is_ours(settings().bank_account, row["account"])


async def _only_open() -> int | None:
    found = await editions(states=(EditionState.OPEN,))
    return found[0].id if len(found) == 1 else None


async def _enter(row: Mapping[str, Any], kind: Posting, edition_id: int, minor: int, now: datetime) -> None:
    await hold_edition(edition_id)
    await post(kind, _sides(minor), edition_id=edition_id, currency=row["currency"], now=now)


def _sides(minor: int) -> Mapping[Side, int]:
    return {Account.BANK: minor, Account.UNASSIGNED: -minor}

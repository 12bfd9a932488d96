"""The ledger: what is billed, paid, owed back and returned, in two sides that balance. Rows are only ever added.

What is entered belongs to the edition's present day, or to the next one after it that nobody has closed.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.events.errors import EditionNotFound
from app.kernel.database import fetch, hold_row
from app.kernel.money import Money
from app.kernel.rows import insert_rows
from app.payments.enums import Account, PaymentMethod, Posting
from app.payments.tables import LedgerEntry

#: Where the money of a payment lies.
ACCOUNT_OF = {
    PaymentMethod.CASH: Account.CASH,
    PaymentMethod.TRANSFER: Account.BANK,
    PaymentMethod.CARD: Account.CARD,
    PaymentMethod.TERMINAL: Account.TERMINAL,
}
Side = Account | tuple[Account, str]
COLUMNS = (
    *(LedgerEntry.posting, LedgerEntry.kind, LedgerEntry.edition, LedgerEntry.account, LedgerEntry.detail),
    *(LedgerEntry.amount_minor, LedgerEntry.currency, LedgerEntry.document, LedgerEntry.payment),
    *(LedgerEntry.day, LedgerEntry.booked_at),
)


class Unbalanced(Exception):
    """A posting whose sides do not sum to nothing: a mistake of the program."""


@dataclass(frozen=True, kw_only=True)
class Entered:
    """What one posting enters: debits are positive; a side is an account, or one with a detail such as who bears it."""

    edition_id: int
    currency: str
    sides: Mapping[Side, int]
    document_id: int | None = None
    payment_id: int | None = None


async def post(
    kind: Posting,
    sides: Mapping[Side, int],
    *,
    edition_id: int,
    currency: str,
    now: datetime,
    document_id: int | None = None,
    payment_id: int | None = None,
) -> None:
    """Enter a posting, in the caller's transaction; debits are positive, sides of nothing are left out.

    A side is an account, or one with a detail such as who bears a subsidy. Raises Unbalanced.
    """
    entered = Entered(
        edition_id=edition_id, currency=currency, sides=sides, document_id=document_id, payment_id=payment_id
    )
    await post_all(kind, [entered], now=now)


async def post_all(kind: Posting, postings: Sequence[Entered], *, now: datetime) -> None:
    """Enter postings of a kind as :func:`post` does each, in few statements. Raises Unbalanced."""
    for one in postings:
        if sum(one.sides.values()):
            raise Unbalanced(f"{kind}: {dict(one.sides)}")
    days = {edition_id: await open_day(edition_id, now) for edition_id in sorted({one.edition_id for one in postings})}
    rows = [row for one in postings for row in _rows(secrets.token_hex(16), kind, one, days[one.edition_id], now)]
    if rows:
        await insert_rows(LedgerEntry, COLUMNS, rows)


async def post_across(kind: Posting, parts: Sequence[Entered], *, now: datetime) -> None:
    """Enter one posting over several documents of an edition: all of its parts together sum to nothing.

    In the caller's transaction. Raises Unbalanced.
    """
    if sum(sum(one.sides.values()) for one in parts):
        raise Unbalanced(f"{kind}: {[dict(one.sides) for one in parts]}")
    posting, day = secrets.token_hex(16), await open_day(parts[0].edition_id, now)
    await insert_rows(LedgerEntry, COLUMNS, [row for one in parts for row in _rows(posting, kind, one, day, now)])


def _rows(posting: str, kind: Posting, entered: Entered, day: date, now: datetime) -> list[tuple[Any, ...]]:
    """Values of ``COLUMNS``; sides of nothing are left out."""
    rows = []
    for side, amount in entered.sides.items():
        account, detail = side if isinstance(side, tuple) else (side, "")
        if amount:
            rows.append(
                (
                    *(posting, kind.value, entered.edition_id, account.value, detail, amount, entered.currency),
                    *(entered.document_id, entered.payment_id, day, now),
                )
            )
    return rows


async def post_payment(
    kind: Posting,
    amount: Money,
    against: Account,
    *,
    method: PaymentMethod,
    edition_id: int,
    document_id: int,
    payment_id: int,
    now: datetime,
) -> None:
    """Enter money that came (positive) for what ``against`` says, or that went back (negative)."""
    minor = amount.amount_minor
    await post(
        kind,
        {ACCOUNT_OF[method]: minor, against: -minor},
        edition_id=edition_id,
        currency=amount.currency,
        document_id=document_id,
        payment_id=payment_id,
        now=now,
    )


async def day_of(edition_id: int, at: datetime) -> date:
    """The day of an instant where the edition is. Raises EditionNotFound."""
    rows = await fetch("SELECT timezone FROM edition WHERE id = {}", edition_id)
    if not rows:
        raise EditionNotFound
    return at.astimezone(ZoneInfo(rows[0]["timezone"])).date()


async def open_day(edition_id: int, now: datetime) -> date:
    """The day on which what happens now is entered, in the caller's transaction: today, or the next that is not closed.

    Holds the edition, so that nobody closes that day before the transaction ends; what is closed is read after that.
    """
    await hold_row("edition", edition_id)
    rows = await fetch(
        "SELECT e.timezone, d.day FROM edition e LEFT JOIN payment_day d ON d.edition = e.id AND d.day >= {} "
        "WHERE e.id = {}",
        now.date() - timedelta(days=1),  # wherever the edition is
        edition_id,
    )
    closed = {str(row["day"]) for row in rows}
    day = now.astimezone(ZoneInfo(rows[0]["timezone"])).date()
    while day.isoformat() in closed:
        day += timedelta(days=1)
    return day

"""Money that went out as it had come: by such a line the bank takes a transfer back, or we sent it back ourselves.

It is noted at the transfer, where a single one fits: of the same amount and account, earlier, and of one number; else
with one of our references in both texts; else of one sender. Nothing else is changed: a person sees what it was.
"""

import asyncio
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.kernel.database import as_moment, fetch
from app.kernel.names import clean_text, search_text
from app.kernel.rows import among, given
from app.payments.bank_lines import BankLine, bare_number, good_for_ever, is_ours, squeezed
from app.payments.enums import EntryState
from app.payments.services.entries import line_of
from app.payments.services.matching import LEAST_WORDS, references_in

#: A transfer that came longer before is another matter.
WITHIN = timedelta(days=180)
#: Which of the signs the name of the other side is.
NAME = 3
NUMBER_LIKE = re.compile(r"[0-9A-Z]{10,}")


@dataclass(frozen=True)
class Reversal:
    """A line of money that went, and the transfer at which it is noted."""

    entry_id: int
    line: BankLine


async def find_reversals(
    lines: Sequence[BankLine], *, edition_id: int | None, zone: str, laid: bool = False
) -> list[Reversal]:
    """Which lines of money that went take back which kept transfers that nothing has taken back yet.

    Amounts of ``lines`` are above zero. With ``laid`` what lies ready of a statement counts as kept.
    """
    if not lines:
        return []
    told = {_at_its_latest(line, zone): line for line in lines}
    chosen, amounts = among(sorted({line.amount.amount_minor for line in lines}))
    rows = await fetch(
        f"SELECT * FROM bank_entry WHERE amount_minor {chosen} AND (edition = {{}} OR edition IS NULL) "
        "AND booked_at BETWEEN {} AND {}",
        amounts,
        edition_id,
        min(line.booked_at for line in told) - WITHIN,
        max(line.booked_at for line in told),
    )
    kept = []
    noted = set()
    for row in rows:
        if laid or row["state"] != EntryState.LAID:
            kept.append((row["id"], line_of({**row, "booked_at": as_moment(row["booked_at"])}, zone)))
            if row["reversed_at"] is not None:
                noted.add(row["id"])
    pairs = await asyncio.to_thread(taken_back_by, list(told), kept)
    return [Reversal(entry_id, told[line]) for entry_id, line in pairs.items() if entry_id not in noted]


def _at_its_latest(line: BankLine, zone: str) -> BankLine:
    """A line as of the end of its day, where the bank gives the day alone: it may have been any hour of it."""
    local = line.booked_at.astimezone(ZoneInfo(zone))
    if local.time() != time():
        return line
    return replace(line, booked_at=datetime.combine(local, time.max, local.tzinfo).astimezone(UTC))


def taken_back_by(lines: Sequence[BankLine], kept: Sequence[tuple[int, BankLine]]) -> dict[int, BankLine]:
    """The line of money that went which fits a transfer, by that one's id: the first, and none that fits several."""
    index: defaultdict[tuple[Any, ...], list[tuple[int, BankLine]]] = defaultdict(list)
    for entry_id, line in kept:
        for sign, keys in enumerate(_signs(line, gone=False)):
            for key in keys:
                index[sign, line.amount, key].append((entry_id, line))
    found: dict[int, BankLine] = {}
    for line in sorted(lines, key=lambda one: one.booked_at):
        for sign, keys in enumerate(_signs(line, gone=True)):
            pointed = {
                entry_id
                for key in keys
                for entry_id, came in index[sign, line.amount, key]
                if came.booked_at <= line.booked_at
                and is_ours(came.account, line.account)
                and (sign != NAME or not _of_two_accounts(came, line))
            }
            if pointed:  # the surest sign decides
                if len(pointed) == 1:
                    found.setdefault(pointed.pop(), line)
                break
    return found


def _signs(line: BankLine, *, gone: bool) -> Iterator[set[str]]:
    """What a line may have in common with another one, the surest first: numbers, references, the account and the name
    of the other side.

    One of money that went may name the number of the transfer in its text.
    """
    numbers = {bare_number(line.number)}
    if gone:
        numbers |= set(NUMBER_LIKE.findall(line.purpose.upper()))
    yield {number for number in numbers if good_for_ever(number)}
    yield references_in([line.purpose])
    name = search_text(line.payer_name)
    yield {squeezed(line.payer_account)} - {""}
    yield {name} if len(name.split()) >= LEAST_WORDS else set()


def _of_two_accounts(one: BankLine, other: BankLine) -> bool:
    """Whether the other sides of two lines are known to differ, whatever they are called."""
    accounts = squeezed(one.payer_account), squeezed(other.payer_account)
    return all(accounts) and accounts[0] != accounts[1]


async def note_reversals(found: Sequence[Reversal]) -> None:
    """Note at transfers that their money went out again, in the caller's transaction; what is noted already stays."""
    if not found:
        return
    source, values = given(
        "went",
        {"went_entry": "INTEGER", "went_at": "TIMESTAMPTZ", "went_purpose": "VARCHAR", "went_number": "VARCHAR"},
        [
            (one.entry_id, one.line.booked_at, clean_text(one.line.purpose)[:500], clean_text(one.line.number)[:80])
            for one in found
        ],
    )
    await fetch(
        "UPDATE bank_entry SET reversed_at = went_at, reversal_purpose = went_purpose, reversal_number = went_number "
        f"FROM {source} WHERE id = went_entry AND reversed_at IS NULL RETURNING id",
        *values,
    )

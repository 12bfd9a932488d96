"""Transfers that a notice or a statement tells of: each is kept once, whoever tells of it, and however often."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.kernel import jobs
from app.kernel.database import dialect, fetch, write_transaction
from app.kernel.money import Money
from app.kernel.names import clean_text, search_text
from app.payments.bank_lines import BankLine, alike, fingerprints, squeezed
from app.payments.enums import EntrySource, EntryState
from app.payments.tables_bank import BankEntry

CHUNK = 500
MATCH_JOB = "payments.match_transfers"
#: PostgreSQL's advisory lock of those who tell of transfers; any number that nothing else uses.
TELLERS = 2_026_112_801
BANK_ZONE = "Asia/Ho_Chi_Minh"
"""The zone of days and hours in notices of Vietnamese banks."""


@dataclass(frozen=True)
class Kept:
    """How many transfers of those that were told are new, and how many were known."""

    new: int
    known: int


async def keep_entries(
    lines: Sequence[BankLine],
    *,
    source: EntrySource,
    now: datetime,
    edition_id: int | None = None,
    zone: str = BANK_ZONE,
) -> Kept:
    """Keep the transfers that nobody told of yet, and let them be matched; in the caller's transaction, if any.

    A transfer that the other source told of under another number is marked as confirmed by it. ``zone`` is that of the
    lines' days. Raises ValueError for an amount that is not above zero.
    """
    if not lines:
        return Kept(0, 0)
    if any(line.amount.amount_minor <= 0 for line in lines):
        raise ValueError("only money that came in is kept")
    marks = fingerprints(lines)
    async with write_transaction():
        await _one_teller()
        known = await _known(marks)
        others = await _unconfirmed(lines, source, zone, set(marks)) if len(known) < len(marks) else {}
        fresh: list[BankEntry] = []
        for line, mark in zip(lines, marks, strict=True):
            if mark in known:
                continue
            known.add(mark)  # a number that stands twice in one statement is one transfer
            told = next((one for one in others.get(line.amount, ()) if alike(line, one[1])), None)
            if told is not None and await _confirm(told[0], mark):
                others[line.amount].remove(told)
            else:
                fresh.append(_row(line, mark, source, edition_id, now))
        made = 0
        for start in range(0, len(fresh), CHUNK):
            rows = await (
                BankEntry.insert(*fresh[start : start + CHUNK]).on_conflict(action="DO NOTHING").returning(BankEntry.id)
            )
            made += len(rows)
        if made:
            await jobs.enqueue(MATCH_JOB, edition_id=edition_id, now=now)
    return Kept(made, len(lines) - made)


async def _one_teller() -> None:
    """Let others who tell of transfers wait until the transaction ends: two fingerprints of one are not unique keys.

    SQLite has one writer at a time anyway.
    """
    if dialect() == "postgres":
        await fetch("SELECT pg_advisory_xact_lock({}::bigint)", TELLERS)


async def _known(marks: Sequence[str]) -> set[str]:
    """Those of the fingerprints under which a transfer is kept already."""
    postgres = dialect() == "postgres"  # whose plans for long lists of parameters use no index
    among = "= ANY({}::text[])" if postgres else "IN (SELECT value FROM json_each({}))"
    wanted = list(marks) if postgres else json.dumps(list(marks))
    rows = [
        row
        for column in ("fingerprint", "confirmed_by")
        for row in await fetch(f"SELECT {column} AS mark FROM bank_entry WHERE {column} {among}", wanted)
    ]
    return {row["mark"] for row in rows}


async def _unconfirmed(
    lines: Sequence[BankLine], source: EntrySource, zone: str, told_now: set[str]
) -> dict[Money, list[tuple[int, BankLine]]]:
    """By amount: what the other source alone has told of around these days, but for what is told under one number."""
    accounts = {squeezed(line.account) for line in lines}
    of_account = BankEntry.account.is_in(sorted({*accounts, ""})) if all(accounts) else BankEntry.id.is_not_null()
    first = min(line.booked_at for line in lines) - timedelta(days=2)
    last = max(line.booked_at for line in lines) + timedelta(days=2)
    rows = (
        await BankEntry.select()
        .where(
            (BankEntry.source != source.value)
            & BankEntry.confirmed_by.is_null()
            & of_account
            & (BankEntry.booked_at >= first)
            & (BankEntry.booked_at <= last)
        )
        .order_by(BankEntry.id)
    )
    found: dict[Money, list[tuple[int, BankLine]]] = defaultdict(list)
    for row in rows:
        if row["fingerprint"] not in told_now:
            line = line_of(row, zone)
            found[line.amount].append((row["id"], line))
    return found


async def _confirm(entry_id: int, mark: str) -> bool:
    rows = (
        await BankEntry.update({BankEntry.confirmed_by: mark})
        .where((BankEntry.id == entry_id) & BankEntry.confirmed_by.is_null())
        .returning(BankEntry.id)
    )
    return bool(rows)


def line_of(row: Mapping[str, Any], zone: str = BANK_ZONE) -> BankLine:
    """A kept transfer as it was told."""
    return BankLine(
        account=row["account"],
        booked_at=row["booked_at"],
        day=row["booked_at"].astimezone(ZoneInfo(zone)).date(),
        amount=Money(row["amount_minor"], row["currency"]),
        purpose=row["purpose"],
        payer_name=row["payer_name"],
        payer_account=row["payer_account"],
        number=row["bank_reference"],
    )


def _row(line: BankLine, mark: str, source: EntrySource, edition_id: int | None, now: datetime) -> BankEntry:
    purpose, name, number = clean_text(line.purpose)[:500], clean_text(line.payer_name)[:200], clean_text(line.number)
    return BankEntry(
        edition=edition_id,
        account=squeezed(line.account)[:40],
        booked_at=line.booked_at,
        amount_minor=line.amount.amount_minor,
        currency=line.amount.currency,
        purpose=purpose,
        payer_name=name,
        payer_account=squeezed(line.payer_account)[:40],
        bank_reference=number[:80],
        search_text=search_text(purpose, name, number)[:800],
        source=source.value,
        fingerprint=mark,
        state=EntryState.NEW.value,
        told_at=now,
    )

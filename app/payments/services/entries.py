"""Transfers that a notice or a statement tells of: each is kept once, whoever tells of it, and however often."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.kernel import jobs
from app.kernel.database import dialect, fetch, write_transaction
from app.kernel.money import Money
from app.kernel.names import clean_text, search_text
from app.kernel.rows import among, given, insert_rows
from app.payments.bank_lines import BankLine, alike, fingerprints, likest, says_the_same, squeezed
from app.payments.enums import EntrySource, EntryState, LaidState
from app.payments.tables_bank import BankEntry, LaidStatement

MATCH_JOB = "payments.match_transfers"
#: PostgreSQL's advisory lock of those who tell of transfers; any number that nothing else uses.
TELLERS = 2_026_112_801
BANK_ZONE = "Asia/Ho_Chi_Minh"
"""The zone of days and hours in notices of Vietnamese banks."""
COLUMNS = (
    *(BankEntry.edition, BankEntry.account, BankEntry.booked_at, BankEntry.amount_minor, BankEntry.currency),
    *(BankEntry.purpose, BankEntry.payer_name, BankEntry.payer_account, BankEntry.bank_reference),
    *(BankEntry.search_text, BankEntry.source, BankEntry.fingerprint, BankEntry.state, BankEntry.reason),
    BankEntry.told_at,
)
STATE = [column._meta.name for column in COLUMNS].index("state")
"""Where the state stands among a row's values."""


@dataclass(frozen=True)
class Kept:
    """How many transfers of those that were told are new, and how many were known."""

    new: int
    known: int


@dataclass(frozen=True)
class Told:
    """Transfers as they are going to be kept: what each is known by, and its row, in their order.

    ``shared`` are those that say several purposes under one number, by what that alone is known by.
    """

    lines: Sequence[BankLine]
    marks: Sequence[str]
    rows: Sequence[tuple[Any, ...]]
    shared: Mapping[str, Sequence[int]]


def told_of(lines: Sequence[BankLine], *, source: EntrySource, now: datetime, edition_id: int | None = None) -> Told:
    """Make transfers ready to be kept, which takes longer than keeping them, and no database.

    Raises ValueError for an amount that is not above zero.
    """
    if any(line.amount.amount_minor <= 0 for line in lines):
        raise ValueError("only money that came in is kept")
    marks, shared = fingerprints(lines)
    rows = [_row(line, mark, source, edition_id, now) for line, mark in zip(lines, marks, strict=True)]
    return Told(lines, marks, rows, shared)


async def keep_entries(
    lines: Sequence[BankLine],
    *,
    source: EntrySource,
    now: datetime,
    edition_id: int | None = None,
) -> Kept:
    """Keep the transfers that nobody told of yet, and let them be matched; in the caller's transaction, if any.

    A transfer that the other source told of under another number is marked as confirmed by it. Who sent one is kept
    from whoever says so: notices do not, the statements that confirm them do. Raises ValueError for an amount that is
    not above zero.
    """
    told = told_of(lines, source=source, now=now, edition_id=edition_id)
    return await keep_told(told, source=source, now=now, edition_id=edition_id)


async def keep_told(
    told: Told, *, source: EntrySource, now: datetime, edition_id: int | None = None, zone: str = BANK_ZONE
) -> Kept:
    """As :func:`keep_entries`, for what was made ready under the same source, time and edition.

    ``zone`` is that of the lines' days.
    """
    if not told.lines:
        return Kept(0, 0)
    async with write_transaction():
        await one_teller()
        plan = await plan_keeping(told, source=source, now=now, edition_id=edition_id, zone=zone)
        await _oust_laid([*told.marks, *told.shared])
        made = await insert_entries(plan.fresh)
        await confirm(plan.confirmed)
        await name_payers(plan.payers)
        if made:
            await jobs.enqueue(MATCH_JOB, edition_id=edition_id, now=now)
    return Kept(made, len(told.lines) - made)


@dataclass(frozen=True)
class Plan:
    """What keeping transfers writes: rows that are new, which kept ones they confirm under what, and who sent some."""

    fresh: Sequence[tuple[Any, ...]]
    confirmed: Sequence[tuple[int, str]]
    payers: Sequence[tuple[str, str, str, str]]


async def plan_keeping(
    told: Told, *, source: EntrySource, now: datetime, edition_id: int | None = None, zone: str = BANK_ZONE
) -> Plan:
    """Find out what keeping of transfers would write; it writes nothing itself.

    What lies ready of a statement that is not taken over yet is as good as not there.
    """
    if not told.lines:
        return Plan((), (), ())
    known = await _known([*told.marks, *told.shared])
    told, confirmed = await _with_one_by_its_number(told, known, source=source, now=now, edition_id=edition_id)
    others: dict[Money, list[tuple[int, BankLine]]] = {}
    if not known.issuperset(told.marks):
        others = await _unconfirmed(told, source, zone)
    fresh: list[tuple[Any, ...]] = []
    payers: list[tuple[str, str, str, str]] = []
    kept_before = set(known)
    sharing = {told.marks[one]: group for group in told.shared.values() for one in group}
    for line, mark, row in zip(told.lines, told.marks, told.rows, strict=True):
        if mark in kept_before and line.payer_name:
            payers.append(_payer(line, mark))
        if mark in known:
            continue
        known.add(mark)  # a number that stands twice in one statement is one transfer
        rivals = [told.lines[one] for one in sharing.get(mark, ())]
        like = (one for one in others.get(line.amount, ()) if alike(line, one[1]))
        same = next((one for one in like if _is_meant(line, one[1], rivals)), None)
        if same is None:
            fresh.append(row)
            continue
        others[line.amount].remove(same)
        confirmed.append((same[0], mark))
        if line.payer_name:
            payers.append(_payer(line, mark))
    return Plan(fresh, confirmed, payers)


async def insert_entries(rows: Sequence[tuple[Any, ...]], state: EntryState = EntryState.NEW) -> int:
    """Write planned rows, in the caller's transaction; gives how many were not known."""
    given_rows = [(*row[:STATE], state.value, *row[STATE + 1 :]) for row in rows]
    return len(await insert_rows(BankEntry, COLUMNS, given_rows, returning=[BankEntry.id], pass_over_known=True))


async def _with_one_by_its_number(
    told: Told, known: set[str], *, source: EntrySource, now: datetime, edition_id: int | None
) -> tuple[Told, list[tuple[int, str]]]:
    """Let one of the lines that share a number be known by it alone, as whoever tells of that line alone knows it.

    That is the line whose purpose is most like that of the transfer which is kept so; where none is, the first new one.
    One that another source told of is confirmed by the line, so that the line is known the next time: those stand
    beside, with what they are confirmed under.
    """
    marks, rows = list(told.marks), list(told.rows)
    confirmed: list[tuple[int, str]] = []
    for alone, group in told.shared.items():
        new = [one for one in group if told.marks[one] not in known]
        if not new:
            continue
        chosen = new[0]
        if alone in known:
            by_number = (BankEntry.fingerprint == alone) | (BankEntry.confirmed_by == alone)
            (kept,) = await BankEntry.select().where(by_number).order_by(BankEntry.id).limit(1)
            if kept["confirmed_by"] in [told.marks[one] for one in group]:
                continue  # it is a line that is known
            chosen = new[likest([told.lines[one] for one in new], kept["purpose"])]
            before = kept["source"] == source.value or kept["confirmed_by"] == alone
            if before and not says_the_same(told.lines[chosen].purpose, kept["purpose"]):
                continue  # a statement told of it, and it is none of these
            if not before and kept["confirmed_by"] is None:
                confirmed.append((kept["id"], told.marks[chosen]))
        for one in new:
            if told.marks[one] == told.marks[chosen]:
                marks[one], rows[one] = alone, _row(told.lines[one], alone, source, edition_id, now)
    return replace(told, marks=marks, rows=rows), confirmed


def _is_meant(line: BankLine, other: BankLine, rivals: Sequence[BankLine]) -> bool:
    """Whether a telling of the other source is of this line rather than of another one that shares its number."""
    return not rivals or squeezed(rivals[likest(rivals, other.purpose)].purpose) == squeezed(line.purpose)


async def one_teller() -> None:
    """Let others who tell of transfers wait until the transaction ends: two fingerprints of one are not unique keys.

    SQLite has one writer at a time anyway.
    """
    if dialect() == "postgres":
        await fetch("SELECT pg_advisory_xact_lock({}::bigint)", TELLERS)


async def _known(marks: Sequence[str]) -> set[str]:
    """Those of the fingerprints under which a transfer is kept already."""
    chosen, wanted = among(marks, "VARCHAR")
    there = await _are_there()
    rows = [
        row
        for column in ("fingerprint", "confirmed_by")
        for row in await fetch(f"SELECT {column} AS mark FROM bank_entry WHERE {column} {chosen}{there}", wanted)
    ]
    return {row["mark"] for row in rows}


async def _are_there() -> str:
    """The condition for transfers that are kept: while a statement may still be dropped, what lies ready is not."""
    return "" if await _laid_counts() else " AND state <> 'laid'"


async def _oust_laid(marks: Sequence[str]) -> None:
    """Let what lies ready of a statement make room for who tells of the same now: its statement is laid anew."""
    if await _are_there():
        chosen, wanted = among(marks, "VARCHAR")
        await fetch(f"DELETE FROM bank_entry WHERE fingerprint {chosen} AND state = 'laid'", wanted)


async def _laid_counts() -> bool:
    """Whether transfers that lie ready, if any do, count already, since their statement was taken over."""
    return not await LaidStatement.exists().where(LaidStatement.state != LaidState.TAKEN_OVER.value)


async def _unconfirmed(told: Told, source: EntrySource, zone: str) -> dict[Money, list[tuple[int, BankLine]]]:
    """By amount: what the other source alone has told of around these days, but for what is told under one number."""
    told_now, marks = given("told_now", {"mark": "VARCHAR"}, [(mark,) for mark in told.marks])
    there = await _are_there()
    return await told_by_others(
        told.lines, source, zone, f"fingerprint NOT IN (SELECT mark FROM {told_now}){there}", *marks
    )


async def told_by_others(
    lines: Sequence[BankLine], source: EntrySource, zone: str, condition: str, *values: Any
) -> dict[Money, list[tuple[int, BankLine]]]:
    """By amount: what the other source alone has told of around the days of some lines, and meets the condition."""
    accounts = sorted({squeezed(account) for account in {line.account for line in lines}})
    chosen, wanted = among([*accounts, ""], "VARCHAR")
    of_account, ours = (f"account {chosen} AND ", [wanted]) if all(accounts) else ("", [])
    first = min(line.booked_at for line in lines) - timedelta(days=2)
    last = max(line.booked_at for line in lines) + timedelta(days=2)
    rows = await fetch(
        f"SELECT * FROM bank_entry WHERE {of_account}booked_at >= {{}} AND booked_at <= {{}} "
        f"AND source <> {{}} AND confirmed_by IS NULL AND {condition} ORDER BY id",
        *(*ours, first, last, source.value),
        *values,
    )
    found: dict[Money, list[tuple[int, BankLine]]] = defaultdict(list)
    for row in rows:
        line = line_of(row, zone)
        found[line.amount].append((row["id"], line))
    return found


async def confirm(pairs: Sequence[tuple[int, str]]) -> int:
    """Note under what the other source told of kept transfers (id, mark); gives how many nobody had confirmed yet."""
    if not pairs:
        return 0
    source, values = given("also", {"also_entry": "INTEGER", "also_mark": "VARCHAR"}, pairs)
    done = await fetch(
        f"UPDATE bank_entry SET confirmed_by = also_mark FROM {source} "
        "WHERE id = also_entry AND confirmed_by IS NULL RETURNING id",
        *values,
    )
    return len(done)


def _payer(line: BankLine, mark: str) -> tuple[str, str, str, str]:
    name = clean_text(line.payer_name)[:200]
    return mark, name, squeezed(line.payer_account)[:40], search_text(name)


async def name_payers(payers: Sequence[tuple[str, str, str, str]]) -> None:
    """Keep who sent transfers, by what they are known by: (mark, name, account, name as it is searched)."""
    if not payers:
        return
    columns = dict.fromkeys(("said_mark", "said_name", "said_account", "said_words"), "VARCHAR")
    source, values = given("said", columns, payers)
    for column in ("fingerprint", "confirmed_by"):
        await fetch(
            "UPDATE bank_entry SET payer_name = said_name, search_text = SUBSTR(search_text || ' ' || said_words, 1, "
            "800), payer_account = CASE WHEN payer_account = '' THEN said_account ELSE payer_account END "
            f"FROM {source} WHERE {column} = said_mark AND payer_name = ''",
            *values,
        )


async def count_unnamed(payers: Sequence[tuple[str, str, str, str]]) -> int:
    """Of how many kept transfers :func:`name_payers` would keep who sent them."""
    if not payers:
        return 0
    chosen, marks = among([payer[0] for payer in payers], "VARCHAR")
    (found,) = await fetch(
        "SELECT COUNT(*) AS n FROM bank_entry WHERE payer_name = '' "
        f"AND (fingerprint {chosen} OR confirmed_by {chosen})",
        marks,
        marks,
    )
    return int(found["n"])


async def told_otherwise(line: BankLine) -> BankLine | None:
    """The transfer that a notice told of under the number and over the amount of this one, for another purpose."""
    ((mark,), _shared) = fingerprints([line])
    by_notice = (BankEntry.fingerprint == mark) & (BankEntry.source == EntrySource.WEBHOOK.value)
    row = await BankEntry.select().where(by_notice).first()
    return None if row is None or says_the_same(row["purpose"], line.purpose) else line_of(row)


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


def _row(line: BankLine, mark: str, source: EntrySource, edition_id: int | None, now: datetime) -> tuple[Any, ...]:
    """Values of ``COLUMNS``."""
    purpose, name, number = clean_text(line.purpose)[:500], clean_text(line.payer_name)[:200], clean_text(line.number)
    return (
        *(edition_id, squeezed(line.account)[:40], line.booked_at, line.amount.amount_minor, line.amount.currency),
        *(purpose, name, squeezed(line.payer_account)[:40], number[:80], search_text(purpose, name, number)[:800]),
        *(source.value, mark, EntryState.NEW.value, "", now),
    )

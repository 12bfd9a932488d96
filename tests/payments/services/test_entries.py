"""Transfers are kept once, whoever tells of them: notice or statement, once or again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from app.kernel.money import Money
from app.payments.bank_lines import BankLine, alike, fingerprints
from app.payments.enums import EntrySource
from app.payments.services import entries
from app.payments.services.entries import Kept, keep_entries, line_of
from app.payments.tables_bank import BankEntry
from tests.conftest import NOW
from tests.support.race import drop_unique, meet_after, race, unguarded, winners

pytestmark = pytest.mark.engines

NUMBER = "FT26331123456789"


def line(day: int = 21, **changes: Any) -> BankLine:
    """A transfer of 50,000 VND at eight in the morning, without a number."""
    values: dict[str, Any] = {
        "account": "0011001932418",
        "booked_at": datetime(2026, 11, day, 1, tzinfo=UTC),
        "day": date(2026, 11, day),
        "amount": Money(50_000, "VND"),
        "purpose": "NGUYEN THI LAN chuyen tien ve hoi cho",
        **changes,
    }
    return BankLine(**values)


async def told(*lines: BankLine, source: EntrySource = EntrySource.STATEMENT) -> Kept:
    """Tell of transfers at once."""
    return await keep_entries(lines, source=source, now=NOW)


async def test_a_transfer_is_kept_as_it_was_told(database: str) -> None:
    given = line(number=f"{NUMBER}\\BNK", payer_name="Nguyễn Thị  Lan", payer_account="1903 6677")
    assert await told(given) == Kept(1, 0)
    (row,) = await BankEntry.select()
    assert line_of(row) == replace(given, payer_name="Nguyễn Thị Lan", payer_account="19036677")
    assert (row["state"], row["told_at"]) == ("new", NOW)


async def test_the_same_statement_twice_changes_nothing(database: str) -> None:
    lines = (line(), line(22), line(number="12"), line(amount=Money(1, "VND")))
    assert await told(*lines) == Kept(4, 0)
    before = await BankEntry.select()
    assert await told(*lines) == Kept(0, 4)
    assert await told(*lines[::-1]) == Kept(0, 4)
    assert await BankEntry.select() == before


async def test_equal_transfers_without_a_number_are_as_many_as_are_told_at_once(database: str) -> None:
    assert await told(line()) == Kept(1, 0)
    assert await told(line(), line()) == Kept(1, 1)
    assert await told(line(), line(), line()) == Kept(1, 2)
    assert await told(line(number="12"), line(number="12")) == Kept(2, 0)
    assert await told(line(number=NUMBER), line(number=NUMBER)) == Kept(1, 1)


async def test_a_number_of_one_day_is_another_on_the_next(database: str) -> None:
    assert await told(line(number="5078 - 12"), line(22, number="5078 - 12")) == Kept(2, 0)
    assert await told(line(number=NUMBER), line(22, number=NUMBER)) == Kept(1, 1)


@pytest.mark.parametrize("first", list(EntrySource))
async def test_notice_and_statement_with_one_number_are_one_transfer(database: str, first: EntrySource) -> None:
    (other,) = set(EntrySource) - {first}
    assert await told(line(number=NUMBER), source=first) == Kept(1, 0)
    again = line(22, number=NUMBER.lower() + "\\BNK", purpose="Lan", payer_name="LAN")
    assert await told(again, source=other) == Kept(0, 1)


@pytest.mark.parametrize("first", list(EntrySource))
async def test_notice_and_statement_with_other_numbers_are_one_transfer_by_their_purpose(
    database: str, first: EntrySource
) -> None:
    (other,) = set(EntrySource) - {first}
    notice = line(number="MBVCB.3278907687", purpose="FG7KQ2M9XT4C CT tu 0123")
    entry = line(22, number="5078 - 12", purpose="MBVCB.3278907687.FG7KQ2M9XT4C.CT tu 0123 toi 0011")
    assert await told(notice, source=first) == Kept(1, 0)
    for _time in range(2):
        assert await told(entry, source=other) == Kept(0, 1)
        assert await told(notice, source=first) == Kept(0, 1)


async def test_one_notice_stands_for_one_of_two_equal_lines(database: str) -> None:
    assert await told(line(number="MB-3278907687"), source=EntrySource.WEBHOOK) == Kept(1, 0)
    for new, known in ((1, 1), (0, 2)):
        assert await told(line(), line()) == Kept(new, known)
    assert await told(line(number="MB-3278907688"), source=EntrySource.WEBHOOK) == Kept(0, 1)
    assert await told(line(number="MB-3278907689"), source=EntrySource.WEBHOOK) == Kept(1, 0)


async def test_a_line_with_the_notices_own_number_goes_before_one_that_is_alike(database: str) -> None:
    assert await told(line(number=NUMBER), source=EntrySource.WEBHOOK) == Kept(1, 0)
    assert await told(line(number="7"), line(number=NUMBER)) == Kept(1, 1)


FIRST = line(number=NUMBER, purpose="FG7KQ2M9XT4C gian A1", payer_name="CTY HOA BAN")
SECOND = line(number=NUMBER, purpose="FG3MR8W5ZH6D gian A2", payer_name="CTY HOA BAN")
THIRD = line(number=NUMBER, purpose="FG9PD4K7NB2E gian A3", payer_name="CTY HOA BAN")


async def purposes() -> list[str]:
    """What the kept transfers say, each."""
    return sorted(row["purpose"] for row in await BankEntry.select())


async def test_lines_under_one_number_with_several_purposes_are_several_transfers(database: str) -> None:
    assert await told(FIRST, SECOND, replace(SECOND, purpose="fg3mr8w5zh6d  GIAN A2")) == Kept(2, 1)
    for again in ((FIRST, SECOND), (SECOND, FIRST), (FIRST,), (SECOND,)):
        assert (await told(*again)).new == 0
    assert await told(THIRD, SECOND) == Kept(1, 1)
    assert (await told(SECOND, THIRD, FIRST)).new == (await told(THIRD, FIRST)).new == 0
    assert await purposes() == sorted(one.purpose for one in (FIRST, SECOND, THIRD))
    assert await told(replace(FIRST, amount=Money(60_000, "VND"))) == Kept(1, 0)


@pytest.mark.parametrize("order", [(FIRST, SECOND), (SECOND, FIRST)], ids=["in order", "turned round"])
async def test_a_statement_that_tells_more_adds_the_line_that_was_not_told(
    database: str, order: tuple[BankLine, ...]
) -> None:
    assert await told(SECOND) == Kept(1, 0)
    for new in (1, 0):
        assert (await told(*order)).new == new
    assert await purposes() == sorted([FIRST.purpose, SECOND.purpose])


@pytest.mark.parametrize("order", [(FIRST, SECOND), (SECOND, FIRST)], ids=["in order", "turned round"])
@pytest.mark.parametrize("account", ["0011001932418", ""], ids=["the account", "no account"])
async def test_a_notice_of_one_of_them_is_that_one(database: str, order: tuple[BankLine, ...], account: str) -> None:
    notice = replace(SECOND, account=account, purpose="CT DEN FG3MR8W5ZH6D gian A2", payer_name="")
    assert await told(notice, source=EntrySource.WEBHOOK) == Kept(1, 0)
    for new in (1, 0):
        assert (await told(*order)).new == new
        assert (await told(notice, source=EntrySource.WEBHOOK)).new == 0
    assert (await told(*order, THIRD)).new == 1
    assert await purposes() == sorted([FIRST.purpose, notice.purpose, THIRD.purpose])
    assert {row["payer_name"] for row in await BankEntry.select()} == {"CTY HOA BAN"}


async def test_a_notice_after_the_statement_is_one_of_its_lines(database: str) -> None:
    assert await told(FIRST, SECOND) == Kept(2, 0)
    for one in (FIRST, SECOND):
        assert (await told(replace(one, purpose=f"CT DEN {one.purpose}"), source=EntrySource.WEBHOOK)).new == 0
    assert (await told(SECOND, FIRST)).new == 0


async def test_a_notice_that_says_nothing_alike_is_the_first_line_for_good(database: str) -> None:
    assert await told(line(number=NUMBER, purpose="0"), source=EntrySource.WEBHOOK) == Kept(1, 0)
    assert await told(FIRST, SECOND) == Kept(1, 1)
    assert await told(THIRD, SECOND, FIRST) == Kept(1, 2)
    assert await purposes() == sorted(["0", SECOND.purpose, THIRD.purpose])


@pytest.mark.race
async def test_the_same_statement_at_once_is_told_once(database: str) -> None:
    answers = await race(4, lambda number: told(*(FIRST, SECOND)[:: -1 if number % 2 else 1]))
    assert sorted(answer.new for answer in winners(answers)) == [0, 0, 0, 2]
    assert await purposes() == sorted([FIRST.purpose, SECOND.purpose])


@pytest.mark.parametrize(
    "other",
    [
        line(23),
        line(amount=Money(50_001, "VND")),
        line(amount=Money(50_000, "IDR")),
        line(account="0011001932419"),
        line(purpose="LE VAN BINH chuyen tien ve hoi cho"),
        line(number="FT26331123456780"),
    ],
    ids=["two days later", "amount", "currency", "account", "purpose", "another number of the same form"],
)
async def test_what_differs_is_another_transfer(database: str, other: BankLine) -> None:
    assert await told(line(number=NUMBER), source=EntrySource.WEBHOOK) == Kept(1, 0)
    assert await told(other) == Kept(1, 0)


async def test_short_purposes_tell_nothing(database: str) -> None:
    assert not alike(line(purpose="ck"), line(purpose="ck tien"))
    assert not alike(line(purpose=""), line(purpose=""))


@pytest.mark.race
async def test_told_by_many_at_once_it_is_one(database: str) -> None:
    answers = await race(8, lambda _number: told(line(number=NUMBER)))
    assert sorted(answer.new for answer in winners(answers)) == [0] * 7 + [1]
    assert await BankEntry.count() == 1


async def nobody_waits() -> None:
    """Let two tell of transfers at once."""


NOTICE = line(number="MBVCB.3278907687", purpose="FG7KQ2M9XT4C CT tu 0123")
ENTRY = line(22, number="5078 - 12", purpose="MBVCB.3278907687.FG7KQ2M9XT4C.CT tu 0123 toi 0011")


@pytest.mark.race
async def test_notice_and_statement_at_once_are_one_transfer(database: str) -> None:
    tellings = ((NOTICE, EntrySource.WEBHOOK), (ENTRY, EntrySource.STATEMENT))
    answers = await race(2, lambda number: told(tellings[number][0], source=tellings[number][1]))
    assert sorted(answer.new for answer in winners(answers)) == [0, 1]
    assert await BankEntry.count() == 1


@pytest.mark.race
async def test_with_two_tellers_at_a_time_they_are_two(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    unguarded(monkeypatch, entries)
    monkeypatch.setattr(entries, "one_teller", nobody_waits)
    meet_after(monkeypatch, entries, "_unconfirmed", parties=2)
    tellings = ((NOTICE, EntrySource.WEBHOOK), (ENTRY, EntrySource.STATEMENT))
    answers = await race(2, lambda number: told(tellings[number][0], source=tellings[number][1]))
    assert [answer.new for answer in winners(answers)] == [1, 1]
    assert await BankEntry.count() == 2


@pytest.mark.race
async def test_without_its_key_a_transfer_is_kept_twice(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await drop_unique("bank_entry", "fingerprint")
    unguarded(monkeypatch, entries)
    monkeypatch.setattr(entries, "one_teller", nobody_waits)
    meet_after(monkeypatch, entries, "_unconfirmed", parties=2)
    winners(await race(2, lambda _number: told(line(number=NUMBER))))
    assert await BankEntry.count() == 2


async def test_very_many_lines_are_kept(database: str) -> None:
    lines = [line(number=f"FT2633{number:010d}", booked_at=NOW + timedelta(seconds=number)) for number in range(1_201)]
    assert await told(*lines) == Kept(1_201, 0)
    assert await told(*lines) == Kept(0, 1_201)


async def test_only_money_that_came_is_kept(database: str) -> None:
    with pytest.raises(ValueError, match="came in"):
        await told(line(amount=Money(0, "VND")))


def test_fingerprints_are_stable() -> None:
    """A change here would tell every statement of before as new."""
    marks = fingerprints([line(), line(), line(number="12"), line(number=NUMBER)])[0]
    assert [mark[:12] for mark in marks] == ["fda3587e50e9", "43589f3bbec9", "d6b42ae650da", "64e43617f9b1"]


@pytest.mark.parametrize("number", [NUMBER, "5078 - 12"])
async def test_the_statement_that_confirms_a_notice_says_who_sent_it(database: str, number: str) -> None:
    notice = line(number=NUMBER, purpose="Nguyen Thi Lan chuyen tien ve hoi cho")
    other = line(number="FT26331000000009", purpose="gian hang")
    assert await told(notice, other, source=EntrySource.WEBHOOK) == Kept(2, 0)
    confirming = line(number=number, payer_name="NGUYEN THI LAN", payer_account="1903 6677")
    for _time in range(2):
        assert await told(confirming) == Kept(0, 1)
    row, untouched = await BankEntry.select().order_by(BankEntry.id)
    assert (row["payer_name"], row["payer_account"]) == ("NGUYEN THI LAN", "19036677")
    assert row["search_text"].endswith(" nguyen thi lan")
    assert (untouched["payer_name"], untouched["payer_account"]) == ("", "")
    assert await told(replace(confirming, payer_name="AI KHAC")) == Kept(0, 1)
    (row, _other) = await BankEntry.select().order_by(BankEntry.id)
    assert row["payer_name"] == "NGUYEN THI LAN"

"""A transfer as a notice or a statement tells of it, and how two tellings are known to be of one transfer.

Banks number their transactions, and mostly a notice and a statement carry the same number. Some numbers are good for
ever (``FT26331123456789``), others begin anew each day (``5078 - 12``) or name all that was booked together: with
these goes the day. Where there is no number, the day, the payer and the purpose stand in. Of several that are alike in
this it is counted which one it is: two equal transfers on one day are two, and the same statement read again tells of
the same two. Lines of one statement that have a number of all days and an amount in common and say several purposes are
several transfers, too: some banks give what was sent in one batch the batch's number.
"""

import hashlib
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from difflib import SequenceMatcher

from app.kernel.money import Money

LEAST_ALIKE = 10
"""How many letters and digits a purpose must have for telling that two tellings are of one transfer."""


@dataclass(frozen=True, kw_only=True)
class BankLine:
    """One transfer that came in. ``day`` is the bank's own; ``number`` the bank's, empty where it gives none."""

    account: str
    booked_at: datetime
    day: date
    amount: Money
    purpose: str
    payer_name: str = ""
    payer_account: str = ""
    number: str = ""


def squeezed(text: str) -> str:
    """The letters and digits of a text in capitals, without diacritics: what every bank keeps of it."""
    decomposed = unicodedata.normalize("NFKD", text.upper()).replace("Đ", "D")
    return re.sub(r"[^0-9A-Z]", "", decomposed)


def our_account(ours: str, *told: str) -> str:
    """The account of a transfer: ``ours`` (``BANK_ACCOUNT``) where a text told of it names that, else the first.

    Notices of a virtual account name it and the main one, statements write the bank or the holder beside the number.
    """
    mine = squeezed(ours)
    return ours if mine and any(mine in squeezed(text) for text in told) else next(filter(None, told), ours)


def is_ours(ours: str, account: str) -> bool:
    """Whether an account is ``ours`` (``BANK_ACCOUNT``): it names it, or one of the two is not known."""
    mine, told = squeezed(ours), squeezed(account)
    return not mine or not told or mine in told


def bare_number(number: str) -> str:
    """A bank's number as it is compared: ``ft26331123\\BNK`` is FT26331123."""
    return squeezed(number.partition("\\")[0])


def good_for_ever(number: str) -> bool:
    """Whether a bare number names one transaction of all days: ten characters with a letter, or twelve digits."""
    return len(number) >= (12 if number.isdigit() else 10)


def likest(lines: Sequence[BankLine], purpose: str) -> int:
    """The place of the line whose purpose is most like this one; of several, the first."""
    told = squeezed(purpose)
    likeness = [SequenceMatcher(None, squeezed(line.purpose), told, autojunk=False).ratio() for line in lines]
    return likeness.index(max(likeness))


def says_the_same(one: str, other: str) -> bool:
    """Whether two purposes are one, or one of them stands in the other."""
    shorter, longer = sorted((squeezed(one), squeezed(other)), key=len)
    return shorter == longer or (len(shorter) >= LEAST_ALIKE and shorter in longer)


def fingerprints(lines: Sequence[BankLine]) -> tuple[list[str], dict[str, list[int]]]:
    """What each line is known by, in their order; and which say several purposes under one number good for ever.

    Those that no number of all days tells apart are counted. Those that share a number are known by their purposes as
    well, and stand under what the number alone is known by.
    """
    numbered = [_numbered(line) for line in lines]
    shared = _shared(lines, numbered)
    sharing = {index for group in shared.values() for index in group}
    seen: Counter[tuple[str, ...]] = Counter()
    found = []
    for index, line in enumerate(lines):
        parts = numbered[index]
        if index in sharing:
            parts = (*parts, "purpose", squeezed(line.purpose))
        elif not parts:
            number = bare_number(line.number)
            said = (squeezed(line.purpose), squeezed(line.payer_account), squeezed(line.payer_name))
            parts = (squeezed(line.account), str(line.amount.amount_minor), line.amount.currency)
            parts = (*parts, line.day.isoformat(), *(("number of the day", number) if number else said))
            seen[parts] += 1
            parts = (*parts, str(seen[parts]))
        found.append(_mark(parts))
    return found, {_mark(parts): group for parts, group in shared.items()}


def _shared(lines: Sequence[BankLine], numbered: Sequence[tuple[str, ...]]) -> dict[tuple[str, ...], list[int]]:
    found: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
    for index, parts in enumerate(numbered):
        if parts:
            found[parts].append(index)
    several = {parts: group for parts, group in found.items() if len(group) > 1}
    said = {parts: {squeezed(lines[one].purpose) for one in group} for parts, group in several.items()}
    return {parts: group for parts, group in several.items() if len(said[parts]) > 1}


def _numbered(line: BankLine) -> tuple[str, ...]:
    """What a line is known by whose number is good for ever; nothing where it is not."""
    number = bare_number(line.number)
    if not good_for_ever(number):
        return ()
    return ("number", squeezed(line.account), str(line.amount.amount_minor), line.amount.currency, number)


def _mark(parts: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def alike(one: BankLine, other: BankLine) -> bool:
    """Whether a notice and a statement tell of one transfer though their numbers differ, as those of some banks do.

    They must agree on account (where both name one), amount and day (a day apart is allowed: banks book at night), and
    have one number that is good for ever, or either one's number stands in the other's purpose, or one's purpose in the
    other's. Two different numbers of one form are two transfers.
    """
    accounts = squeezed(one.account), squeezed(other.account)
    if one.amount != other.amount or (all(accounts) and accounts[0] != accounts[1]):
        return False
    if abs((one.day - other.day).days) > 1:
        return False
    numbers = bare_number(one.number), bare_number(other.number)
    if numbers[0] == numbers[1] and good_for_ever(numbers[0]):
        return True
    if all(numbers) and numbers[0] != numbers[1] and _form(numbers[0]) == _form(numbers[1]):
        return False
    purposes = squeezed(one.purpose), squeezed(other.purpose)
    if any(good_for_ever(number) and number in said for number, said in zip(numbers, purposes[::-1], strict=True)):
        return True
    shorter, longer = sorted(purposes, key=len)
    return len(shorter) >= LEAST_ALIKE and shorter in longer


def _form(number: str) -> str:
    return re.sub(r"[A-Z]", "A", re.sub(r"\d", "9", number))

"""Which records look like one, and why."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from app.accounts.enums import Likeness, RecordKind
from app.accounts.tables import NotTheSame
from app.kernel.database import as_day, fetch
from app.kernel.names import search_text

#: A phone or a number that more records than this share is a shared one: each is compared with the first alone.
_MOST_ALIKE = 6
_COUNTRIES = ("84", "62")
_WARD = re.compile(r"^(phuong|xa|thi tran|p\.|x\.|tt\.|kelurahan|desa|kel\.|ward|commune)\s*")
#: Words for the legal form, folded; the longest first, so that none is cut out of another.
_FORMS = (
    "cong ty trach nhiem huu han mot thanh vien",
    "cong ty trach nhiem huu han",
    "cong ty tnhh mot thanh vien",
    "cong ty tnhh mtv",
    "doanh nghiep tu nhan",
    "joint stock company",
    "ho san xuat kinh doanh",
    "lien hiep hop tac xa",
    "usaha dagang",
    "hop tac xa",
    "to hop tac",
    "cong ty co phan",
    "cong ty tnhh",
    "cong ty cp",
    "ho kinh doanh",
    "doanh nghiep",
    "cong ty",
    "cooperative",
    "co-operative",
    "perusahaan",
    "koperasi",
    "company",
    "limited",
    "persero",
    "co so",
    "dntn",
    "tnhh",
    "co.",
    "ltd",
    "jsc",
    "llc",
    "htx",
    "hkd",
    "mtv",
    "tbk",
    "ctcp",
    "cty",
    "pt",
    "cv",
    "ud",
)
_FORM = re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, _FORMS)) + r")(?!\w)|^ho(?=\s)")


def phone_key(phone: str | None) -> str:
    """A number as it is dialled at home, without zeros and the country: 0912…, 84 912… and +62 912… are one."""
    digits = re.sub(r"\D", "", phone or "").lstrip("0")
    for country in _COUNTRIES:
        if digits.startswith(country) and len(digits) - len(country) >= 9:
            digits = digits.removeprefix(country).lstrip("0")
            break
    return digits if len(digits) >= 8 else ""


def number_key(number: str | None) -> str:
    """A tax or personal number without signs and the zeros that spreadsheets lose."""
    return re.sub(r"[^0-9a-z]", "", search_text(number)).lstrip("0")


def name_key(name: str) -> str:
    """An organisation's name without case, accents, signs and words for the legal form; all of it if that is all."""
    folded = search_text(name)
    bare = " ".join(re.sub(r"[^\w\s]", " ", _FORM.sub(" ", folded)).split())
    return bare or folded


def ward_key(ward: str | None) -> str:
    """A ward or commune without the word for it."""
    return _WARD.sub("", search_text(ward)).strip()


@dataclass(frozen=True)
class Pair:
    """Two records that look like one, the older first, and why."""

    kind: RecordKind
    first: int
    second: int
    reasons: tuple[Likeness, ...]


async def likely_pairs(kind: RecordKind, ids: Iterable[int] = ()) -> list[Pair]:
    """All pairs that look like one and were not said to be two, by their ids; ``ids`` keeps these alone."""
    only = set(ids)
    signs = await (_signs_of_people() if kind == RecordKind.PERSON else _signs_of_organisations())
    found: dict[tuple[int, int], set[Likeness]] = defaultdict(set)
    for (reason, *_key), holders in signs.items():
        alike = sorted(holders & only if only else holders)
        pairs = combinations(alike, 2) if len(alike) <= _MOST_ALIKE else ((alike[0], other) for other in alike[1:])
        for pair in pairs:
            found[pair].add(reason)
    for row in await NotTheSame.select(NotTheSame.first, NotTheSame.second).where(NotTheSame.kind == kind.value):
        found.pop((row["first"], row["second"]), None)
    lapsed = await _one_after_the_other(found) if kind == RecordKind.ORGANISATION else set()
    return [
        Pair(kind, first, second, tuple(reason for reason in Likeness if reason in reasons))
        for (first, second), reasons in sorted(found.items())
        if (first, second) not in lapsed
    ]


Signs = dict[tuple[Any, ...], set[int]]


async def people_alike(*, full_name: str, phone: str | None, ward: str) -> dict[int, tuple[Likeness, ...]]:
    """People who look like one who is about to be registered, and why."""
    wanted: Signs = defaultdict(set)
    _note(wanted, 0, Likeness.PHONE, phone_key(phone))
    _note(wanted, 0, Likeness.NAME_AND_WARD, search_text(full_name), ward_key(ward))
    return _alike(wanted, await _marks_of_people())


async def organisations_alike(*, name: str, phone: str | None, ward: str) -> dict[int, tuple[Likeness, ...]]:
    """Organisations that look like one that is about to be added, and why."""
    wanted: Signs = defaultdict(set)
    _note(wanted, 0, Likeness.PHONE, phone_key(phone))
    _note(wanted, 0, Likeness.NAME_AND_WARD, name_key(name), ward_key(ward))
    signs, _codes = await _marks_of_organisations()
    return _alike(wanted, signs)


def _alike(wanted: Signs, signs: Signs) -> dict[int, tuple[Likeness, ...]]:
    found: dict[int, list[Likeness]] = defaultdict(list)
    for key in wanted:
        for holder in sorted(signs.get(key, ())):
            found[holder].append(key[0])
    return {holder: tuple(reasons) for holder, reasons in found.items()}


async def _signs_of_organisations() -> Signs:
    signs, codes = await _marks_of_organisations()
    return {key: holders for key, holders in signs.items() if len(holders) > 1 and not _apart(key, holders, codes)}


async def _marks_of_organisations() -> tuple[Signs, dict[int, int | None]]:
    rows = await fetch(
        "SELECT id, name, phone, tax_number, ward, ward_code FROM organisation WHERE merged_into IS NULL ORDER BY id"
    )
    signs: Signs = defaultdict(set)
    for row in rows:
        _note(signs, row["id"], Likeness.PHONE, phone_key(row["phone"]))
        _note(signs, row["id"], Likeness.NUMBER, number_key(row["tax_number"]))
        _note(signs, row["id"], Likeness.NAME_AND_WARD, name_key(row["name"]), ward_key(row["ward"]))
    return signs, {row["id"]: row["ward_code"] for row in rows}


def _apart(key: tuple[Any, ...], holders: set[int], codes: Mapping[int, int | None]) -> bool:
    """Whether two wards of one name are meant: each record says another official code."""
    told = [codes[one] for one in holders if codes[one] is not None]
    return key[0] == Likeness.NAME_AND_WARD and len(told) == len(holders) == len(set(told))


async def _signs_of_people() -> Signs:
    return {key: holders for key, holders in (await _marks_of_people()).items() if len(holders) > 1}


async def _marks_of_people() -> Signs:
    """A person has the wards of the organisations that she speaks for, and a household's personal number is hers."""
    signs: Signs = defaultdict(set)
    for row in await fetch("SELECT id, phone FROM person WHERE phone IS NOT NULL AND merged_into IS NULL"):
        _note(signs, row["id"], Likeness.PHONE, phone_key(row["phone"]))
    rows = await fetch(
        "SELECT p.id AS id, p.full_name AS full_name, o.ward AS ward, "
        "CASE WHEN o.contact = p.id THEN o.tax_number END AS number "
        "FROM person p JOIN organisation o ON o.contact = p.id OR EXISTS (SELECT 1 FROM role_grant g "
        "WHERE g.person = p.id AND g.organisation = o.id AND g.revoked_at IS NULL) "
        "WHERE p.merged_into IS NULL AND p.erased_at IS NULL"
    )
    for row in rows:
        _note(signs, row["id"], Likeness.NAME_AND_WARD, search_text(row["full_name"]), ward_key(row["ward"]))
        digits = re.sub(r"\D", "", row["number"] or "")
        _note(signs, row["id"], Likeness.NUMBER, digits if len(digits) == 12 else "")
    return signs


def _note(signs: Signs, record_id: int, *key: Any) -> None:
    if all(key):
        signs[key].add(record_id)


async def _one_after_the_other(pairs: Iterable[tuple[int, int]]) -> set[tuple[int, int]]:
    """Pairs of which one ended before the other began: the one followed the other, as when wards were joined."""
    wanted = list(pairs)
    rows = await fetch(
        "SELECT id, valid_from, valid_to FROM organisation WHERE valid_from IS NOT NULL OR valid_to IS NOT NULL"
    )
    begins = {row["id"]: as_day(row["valid_from"]) for row in rows if row["valid_from"]}
    ends = {row["id"]: as_day(row["valid_to"]) for row in rows if row["valid_to"]}

    def before(one: int, other: int) -> bool:
        end, begin = ends.get(one), begins.get(other)
        return end is not None and begin is not None and end < begin

    return {(one, other) for one, other in wanted if before(one, other) or before(other, one)}

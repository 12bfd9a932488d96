"""The administrative units of Vietnam, those of today and those that ended with 30 June 2025, each with its days.

They stand in ``units.csv.gz`` (``tests/support/former_units.py`` makes it) and are read when first asked for: 14,000 of
them take 0.3 s and 10 MiB. What became of former units, and their other names, was derived from the data
of ``vietnamadminunits`` 1.0.4, Copyright (c) 2025 Tran Ngoc Minh Hieu, under the MIT licence, which stands beside it
in ``LICENSE-vietnamadminunits``; codes and names of today's units are those of ``vietnam-provinces``.
"""

import csv
import gzip
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from itertools import islice
from pathlib import Path
from sys import intern

from app.kernel.names import search_text

FILE = Path(__file__).parent / "units.csv.gz"
PROVINCE, DISTRICT, WARD = "province", "district", "ward"
#: The first day of two tiers: no districts any more, and wards as they are now.
REFORM = date(2025, 7, 1)
_CITY = "Thành phố "
_KIND = re.compile(r"^(Thành phố|Tỉnh|Quận|Huyện|Thị xã|Phường|Xã|Thị trấn|Đặc khu)\s+(?=\S)")


@dataclass(frozen=True, slots=True, eq=False)
class Unit:
    """A province or city, a district, or a ward or commune.

    ``code`` is that of the General Statistics Office: of today's units another one may have had it before. An empty
    ``valid_from`` is a day that is not known, an empty ``valid_to`` one that has not come. ``into`` has the units of
    today that have all or a part of a former one.
    """

    level: str
    code: int
    name: str
    above: "Unit | None"
    valid_from: date | None
    valid_to: date | None
    into: tuple["Unit", ...] = field(repr=False)

    @property
    def full(self) -> str:
        """The name with that of the unit above, as addresses have it: ``Phường Hoàn Kiếm, Hà Nội``."""
        if self.above is None:
            return self.name
        above = self.above.name
        return f"{self.name}, {above.removeprefix(_CITY) if self.above.level == PROVINCE else above}"

    def in_force(self, on: date) -> bool:
        """Whether it was there on a day."""
        return (self.valid_from is None or self.valid_from <= on) and (self.valid_to is None or on <= self.valid_to)


Names = dict[str, tuple[Unit, ...]]


@dataclass(frozen=True)
class Units:
    """All units by level and folded bare name; ``earlier``: former wards by names of wards that had gone into them."""

    all: list[Unit]
    provinces: Names
    districts: Names
    wards: Names
    earlier: Names
    parts: dict[Unit, frozenset[Unit]]
    """Of a ward of today the former districts that it has a part of."""


def fold(name: str) -> str:
    """What names are compared by: no case, accents, blanks or signs; i for y, no zero before a number."""
    folded = re.sub(r"[\W_]", "", search_text(name)).replace("y", "i")
    return folded.lstrip("0") if folded.isdecimal() else folded


def bare(name: str) -> str:
    """A unit's name without the word for what it is; the whole of it where that leaves nothing."""
    return _KIND.sub("", name)


@lru_cache(maxsize=1)
def units() -> Units:
    """All of them, read once in a process."""
    days: dict[str, date | None] = {"": None}
    todays: dict[tuple[str, str], Unit] = {}
    former: dict[tuple[str, str], Unit] = {}
    found = Units(all=[], provinces={}, districts={}, wards={}, earlier={}, parts={})
    by_level = {PROVINCE: found.provinces, DISTRICT: found.districts, WARD: found.wards}
    above_of = {PROVINCE: PROVINCE, DISTRICT: PROVINCE, WARD: DISTRICT}
    parts: dict[Unit, set[Unit]] = defaultdict(set)
    with gzip.open(FILE, "rt", encoding="utf-8", newline="") as lines:
        for level, code, name, above, valid_from, valid_to, into, earlier in islice(csv.reader(lines), 1, None):
            for day in (valid_from, valid_to):
                if day not in days:
                    days[day] = date.fromisoformat(day)
            kept = former if valid_to else todays
            unit = Unit(
                intern(level),
                int(code),
                name,
                kept.get((above_of[level] if valid_to else PROVINCE, above)),
                days[valid_from],
                days[valid_to],
                tuple(todays[PROVINCE if level == PROVINCE else WARD, one] for one in into.split()),
            )
            kept[level, code] = unit
            found.all.append(unit)
            _add(by_level[level], [fold(bare(name))], unit)
            _add(found.earlier if level == WARD else by_level[level], earlier.split(), unit)
            if level == WARD and unit.above is not None:
                for ward in unit.into:
                    parts[ward].add(unit.above)
    found.parts.update({ward: frozenset(districts) for ward, districts in parts.items()})
    return found


def _add(names: Names, keys: Iterable[str], unit: Unit) -> None:
    for key in keys:
        held = names.get(key, ())
        if unit not in held:
            names[key] = (*held, unit)

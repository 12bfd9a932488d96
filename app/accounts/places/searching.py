"""Looking for wards and other units by the beginning of a name, also of one that is no more."""

import re
from collections.abc import Iterable
from datetime import date

from app.accounts.places.reading import read_ward
from app.accounts.places.units import Unit, fold, units
from app.kernel.names import search_text

_KIND = re.compile(
    r"^(phuong|xa|thi tran|dac khu|quan|huyen|thi xa|thanh pho|tinh|p\.|x\.|tt\.|q\.|h\.|tx\.|tp\.)\s*(?=\w)"
)
_LEAST = 2


def find_units(text: str, *, on: date | None = None, limit: int = 20) -> list[Unit]:
    """Units that a text means, then those whose names begin with it; today's first, then former ones.

    ``on`` keeps those that were in force on that day.
    """
    reading = read_ward(text) if text else None
    meant = [*reading.former, *reading.wards] if reading else []
    found = [one for one in dict.fromkeys([*meant, *_beginning(text)]) if on is None or one.in_force(on)]
    return found[:limit]


def find_wards(text: str, *, limit: int = 12) -> list[tuple[Unit, Unit | None]]:
    """Wards of today that a text may mean, each with the former unit by which it was found."""
    offered: dict[Unit, Unit | None] = {}
    for unit in find_units(text, limit=200):
        if unit.valid_to is None and unit.level == "ward":
            offered.setdefault(unit, None)
        for ward in unit.into if unit.level != "province" else ():
            offered.setdefault(ward, unit)
    return list(offered.items())[:limit]


def _beginning(text: str) -> Iterable[Unit]:
    key = fold(_KIND.sub("", search_text(text.split(",")[0])))
    if len(key) < _LEAST:
        return []
    known = units()
    found = [
        unit
        for names in (known.wards, known.districts, known.provinces)
        for name, held in names.items()
        if name.startswith(key)
        for unit in held
    ]
    return sorted(found, key=lambda unit: (unit.valid_to is not None, len(unit.name), unit.full))

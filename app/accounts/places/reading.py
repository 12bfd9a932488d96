"""Which ward an address means that people wrote: with or without the units above it, accents, commas and whole words.

A text is read from its end: a province, a district, then the ward. What is named must fit together; where it fits more
than one ward, or only a name that was given up before June 2025, the candidates are given and nothing is chosen.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from app.accounts.places.units import DISTRICT, PROVINCE, Unit, bare, fold, units
from app.kernel.names import clean_text, search_text, text_key

#: Where more wards than this are meant, the text says too little to offer any.
MOST_CANDIDATES = 12
_LONGEST = 7
_WARDS = {
    ("phuong",): "phuong", ("p",): "phuong", ("f",): "phuong", ("ward",): "phuong",
    ("xa",): "xa", ("x",): "xa", ("commune",): "xa",
    ("thi", "tran"): "thi tran", ("tt",): "thi tran", ("dac", "khu"): "dac khu",
}  # fmt: skip
_DISTRICTS = {
    ("quan",): "quan", ("q",): "quan", ("huyen",): "huyen", ("h",): "huyen", ("district",): "",
    ("thi", "xa"): "thi xa", ("tx",): "thi xa", ("thanh", "pho"): "thanh pho", ("tp",): "thanh pho",
}  # fmt: skip
_PROVINCES = {("tinh",): "", ("t",): "", ("thanh", "pho"): "", ("tp",): "", ("province",): ""}
_COUNTRY = (("viet", "nam"), ("vn",), ("vietnam",))
_ALIASES = {"hcm": "hochiminh", "hcmc": "hochiminh", "tphcm": "hochiminh", "saigon": "hochiminh", "hn": "hanoi"}

Kinds = dict[tuple[str, ...], str]


class Standing(StrEnum):
    """What a text says of a ward."""

    UNKNOWN = "unknown"
    TODAY = "today"
    MOVED = "moved"
    OPEN = "open"


@dataclass(frozen=True)
class Reading:
    """What a text was read as: ``wards`` of today that it can mean, ``former`` the units that it names.

    A name that was ``given_up`` already before 2025 is known of the units alone into which its bearer had gone.
    """

    standing: Standing
    wards: tuple[Unit, ...] = ()
    former: tuple[Unit, ...] = ()
    given_up: bool = False

    @property
    def ward(self) -> Unit | None:
        """The one ward that is meant, None where it is not one alone."""
        known = self.standing in (Standing.TODAY, Standing.MOVED)
        return self.wards[0] if known and len(self.wards) == 1 else None


_UNKNOWN = Reading(Standing.UNKNOWN)


@lru_cache(maxsize=4_096)
def read_ward(text: str) -> Reading:
    """Read what stands where a ward is asked for."""
    words = _words(text)
    best: tuple[tuple[bool, int, int, int], Reading] | None = None
    for cost, end, districts, provinces in _above(words):
        if districts and not end and all(one.into for one in districts):  # an island, which had no wards
            return _reading(districts)
        levels = (districts is not None) + (provinces is not None)
        for first, kind in _ward_starts(words, end):
            if best is not None and best[0] <= (False, cost, -levels, first):
                continue
            found = _resolve(words[first:end], kind, districts, provinces)
            if found is not None and (best is None or (found.given_up, cost, -levels, first) < best[0]):
                best = (found.given_up, cost, -levels, first), found
        if best is not None and best[0][:3] == (False, 0, -2):  # nothing can be plainer
            break
    return best[1] if best else _UNKNOWN


class _Word(NamedTuple):
    """A word as it was written, folded, as names are compared, and whether something parts it from the one before."""

    written: str
    folded: str
    key: str
    parted: bool


def _words(text: str) -> tuple[_Word, ...]:
    found: list[_Word] = []
    for piece in re.split(r"[,;/|()\n]", text):
        parted = True
        for written in re.findall(r"[^\W\d_]+|\d+", clean_text(piece)):
            found.append(_Word(written, *_folded(written), parted))
            parted = False
    for country in _COUNTRY:
        if tuple(word.folded for word in found[-len(country) :]) == country:
            del found[-len(country) :]
    return tuple(found[-40:])


@lru_cache(maxsize=4_096)
def _folded(word: str) -> tuple[str, str]:
    return search_text(word), fold(word)


Above = tuple[int, int, tuple[Unit, ...] | None, tuple[Unit, ...] | None]
Named = tuple[int, int, tuple[Unit, ...]]


def _above(words: tuple[_Word, ...]) -> Iterator[Above]:
    """The ways to read the units above the ward: cost, the words left for it, districts and provinces named."""
    whole = len(words)
    provinces = list(_named(words, whole, PROVINCE))
    for cost, end, found in provinces:
        fitting = [
            (more, rest, tuple(one for one in districts if _lies_in(one, found)))
            for more, rest, districts in _named(words, end, DISTRICT)
        ]
        fitting = [one for one in fitting if one[2]]
        yield from ((cost + more, rest, districts, found) for more, rest, districts in fitting)
        if not _is_plain(fitting):
            yield cost, end, None, found
    districts = list(_named(words, whole, DISTRICT))
    yield from ((cost, rest, found, None) for cost, rest, found in districts)
    if not _is_plain(provinces) and not _is_plain(districts):
        yield 0, whole, None, None


def _is_plain(named: Iterable[Named]) -> bool:
    """Whether a unit is named beyond doubt, apart from what stands before it."""
    return any(not cost and start for cost, start, _found in named)


def _named(words: tuple[_Word, ...], end: int, level: str) -> Iterator[Named]:
    """Units that the last words before ``end`` name, each with its cost (1: nothing parts it) and where it begins."""
    start = end
    while start > max(0, end - _LONGEST):
        start -= 1
        if words[start].parted:
            break
    for cost, length, found in _named_by(words[start:end], level):
        yield cost, end - length, found


@lru_cache(maxsize=4_096)  # the rows of a sheet share their districts and provinces
def _named_by(words: tuple[_Word, ...], level: str) -> tuple[Named, ...]:
    """Units that the last of these words name, each with its cost and its length in words."""
    names, kinds = (units().provinces, _PROVINCES) if level == PROVINCE else (units().districts, _DISTRICTS)
    named: list[Named] = []
    for start in range(len(words) - 1, -1, -1):
        for length in range(3):
            kind = kinds.get(tuple(word.folded for word in words[start : start + length])) if length else ""
            if kind is None or start + length >= len(words):
                continue
            rest = words[start + length :]
            key = "".join(word.key for word in rest)
            found = names.get(_ALIASES.get(key, key), ())
            if not found or (key.isdecimal() and not length):
                continue
            found = _as_written(rest, _of_kind(found, kind) or found)
            if found:
                named.append((int(not length and not words[start].parted), len(words) - start, found))
    return tuple(named)


def _ward_starts(words: Sequence[_Word], end: int) -> Iterator[tuple[int, str]]:
    """Where the ward's bare name may begin, and its kind: after a word for it, or after what parts it."""
    for position in range(end - 1, max(-1, end - _LONGEST - 2), -1):
        for length in (1, 2):
            kind = _WARDS.get(tuple(word.folded for word in words[position : position + length]))
            if kind is not None and position + length < end:
                yield position + length, kind
        if words[position].parted:
            yield position, ""
            return


def _resolve(
    words: Sequence[_Word], kind: str, districts: tuple[Unit, ...] | None, provinces: tuple[Unit, ...] | None
) -> Reading | None:
    """The ward of this name below these units, None where there is none."""
    known = units()
    key = "".join(word.key for word in words)
    named = _as_written(words, known.wards.get(key, ()))
    todays = tuple(one for one in named if one.valid_to is None and _is_below(one, districts, provinces))
    former = tuple(one for one in named if one.valid_to is not None and _was_below(one, districts, provinces))
    if districts is None:
        steps = [_of_kind(todays, kind), _of_kind(former, kind), todays, former]
    else:  # the district says that an address of before is meant
        steps = [_of_kind(former, kind), former, _of_kind(todays, kind), todays]
    for step in steps:
        if step:
            return _reading(step)
    earlier = [one for one in known.earlier.get(key, ()) if _was_below(one, districts, provinces)]
    return _reading(tuple(earlier), given_up=True) if earlier else None


def _reading(found: tuple[Unit, ...], *, given_up: bool = False) -> Reading:
    if found[0].valid_to is None:
        return Reading(Standing.TODAY, found)
    wards = tuple(dict.fromkeys(ward for one in found for ward in one.into))
    if len(wards) > MOST_CANDIDATES:
        return _UNKNOWN
    return Reading(Standing.MOVED if len(wards) == 1 and not given_up else Standing.OPEN, wards, found, given_up)


def _lies_in(district: Unit, provinces: Iterable[Unit]) -> bool:
    """Whether a former district is in one of these provinces, or in one that went into one of them."""
    above = district.above
    return above is not None and any(one is above or one in above.into for one in provinces)


def _was_below(ward: Unit, districts: Sequence[Unit] | None, provinces: Sequence[Unit] | None) -> bool:
    if districts is not None:
        return ward.above in districts
    return provinces is None or (ward.above is not None and _lies_in(ward.above, provinces))


def _is_below(ward: Unit, districts: Sequence[Unit] | None, provinces: Sequence[Unit] | None) -> bool:
    if districts is not None:
        return not units().parts.get(ward, frozenset()).isdisjoint(districts)
    return provinces is None or any(ward.above is one or ward.above in one.into for one in provinces)


def _of_kind(found: Iterable[Unit], kind: str) -> tuple[Unit, ...]:
    """Those that are what the text says they are; all where it does not say."""
    return tuple(one for one in found if not kind or search_text(one.name).startswith(f"{kind} "))


def _as_written(words: Sequence[_Word], found: Sequence[Unit]) -> tuple[Unit, ...]:
    """Those whose names have the accents that were written; a word without any may lack them."""
    if all(word.written.isascii() for word in words):
        return tuple(found)
    keys = [None if word.written.isascii() else _accents(word.written) for word in words]

    def fits(unit: Unit) -> bool:
        own = _accents_of(unit.name)
        return len(own) != len(keys) or all(key in (None, mine) for key, mine in zip(keys, own, strict=True))

    return tuple(one for one in found if fits(one))


@lru_cache(maxsize=4_096)
def _accents_of(name: str) -> tuple[str, ...]:
    return tuple(_accents(word) for word in re.findall(r"[^\W\d_]+|\d+", bare(name)))


@lru_cache(maxsize=4_096)
def _accents(word: str) -> str:
    """A word's letters and tone, wherever the tone is written; i for y."""
    return text_key(unicodedata.normalize("NFD", word.casefold()).replace("y", "i"))

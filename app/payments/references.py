"""References of payment documents: what payers write into a transfer, found again in what banks make of it.

A reference is ``FG`` and ten characters, twelve in all, of 31 letters and digits: none of 0 O 1 I, and no L, which is
read as either. The last two check the others: with values ``v`` (0 to 30) at places ``p`` (1 to 10), ``Σ v`` and
``Σ p·v`` are 0 modulo 31. So any two wrong characters and any two exchanged ones are noticed, for the code has the
distance 3 (a shortened Reed-Solomon code over the field of 31 elements). A single character that cannot be one of ours,
such as a Q that somebody read as 0, is computed from the first sum and confirmed by the second; two are given up.

Whatever is found is looked up among the documents: a reading alone pays nothing.
"""

import re
import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from app.events.typed_codes import read_code

PREFIX = "FG"
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
CODE_LENGTH = 10
LENGTH = len(PREFIX) + CODE_LENGTH
LEAST_CUT = 8
"""How many characters of a reference that was cut must still stand, with ``FG``."""
EARLIER_LENGTH = 8
"""How many characters followed ``FG`` in references made by ``typed_codes``, of which some may still be open."""
MOST_READ = 2_000
_FIELD = len(ALPHABET)
_VALUES = {letter: value for value, letter in enumerate(ALPHABET)}


@dataclass(frozen=True)
class Reading:
    """A reference that was read: a ``whole`` one, which its own check confirms, or the first characters of one."""

    code: str
    whole: bool


def new_reference() -> str:
    """A random reference, such as ``FG7KQ2M9XT4C``: 31⁸ of them, the two characters of the check apart."""
    return reference_of([secrets.randbelow(_FIELD) for _place in range(CODE_LENGTH - 2)])


def reference_of(values: Sequence[int]) -> str:
    """The reference of eight values from 0 to 30, its check added."""
    body = list(values)
    plain, weighted = sum(body), sum(place * value for place, value in enumerate(body, start=1))
    last = (9 * plain - weighted) % _FIELD
    body += [(-plain - last) % _FIELD, last]
    return PREFIX + "".join(ALPHABET[value] for value in body)


def find_references(text: str) -> list[Reading]:
    """Every reference in the purpose of a transfer, in the order in which they stand.

    Case, diacritics, blanks and signs do not matter, nor what is joined before and after. Of a reference that is a word
    of its own ``FG`` may be lost. A reference that is cut, at
    the end of the text or before a sign or blank, is given as a part that begins with ``FG`` and has 8 characters or
    more, the longest reading first. Among the readings can be some that only look like a reference, such as the first
    ten characters of another one; none of these is a document's.
    """
    letters, breaks = _squeezed(text[:MOST_READ])
    found: list[Reading] = []
    for start in range(len(letters) - LEAST_CUT + 1):
        if not letters.startswith(PREFIX, start):
            continue
        code = _checked(letters[start + len(PREFIX) : start + LENGTH])
        found += [Reading(PREFIX + code, True)] if code is not None else _cut(letters, breaks, start)
        found += _earlier(letters, start)
    found += _without_prefix(text[:MOST_READ])
    return list(dict.fromkeys(found))


def _squeezed(text: str) -> tuple[str, frozenset[int]]:
    """The letters and digits of a text in capitals, and before which of them, or at which end, something else stood."""
    letters: list[str] = []
    breaks = set()
    for character in unicodedata.normalize("NFKD", text).upper():
        if character.isascii() and character.isalnum():
            letters.append(character)
        elif character == "Đ":
            letters.append("D")
        elif not unicodedata.combining(character):
            breaks.add(len(letters))
    breaks.add(len(letters))
    return "".join(letters), frozenset(breaks)


def _checked(code: str) -> str | None:
    """The ten characters that were read, at most one of them completed; None when they do not check."""
    if len(code) != CODE_LENGTH:
        return None
    values = [_VALUES.get(letter) for letter in code]
    if values.count(None) > 1:
        return None
    known = [value for value in values if value is not None]
    if len(known) < CODE_LENGTH:
        values[values.index(None)] = -sum(known) % _FIELD
    filled = [value for value in values if value is not None]
    weighted = sum(place * value for place, value in enumerate(filled, start=1))
    if sum(filled) % _FIELD or weighted % _FIELD:
        return None
    return "".join(ALPHABET[value] for value in filled)


def _without_prefix(text: str) -> list[Reading]:
    """Codes that stand as words of their own without ``FG``, as where one wrote it but once for several of them."""
    found = []
    for word in re.findall(r"[0-9A-Z]+", text.upper()):
        code = word.removeprefix(PREFIX[-1]) if len(word) == CODE_LENGTH + 1 else word
        if all(letter in _VALUES for letter in code) and _checked(code) is not None:
            found.append(Reading(PREFIX + code, True))
    return found


def _earlier(letters: str, start: int) -> list[Reading]:
    """A reference as they were made before: eight characters with one check, in which an O was always a 0."""
    code = read_code(letters[start + len(PREFIX) : start + len(PREFIX) + EARLIER_LENGTH], EARLIER_LENGTH)
    return [] if code is None else [Reading(PREFIX + code, True)]


def _cut(letters: str, breaks: frozenset[int], start: int) -> list[Reading]:
    """What may be left of a reference that was cut: everything up to a break, the longest first."""
    parts = (letters[start:end] for end in range(start + LENGTH - 1, start + LEAST_CUT - 1, -1) if end in breaks)
    return [Reading(part, False) for part in parts if all(letter in _VALUES for letter in part)]

"""Codes that people type from paper: no letter that looks like a digit, and a check character at the end.

Each is made of ``length - 1`` random characters and the sum of value times place modulo 31 (a prime, so any one wrong
character and any two exchanged neighbours are found).
"""

import secrets

ALPHABET = "023456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUES = {letter: value for value, letter in enumerate(ALPHABET)}
_READ_AS = str.maketrans({"O": "0", " ": None, "-": None, ".": None})


def _check(body: str) -> str:
    return ALPHABET[sum(_VALUES[letter] * place for place, letter in enumerate(body, start=1)) % len(ALPHABET)]


def new_code(length: int) -> str:
    """A random code of ``length`` characters, the last of which checks the others."""
    number, body = secrets.randbelow(len(ALPHABET) ** (length - 1)), ""
    for _place in range(length - 1):
        number, value = divmod(number, len(ALPHABET))
        body += ALPHABET[value]
    return body + _check(body)


def read_code(typed: str, length: int) -> str | None:
    """The code that was typed, in any case, with or without blanks and hyphens; None when it cannot be one."""
    code = typed.strip().upper().translate(_READ_AS)
    if len(code) != length or any(letter not in _VALUES for letter in code):
        return None
    return code if _check(code[:-1]) == code[-1] else None


def show_code(code: str) -> str:
    """A code as it is printed, in groups of four: ``7KQ2-M9XT``."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))

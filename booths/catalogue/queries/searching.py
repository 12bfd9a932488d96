"""Searching the catalogue: each word looked for begins a word of the text, on pages and in both engines alike."""

from collections.abc import Iterable
from functools import reduce

from app.kernel.names import search_text

#: Signs that words stand behind as they do behind a blank.
_SIGNS = "-–/(“"
_BETWEEN_WORDS = str.maketrans(dict.fromkeys(_SIGNS, " "))


def words_of(search: str) -> list[str]:
    """What is searched for, word by word, in lower case without diacritics; at most eight words."""
    return search_text(search).translate(_BETWEEN_WORDS).split()[:8]


def begins_words(words: Iterable[str], text: str) -> bool:
    """Whether each of the words begins one of a text of ``search_text``."""
    known = f" {text.translate(_BETWEEN_WORDS)}"
    return all(f" {word}" in known for word in words)


def spaced_column(column: str) -> str:
    """A column of ``search_text`` in SQL with a blank before each of its words, to be searched by LIKE."""
    return "' ' || " + reduce(lambda inner, sign: f"REPLACE({inner}, '{sign}', ' ')", _SIGNS, column)

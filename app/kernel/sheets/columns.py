"""Columns of a sheet, and how headers are recognised in three languages."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.kernel.i18n import current_locale
from app.kernel.names import search_text
from app.kernel.sheets.model import Proposed, SheetContext, Value

#: How many words of a header are looked at that may be in two languages.
MOST_WORDS = 12
Parser = Callable[[Value, SheetContext], Any]


@dataclass(frozen=True)
class Column:
    """A value that sheets of a kind may carry.

    ``labels`` gives for "en", "vi" and "id" the header first and then its aliases; ``parse`` turns a cell that is not
    empty into a value or raises CellError; a ``required`` column must be there and filled in each row. ``propose``
    looks at a value that is a text and may propose another one to load instead.
    """

    name: str
    labels: Mapping[str, Sequence[str]] = field(hash=False)
    parse: Parser
    required: bool = False
    propose: Callable[[str], Proposed | None] | None = None

    def label(self, locale: str | None = None) -> str:
        """Give the header in a language, the reader's by default."""
        own = self.labels.get(locale or current_locale()) or self.labels.get("en") or (self.name,)
        return own[0]

    def folded(self) -> set[str]:
        """Give every header that means this column, folded."""
        names = (name for own in self.labels.values() for name in own)
        return {fold(self.name), *(fold(name) for name in names)} - {""}


def fold(header: str) -> str:
    """Reduce a header to what is compared: no case, accents, blanks or signs."""
    return re.sub(r"[\W_]", "", search_text(header))


def candidates(header: str) -> tuple[str, ...]:
    """Give the ways to read a header: whole, without what stands in brackets, and its first line or half."""
    bare = re.sub(r"[(\[（].*?[)\]）]", "", header)
    return tuple(dict.fromkeys(fold(text) for text in (header, bare, re.split(r"[/|:]", bare)[0]) if fold(text)))


def recognise(headers: Sequence[str], columns: Sequence[Column]) -> dict[str, str]:
    """Map headers to names of columns; each column is taken once, the surest reading first.

    Last come headers in two languages without a sign between, as one cell of two lines gives them.
    """
    meanings: dict[str, str] = {}
    for column in columns:
        for key in column.folded():
            meanings.setdefault(key, column.name)
    found: dict[str, str] = {}
    for attempt in range(3):
        for header in headers:
            ways = candidates(header)
            name = meanings.get(ways[attempt]) if attempt < len(ways) else None
            if name is not None and header not in found and name not in found.values():
                found[header] = name
    for header in headers:
        name = _said_twice(header, meanings)
        if name is not None and header not in found and name not in found.values():
            found[header] = name
    return found


def _said_twice(header: str, meanings: Mapping[str, str]) -> str | None:
    """The column that a header names in its first words and again in its last ones."""
    words = header.split()[:MOST_WORDS]
    halves = ((fold(" ".join(words[:place])), fold(" ".join(words[place:]))) for place in range(1, len(words)))
    names = (meanings.get(first) for first, last in halves if meanings.get(first) == meanings.get(last))
    return next((name for name in names if name is not None), None)

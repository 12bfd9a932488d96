"""Conditions for what people type into the search of a list."""

import re

from piccolo.columns import Column
from piccolo.columns.combination import Where
from piccolo.columns.operators.comparison import ComparisonOperator

from app.kernel.names import search_text, searched


class _Holds(ComparisonOperator):
    template = "{name} LIKE {value} ESCAPE '!'"


def like_pattern(wanted: str) -> str:
    """What stands after ``LIKE``, with ``ESCAPE '!'`` behind it, for columns that contain the text.

    ``%``, ``_`` and ``\\`` in the text stand for themselves.
    """
    return "%" + re.sub(r"([!%_])", r"!\1", wanted) + "%"


def is_named(column: Column, wanted: str) -> Where:
    """A condition: a column of search texts contains what people type, in any usual form."""
    return Where(column=column, value=like_pattern(search_text(searched(wanted))), operator=_Holds)

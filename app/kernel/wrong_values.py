"""What is wrong with a value that a program sent, in our words instead of the decoder's."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from app.kernel import forms
from app.kernel.i18n import _

_MISSING = re.compile(r"missing required field `([^`]+)`")
#: What msgspec says, and our sentence for it; a number in it is the limit.
_SENTENCES = (
    (re.compile(r"of length <= (\d+)"), forms.TOO_LONG),
    (re.compile(r"of length >= (\d+)"), forms.TOO_SHORT),
    (re.compile(r"`(?:int|float)` <= (-?[\d.]+)"), forms.TOO_LARGE),
    (re.compile(r"`(?:int|float)` >= (-?[\d.]+)"), forms.TOO_SMALL),
    (re.compile(r"`(?:int|float)` < (-?[\d.]+)"), forms.NOT_LESS),
    (re.compile(r"`(?:int|float)` > (-?[\d.]+)"), forms.NOT_MORE),
    (re.compile(r"Expected `int"), forms.NOT_WHOLE),
    (re.compile(r"Expected `float"), forms.NOT_A_NUMBER),
    (re.compile(r"Invalid enum value"), forms.NOT_A_CHOICE),
)


def sentences(problems: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """A sentence for each value, by its place in what was sent; from the ``extra`` of Litestar's refusal."""
    return dict(_sentence(str(problem.get("key", "")), str(problem.get("message", ""))) for problem in problems)


def _sentence(place: str, said: str) -> tuple[str, str]:
    missing = _MISSING.search(said)
    if missing:
        return (missing[1] if place in ("", "data") else f"{place}.{missing[1]}"), _(forms.REQUIRED)
    for pattern, sentence in _SENTENCES:
        found = pattern.search(said)
        if found:
            return place, _(sentence).format(limit=found[1] if pattern.groups else "")
    return place, _(forms.NOT_LIKE_THAT)

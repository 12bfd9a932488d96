"""What a pass is for, in the reader's language: its own label is in one language, as it was issued.

A label is looked up among the names that a module gives for an edition's labels; one that nobody knows stays as it is.
"""

import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace

from app.events.enums import PASS_KIND_NAMES
from app.events.passes.queries import PassInfo
from app.events.slots import pass_names
from app.kernel.i18n import LOCALES, _, pick, use_locale

LabelNames = Mapping[str, Mapping[str, str]]
"""By label, its name by language."""

LabelNamer = Callable[[int], Awaitable[LabelNames]]

LONGEST_LABEL = 80
#: How long names are kept, for another process may change them.
KEPT_SECONDS = 60.0
_namers: list[LabelNamer] = []
_kept: dict[int, tuple[float, LabelNames]] = {}


def add_label_namer(namer: LabelNamer) -> None:
    """Let a module give the names of the labels of an edition's passes."""
    if namer not in _namers:
        _namers.append(namer)


async def names_of_labels(edition_id: int) -> LabelNames:
    """The names by language of an edition's labels, for :func:`read_label`; asked of the database once a minute."""
    kept = _kept.get(edition_id)
    if kept is not None and time.monotonic() - kept[0] < KEPT_SECONDS:
        return kept[1]
    names = _names_of_kinds()
    for namer in _namers:
        names |= await namer(edition_id)
    _kept[edition_id] = (time.monotonic(), names)
    return names


def forget_label_names(edition_id: int) -> None:
    """Ask for an edition's names again: they were changed."""
    _kept.pop(edition_id, None)


def read_label(label: str, names: LabelNames) -> str:
    """A label in the reader's language, or as it is."""
    return pick(names.get(label)) or label


async def named(found: PassInfo) -> PassInfo:
    """A pass whose label is in the reader's language; its type's name of today where it was issued for one."""
    own = pick(await pass_names(found.id))
    return replace(found, label=own or read_label(found.label, await names_of_labels(found.edition_id)))


async def all_named(edition_id: int, passes: Iterable[PassInfo]) -> list[PassInfo]:
    """Passes of an edition with their labels in the reader's language."""
    names = await names_of_labels(edition_id)
    return [replace(found, label=read_label(found.label, names)) for found in passes]


def _names_of_kinds() -> dict[str, Mapping[str, str]]:
    """A pass that was handed out without a label has the name of its kind, in the language of who gave it."""
    found: dict[str, Mapping[str, str]] = {}
    for name in PASS_KIND_NAMES.values():
        told = {}
        for locale in LOCALES:
            with use_locale(locale):
                told[locale] = _(name)
        found |= dict.fromkeys(told.values(), told)
    return found

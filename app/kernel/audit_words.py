"""The log of changes in words: what an action is called, and by which name its subject is known.

Each module hands in the words of its own actions (its ``log.py``); a test walks all actions of the code.
"""

import json
import re
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from piccolo.columns import Column
from piccolo.table import Table

from app.kernel.i18n import LOCALES, N_, _, format_date, format_datetime, format_number, pick
from app.kernel.money import Money, format_money

Finder = Callable[[Sequence[int]], Awaitable[Mapping[int, str]]]

IDS_AT_ONCE = 1000
MOST_CHARACTERS = 300
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Field:
    """A value that changes: its label (empty: not shown), and how it is read.

    ``values`` names what is stored, ``subject`` says whose ids they are, ``money`` that it is an amount in the
    edition's currency, ``picture`` that it is a stored picture, whose name says nothing; ``show`` writes what none of
    these can.
    """

    label: str
    values: Mapping[Any, str] = field(default_factory=dict)
    subject: str = ""
    money: bool = False
    picture: bool = False
    show: Callable[[Any], str] | None = None


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A kind of thing that changes: its name, where the names of single ones are found, and its values."""

    name: str
    find: Finder | None = None
    fields: Mapping[str, Field] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class LogWords:
    """The words of one module: its actions, and the things of its own that they change.

    ``private`` actions tell what not every reader of the log may know: ``may_know(actor, edition_id)`` says who.
    """

    actions: Mapping[str, str] = field(default_factory=dict)
    subjects: Mapping[str, Subject] = field(default_factory=dict)
    private: frozenset[str] = frozenset()
    may_know: Callable[[Any, int], Awaitable[bool]] | None = None


@dataclass(frozen=True, kw_only=True)
class LogLine:
    """An entry of the log as its reader sees it. ``changes`` are (label, before, after); ``for_whom`` names the
    person for whom an officer filled it in.
    """

    at: datetime
    who: str
    action: str
    what: str
    subject: str
    name: str
    changes: Sequence[tuple[str, str, str]]
    for_whom: str = ""


#: What several modules change; a subject's own fields come first.
COMMON = {
    "name": Field(N_("Name")),
    "title": Field(N_("Title")),
    "code": Field(N_("Code")),
    "reason": Field(N_("Reason")),
    "active": Field(N_("In use")),
    "organisation_id": Field(N_("Organisation"), subject="organisation"),
    "person_id": Field(N_("Person"), subject="person"),
    "created": Field(N_("New")),
    "updated": Field(N_("Changed")),
    "unchanged": Field(N_("As before")),
    "outgoing": Field(N_("Money that went out")),
    "passed_over": Field(N_("Without an amount")),
    "reversals": Field(N_("Transfers that went out again")),
}
#: By one of these a thing is known that is gone.
TELLING = ("name", "title", "label", "code", "full_name", "holder_name", "filename", "reference", "booth")

_actions: dict[str, str] = {}
_subjects: dict[str, Subject] = {}
_private: dict[frozenset[str], Callable[[Any, int], Awaitable[bool]]] = {}


def register_words(words: LogWords) -> None:
    """Make a module's words known; doing it again changes nothing."""
    _actions.update(words.actions)
    _subjects.update(words.subjects)
    if words.may_know is not None:
        _private[words.private] = words.may_know


def known_actions() -> Mapping[str, str]:
    """Every action with its label."""
    return _actions


def known_subjects() -> Mapping[str, Subject]:
    """Every kind of subject."""
    return _subjects


async def kept_from(actor: Any, edition_id: int) -> list[str]:
    """Actions whose entries are not this reader's to see in an edition."""
    return [
        action for actions, may_know in _private.items() if not await may_know(actor, edition_id) for action in actions
    ]


def action_label(action: str) -> str:
    """An action in the reader's language."""
    return _(_actions[action]) if action in _actions else action


def names_in(table: type[Table], column: Column) -> Finder:
    """A finder that reads names from a column, also of a joined table; texts in three languages are picked from."""

    async def find(ids: Sequence[int]) -> Mapping[int, str]:
        key = table._meta.primary_key
        rows = await table.select(key.as_alias("id"), column.as_alias("name")).where(key.is_in(list(ids)))
        return {row["id"]: _plain(row["name"]) for row in rows if row["name"]}

    return find


async def readable(entries: Sequence[Mapping[str, Any]], *, timezone: str, currency: str) -> list[LogLine]:
    """Entries of ``audit.list_entries`` in the reader's words; one query for each kind of subject among them."""
    names = await _names(entries)
    return [_line(entry, names, timezone, currency) for entry in entries]


def _line(entry: Mapping[str, Any], names: Mapping[str, Mapping[int, str]], timezone: str, currency: str) -> LogLine:
    subject = _subjects.get(entry["subject_type"])
    before, after = entry["before"] or {}, entry["after"] or {}
    changes = []
    for key in {**before, **after}:
        found = _field(subject, key)
        if found.label and before.get(key) != after.get(key):
            old, new = (_shown(state.get(key), found, names, timezone, currency) for state in (before, after))
            if found.picture:
                old, new = "", (_("another one") if old and new else _("added") if new else _("taken away"))
            elif old and not new and key in after:
                new = _("empty")
            if old or new:
                changes.append((_(found.label), old, new))
    who = entry["actor_name"] or names.get("device", {}).get(entry["device_id"] or 0, "") or _("The service itself")
    return LogLine(
        at=entry["at"],
        who=who,
        action=entry["action"],
        what=action_label(entry["action"]),
        subject=_(subject.name) if subject else entry["subject_type"],
        name=_name(entry, names),
        changes=changes,
        for_whom=_for_whom(entry, names),
    )


def _for_whom(entry: Mapping[str, Any], names: Mapping[str, Mapping[int, str]]) -> str:
    """For whom an officer did it; empty for one's own doings."""
    person_id = entry.get("on_behalf_of")
    if person_id is None:
        return ""
    return names.get("person", {}).get(person_id) or _("no. {number}").format(number=person_id)


def _name(entry: Mapping[str, Any], names: Mapping[str, Mapping[int, str]]) -> str:
    """The subject's name; what the entry itself tells when it is gone; else its number."""
    subject_id = str(entry["subject_id"])
    if subject_id.isdecimal():
        found = names.get(entry["subject_type"], {}).get(int(subject_id))
        if found:
            return found
    for state in (entry["after"] or {}, entry["before"] or {}):
        told = next((_plain(state[key]) for key in TELLING if state.get(key)), "")
        if told:
            return told
    return _("no. {number}").format(number=subject_id)


def _field(subject: Subject | None, key: str) -> Field:
    own = subject.fields if subject else {}
    return own.get(key) or COMMON.get(key) or Field(key.replace("_", " "))


async def _names(entries: Iterable[Mapping[str, Any]]) -> dict[str, dict[int, str]]:
    wanted: dict[str, set[int]] = defaultdict(set)
    for entry in entries:
        if str(entry["subject_id"]).isdecimal():
            wanted[entry["subject_type"]].add(int(entry["subject_id"]))
        if entry["device_id"] and not entry["actor_name"]:
            wanted["device"].add(entry["device_id"])
        if entry.get("on_behalf_of"):
            wanted["person"].add(entry["on_behalf_of"])
        subject = _subjects.get(entry["subject_type"])
        for state in (entry["before"] or {}, entry["after"] or {}):
            for key, value in state.items():
                kind = _field(subject, key).subject
                if kind:
                    wanted[kind].update(item for item in _listed(value) if isinstance(item, int))
    found: dict[str, dict[int, str]] = {}
    for kind, ids in wanted.items():
        known = _subjects.get(kind)
        if known is None or known.find is None:
            continue
        ordered = sorted(ids)
        found[kind] = {}
        for start in range(0, len(ordered), IDS_AT_ONCE):
            found[kind].update(await known.find(ordered[start : start + IDS_AT_ONCE]))
    return found


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _shown(
    value: Any, how: Field, names: Mapping[str, Mapping[int, str]], timezone: str, currency: str
) -> str:  # one branch for each kind of value
    if value is None or value in ("", [], {}):
        return ""
    if how.show is not None:
        return how.show(value)
    if isinstance(value, str) and value[:1] in ("{", "["):
        return _shown(_decoded(value), how, names, timezone, currency) if _decoded(value) != value else value
    if isinstance(value, list):
        return ", ".join(_shown(item, how, names, timezone, currency) for item in value)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, str) and value in how.values:
        return _(how.values[value])
    if how.subject and isinstance(value, int):
        return names.get(how.subject, {}).get(value) or _("no. {number}").format(number=value)
    if how.money and isinstance(value, int):
        return format_money(Money(value, currency))
    if isinstance(value, int | float):
        return format_number(value)
    return _plain(value, timezone)


def _plain(value: Any, timezone: str = "UTC") -> str:
    """Text as it is, texts in the reader's language, times and days as she writes them, digests by their beginning."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        value = _decoded(value)
    if isinstance(value, dict):
        if value.keys() <= set(LOCALES):
            return pick(value)
        return ", ".join(f"{key}: {item}" for key, item in value.items())
    text = str(value)
    if _TIME.fullmatch(text):
        return format_datetime(datetime.fromisoformat(text), timezone)
    if _DAY.fullmatch(text):
        return format_date(date.fromisoformat(text))
    if _DIGEST.fullmatch(text):
        return text[:12] + "…"
    return text if len(text) <= MOST_CHARACTERS else text[:MOST_CHARACTERS] + "…"


def _decoded(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text

"""Two people on one form: what only one of them touched stays, and what both changed is said instead of lost.

A form of :meth:`Form.of` carries in a hidden field what stood in it when it was opened. When it is saved, a field that
its editor did not touch keeps what the record has by now, and one that somebody else changed too is refused at that
field: the form that comes back carries the present state, so that saving once more is a decision. Without the hidden
field (the API, a page of an older version) everything that was posted is taken.
"""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, TypeVar, get_origin, get_type_hints

import msgspec
from litestar import Request

from app.kernel import audit
from app.kernel.database import hold_row, write_transaction
from app.kernel.forms import (
    OPENED,
    Form,
    Reading,
    decode_form,
    meaning,
    parse_date,
    parse_datetime,
    posted_by,
)
from app.kernel.i18n import N_, _

StructT = TypeVar("StructT", bound=msgspec.Struct)

CHANGED_BY = N_(
    "{name} changed this meanwhile: it is now “{value}”. What you wrote still stands here; save once more to keep it."
)
CHANGED = N_(
    "This was changed meanwhile: it is now “{value}”. What you wrote still stands here; save once more to keep it."
)
LONGEST_SHOWN = 400
ENTRIES_LOOKED_AT = 20

#: What a form carries of a field.
Carried = str | bool | int | float | list[str | int]


@asynccontextmanager
async def held(table: str, row_id: int | None, *, alone: bool = True) -> AsyncIterator[None]:
    """A transaction in which nobody else changes the row, for reading it, comparing and saving in one.

    None stands for a record that is yet to be made. Errors have to leave the block: it is rolled back by them. A row
    that the service holds before this one is to be held before it here too, or two might wait for one another.
    """
    async with write_transaction():
        if row_id is not None:
            await hold_row(table, row_id, alone=alone)
        yield


async def open_edit(
    request: Request[Any, Any, Any],
    model: type[StructT],
    *,
    record: Form | None,
    subject: tuple[str, int | str] | None = None,
    tz: str = "UTC",
) -> Reading[StructT]:
    """As ``open_form``, for a form that edits a record; call it inside :func:`held`, with the row read there.

    ``record`` is the form as it would be drawn of the record now, None when there is none yet; ``subject`` is type and
    id of the record in the log of changes, which tells who changed it.
    """
    posted = await posted_by(request)
    opened = _opened(posted) if record is not None else None
    if record is None or opened is None:
        return decode_form(posted, model, tz=tz)
    hints = get_type_hints(model, include_extras=True)
    merged, clashing = _merged(posted, opened, record, hints, tz)
    reading = decode_form(merged, model, tz=tz)
    reading.form.values[OPENED] = record.value(OPENED)
    for name in clashing:
        author = await _author(subject, name) if subject is not None else ""
        present = record.value(name)
        say = partial(_sentence, _raw(present) not in ([], [""]) if hints.get(name) is bool else present, author)
        reading.form.said[name] = say
        reading.form.errors[name] = say({})
    request.state.edited = dict(reading.form.values)
    return reading


def _opened(posted: Mapping[str, list[Any]]) -> dict[str, Carried] | None:
    """What stood in the form when it was opened; None when it does not say."""
    raw = posted.get(OPENED, [])
    try:
        return msgspec.json.decode(raw[-1], type=dict[str, Carried]) if raw and isinstance(raw[-1], str) else None
    except msgspec.DecodeError:
        return None


def _merged(
    posted: Mapping[str, list[Any]], opened: Mapping[str, Carried], record: Form, hints: Mapping[str, Any], tz: str
) -> tuple[dict[str, list[Any]], list[str]]:
    """The values to decode, and the names of the fields that both sides changed."""
    merged = dict(posted)
    clashing = []
    for name, present in record.values.items():
        if name == OPENED:
            continue
        if name not in opened:
            merged.setdefault(name, _raw(present))
            continue
        hint = hints.get(name, str)
        was, now, typed = (
            meaning(values, hint, tz) for values in (_raw(opened[name]), _raw(present), posted.get(name, []))
        )
        # What browsers leave out is an empty choice, or a field that was not drawn at all.
        drawn = name in posted or hint is bool or get_origin(hint) is list
        if not drawn or typed == was:
            merged[name] = _raw(present)
        elif now not in (was, typed):
            clashing.append(name)
    return merged, clashing


def _raw(value: Any) -> list[Any]:
    """A value of a form as a browser would send it back."""
    if isinstance(value, list):
        return [str(item) for item in value]
    if isinstance(value, bool):
        return ["on"] if value else []
    return [str(value)]


async def _author(subject: tuple[str, int | str], field: str) -> str:
    """The name of whoever changed a field last, as the log has it; ``""`` when it does not say."""
    entries, _total = await audit.list_entries(
        subject_type=subject[0], subject_id=subject[1], per_page=ENTRIES_LOOKED_AT
    )
    for entry in entries:
        before, after = entry["before"] or {}, entry["after"] or {}
        if any(_part(before.get(key), key, field) != _part(after[key], key, field) for key in after):
            return str(entry["actor_name"])
    return ""


def _part(value: Any, key: str, field: str) -> Any:
    """What a value of the log says of a field: itself, or the one language of it; None when it is about another."""
    if key == field or key.startswith(f"{field}_"):
        return value
    language, value = field.removeprefix(f"{key}_"), audit.unpacked(value)
    return value.get(language, "") if isinstance(value, dict) and language != field else None


def _sentence(value: Any, author: str, labels: Mapping[str, str]) -> str:
    if isinstance(value, list):
        shown = ", ".join(labels.get(str(item), str(item)) for item in value)
    elif isinstance(value, bool):
        shown = _("yes") if value else _("no")
    else:
        shown = labels.get(str(value)) or _as_written(str(value))
    if len(shown) > LONGEST_SHOWN:
        shown = shown[:LONGEST_SHOWN] + "…"
    return _(CHANGED_BY if author else CHANGED).format(name=author, value=shown or _("empty"))


def _as_written(text: str) -> str:
    """A day or a time as people write it; anything else as it is."""
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return parse_date(text).strftime("%d/%m/%Y")
    if re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d", text):
        return parse_datetime(text, "UTC").strftime("%d/%m/%Y %H:%M")
    return text
